use super::*;
use crate::history::fixture::Clean;
use crate::history::lines;
use crate::report::plain_text::columns;

const WIDE: TableStyle = TableStyle { width: 220, colour: false, all: false, unicode: true };

fn told() -> History {
    let mut history = Clean { cells: 14, nights: 60, ..Clean::default() }.history();
    Clean::slow_down(&mut history, 7, 59, 1.5);
    (40..60).for_each(|night| Clean::slow_down(&mut history, 3, night, 1.3));
    for night in &mut history.nights[50..] {
        night.cells[5].list_output_usd_per_mtok = Some("0.40".parse().unwrap());
    }
    let row = &mut history.nights[30].cells[2];
    (row.ok, row.failed) = (540, 60);
    history.nights[59].cells[9].valid = Some(false);
    history
}

#[test]
fn the_cell_that_moved_comes_first_and_the_rest_is_counted() {
    let history = told();
    let lines = lines(&history);
    let table = trend_table(&history, &lines, &WIDE);
    assert!(
        table.starts_with("1 of 12 cells moved in the night of 2026-11-21, simulated: model-07 · us slower +"),
        "{table}"
    );
    assert!(table.contains("Of 2 cells nothing can be told. Over 60 nights:"), "{table}");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("model-")).collect();
    assert!(rows[0].starts_with("model-07") && rows[0].contains("slower +"), "{table}");
    assert!(rows[1].starts_with("model-09") && rows[1].ends_with("not judged"), "{table}");
    assert!(table.contains("+4 more: --all"));
    // Ten nights, and ten months' rows below them.
    assert_eq!(rows.len(), 20);
    let all = trend_table(&history, &lines, &TableStyle { all: true, ..WIDE });
    assert_eq!(all.lines().filter(|line| line.starts_with("model-")).count(), 28);
    assert!(all.lines().any(|line| line.starts_with("model-05") && line.contains("2026-11-12 $0.50 → $0.40")), "{all}");
    assert!(all.lines().any(|line| line.starts_with("model-03") && line.contains("2026-11-02 +")), "{all}");
}

#[test]
fn availability_stands_below_by_month() {
    let history = told();
    let table = trend_table(&history, &lines(&history), &TableStyle { all: true, ..WIDE });
    let months = table.split("Availability by month\n").nth(1).unwrap();
    assert!(months.lines().next().unwrap().ends_with("2026-09  2026-10  2026-11"), "{months}");
    let row = months.lines().find(|line| line.starts_with("model-02")).unwrap();
    assert!(row.contains("99.68 %"), "{row}");
}

#[test]
fn nothing_is_wider_than_the_terminal_and_plain_text_stays_plain() {
    let history = told();
    let lines = lines(&history);
    for width in [60, 80, 100, 140] {
        let table = trend_table(&history, &lines, &TableStyle { width, ..WIDE });
        let widest = table.lines().map(columns).max().unwrap();
        assert!(widest <= width, "{widest} of {width}\n{table}");
    }
    let plain = trend_table(&history, &lines, &TableStyle { unicode: false, ..WIDE });
    assert!(plain.is_ascii() && !plain.contains('?'), "{plain}");
}

#[test]
fn a_few_nights_say_that_they_are_too_few() {
    let history = Clean { cells: 2, nights: 3, ..Clean::default() }.history();
    let table = trend_table(&history, &lines(&history), &WIDE);
    assert!(table.starts_with("Nothing can be told of the night of 2026-09-25 yet, simulated."), "{table}");
    assert_eq!(table.matches("too few nights (2 of 10)").count(), 2);
}

#[test]
fn only_columns_that_are_shown_are_explained() {
    let history = Clean { cells: 2, nights: 3, ..Clean::default() }.history();
    let table = trend_table(&history, &lines(&history), &WIDE);
    for (column, explained) in [("usual", "usual: geometric mean"), ("spread", "spread: what the medians")] {
        let heading = table.lines().find(|line| line.contains("p50 ms")).unwrap();
        assert_eq!(heading.contains(column), table.contains(explained), "{column}: {table}");
    }
}

#[test]
fn where_the_tool_or_the_price_changed_the_nights_are_counted_from_there() {
    let mut history = Clean { cells: 1, nights: 13, ..Clean::default() }.history();
    history.nights[10..].iter_mut().for_each(|night| night.tool_version = "9.9.9".to_owned());
    let table = trend_table(&history, &lines(&history), &WIDE);
    assert!(table.contains("new tool: 2 of 10 nights"), "{table}");
}
