use roxmltree::Document;

use super::*;
use crate::report::chart::svg_text::texts;
use crate::report::chart::theme::Theme;
use crate::report::sketch;
use crate::tally::SparseCounts;
use crate::units::Latency;

/// Latencies that give each row about its median and its p99: the law's quantiles, with no randomness.
fn spectra(run: &Run) -> Spectra {
    Spectra::of_cells(run.cells.iter().map(|row| {
        let ms = |latency: Option<Latency>| latency.and_then(Latency::finite_ms).unwrap();
        let (p50, p99) = (ms(row.e2e_p50_ms), ms(row.e2e_p99_ms));
        let mut counts = SparseCounts::default();
        for rank in 0..row.ok {
            // A logistic law: its quantile is a formula.
            let q = (rank as f64 + 0.5) / row.ok as f64;
            let micros = p50 * (p99 / p50).powf((q / (1.0 - q)).ln() / 99_f64.ln()) * 1e3;
            counts.add(micros as u64, 1);
        }
        (row.cell.clone(), counts)
    }))
}

fn light() -> ChartOptions {
    ChartOptions { theme: Theme::Light, prefix: "pc-".to_owned(), ..ChartOptions::default() }
}

fn assert_names_stand_apart(panels: &[(Rect, Vec<Rect>)]) {
    for (rect, names) in panels {
        for (index, name) in names.iter().enumerate() {
            assert!(rect.x0 <= name.x0 && name.x1 <= rect.x1 + 1e-9 && rect.y0 <= name.y0 && name.y1 <= rect.y1);
            assert!(names[..index].iter().all(|other| other.shared(name) < 1e-6), "{name:?}");
        }
    }
}

#[test]
fn each_region_has_a_panel_with_a_named_line_for_each_endpoint() {
    let run = sketch::demo(600);
    let (svg, panels) = draw(&run, &spectra(&run), &light());
    assert_eq!(panels.iter().map(|(_, names)| names.len()).collect::<Vec<_>>(), [10, 9, 10, 10]);
    assert_names_stand_apart(&panels);
    let texts = texts(&svg);
    assert_eq!(texts.iter().filter(|text| *text == "hunyuan-turbo").count(), 4);
    for percentile in ["50 %", "90 %", "99 %"] {
        assert_eq!(texts.iter().filter(|text| *text == percentile).count(), 2, "{percentile}");
    }
    // 600 requests do not reach it.
    assert!(!texts.iter().any(|text| text == "99.9 %"));
    assert!(svg.len() < 80_000, "{} bytes", svg.len());
}

#[test]
fn the_title_names_the_steadiest_and_the_least_steady() {
    let run = sketch::demo(600);
    let svg = percentiles(&run, &spectra(&run), &light());
    let tree = Document::parse(&svg).unwrap();
    let title = tree.descendants().find(|node| node.attribute("id") == Some("pc-title")).unwrap();
    assert_eq!(
        title.text().unwrap(),
        "Steadiest, simulated: hunyuan-turbo in us-east-1, p99 1.4 times its median. Least steady: qwen2.5-7b in \
         us-east-1, 2.5 times. As measured at 39 endpoints with 100 successes or more."
    );
}

#[test]
fn below_100_requests_there_is_no_p99_to_speak_of() {
    let run = sketch::demo(60);
    let svg = percentiles(&run, &spectra(&run), &light());
    assert!(svg.contains("No endpoint that can be judged has the 100 successes that a p99 takes, simulated."));
    assert!(svg.contains("Below 100 successes there is no p99."));
    let tree = Document::parse(&svg).unwrap();
    let titles: Vec<_> = tree.descendants().filter(|node| node.has_tag_name("title")).skip(1).collect();
    assert!(!titles.is_empty() && titles.iter().all(|title| !title.text().unwrap().contains("p99")));
}

#[test]
fn more_lines_than_can_be_told_apart_become_a_band_with_those_that_matter() {
    let run = sketch::many(368);
    let (svg, panels) = draw(&run, &spectra(&run), &light());
    assert_names_stand_apart(&panels);
    assert!(panels.iter().all(|(_, names)| (2..=8).contains(&names.len())), "{panels:?}");
    assert!(texts(&svg).iter().any(|text| text == "from the fastest to the slowest of all"));
    assert!(svg.len() < 80_000, "{} bytes", svg.len());
}

#[test]
fn the_same_run_gives_the_same_bytes_whatever_the_order_of_its_rows() {
    let mut run = sketch::demo(600);
    let spectra = spectra(&run);
    let before = percentiles(&run, &spectra, &light());
    run.cells.reverse();
    assert_eq!(percentiles(&run, &spectra, &light()), before);
}

#[test]
fn what_has_no_success_is_counted_and_an_empty_run_still_gives_a_picture() {
    let mut run = sketch::demo(600);
    let mut known = spectra(&run);
    let gone = run.cells[3].cell.clone();
    known = Spectra::of_cells(
        run.cells
            .iter()
            .filter(|row| row.cell != gone)
            .map(|row| (row.cell.clone(), known.of(&row.cell).unwrap().clone())),
    );
    run.cells[3].ok = 0;
    run.cells[4].failed = 7;
    let svg = percentiles(&run, &known, &light());
    assert!(svg.contains("Not drawn: 1 without a success."));
    assert!(svg.contains("7 failed requests have no latency and are left out."));
    let svg = percentiles(&sketch::of_rows(vec![]), &Spectra::default(), &light());
    assert!(Document::parse(&svg).is_ok());
}

#[test]
fn hostile_names_stay_text() {
    let mut run = sketch::demo(600);
    let spectra = spectra(&run);
    run.manifest.cells.iter_mut().for_each(|note| note.label = "<script>alert(1)</script>\u{0}".to_owned());
    let svg = percentiles(&run, &spectra, &ChartOptions::default());
    let tree = Document::parse(&svg).unwrap();
    assert!(tree.descendants().all(|node| !node.has_tag_name("script")));
}

#[test]
fn where_all_are_invalid_nobody_is_said_to_be_short_of_successes() {
    let mut run = sketch::demo(600);
    run.cells.iter_mut().for_each(|row| row.valid = Some(false));
    let svg = percentiles(&run, &spectra(&run), &light());
    assert!(svg.contains("All 39 endpoints are invalid, simulated: none is judged."), "{svg}");
}

/// A routing table under two variants, neither of which has a limit.
fn tables() -> Run {
    let row = |variant: &str, p50| {
        let mut row = sketch::row("llm/routes.candidate.toml", None, "autocomplete");
        (row.cell, row.variant) = (format!("{variant}/{}", row.cell), Some(variant.to_owned()));
        sketch::measure(&mut row, 600, p50, 0.2);
        (row, false)
    };
    let mut run = sketch::of_rows(vec![row("baseline", 300.0), row("candidate", 500.0)]);
    run.manifest.variants = vec!["baseline".to_owned(), "candidate".to_owned()];
    run
}

#[test]
fn of_two_variants_without_a_limit_the_second_is_not_grey_and_both_are_named_in_full() {
    let run = tables();
    let svg = percentiles(&run, &spectra(&run), &light());
    for name in ["llm/routes.candidate.toml (A)", "llm/routes.candidate.toml (B)"] {
        assert!(texts(&svg).iter().any(|text| text == name), "{name}: {:?}", texts(&svg));
    }
    let lines = |class: &str| svg.matches(&format!("pc-s-{class}\" fill=\"none\"")).count();
    assert!(lines("untold") > 0 && lines("ink") > 0, "{svg}");
}

#[test]
fn a_limit_beyond_the_axis_is_named_at_its_end() {
    let mut run = sketch::demo(600);
    run.cells.retain(|row| row.tier == Some(0));
    run.cells.iter_mut().for_each(|row| sketch::measure(row, 600, 3.0, 0.1));
    let svg = percentiles(&run, &spectra(&run), &light());
    assert_eq!(texts(&svg).iter().filter(|text| *text == "tier 0: 350 ms ↑").count(), 4, "{:?}", texts(&svg));
}
