//! What is said of a cell's nights, in the table and on the chart alike.

use jiff::civil::Date;

use crate::history::{Alert, CellLine, Drift, Figure, History, LEAST_NIGHTS, Point, PriceStep, Series};
use crate::report::figures;
use crate::report::headline::Headline;
use crate::report::parts::Word;
use crate::report::plain_text::visible;
use crate::report::shown::{LEAST_FOR_P99, answering, load};
use crate::rundir::CellRow;

/// A change as people write it: `+31 %`, `−4.2 %`.
pub(crate) fn change(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    let sign = if percent < 0.0 { '−' } else { '+' };
    let places = usize::from(percent.abs() < 9.95);
    format!("{sign}{:.places$} %", percent.abs())
}

/// The figure of `row` as far as its requests support it: a p99 of fewer than 100 successes would be their largest.
pub(crate) fn supported(figure: Figure, row: &CellRow) -> Option<f64> {
    let tail = matches!(figure, Figure::E2eP99 | Figure::TtftP99);
    figure.of(row).filter(|_| !tail || row.ok >= LEAST_FOR_P99)
}

/// Milliseconds for columns, as [`figures::ms`] writes them.
pub(crate) fn ms(value: f64) -> String {
    if value < 9.95 { format!("{value:.1}") } else { figures::count(value.round() as u64) }
}

/// How the last night compares: `slower +31 % (p50, p95)`, `steady`, `too few nights (6 of 10)`, `new price: 3 of 10 nights` where
/// something else than the provider changed.
pub(crate) fn drift(line: &CellLine<'_>) -> String {
    match &line.drift {
        Drift::NotJudged if line.series.last().night.partial => "not judged: the run was stopped".to_owned(),
        Drift::NotJudged => "not judged".to_owned(),
        Drift::TooFew(nights) => match turned(line) {
            Some(what) => format!("new {what}: {nights} of {LEAST_NIGHTS} nights"),
            None => format!("too few nights ({nights} of {LEAST_NIGHTS})"),
        },
        Drift::Steady => "steady".to_owned(),
        Drift::Moved(alerts) => moved(alerts),
    }
}

/// `price, tool`: what of them changed the last time that any did; absent where none has.
fn turned(line: &CellLine<'_>) -> Option<String> {
    let turn = line.turns.last()?;
    let all = [(turn.price, "price"), (turn.tool, "tool"), (turn.workload, "workload")];
    let what: Vec<&str> = all.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect();
    Some(what.join(", "))
}

/// The same where there is little room: `6 of 10 nights`.
pub(crate) fn drift_in_short(line: &CellLine<'_>) -> String {
    match line.drift {
        Drift::TooFew(nights) => format!("{nights} of {LEAST_NIGHTS} nights"),
        Drift::NotJudged => "not judged".to_owned(),
        _ => drift(line),
    }
}

/// `slower +31 % (p50, p95)`; the first figure's change.
pub(crate) fn moved(alerts: &[Alert]) -> String {
    let word = |alert: &Alert| if alert.ratio > 1.0 { "slower" } else { "faster" };
    let names: Vec<&str> = alerts.iter().map(|alert| alert.figure.short()).collect();
    let Some(first) = alerts.first() else { return String::new() };
    if alerts.iter().any(|alert| word(alert) != word(first)) {
        let each = alerts.iter().map(|alert| format!("{} {}", alert.figure.short(), change(alert.ratio)));
        return each.collect::<Vec<_>>().join(", ");
    }
    format!("{} {} ({})", word(first), change(first.ratio), names.join(", "))
}

/// The sign that goes with it; absent where nothing is to be said.
pub(crate) fn word(line: &CellLine<'_>) -> Option<Word> {
    match line.drift {
        Drift::NotJudged => Some(Word::Invalid),
        Drift::TooFew(_) => Some(Word::CannotTell),
        Drift::Steady => None,
        Drift::Moved(_) if line.drift.is_slower() => Some(Word::Misses),
        Drift::Moved(_) => Some(Word::Meets),
    }
}

/// The last two changes of level with their days: `2026-10-13 +25 %`; absent without any.
pub(crate) fn changes(line: &CellLine<'_>) -> Option<String> {
    let told = |one: &crate::history::Change| format!("{} {}", day(&line.series, one.point), change(one.ratio));
    last_two(&line.changes, told)
}

/// The last two steps of the list price with their days: `2026-10-20 $0.50 → $0.40`; absent without any.
pub(crate) fn price_steps(line: &CellLine<'_>) -> Option<String> {
    last_two(&line.price_steps, |step| format!("{} {}", day(&line.series, step.point), price_step(step)))
}

/// `$0.50 → $0.40`, or `in $0.20 → $0.10` where only prompts cost something else.
pub(crate) fn price_step(step: &PriceStep) -> String {
    let both = |from: Option<_>, to: Option<_>| {
        let (from, to) = from.zip(to).filter(|(from, to)| from != to)?;
        Some(format!("{} → {}", figures::list_price(from), figures::list_price(to)))
    };
    let output = both(step.from.output, step.to.output);
    let input = both(step.from.input, step.to.input).map(|step| format!("in {step}"));
    output.into_iter().chain(input).collect::<Vec<_>>().join(", ")
}

fn last_two<T>(all: &[T], told: impl Fn(&T) -> String) -> Option<String> {
    let shown: Vec<String> = all.iter().rev().take(2).rev().map(told).collect();
    let more = if all.len() > shown.len() { format!(" (+{})", all.len() - shown.len()) } else { String::new() };
    (!shown.is_empty()).then(|| shown.join(", ") + &more)
}

/// The day of a point.
pub(crate) fn day(series: &Series<'_>, point: usize) -> Date {
    series.points[point].night.date()
}

/// Which parts of a cell's name tell it from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Differing {
    pub(crate) provider: bool,
    pub(crate) workload: bool,
    pub(crate) load: bool,
    pub(crate) origin: bool,
}

impl Differing {
    /// Those among `lines`.
    pub(crate) fn among(lines: &[CellLine<'_>]) -> Self {
        let differ = |text: &dyn Fn(&Series<'_>) -> String| {
            let first = lines.first().map(|line| text(&line.series));
            lines.iter().any(|line| Some(text(&line.series)) != first)
        };
        Self {
            provider: differ(&|one| one.key.provider.clone()),
            workload: differ(&|one| one.key.workload.clone()),
            load: differ(&|one| load(one.last().row)),
            origin: differ(&|one| one.key.simulated.to_string()),
        }
    }

    /// The cell's name in one line: `qwen3-8b · us-west-2 · autocomplete`.
    pub(crate) fn name(self, series: &Series<'_>) -> String {
        let (key, row) = (&series.key, series.last().row);
        let parts = [
            key.variant.clone(),
            // The route, where a routing table chose the model.
            Some(answering(row).to_owned()),
            key.region.clone(),
            self.provider.then(|| key.provider.clone()),
            self.workload.then(|| key.workload.clone()),
            self.load.then(|| load(row)),
            (self.origin && key.simulated).then(|| "simulated".to_owned()),
        ];
        // A routing table has no provider of its own.
        let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
        parts.map(|part| visible(&part)).collect::<Vec<_>>().join(" · ")
    }
}

/// Where the figures of `lines` came from: `simulated`, `live`, `simulated in part`.
pub(crate) fn origin(lines: &[CellLine<'_>]) -> &'static str {
    let simulated = lines.iter().filter(|line| line.series.key.simulated).count();
    match simulated {
        0 => "live",
        all if all == lines.len() => "simulated",
        _ => "simulated in part",
    }
}

/// What the last night shows, then what the nights before it do.
pub(crate) fn finding(history: &History, lines: &[CellLine<'_>]) -> Headline {
    let last = history.nights.last().map(|night| night.date().to_string()).unwrap_or_default();
    let of_last = |line: &&CellLine<'_>| line.series.last().place + 1 == history.nights.len();
    let here: Vec<&CellLine<'_>> = lines.iter().filter(of_last).collect();
    let moved: Vec<&&CellLine<'_>> = here.iter().filter(|line| matches!(line.drift, Drift::Moved(_))).collect();
    let told = here.iter().filter(|line| matches!(line.drift, Drift::Moved(_) | Drift::Steady)).count();
    let origin = origin(lines);
    let differing = Differing::among(lines);
    let mut sentences = vec![match (moved.len(), told) {
        (_, 0) => format!("Nothing can be told of the night of {last} yet, {origin}."),
        (0, told) => format!("Steady in the night of {last}, {origin}: {}.", all_of(told)),
        (count, told) => {
            let named = moved.iter().take(3).map(|line| format!("{} {}", differing.name(&line.series), drift(line)));
            let more = if count > 3 { format!(" and {} more", count - 3) } else { String::new() };
            let named = named.collect::<Vec<_>>().join("; ");
            let of = if told == 1 { "The one cell".to_owned() } else { format!("{count} of {told} cells") };
            format!("{of} moved in the night of {last}, {origin}: {named}{more}.")
        }
    }];
    let untold = here.len() - told;
    if untold > 0 && told > 0 {
        sentences.push(format!("Of {} nothing can be told.", figures::several(untold as u64, "cell")));
    }
    let changed = lines.iter().filter(|line| !line.changes.is_empty()).count();
    let priced = lines.iter().filter(|line| !line.price_steps.is_empty()).count();
    let nights = figures::several(history.nights.len() as u64, "night");
    sentences.push(format!(
        "Over {nights}: {} to a new level, {} another list price.",
        cells(changed, "came"),
        cells(priced, "got")
    ));
    Headline { sentences }
}

fn all_of(cells: usize) -> String {
    if cells == 1 { "the one cell that can be told".to_owned() } else { format!("all {cells} cells that can be told") }
}

fn cells(count: usize, did: &str) -> String {
    match count {
        0 => format!("no cell {did}"),
        count => format!("{} {did}", figures::several(count as u64, "cell")),
    }
}

/// What a pointer over a night shows.
pub(crate) fn night_title(point: &Point<'_>, alerts: &[Alert]) -> String {
    let figure = |name: &str, figure| supported(figure, point.row).map(|value| format!("{name} {} ms", ms(value)));
    let figures: Vec<String> =
        [figure("p50", Figure::E2eP50), figure("p95", Figure::E2eP95), figure("p99", Figure::E2eP99)]
            .into_iter()
            .flatten()
            .collect();
    let figures = if figures.is_empty() { "nothing measured".to_owned() } else { figures.join(", ") };
    let alert = if alerts.is_empty() { String::new() } else { format!("; {}", moved(alerts)) };
    format!("{}: {figures}{alert}", point.night.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_two_digits() {
        let told = [1.31, 0.958, 1.0, 2.5, 0.5, 1.0994].map(change);
        assert_eq!(told, ["+31 %", "−4.2 %", "+0.0 %", "+150 %", "−50 %", "+9.9 %"]);
    }

    #[test]
    fn alerts_name_their_figures_and_contradicting_ones_each_change() {
        let alert = |figure, ratio| Alert { point: 0, figure, ratio };
        let both = [alert(Figure::E2eP50, 1.31), alert(Figure::E2eP95, 1.2)];
        assert_eq!(moved(&both), "slower +31 % (p50, p95)");
        assert_eq!(moved(&[alert(Figure::E2eP95, 0.7)]), "faster −30 % (p95)");
        assert_eq!(moved(&[alert(Figure::E2eP50, 1.31), alert(Figure::E2eP95, 0.8)]), "p50 +31 %, p95 −20 %");
    }
}
