use roxmltree::Document;

use super::*;
use crate::report::chart::rect::Rect;
use crate::report::chart::svg_text::{texts, titles};
use crate::report::chart::theme::Theme;
use crate::report::headline::headline;
use crate::report::png::pngs;
use crate::report::sketch;
use crate::rundir::{CellRow, Status};
use crate::units::Latency;

fn light() -> ChartOptions {
    ChartOptions { theme: Theme::Light, ..ChartOptions::default() }
}

/// One row that has figures, with `change` made to it.
fn one(change: impl FnOnce(&mut CellRow)) -> Run {
    let mut row = sketch::row("step-3.5-flash", Some(1), "autocomplete");
    row.list_output_usd_per_mtok = Some("0.15".parse().unwrap());
    sketch::measure(&mut row, 600, 180.0, 0.3);
    change(&mut row);
    sketch::of_rows(vec![(row, false)])
}

fn assert_laid_out_well(drawn: &[Drawn]) {
    for panel in drawn {
        for (index, label) in panel.labels.iter().enumerate() {
            assert!(panel.frame.holds(label), "{label:?} leaves {:?}", panel.frame);
            let other = panel.labels[..index].iter().find(|other| other.shared(label) > 0.0);
            assert!(other.is_none(), "{label:?} covers {other:?}");
        }
        for mark in &panel.marks {
            assert!(panel.frame.holds(&Rect::around(*mark, 5.0)), "{mark:?} leaves {:?}", panel.frame);
        }
    }
}

#[test]
fn an_invalid_cell_is_called_that_and_not_one_with_too_few_requests() {
    let svg = cost_latency(&one(|row| row.valid = Some(false)), &light());
    let texts = texts(&svg);
    assert!(texts.iter().any(|text| text == "invalid: not judged") && texts.iter().any(|text| text == "1 invalid"));
    assert!(!texts.iter().any(|text| text.contains("cannot be told")), "{texts:?}");
    assert!(titles(&svg)[0].ends_with("n = 600; invalid, so not judged"));
}

#[test]
fn each_region_has_a_panel_with_a_mark_and_a_name_for_each_endpoint() {
    let (svg, drawn) = draw(&sketch::demo(600), &light());
    assert_eq!(drawn.iter().map(|panel| panel.marks.len()).collect::<Vec<_>>(), [10, 9, 10, 10]);
    let texts = texts(&svg);
    for (region, _) in sketch::REGIONS {
        assert!(texts.iter().any(|text| text == region));
    }
    assert_eq!(texts.iter().filter(|text| *text == "hunyuan-turbo").count(), 4);
    assert_eq!(titles(&svg).len(), 39);
    assert!(drawn.iter().all(|panel| panel.key.is_empty()));
}

#[test]
fn marks_stay_inside_and_no_text_covers_another_at_any_count() {
    assert_laid_out_well(&draw(&sketch::demo(600), &light()).1);
    assert_laid_out_well(&draw(&sketch::demo(60), &light()).1);
    let (svg, drawn) = draw(&sketch::many(368), &light());
    assert_laid_out_well(&drawn);
    assert_eq!(drawn.iter().map(|panel| panel.marks.len()).sum::<usize>(), 736);
    assert!(svg.len() < 250_000, "{} bytes", svg.len());
}

#[test]
fn the_same_run_gives_the_same_bytes_whatever_the_order_of_its_rows() {
    let mut run = sketch::demo(600);
    let before = cost_latency(&run, &ChartOptions::default());
    run.cells.reverse();
    assert_eq!(cost_latency(&run, &ChartOptions::default()), before);
}

#[test]
fn the_picture_names_itself_and_says_that_it_is_simulated() {
    let svg = cost_latency(&sketch::demo(600), &light());
    let tree = Document::parse(&svg).unwrap();
    let root = tree.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    assert_eq!(root.attribute("aria-labelledby"), Some("cl-title cl-desc"));
    let by_id = |id| tree.descendants().find(|node| node.attribute("id") == Some(id)).and_then(|node| node.text());
    assert_eq!(by_id("cl-title").unwrap(), headline(&sketch::demo(600)).to_string());
    assert!(by_id("cl-desc").unwrap().starts_with("Lower is better. End-to-end latency"));
    assert!(texts(&svg).iter().any(|text| text == "SIMULATED"));

    let mut live = sketch::demo(600);
    live.manifest.destination.simulated = Some(false);
    live.cells.iter_mut().for_each(|row| row.simulated = false);
    let svg = cost_latency(&live, &light());
    assert!(!svg.to_lowercase().contains("simulated") && svg.contains(", live."));
}

#[test]
fn hostile_names_stay_text() {
    let (svg, drawn) = draw(&sketch::run(&sketch::hostile(), 600, "<autocomplete>"), &ChartOptions::default());
    assert_laid_out_well(&drawn);
    let tree = Document::parse(&svg).unwrap();
    assert!(tree.descendants().all(|node| !node.has_tag_name("script")));
    let titles = titles(&svg);
    for begin in ["<script>alert(1)</script>,", "a|b & \"c\",", "🦙-13b 模型,", "bell   [31m,", "xxxxxxxxx"] {
        assert_eq!(titles.iter().filter(|title| title.starts_with(begin)).count(), 4, "{begin}");
    }
}

#[test]
fn what_is_absent_is_counted_and_not_drawn() {
    for (run, said) in [
        (one(|row| row.list_output_usd_per_mtok = None), "Not drawn: 1 without a known price"),
        (one(|row| (row.ok, row.e2e_p50_ms) = (0, None)), "Not drawn: 1 without a success"),
        (one(|row| row.e2e_p50_ms = None), "Not drawn: 1 without figures"),
    ] {
        let (svg, drawn) = draw(&run, &light());
        assert_eq!((drawn.len(), drawn[0].marks.len()), (1, 0));
        assert!(titles(&svg).is_empty() && svg.contains(said), "{said}");
        assert!(texts(&svg).iter().any(|text| text == "no endpoint to draw: see below"));
    }
    let (svg, drawn) = draw(&sketch::of_rows(vec![]), &light());
    assert!(drawn.is_empty() && Document::parse(&svg).is_ok());
    assert!(svg.contains("Nothing was measured, simulated."));
}

#[test]
fn what_is_free_has_a_lane_left_of_every_price() {
    let mut run = sketch::demo(600);
    for row in run.cells.iter_mut().filter(|row| row.model == "glm-4-9b") {
        row.list_output_usd_per_mtok = Some("0".parse().unwrap());
    }
    let (svg, drawn) = draw(&run, &light());
    assert_laid_out_well(&drawn);
    // Under each of two columns, and at the foot of each of four panels.
    assert_eq!(texts(&svg).iter().filter(|text| *text == "$0").count(), 6);
    let free = drawn[0].marks[1].0;
    assert!(drawn[0].marks.iter().enumerate().all(|(index, mark)| index == 1 || mark.0 > free + 28.0));
}

#[test]
fn marks_at_one_price_stand_apart_and_their_bracket_names_it() {
    let (svg, drawn) = draw(&sketch::demo(600), &light());
    let [first, second, third] = [0, 1, 2].map(|index| drawn[0].marks[index].0);
    assert!((second - first - 14.0).abs() < 0.2 && (third - second - 14.0).abs() < 0.2);
    let texts = texts(&svg);
    assert!(texts.iter().filter(|text| *text == "$0.01").count() >= 4);
    assert!(texts.iter().any(|text| text == "~$0.56–0.57"));
}

#[test]
fn a_tail_that_n_does_not_support_is_open_and_below_100_it_is_the_maximum() {
    let svg = cost_latency(&sketch::demo(200), &light());
    assert!(titles(&svg).iter().all(|title| title.contains(" to open)")));
    assert!(texts(&svg).iter().any(|text| text == "no upper bound at this n, or failures"));
    let svg = cost_latency(&sketch::demo(60), &light());
    assert!(titles(&svg).iter().all(|title| title.contains(", maximum ") && !title.contains("p99 ")));
    assert!(svg.contains("Below 100 successes a stem ends at the maximum"));
    let svg = cost_latency(&one(|row| row.e2e_p99_high_ms = Some(Latency::Infinite)), &light());
    assert!(titles(&svg)[0].contains(" to open)"));
}

#[test]
fn two_workloads_have_a_row_each_and_a_second_load_is_named_in_the_caption() {
    let mut run = sketch::demo(600);
    let more = |workload: &str, concurrency| {
        let mut other = sketch::demo(600);
        let slug = |cell: &str| format!("{cell}-{workload}-{concurrency}");
        for (row, note) in other.cells.iter_mut().zip(&mut other.manifest.cells) {
            (row.cell, note.cell) = (slug(&row.cell), slug(&note.cell));
            row.workload = workload.to_owned();
            row.concurrency = Some(concurrency);
        }
        other
    };
    for other in [more("support", 16), more("autocomplete", 64)] {
        run.cells.extend(other.cells);
        run.manifest.cells.extend(other.manifest.cells);
    }
    run.manifest.status = Status::Interrupted;
    let (svg, drawn) = draw(&run, &light());
    assert_laid_out_well(&drawn);
    assert_eq!(drawn.len(), 8);
    let texts = texts(&svg);
    assert!(texts.iter().any(|text| text == "support · eu-west-1"));
    assert!(svg.contains("Also in this run, in the table: autocomplete, 64 in flight."));
    assert!(texts.join(" ").contains("Partial: the run was interrupted."));
    assert!(texts.iter().any(|text| text == "SIMULATED · PARTIAL RUN"));
}

#[test]
fn a_workload_of_long_answers_does_not_flatten_another() {
    let alone = draw(&sketch::demo(600), &light()).1;
    let mut run = sketch::demo(600);
    let mut slow = sketch::demo(600);
    for (row, note) in slow.cells.iter_mut().zip(&mut slow.manifest.cells) {
        row.cell.push_str("-slow");
        note.cell = row.cell.clone();
        row.workload = "support".to_owned();
        sketch::measure(row, 600, 20_000.0, 0.3);
    }
    run.cells.extend(slow.cells);
    run.manifest.cells.extend(slow.manifest.cells);
    let (svg, both) = draw(&run, &light());
    assert_laid_out_well(&both);
    let heights = |panel: &Drawn| panel.marks.iter().map(|mark| mark.1 - panel.frame.y0).collect::<Vec<_>>();
    assert_eq!(heights(&both[0]), heights(&alone[0]));
    assert!(svg.contains("Each workload has a latency axis of its own."));
}

#[test]
fn the_caption_tells_the_window_and_speaks_of_brackets_where_there_are_some() {
    let svg = cost_latency(&sketch::demo(600), &light());
    assert!(svg.contains("from 2026-09-01T03:00:00Z to 2026-09-01T03:00:48Z, simulated."));
    assert!(svg.contains("the bracket names their true price"));
    assert!(!cost_latency(&one(|_| ()), &light()).contains("bracket"));
}

#[test]
fn time_to_first_token_has_no_limit_and_says_what_verdicts_are_about() {
    let options = ChartOptions { metric: Metric::Ttft, x: PriceAxis::Effective, ..light() };
    let svg = cost_latency(&sketch::demo(600), &options);
    let texts = texts(&svg);
    assert!(!texts.iter().any(|text| text == "the tier's limit"));
    assert!(texts.iter().any(|text| text == "Effective price, $ per million output tokens (log)"));
    assert!(svg.contains("(verdicts are about end-to-end latency)"));
}

#[test]
fn estimated_tokens_make_an_effective_price_an_assumption_and_leave_the_list_price_alone() {
    let run = one(|row| {
        row.effective_output_usd_per_mtok = Some("0.30".parse().unwrap());
        row.requests_estimated = Some(1);
    });
    let words = "~ rests on an assumed price or on estimated tokens";
    let effective = cost_latency(&run, &ChartOptions { x: PriceAxis::Effective, ..light() });
    assert!(effective.contains(words) && effective.contains(": ~$0.30/M"), "{effective}");
    let list = cost_latency(&run, &light());
    assert!(!list.contains(words) && !list.contains('~'));
}

#[test]
fn every_theme_is_literal_and_only_the_automatic_one_follows_the_system() {
    let of = |theme| {
        cost_latency(
            &sketch::demo(600),
            &ChartOptions { theme, prefix: "page1-".to_owned(), ..ChartOptions::default() },
        )
    };
    let (auto, light, dark) = (of(Theme::Auto), of(Theme::Light), of(Theme::Dark));
    assert!(
        auto.contains("@media screen and (prefers-color-scheme: dark)")
            && !light.contains("<style>")
            && !dark.contains("<style>")
    );
    assert!(auto.contains("class=\"page1-f-paper\" fill=\"#ffffff\"") && dark.contains("fill=\"#0d1117\""));
    assert!(!auto.contains("var(") && !dark.contains("#0072b2"));
    let tree = Document::parse(&auto).unwrap();
    let classes = tree.descendants().filter_map(|node| node.attribute("class"));
    assert!(classes.into_iter().all(|class| class.starts_with("page1-")));
}

#[test]
fn a_renderer_draws_the_colours_of_all_verdicts() {
    let svg = cost_latency(&sketch::demo(600), &ChartOptions::default());
    let pixels = resvg::tiny_skia::Pixmap::decode_png(&pngs([svg.as_str()])[0]).unwrap();
    assert_eq!((pixels.width(), (1400..1600).contains(&pixels.height())), (2400, true), "{}", pixels.height());
    let count = |rgb: (u8, u8, u8)| {
        pixels.pixels().iter().filter(|pixel| (pixel.red(), pixel.green(), pixel.blue()) == rgb).count()
    };
    assert!(count((255, 255, 255)) > 100_000, "the paper is painted");
    for rgb in [(0x00, 0x72, 0xb2), (0xd5, 0x5e, 0x00), (0x7b, 0x84, 0x8e)] {
        assert!(count(rgb) > 100, "{rgb:?}");
    }
}

#[test]
fn regions_laid_over_each_other_have_a_colour_and_a_shape_each_and_a_model_one_name() {
    let options = ChartOptions { overlay: true, ..light() };
    let (svg, drawn) = draw(&sketch::demo(600), &options);
    assert_laid_out_well(&drawn);
    assert_eq!(drawn.iter().map(|panel| panel.marks.len()).collect::<Vec<_>>(), [39]);
    assert_eq!(titles(&svg).len(), 39);
    let texts = texts(&svg);
    for (region, _) in sketch::REGIONS {
        assert_eq!(texts.iter().filter(|text| *text == region).count(), 1, "{region} is in the legend");
    }
    assert_eq!(texts.iter().filter(|text| *text == "hunyuan-turbo").count(), 1);
    for colour in ["#0072b2", "#d55e00", "#009e73", "#cc79a7"] {
        assert!(svg.contains(&format!("fill=\"{colour}\"")), "{colour}");
    }
    assert!(!texts.iter().any(|text| text.contains("meets its tier's")), "colour does not stand for a verdict");
}

#[test]
fn more_regions_than_there_are_shapes_have_panels_of_their_own() {
    let mut run = sketch::demo(600);
    for (index, (row, note)) in run.cells.iter_mut().zip(&mut run.manifest.cells).enumerate() {
        row.region = Some(format!("r{}", index % 7));
        note.region.clone_from(&row.region);
    }
    let (_, drawn) = draw(&run, &ChartOptions { overlay: true, ..light() });
    assert_eq!(drawn.len(), 7);
}

#[test]
fn regions_laid_over_each_other_stand_near_their_price_and_the_invalid_are_crossed() {
    let mut run = sketch::demo(600);
    run.cells[0].valid = Some(false);
    let options = ChartOptions { overlay: true, ..light() };
    let (svg, drawn) = draw(&run, &options);
    // Where each price is by its own: that of the only model with it, whose four regions stand about it.
    let middle = |model: &str| {
        let marks = run.cells.iter().zip(&drawn[0].marks).filter(|(row, _)| row.model == model);
        let across: Vec<f64> = marks.map(|(_, mark)| mark.0).collect();
        across.iter().sum::<f64>() / across.len() as f64
    };
    let (from, to) = (middle("step-3.5-flash"), middle("glm-4.6v"));
    let a_fold = (to - from) / (0.80_f64 / 0.15).ln();
    for (row, mark) in run.cells.iter().zip(&drawn[0].marks) {
        let price = row.list_output_usd_per_mtok.unwrap().as_f64();
        let own = from + (price / 0.15).ln() * a_fold;
        assert!((mark.0 - own).abs() <= panel::FAN_REACH + 1.0, "{} at {} instead of {own}", row.model, mark.0);
    }
    assert!(texts(&svg).iter().any(|text| text == "crossed: invalid, not judged"));
    assert!(svg.contains("each within 24 px of it; the bracket names it"), "{svg}");
}
