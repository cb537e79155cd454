use roxmltree::Document;

use super::*;
use crate::gate::fixture::{Cell, MadeUp, SAME, SIDE, Side, made_up};
use crate::gate::{Policy, judge};
use crate::report::chart::grid::WIDTH;
use crate::report::chart::rect::Rect;
use crate::report::chart::svg_text::{texts, titles};
use crate::report::chart::theme::Theme;
use crate::report::fixture::HOSTILE;

const RULES: &str = r#"schema = 1
[[regression]]
metric = "ttft_p50_ms"
margin = "10%"
[[regression]]
metric = "e2e_p99_ms"
margin = "10%"
pool = "all"
[[regression]]
metric = "cost_per_1k_requests_usd"
margin = "3%"
severity = "warn"
[[regression]]
metric = "attempt_error_ratio"
margin = "0.5pp"
rule_out = "2pp"
[[regression]]
metric = "list_output_usd_per_mtok"
margin = "0%"
"#;

fn light() -> ChartOptions {
    ChartOptions { theme: Theme::Light, prefix: "df-".to_owned(), ..ChartOptions::default() }
}

fn drawn(rules: &str, made: &MadeUp, options: &ChartOptions) -> (String, Drawn) {
    let policy = Policy::parse("gate.toml", rules).unwrap();
    let judged = judge(&policy, &made.run).unwrap();
    draw(&Judgement { policy: &policy, run: &made.run, judged: &judged, advisory: false, apart: false }, options)
}

/// One place in which the candidate is slower, dearer and fails at times, and one in which nothing changed.
fn worse() -> MadeUp {
    let candidate = Side { median_ms: 260.0, failing: 0.02, cost: Some(25_000_000), output: "0.30", ..SIDE };
    made_up(20, &[SAME, Cell { region: "eu", candidate: Some(candidate), ..SAME }])
}

fn assert_laid_out_well(drawn: &Drawn) {
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

fn title_of(svg: &str) -> String {
    let tree = Document::parse(svg).unwrap();
    let title = tree.descendants().find(|node| node.attribute("id") == Some("df-title")).unwrap();
    title.text().unwrap().to_owned()
}

#[test]
fn the_worst_comes_first_with_its_figures_and_its_sign() {
    let (svg, drawn) = drawn(RULES, &worse(), &light());
    assert_laid_out_well(&drawn);
    assert_eq!((drawn.frames.len(), drawn.marks.len()), (5, 9), "a section a rule, a mark a comparison");
    let titles = titles(&svg);
    assert!(
        titles[0].starts_with("small in eu on chat at closed, 4: broken: errors 0 % → 2.00 % (+2 pp, "),
        "{titles:?}"
    );
    assert!(titles[1].starts_with("small in us on chat at closed, 4: holds: errors "), "{titles:?}");
    let texts = texts(&svg);
    for told in
        ["99 → 131 ms", "+32 %", "+29 to +36 %", "1,000", "$0.25 → $0.30", "2 regions", "margin 0.5 pp, rule-out 2 pp"]
    {
        assert!(texts.iter().any(|text| text == told), "no {told} in {texts:?}");
    }
    assert!(texts.contains(&"margin 3 %, rule-out 9 %, warns".to_owned()));
    assert_eq!(texts.iter().filter(|text| *text == "← better").count(), 5);
    let (unchanged, broken) = (drawn.marks[1].1.0, drawn.marks[0].1.0);
    assert!(broken > unchanged + 50.0, "what became worse stands to the right");
    assert!(svg.contains("#d55e00") && svg.contains("#0072b2"));
}

#[test]
fn the_title_states_what_became_worse_or_that_nothing_is_shown() {
    let (svg, _) = drawn(RULES, &worse(), &light());
    assert!(
        title_of(&svg).starts_with("candidate is worse than baseline, simulated: errors of small in eu +2\u{a0}pp · ")
    );
    let rules = RULES.replace("margin = \"10%\"\npool = \"all\"", "margin = \"60%\"\npool = \"all\"");
    let (svg, drawn) = drawn(&rules, &made_up(20, &[SAME]), &light());
    assert_laid_out_well(&drawn);
    assert!(
        title_of(&svg)
            .starts_with("candidate is nowhere shown to be worse than baseline by more than the margin, simulated."),
        "{}",
        title_of(&svg)
    );
    assert!(!svg.contains("#d55e00"), "nothing is coloured as broken");
    // 50 requests a round have no p99, which is said where the mark would be.
    assert!(texts(&svg).iter().any(|text| text.starts_with("a round has too few requests")));
}

#[test]
fn what_is_missing_or_0_has_a_row_that_says_so() {
    let free = Side { output: "0", cost: None, ..SIDE };
    let lost = Cell { region: "eu", candidate: None, ..SAME };
    let failing = Cell { region: "ap", candidate: Some(Side { failing: 0.5, ..SIDE }), ..SAME };
    let made = made_up(
        20,
        &[Cell { baseline: free, candidate: Some(Side { output: "0.30", ..SIDE }), ..SAME }, lost, failing],
    );
    let (svg, drawn) = drawn(RULES, &made, &light());
    assert_laid_out_well(&drawn);
    let texts = texts(&svg);
    assert!(texts.iter().any(|text| text == "the baseline is 0, which has no multiple"), "{texts:?}");
    assert!(texts.iter().any(|text| text == "the candidate has no such cell"), "{texts:?}");
    assert!(texts.iter().any(|text| text == "goes on: open at this n, or beyond the axis"), "{texts:?}");
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn where_less_is_worse_the_margin_lies_to_the_left() {
    let rules = "schema = 1\n[[regression]]\nmetric = \"availability\"\nmargin = \"0.5pp\"\n";
    let (svg, drawn) = drawn(rules, &worse(), &light());
    assert_laid_out_well(&drawn);
    assert!(texts(&svg).contains(&"← worse".to_owned()));
    let broken = drawn.marks[0].1.0;
    let held = drawn.marks[1].1.0;
    assert!(broken < held, "{broken} is not left of {held}");
}

#[test]
fn hostile_and_endless_names_stay_text_in_their_column() {
    let long: &'static str = Box::leak("x".repeat(200).into_boxed_str());
    let made = made_up(8, &[Cell { model: HOSTILE, ..SAME }, Cell { model: long, region: long, ..SAME }]);
    let (svg, drawn) = drawn(RULES, &made, &ChartOptions { prefix: "df-".to_owned(), ..ChartOptions::default() });
    assert_laid_out_well(&drawn);
    let tree = Document::parse(&svg).unwrap();
    assert!(tree.descendants().all(|node| !node.has_tag_name("script")));
    let ids: Vec<&str> = tree.descendants().filter_map(|node| node.attribute("id")).collect();
    assert_eq!(ids, ["df-title", "df-desc"]);
    let classes = tree.descendants().filter_map(|node| node.attribute("class"));
    assert!(classes.into_iter().all(|class| class.starts_with("df-")));
    assert!(svg.contains("@media screen and (prefers-color-scheme: dark)"));
}

#[test]
fn no_text_covers_another_at_any_count() {
    let region = |index: usize| -> &'static str { Box::leak(format!("region-{index}").into_boxed_str()) };
    let cells: Vec<Cell> = (0..70)
        .map(|index| {
            let side = Side { each: 5, ..SIDE };
            let candidate = Side { median_ms: 180.0 + index as f64 * 4.0, ..side.clone() };
            Cell { region: region(index), baseline: side, candidate: Some(candidate), ..SAME }
        })
        .collect();
    let (svg, drawn) = drawn(RULES, &made_up(6, &cells), &light());
    assert_laid_out_well(&drawn);
    assert!(texts(&svg).join(" ").contains("Not drawn, each less bad than what is: 40."), "ten more of four rules");
    assert!(svg.len() < 250_000, "{} bytes", svg.len());
}

#[test]
fn the_same_run_gives_the_same_bytes_whatever_the_order_of_its_rows() {
    let mut made = worse();
    let (before, _) = drawn(RULES, &made, &light());
    assert_eq!(drawn(RULES, &made, &light()).0, before);
    made.run.cells.reverse();
    assert_eq!(drawn(RULES, &made, &light()).0, before);
}

#[test]
fn a_run_of_one_variant_has_no_such_picture() {
    let mut made = worse();
    made.run.manifest.variants.truncate(1);
    let policy = Policy::built_in();
    let judged = judge(policy, &made.run).unwrap();
    let judgement = Judgement { policy, run: &made.run, judged: &judged, advisory: false, apart: false };
    assert_eq!(diff(&judgement, &light()), None);
}

#[test]
fn rows_that_differ_in_their_load_name_it_and_else_the_caption_does() {
    let mut made = worse();
    let caption = |made: &MadeUp| texts(&drawn(RULES, made, &light()).0).join(" ");
    assert!(
        caption(&made).contains("candidate over baseline on chat, closed, 4, from 2026-11-23T02:00:00Z, simulated.")
    );
    for row in made.run.cells.iter_mut().filter(|row| row.region.as_deref() == Some("eu")) {
        row.workload = "code".to_owned();
    }
    let (svg, drawn) = drawn(RULES, &made, &light());
    assert_laid_out_well(&drawn);
    assert!(
        texts(&svg).contains(&"code, closed, 4".to_owned()) && texts(&svg).contains(&"2 cells together".to_owned())
    );
}
