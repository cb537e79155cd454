use roxmltree::Document;

use super::*;
use crate::report::chart::mark::Metric;
use crate::report::chart::svg_text::{texts, titles};
use crate::report::chart::theme::Theme;
use crate::report::sketch::{self, Figures};
use crate::units::Latency;

fn light() -> ChartOptions {
    ChartOptions { theme: Theme::Light, prefix: "rk-".to_owned(), ..ChartOptions::default() }
}

fn assert_laid_out_well(drawn: &Drawn) {
    // Text of a column stands below each other and columns beside each other, so neighbours are enough to look at.
    for (index, text) in drawn.texts.iter().enumerate() {
        assert!(MARGIN <= text.x0 && text.x1 <= WIDTH - MARGIN + 1e-6, "{text:?}");
        let covered = drawn.texts[..index].iter().find(|other| other.shared(text) > 1e-6);
        assert!(covered.is_none(), "{text:?} covers {covered:?}");
        assert!(drawn.frames.iter().all(|frame| frame.shared(text) <= 1e-6), "{text:?} stands in the plot");
    }
    for (frame, mark) in &drawn.marks {
        assert!(drawn.frames[*frame].holds(&Rect::around(*mark, 4.0)), "{mark:?} leaves its plot");
    }
}

#[test]
fn every_endpoint_has_a_row_and_the_lowest_p99_comes_first() {
    let run = sketch::demo(600);
    let (svg, drawn) = draw(&run, &light());
    assert_laid_out_well(&drawn);
    assert_eq!((drawn.marks.len(), titles(&svg).len()), (78, 39));
    let tails: Vec<f64> = drawn.marks.iter().skip(1).step_by(2).map(|(_, at)| at.0).collect();
    assert!(tails.is_sorted(), "{tails:?}");
    assert!(titles(&svg)[0].starts_with("qwen3-8b, us-east-1: p50 118 ms, p99 226 ms (95 % interval "));
    assert_eq!(texts(&svg).iter().filter(|text| *text == "hunyuan-turbo").count(), 4);
    assert!(texts(&svg).iter().any(|text| text == "~$0.57"), "an assumed price is marked");
}

#[test]
fn the_title_names_the_lowest_p99_of_each_tier() {
    let svg = ranking(&sketch::demo(600), &light());
    let tree = Document::parse(&svg).unwrap();
    let title = tree.descendants().find(|node| node.attribute("id") == Some("rk-title")).unwrap();
    assert_eq!(
        title.text().unwrap(),
        "Lowest p99 of each tier, simulated: tier 0 qwen3-8b in us-east-1 226 ms · tier 1 step-3.5-flash in us-east-1 \
         379 ms · tier 2 hunyuan-turbo in us-east-1 716 ms · tier 3 deepseek-v4-pro in us-east-1 1.23 s."
    );
}

#[test]
fn no_text_covers_another_at_any_count() {
    let (svg, drawn) = draw(&sketch::many(368), &light());
    assert_laid_out_well(&drawn);
    assert_eq!((drawn.marks.len(), drawn.frames.len()), (2 * 736, 19));
    assert!(svg.len() < 900_000, "{} bytes", svg.len());
    assert_laid_out_well(&draw(&sketch::demo(60), &light()).1);
}

#[test]
fn a_maximum_stands_after_every_p99_and_a_cell_without_a_success_stands_last() {
    let mut run = sketch::demo(600);
    let (few, none) = (0, 4);
    sketch::measure(&mut run.cells[few], 60, 20.0, 0.2);
    let row = &mut run.cells[none];
    (row.ok, row.failed) = (0, 600);
    let (svg, drawn) = draw(&run, &light());
    assert_laid_out_well(&drawn);
    let titles = titles(&svg);
    assert!(titles[37].starts_with("qwen3-8b, us-east-1: p50 20 ms, maximum ") && titles[38] == "glm-4-9b: no success");
    let texts = texts(&svg);
    assert!(texts.iter().any(|text| text == "max 37.9 ms") && texts.iter().any(|text| text == "600 (100 %)"));
    let caption = texts.join(" ");
    assert!(caption.contains("Below 100 successes there is no p99: 1 stands by its maximum, after the others."));
    assert!(caption.contains("Last, without a success: 1."));
}

#[test]
fn what_has_no_such_latency_is_not_called_a_failure() {
    let mut run = sketch::demo(600);
    run.cells[4].ttft_p50_ms = None;
    let svg = ranking(&run, &ChartOptions { metric: Metric::Ttft, ..light() });
    assert!(titles(&svg).contains(&"glm-4-9b: not measured".to_owned()));
    assert!(svg.contains("Last, without figures: 1.") && !svg.contains("without a success"));
}

#[test]
fn the_same_run_gives_the_same_bytes_whatever_the_order_of_its_rows() {
    let mut run = sketch::demo(600);
    // Two that are equal in all but their name.
    run.cells[4].e2e_p99_ms = run.cells[0].e2e_p99_ms;
    let before = ranking(&run, &light());
    run.cells.reverse();
    assert_eq!(ranking(&run, &light()), before);
}

#[test]
fn an_endless_interval_is_an_arrow_and_a_free_or_unpriced_endpoint_has_its_row_too() {
    let mut run = sketch::demo(600);
    run.cells.iter_mut().for_each(|row| row.e2e_p99_high_ms = Some(Latency::Infinite));
    run.cells[0].list_output_usd_per_mtok = Some("0".parse().unwrap());
    run.cells[1].list_output_usd_per_mtok = None;
    let (svg, drawn) = draw(&run, &light());
    assert_laid_out_well(&drawn);
    let texts = texts(&svg);
    assert!(texts.iter().any(|text| text == "$0.00") && texts.iter().any(|text| text == "–"));
    assert!(texts.iter().any(|text| text == "no upper bound at this n, or failures"));
    assert!(titles(&svg).iter().all(|title| title.contains(" to open)")));
}

#[test]
fn hostile_and_endless_names_stay_text_in_their_column() {
    let models: Vec<Figures> =
        sketch::hostile().into_iter().map(|model| Figures { tier: None, price: None, ..model }).collect();
    let (svg, drawn) = draw(&sketch::run(&models, 600, "<autocomplete>"), &ChartOptions::default());
    assert_laid_out_well(&drawn);
    assert!(Document::parse(&svg).unwrap().descendants().all(|node| !node.has_tag_name("script")));
    assert!(svg.contains("Lowest p99, simulated: ") && !svg.contains("of each tier"));
}

#[test]
fn an_empty_run_gives_a_picture_that_says_so() {
    let svg = ranking(&sketch::of_rows(vec![]), &light());
    assert!(Document::parse(&svg).is_ok() && svg.contains("no endpoint to rank"));
}

#[test]
fn of_two_variants_the_lowest_is_named_whichever_it_is() {
    let row = |model: &str, variant: &str, p50| {
        let mut row = sketch::row(model, None, "autocomplete");
        (row.cell, row.variant) = (format!("{variant}/{}", row.cell), Some(variant.to_owned()));
        sketch::measure(&mut row, 600, p50, 0.2);
        (row, false)
    };
    let mut run = sketch::of_rows(vec![row("routes", "baseline", 300.0), row("routes", "candidate", 500.0)]);
    run.manifest.variants = vec!["baseline".to_owned(), "candidate".to_owned()];
    let svg = ranking(&run, &light());
    assert!(svg.contains("Lowest p99, simulated: routes (A) 478 ms."), "{svg}");
    run.cells[0].valid = Some(false);
    let svg = ranking(&run, &light());
    assert!(svg.contains("Lowest p99, simulated: routes (B) 796 ms."), "{svg}");
    assert!(texts(&svg).iter().any(|text| text == "invalid: not judged"), "a baseline that is invalid is marked so");
    assert!(!texts(&svg).iter().any(|text| text == "A, what the others are held against"));
}

#[test]
fn where_all_are_invalid_nobody_is_said_to_be_short_of_successes() {
    let mut run = sketch::demo(600);
    run.cells.iter_mut().for_each(|row| row.valid = Some(false));
    let svg = ranking(&run, &light());
    assert!(svg.contains("All 39 endpoints are invalid, simulated: none is judged."), "{svg}");
    assert!(!svg.contains("100 successes"));
}
