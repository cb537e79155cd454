use roxmltree::{Document, Node, ParsingOptions};

use super::*;
use crate::report::fixture;
use crate::report::parts::Chart;

fn small() -> String {
    page(&fixture::run(), &fixture::parts())
}

fn parsed(html: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(html, options).expect("the page is well-formed")
}

fn element<'a>(document: &'a Document<'a>, id: &str) -> Node<'a, 'a> {
    document.descendants().find(|node| node.attribute("id") == Some(id)).expect("the page has the element")
}

/// The text of a node and all below it.
fn text(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

fn rows(html: &str) -> Vec<Vec<String>> {
    let document = parsed(html);
    let table = element(&document, "cells");
    let body = table.descendants().find(|node| node.has_tag_name("tbody")).unwrap();
    body.children()
        .filter(Node::is_element)
        .map(|row| row.children().filter(Node::is_element).map(text).collect())
        .collect()
}

#[test]
fn every_cell_stands_in_the_table_with_its_doubts() {
    let rows = rows(&small());
    let expected = [
        "qwen3-8b|us-west-2|0|● meets|102|184|176–193|$0.01|~$0.0732|200 ms|600|0|~$0.00132|~$0.01|61|95|autocomplete|closed, 16",
        "step-3.5-flash|us-east-1|1|● meets|180|410|398–431|$0.15|$0.54|500 ms|600|1 (0.17 %)|$0.0162|$0.13|88|203|autocomplete|closed, 16",
        "deepseek-v4-pro|eu-west-1|3|○ cannot tell|1,904|9,204*|≥ 8,120|$0.78|$1.91|10 s|200|1 (0.50 %)|$0.0312|$0.57|640|1,430*|autocomplete|closed, 16",
        "<script>alert(\"x\")</script>|`a`�[31m & ü🚀|eu-west-1|1|✕ invalid|300|800*|≥ 700|$0.56|–|500 ms|600|10 (1.67 %)|≥ $0.05|–|–|–|autocomplete|closed, 16",
        "glm-4-9b|–|–|✕ invalid|–|–|–|–|–|–|50|50 (100 %)|–|–|–|–|autocomplete|closed, 16",
    ];
    let shown: Vec<String> = rows.iter().map(|row| row.join("|")).collect();
    assert_eq!(shown, expected);
}

#[test]
fn what_is_absent_says_so_and_sorts_apart() {
    let html = small();
    let document = parsed(&html);
    let table = element(&document, "cells");
    let dashes: Vec<_> = table.descendants().filter(|node| node.is_text() && node.text() == Some("–")).collect();
    assert!(!dashes.is_empty());
    for dash in dashes {
        let span = dash.parent().unwrap();
        assert!(["not measured", "not known", "not judged", "none"].contains(&span.attribute("title").unwrap()));
        assert_eq!(span.parent().unwrap().attribute("data-v").unwrap_or(""), "");
    }
}

#[test]
fn a_manifest_that_would_be_most_of_the_page_is_left_to_its_file() {
    let html = small();
    assert!(parsed(&html).descendants().any(|node| node.has_tag_name("pre")));
    let mut run = fixture::run();
    run.manifest.warnings = vec!["w".repeat(LONGEST_MANIFEST)];
    let long = page(&run, &fixture::parts());
    let long = parsed(&long);
    assert!(!long.descendants().any(|node| node.has_tag_name("pre")));
    assert!(text(long.root_element()).contains("manifest.json beside it holds it"));
}

#[test]
fn one_cell_is_called_the_only_one() {
    let mut run = fixture::run();
    let titled = |run: &Run| text(element(&parsed(&page(run, &fixture::parts())), "cells-title"));
    assert_eq!(titled(&run), "All 5 cells");
    run.cells.truncate(1);
    assert_eq!(titled(&run), "The only cell");
}

#[test]
fn names_are_text_and_never_markup() {
    let mut run = fixture::run();
    run.manifest.suite = fixture::HOSTILE.to_owned();
    run.manifest.warnings = vec![fixture::HOSTILE.to_owned()];
    run.manifest.left_out[0].reason = fixture::HOSTILE.to_owned();
    run.manifest.destination.hosts = vec![fixture::HOSTILE.to_owned()];
    run.manifest.workloads[0].name = fixture::HOSTILE.to_owned();
    run.manifest.registry.source = fixture::HOSTILE.to_owned();
    run.manifest.tool_version = fixture::HOSTILE.to_owned();
    let parts = Parts { headline: fixture::HOSTILE, ..fixture::parts() };
    let html = page(&run, &parts);
    let document = parsed(&html);
    let scripts: Vec<_> = document.descendants().filter(|node| node.has_tag_name("script")).collect();
    assert_eq!(scripts.len(), 1);
    assert_eq!(scripts[0].text(), Some(SCRIPT));
    assert!(!html.contains('\u{1b}'));
}

#[test]
fn nothing_is_fetched_and_nothing_foreign_runs() {
    let html = small();
    let document = parsed(&html);
    for node in document.descendants().filter(Node::is_element) {
        for attribute in node.attributes() {
            let allowed = attribute.name() == "http-equiv" || !attribute.value().contains("http");
            assert!(allowed, "{attribute:?}");
            assert!(!attribute.name().starts_with("on") && attribute.name() != "style", "{attribute:?}");
            if ["src", "href"].contains(&attribute.name()) {
                assert!(attribute.value().starts_with('#') || attribute.value() == "data:,", "{attribute:?}");
            }
        }
    }
    let policy = document
        .descendants()
        .find(|node| node.attribute("http-equiv") == Some("Content-Security-Policy"))
        .and_then(|node| node.attribute("content"))
        .unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    // The page's own style sheet and the chart's.
    assert_eq!(policy.matches("'sha256-").count(), 1 + 2);
}

#[test]
fn the_script_and_the_style_are_small_and_stand_in_xml_unescaped() {
    assert!(SCRIPT.len() <= 3 * 1024, "{}", SCRIPT.len());
    for text in [SCRIPT, STYLE] {
        assert!(!text.contains(['<', '&']));
    }
}

#[test]
fn the_page_stays_small_at_39_and_at_736_endpoints() {
    for (models, most) in [(10, 300_000), (184, 3_000_000)] {
        let run = fixture::large_run(models);
        let standings = fixture::large_standings(run.cells.len());
        let html =
            page(&run, &Parts { headline: "A finding.", standings: &standings, charts: &[], sweeps: &[], bill: None });
        // A chart needs its share of the page too.
        assert!(html.len() < most / 2, "{}", html.len());
        assert_eq!(rows(&html).len(), models * 4);
    }
}

#[test]
fn a_simulated_run_says_so_first_and_a_live_one_does_not() {
    let html = small();
    assert!(html.contains("<strong>SIMULATED</strong>"));
    let mut run = fixture::run();
    run.manifest.destination.simulated = Some(false);
    let mixed = page(&run, &fixture::parts());
    assert_eq!(mixed.matches("<span class=\"tag\">simulated</span>").count(), 5);
    run.cells.iter_mut().for_each(|row| row.simulated = false);
    let live = page(&run, &Parts { headline: "A finding.", ..fixture::parts() });
    assert!(live.contains("<strong>LIVE</strong>") && !live.to_lowercase().contains(">simulated"));
}

#[test]
fn sections_without_content_are_left_out() {
    let mut run = fixture::run();
    run.cells.clear();
    run.manifest.validity.clear();
    run.manifest.warnings.clear();
    run.manifest.left_out.clear();
    let html =
        page(&run, &Parts { headline: "Nothing was measured.", standings: &[], charts: &[], sweeps: &[], bill: None });
    parsed(&html);
    assert!(html.contains("No cell was measured."));
    for absent in ["id=\"outcomes\"", "id=\"invalid\"", "id=\"left-out\"", "id=\"warnings\"", "id=\"cells\""] {
        assert!(!html.contains(absent), "{absent}");
    }
}

#[test]
fn two_renders_are_the_same() {
    assert_eq!(small(), small());
}

#[test]
fn a_chart_of_hundreds_of_rows_scrolls_in_a_box_of_its_own() {
    let with = |height: u32| {
        let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1200\" height=\"{height}\"></svg>");
        page(&fixture::run(), &Parts { charts: &[Chart { title: "Ranking", svg: &svg }], ..fixture::parts() })
    };
    assert!(with(11_000).contains("<figure class=\"tall\"") && !with(900).contains("<figure class=\"tall\""));
}

#[test]
fn where_cells_differ_in_their_load_it_stands_with_what_names_them() {
    let headings = |run: &Run| -> Vec<String> {
        let html = page(run, &fixture::parts());
        let document = parsed(&html);
        let table = element(&document, "cells");
        table
            .descendants()
            .filter(|node| node.has_tag_name("th") && node.attribute("scope") == Some("col"))
            .map(text)
            .collect()
    };
    let mut run = fixture::run();
    assert_eq!(headings(&run)[..3], ["Model", "Region", "Tier"]);
    run.cells[1].concurrency = Some(64);
    assert_eq!(headings(&run)[..4], ["Model", "Region", "Load", "Tier"]);
    assert_eq!(headings(&run).last().map(String::as_str), Some("Workload"));
    assert_eq!(rows(&page(&run, &fixture::parts()))[1][2], "closed, 64");
}

#[test]
fn only_the_first_sentence_of_the_finding_is_the_title() {
    let parts = Parts { headline: "Cheapest: tier 0 qwen2.5-7b $0.01. 1 of 2 meets.", ..fixture::parts() };
    let html = page(&fixture::run(), &parts);
    let document = parsed(&html);
    let of = |name: &str| document.descendants().find(|node| node.has_tag_name(name)).map(text);
    assert_eq!(of("h1").as_deref(), Some("Cheapest: tier\u{a0}0 qwen2.5-7b $0.01."));
    let bounds = document.descendants().find(|node| node.attribute("class") == Some("bounds"));
    assert_eq!(bounds.map(text).as_deref(), Some("1 of 2 meets."));
}
