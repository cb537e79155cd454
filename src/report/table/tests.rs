use super::*;
use crate::report::fixture;
use crate::report::plain_text::columns;

const WIDE: TableStyle = TableStyle { width: 160, colour: false, all: false, unicode: true };

fn small(style: TableStyle) -> String {
    table(&fixture::run(), &fixture::parts(), &style)
}

#[test]
fn a_small_run_is_shown_whole() {
    let expected = r#"
tier  model                         region     p50 ms  p99 ms     95 %    n       failed  $/M list  $/M eff.       cost   limit  standing
   0  qwen3-8b                      us-west-2     102     184  176–193  600            0     $0.01  ~$0.0732  ~$0.00132  200 ms  ● meets
   1  step-3.5-flash                us-east-1     180     410  398–431  600   1 (0.17 %)     $0.15     $0.54    $0.0162  500 ms  ● meets
   1  <script>alert("x")</script>…  eu-west-1     300    800*    ≥ 700  600  10 (1.67 %)     $0.56         –    ≥ $0.05  500 ms  ✕ invalid
   3  deepseek-v4-pro               eu-west-1   1,904  9,204*  ≥ 8,120  200   1 (0.50 %)     $0.78     $1.91    $0.0312    10 s  ○ cannot tell
   –  glm-4-9b                      –               –       –        –   50   50 (100 %)         –         –          –       –  ✕ invalid
simulated; end to end, successes; the 95 % interval counts failures as infinite
* no upper end: too few requests, or too many failures
Closed load has no due time: a stall hides what it kept from being sent.
~ rests on an assumed price
≥ lacks a price that is not known
"#;
    assert_eq!(small(WIDE), expected[1..]);
}

#[test]
fn a_terminal_of_80_columns_keeps_what_decides() {
    let expected = r#"
tier  model               region     p50 ms  p99 ms  $/M list  standing
   0  qwen3-8b            us-west-2     102     184     $0.01  ● meets
   1  step-3.5-flash      us-east-1     180     410     $0.15  ● meets
   1  <script>alert("x"…  eu-west-1     300    800*     $0.56  ✕ invalid
   3  deepseek-v4-pro     eu-west-1   1,904  9,204*     $0.78  ○ cannot tell
   –  glm-4-9b            –               –       –         –  ✕ invalid
simulated; end to end, successes; the 95 % interval counts failures as infinite
* no upper end: too few requests, or too many failures
Closed load has no due time: a stall hides what it kept from being sent.
"#;
    assert_eq!(small(TableStyle { width: 80, ..WIDE }), expected[1..]);
}

#[test]
fn on_a_narrow_terminal_a_row_still_tells_where_it_was_measured() {
    let expected = r#"
model       region     p99 ms  standing
qwen3-8b    us-west-2     184  ● meets
step-3.5-…  us-east-1     410  ● meets
<script>a…  eu-west-1    800*  ✕ invalid
deepseek-…  eu-west-1  9,204*  ○ cannot tell
glm-4-9b    –               –  ✕ invalid
simulated; end to end, successes; the 95 %
interval counts failures as infinite
* no upper end: too few requests, or too
many failures
Closed load has no due time: a stall hides
what it kept from being sent.
"#;
    assert_eq!(small(TableStyle { width: 44, ..WIDE }), expected[1..]);
}

#[test]
fn plain_ascii_replaces_every_symbol() {
    let text = small(TableStyle { unicode: false, ..WIDE });
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains(">= 8,120") && text.contains("176-193") && text.contains("? cannot tell"), "{text}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let large = fixture::large_run(10);
    let standings = fixture::large_standings(large.cells.len());
    let large_parts = Parts { headline: "", standings: &standings, charts: &[], sweeps: &[], bill: None };
    for width in 30..200 {
        for unicode in [true, false] {
            let style = TableStyle { width, unicode, ..WIDE };
            for text in [small(style), table(&large, &large_parts, &style)] {
                for line in text.lines() {
                    assert!(columns(line) <= width, "{width}: {line}");
                    assert_eq!(line, line.trim_end());
                }
                assert!(text.contains("p99 ms") && text.contains("meets"), "{width}: {text}");
            }
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let coloured = small(TableStyle { colour: true, ..WIDE });
    assert!(coloured.contains("\u{1b}[36m● meets\u{1b}[0m"), "{coloured}");
    let mut plain = coloured;
    for code in ["0", "2", "31", "33", "36"] {
        plain = plain.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(plain, small(WIDE));
}

#[test]
fn a_long_run_is_cut_and_says_how_much() {
    let run = fixture::large_run(10);
    let standings = fixture::large_standings(run.cells.len());
    let parts = Parts { headline: "", standings: &standings, charts: &[], sweeps: &[], bill: None };
    let cut = table(&run, &parts, &WIDE);
    assert_eq!(cut.lines().count(), 1 + 10 + 3);
    assert_eq!(cut.lines().last(), Some("+30 more: --all"));
    let whole = table(&run, &parts, &TableStyle { all: true, ..WIDE });
    assert_eq!(whole.lines().count(), 1 + 40 + 2);
    assert!(!whole.contains("more:"));
}

#[test]
fn a_run_without_cells_says_so() {
    let mut run = fixture::run();
    run.cells.clear();
    assert_eq!(table(&run, &fixture::parts(), &WIDE), "no cell was measured\n");
}

#[test]
fn a_pipe_gets_every_figure_and_a_column_without_any_is_left_out() {
    let mut run = fixture::run();
    run.cells.iter_mut().for_each(|row| (row.requests, row.ok) = (row.requests.min(40), row.ok.min(40)));
    let heading = table(&run, &fixture::parts(), &TableStyle { width: 200, ..WIDE }).lines().next().unwrap().to_owned();
    assert!(!heading.contains("95 %"), "{heading}");
    for name in ["p50 ms", "p99 ms", "n ", "failed", "$/M list", "$/M eff.", "cost", "limit", "standing"] {
        assert!(heading.contains(name), "{name}: {heading}");
    }
}

#[test]
fn a_quality_stands_with_the_answers_that_it_is_a_share_of() {
    let mut run = fixture::run();
    (run.cells[0].quality_ratio, run.cells[0].requests_checked) = (Some(0.75), Some(4));
    let text = table(&run, &fixture::parts(), &TableStyle { width: 200, ..WIDE });
    assert!(text.contains("0.75 of 4"), "{text}");
}
