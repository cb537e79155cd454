use roxmltree::Document;

use super::*;
use crate::history::fixture::Clean;
use crate::history::{Night, lines};
use crate::report::chart::svg_text::{texts, titles};
use crate::report::chart::theme::Theme;

fn light() -> ChartOptions {
    ChartOptions { theme: Theme::Light, prefix: "tr-".to_owned(), ..ChartOptions::default() }
}

fn assert_laid_out_well(drawn: &[Drawn]) {
    for panel in drawn {
        let all = Rect { y0: panel.frames[0].y0, ..panel.frames[1] };
        for at in &panel.marks {
            assert!(all.holds(&Rect::around(*at, 2.0)), "{at:?} leaves {all:?}");
        }
        for (index, text) in panel.texts.iter().enumerate() {
            let covered = panel.texts[..index].iter().find(|other| other.shared(text) > 1e-6);
            assert!(covered.is_none(), "{text:?} covers {covered:?}");
            assert!(MARGIN <= text.x0 && text.x1 <= WIDTH - MARGIN + 5.0, "{text:?}");
        }
    }
    for (index, panel) in drawn.iter().enumerate() {
        let shared = drawn[..index].iter().any(|other| other.frames[0].shared(&panel.frames[0]) > 0.0);
        assert!(!shared, "panel {index} covers another");
    }
}

/// Nights in which much happens.
fn eventful(cells: usize) -> History {
    let mut history = Clean { cells, nights: 60, ..Clean::default() }.history();
    Clean::slow_down(&mut history, 0, 59, 1.6);
    (35..60).for_each(|night| Clean::slow_down(&mut history, 1, night, 0.8));
    let price = |night: &mut Night, cell: usize, price: Option<&str>| {
        night.cells[cell].list_output_usd_per_mtok = price.map(|price| price.parse().unwrap());
    };
    for (index, night) in history.nights.iter_mut().enumerate() {
        if index >= 30 {
            night.tool_version = "0.2.0".to_owned();
        }
        if index >= 32 {
            price(night, 2, Some("0.40"));
        }
        if index >= 34 {
            price(night, 2, Some("0"));
        }
        if (10..14).contains(&index) {
            price(night, 1, None);
        }
        if index == 20 || index == 22 {
            night.partial = true;
        }
    }
    history
}

#[test]
fn every_panel_keeps_to_its_place_at_any_count() {
    for cells in [3, 4, 7, 40] {
        let history = eventful(cells);
        let (svg, drawn) = draw(&history, &lines(&history), &light());
        assert_laid_out_well(&drawn);
        assert_eq!(drawn.len(), cells.min(12));
        assert!(svg.len() < 400_000, "{} bytes", svg.len());
        let rest = "the other 28 are in the table and in trend.csv";
        assert_eq!(svg.contains(rest), cells == 40);
    }
}

#[test]
fn what_happened_is_marked_and_named() {
    let history = eventful(3);
    let svg = trend(&history, &lines(&history), &light());
    let titles = titles(&svg);
    let named = |words: &str| titles.iter().filter(|title| title.contains(words)).count();
    assert!(named("slower +") >= 1, "{titles:?}");
    assert_eq!(named(": another version of tollmark"), 3);
    assert_eq!((named("2026-10-25: another list price"), named(": not judged")), (1, 6));
    assert!(named(": a new level, −") == 1, "{titles:?}");
    let texts = texts(&svg);
    assert!(texts.iter().any(|text| text == "v0.2.0") && texts.iter().any(|text| text == "SIMULATED"), "{texts:?}");
    for price in ["$0", "$0.50"] {
        assert!(texts.iter().any(|text| text == price), "{price}: {texts:?}");
    }
    let tree = Document::parse(&svg).unwrap();
    let title = tree.descendants().find(|node| node.attribute("id") == Some("tr-title")).unwrap();
    assert!(title.text().unwrap().starts_with("1 of 3 cells moved in the night of 2026-11-21, simulated: model-00"));
}

#[test]
fn nothing_is_drawn_for_what_is_missing() {
    let mut history = Clean { cells: 1, nights: 5, ..Clean::default() }.history();
    for night in &mut history.nights {
        let row = &mut night.cells[0];
        (row.ok, row.failed, row.valid) = (0, 600, Some(false));
        (row.e2e_p50_ms, row.e2e_p95_ms, row.e2e_p99_ms, row.list_output_usd_per_mtok) = (None, None, None, None);
    }
    let (svg, drawn) = draw(&history, &lines(&history), &light());
    // The five nights that may not be judged, and nothing else.
    assert_eq!(drawn[0].marks.len(), 5);
    assert!(texts(&svg).iter().any(|text| text == "no list price known"));
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
    let alone = Clean { cells: 1, nights: 1, ..Clean::default() }.history();
    let (svg, drawn) = draw(&alone, &lines(&alone), &light());
    assert_laid_out_well(&drawn);
    assert!(texts(&svg).iter().any(|text| text == "23 Sep"), "{:?}", texts(&svg));
}

#[test]
fn fewer_than_a_hundred_successes_have_no_p99() {
    let mut history = Clean { cells: 1, nights: 5, ..Clean::default() }.history();
    for row in history.nights.iter_mut().map(|night| &mut night.cells[0]) {
        (row.requests, row.ok) = (99, 99);
    }
    let (svg, drawn) = draw(&history, &lines(&history), &light());
    // Five medians and the two ends of the price.
    assert_eq!(drawn[0].marks.len(), 7);
    assert!(svg.contains("Below 100 successes there is no p99"));
}

#[test]
fn hostile_names_and_long_ones_survive() {
    let mut history = Clean { cells: 2, nights: 12, ..Clean::default() }.history();
    for night in &mut history.nights {
        night.cells[0].model = format!("<script>alert(1)</script>\u{1b}[31m{}", "x".repeat(300));
        night.cells[1].model = "a|b & \"c\" 🦀".to_owned();
    }
    let (svg, drawn) = draw(&history, &lines(&history), &light());
    assert_laid_out_well(&drawn);
    assert!(Document::parse(&svg).is_ok() && !svg.contains("<script"));
    assert!(texts(&svg).iter().any(|text| text.starts_with("a|b & \"c\" 🦀")));
}

#[test]
fn the_same_history_gives_the_same_bytes_and_every_id_its_prefix() {
    let history = eventful(7);
    let svg = trend(&history, &lines(&history), &ChartOptions::default());
    assert_eq!(svg, trend(&history, &lines(&history), &ChartOptions::default()));
    let tree = Document::parse(&svg).unwrap();
    let mut ids: Vec<&str> = tree.descendants().filter_map(|node| node.attribute("id")).collect();
    assert!(ids.iter().all(|id| id.starts_with("cl-")), "{ids:?}");
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert!(svg.contains("prefers-color-scheme: dark"));
}

#[test]
fn a_cell_of_too_few_nights_is_explained_and_a_routed_one_has_its_route_for_a_name() {
    let mut history = Clean { cells: 2, nights: 5, ..Clean::default() }.history();
    for night in &mut history.nights {
        (night.cells[0].model, night.cells[0].provider) = (String::new(), String::new());
        night.cells[0].region = None;
        (night.cells[1].model, night.cells[1].route) = (String::new(), Some("everyday".to_owned()));
    }
    let texts = texts(&trend(&history, &lines(&history), &light()));
    assert!(texts.iter().any(|text| text == "too few nights to compare"), "{texts:?}");
    for name in ["all routes", "everyday · us"] {
        assert!(texts.iter().any(|text| text.starts_with(name) && !text.contains("· ·")), "{name}: {texts:?}");
    }
}
