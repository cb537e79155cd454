use std::collections::BTreeSet;

use roxmltree::Document;

use super::*;
use crate::report::chart::rect::Rect;
use crate::report::chart::svg_text::texts;
use crate::report::chart::theme::Theme;
use crate::report::sketch;
use crate::report::sweep::sweeps;
use crate::rundir::{CellRow, Spectra};
use crate::tally::SparseCounts;
use crate::units::Latency;

/// `count` endpoints under 1, 4, 16 and 64 requests in flight: as fast as ever up to about 16, then queueing.
fn swept(count: usize) -> Run {
    let rows = (0..count).flat_map(|index| {
        let region = sketch::REGIONS[index % 4].0;
        [1_u32, 4, 16, 64].map(|concurrency| {
            let p50 = (150.0 + 11.0 * index as f64) * (f64::from(concurrency) / 20.0).max(1.0);
            let rate = f64::from(concurrency) / p50 * 1e3;
            (sketch::swept(&format!("model-{:02}", index / 4), region, (concurrency, rate, p50)), false)
        })
    });
    sketch::of_rows(rows.collect())
}

/// Half of each cell's requests as fast as its median, half as fast as its p99.
fn spectra(run: &Run) -> Spectra {
    let counts = |row: &CellRow| {
        let micros = |latency: Option<Latency>| (latency.and_then(Latency::finite_ms).unwrap() * 1e3) as u64;
        let mut counts = SparseCounts::default();
        counts.add(micros(row.e2e_p50_ms), row.ok / 2);
        counts.add(micros(row.e2e_p99_ms), row.ok - row.ok / 2);
        (row.cell.clone(), counts)
    };
    Spectra::of_cells(run.cells.iter().map(counts)).with_from_due(run.cells.iter().map(counts))
}

/// The same run with requests a second for requests in flight, of which the last load could not be taken.
fn opened(mut run: Run) -> Run {
    for row in &mut run.cells {
        row.load = "poisson".to_owned();
        row.rate_rps = row.concurrency.take().map(f64::from);
        row.throughput_rps = row.rate_rps.zip(row.throughput_rps).map(|(asked, most)| most.min(asked * 0.98));
        (row.arrivals, row.dropped) = (Some(600), Some(if row.rate_rps > Some(50.0) { 150 } else { 0 }));
        row.e2e_from_due_p50_ms = row.e2e_p50_ms;
        row.e2e_from_due_p99_ms = row.e2e_p99_ms;
        row.e2e_from_due_p99_low_ms = row.e2e_p99_low_ms;
        row.e2e_from_due_p99_high_ms = row.e2e_p99_high_ms;
        row.e2e_from_due_max_ms = row.e2e_max_ms;
    }
    run
}

fn options(theme: Theme) -> ChartOptions {
    ChartOptions { theme, prefix: "load-".to_owned(), ..ChartOptions::default() }
}

fn drawn(run: &Run) -> (String, Vec<Drawn>) {
    let spectra = spectra(run);
    draw(run, &sweeps(run, Some(&spectra)), &options(Theme::Light))
}

fn svg(run: &Run) -> String {
    drawn(run).0
}

/// The title of the picture.
fn title(svg: &str) -> String {
    let tree = Document::parse(svg).unwrap();
    let title = tree.descendants().find(|node| node.attribute("id") == Some("load-title")).unwrap();
    title.text().unwrap().to_owned()
}

fn assert_laid_out_well(blocks: &[Drawn]) {
    for block in blocks {
        let picture = Rect { x0: 0.0, y0: block.frames[0].y0 - 22.0, x1: WIDTH, y1: block.frames[1].y1 + 22.0 };
        for (index, text) in block.texts.iter().enumerate() {
            assert!(picture.holds(text), "{text:?} leaves {picture:?}");
            let other = block.texts[..index].iter().find(|other| other.shared(text) > 1e-6);
            assert!(other.is_none(), "{text:?} covers {other:?}");
        }
        for (plot, mark) in &block.marks {
            assert!(block.frames[*plot].holds(&Rect::around(*mark, 0.0)), "{mark:?} leaves {:?}", block.frames[*plot]);
        }
        assert!(block.frames[0].shared(&block.frames[1]) <= 0.0);
    }
}

#[test]
fn where_nothing_was_swept_there_is_no_chart() {
    let run = sketch::demo(600);
    assert_eq!(load(&run, &sweeps(&run, None), &options(Theme::Auto)), None);
}

#[test]
fn marks_stay_in_their_plots_and_texts_apart_at_any_count() {
    for count in [1, 3, 39] {
        for run in [swept(count), opened(swept(count))] {
            let (svg, blocks) = drawn(&run);
            assert_laid_out_well(&blocks);
            // p50 and p99 above, a rate below, at four loads of each line.
            assert_eq!(blocks[0].marks.len(), count.min(5) * 4 * 3);
            assert!(svg.len() < 60_000, "{} bytes", svg.len());
            let ids: Vec<_> = Document::parse(&svg)
                .unwrap()
                .descendants()
                .filter_map(|n| n.attribute("id").map(str::to_owned))
                .collect();
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        }
    }
}

#[test]
fn the_title_names_the_most_goodput_and_the_knee() {
    let title_of = |run: &Run| title(&svg(run));
    assert_eq!(
        title_of(&swept(1)),
        "Most goodput, simulated: model-00 in us-east-1, 107 requests/s within 500 ms at 16 in flight. Knee at 16 in \
         flight: p50 150 ms."
    );
    assert_eq!(
        title_of(&swept(3)),
        "Most goodput, simulated: model-00 in us-east-1, 107 requests/s within 500 ms at 16 in flight. 3 of 3 have \
         their knee within the sweep, model-00 in us-east-1 first, at 16 in flight."
    );
}

#[test]
fn each_load_is_a_tick_and_each_endpoint_named_beside_both_its_lines() {
    let texts = texts(&svg(&swept(3)));
    for tick in ["1", "4", "16", "64", "200 ms", "1 s", "tier 1: 500 ms"] {
        assert!(texts.iter().any(|text| text == tick), "{tick}: {texts:?}");
    }
    for (region, _) in &sketch::REGIONS[..3] {
        assert_eq!(texts.iter().filter(|text| text == region).count(), 2, "{region}");
    }
    assert!(texts.iter().any(|text| text == "autocomplete · model-00"));
}

#[test]
fn of_many_endpoints_the_extremes_are_drawn_and_the_words_say_so() {
    let svg = svg(&swept(39));
    assert!(svg.contains("Drawn of up to 39 endpoints are the three with the most and the two with the least goodput"));
    let names: BTreeSet<String> = texts(&svg).into_iter().filter(|text| text.starts_with("model-")).collect();
    let expected = ["00, eu-west-1", "00, us-east-1", "00, us-west-2", "09, eu-west-1", "09, us-west-2"];
    assert_eq!(names.into_iter().collect::<Vec<_>>(), expected.map(|name| format!("model-{name}")));
}

#[test]
fn a_saturated_load_is_shown_as_such_in_legend_plot_and_title() {
    let svg = svg(&opened(swept(1)));
    let texts = texts(&svg);
    for words in ["saturated: requests were dropped", "25.0 % dropped", "autocomplete · poisson load"] {
        assert!(texts.iter().any(|text| text == words), "{words}: {texts:?}");
    }
    assert!(title(&svg).ends_with("Knee at 16/s: p50 150 ms. Saturated from 64/s on."), "{}", title(&svg));
    assert!(svg.contains("the true latency is higher"));
    assert!(!texts.iter().any(|text| text == "cannot be told at this n"));
}

#[test]
fn without_the_log_latency_is_drawn_and_goodput_said_to_be_unknown() {
    let run = swept(2);
    let svg = load(&run, &sweeps(&run, None), &options(Theme::Light)).unwrap();
    assert!(title(&svg).starts_with("Latency against load, simulated: no goodput is known."));
    assert!(svg.contains("Goodput is not known where latency.hlog is missing."));
}

#[test]
fn a_load_without_a_success_interrupts_the_line_and_breaks_nothing() {
    let mut run = swept(1);
    let gone = &mut run.cells[2];
    (gone.ok, gone.failed) = (0, 600);
    (gone.e2e_p50_ms, gone.e2e_p99_ms, gone.e2e_p50_low_ms) = (None, None, None);
    (gone.e2e_p99_low_ms, gone.e2e_p99_high_ms, gone.e2e_max_ms) =
        (Some(Latency::Infinite), Some(Latency::Infinite), None);
    let spectra = spectra(&swept(1));
    let cells = [0, 1, 3].map(|index| &run.cells[index].cell);
    let spectra = Spectra::of_cells(cells.map(|cell| (cell.clone(), spectra.of(cell).unwrap().clone())));
    let (svg, blocks) = draw(&run, &sweeps(&run, Some(&spectra)), &options(Theme::Light));
    assert_laid_out_well(&blocks);
    assert_eq!(blocks[0].marks.len(), 3 * 2 + 4);
    assert!(!svg.contains("NaN") && !svg.contains("inf\""));
}

#[test]
fn the_same_run_gives_the_same_bytes_whatever_the_order_of_its_rows() {
    let mut run = swept(39);
    let before = svg(&run);
    run.cells.reverse();
    assert_eq!(svg(&run), before);
}

#[test]
fn hostile_names_stay_text() {
    let mut run = swept(2);
    run.manifest.cells.iter_mut().for_each(|note| note.label = "<script>alert(1)</script>\u{0}".to_owned());
    run.cells.iter_mut().for_each(|row| row.workload = "\"><g onload=\"".to_owned());
    let svg = svg(&run);
    let tree = Document::parse(&svg).unwrap();
    assert!(tree.descendants().all(|node| !node.has_tag_name("script") && node.attribute("onload").is_none()));
}

#[test]
fn colours_follow_the_theme_and_classes_carry_the_prefix() {
    let run = swept(3);
    let of = |theme| load(&run, &sweeps(&run, None), &options(theme)).unwrap();
    let (auto, dark) = (of(Theme::Auto), of(Theme::Dark));
    assert!(auto.contains("@media screen and (prefers-color-scheme: dark)") && !dark.contains("<style>"));
    assert!(auto.contains("class=\"load-s-first\"") && dark.contains("#3fc8a0") && !dark.contains("#007a5e"));
    let tree = Document::parse(&auto).unwrap();
    let mut classes = tree.descendants().filter_map(|node| node.attribute("class"));
    assert!(classes.all(|class| class.starts_with("load-")));
}

#[test]
fn of_two_runs_the_first_is_grey_beside_each_line_that_is_held_against_it() {
    let mut after = swept(2);
    after.manifest.run_id = "later".to_owned();
    let run = crate::report::together::together(&[swept(2), after], std::path::Path::new("there"));
    let svg = load(&run, &sweeps(&run, None), &ChartOptions::default()).unwrap();
    let count = |class: &str| svg.matches(&format!("s-{class}\" fill=\"none\"")).count();
    assert!(count("untold") > 0 && count("first") > 0 && count("second") > 0 && count("third") == 0, "{svg}");
    assert!(svg.contains("A, grey, is ") && svg.contains("B is later"));
}

#[test]
fn the_most_goodput_is_said_to_be_of_what_can_be_judged_where_not_all_can() {
    let mut run = swept(1);
    run.cells[2].valid = Some(false);
    let title = title(&svg(&run));
    assert!(title.starts_with("Most goodput of what can be judged, simulated: model-00 in us-east-1, "), "{title}");
    assert!(title.contains(" 1 of 4 cells is invalid, and not judged. "), "{title}");
    assert!(title.contains(" within 500 ms at 64 in flight, though its p99 misses that. "), "{title}");
}
