//! What the ranking says: its finding, its legend and its caption.

use crate::report::chart::caption::n;
use crate::report::chart::legend::{self, Sign};
use crate::report::chart::mark::{Metric, PriceAxis, Span, Tail};
use crate::report::chart::options::ChartOptions;
use crate::report::chart::ranking_row::Ranked;
use crate::report::chart::ticks::time;
use crate::report::figures;
use crate::report::headline::{Headline, letters, origin, partial, without_a_p99};
use crate::report::setting::Setting;
use crate::rundir::{CellRow, Run};

/// The endpoint of the lowest p99 in each tier, and what is not ranked by one.
pub(crate) fn finding(run: &Run, lists: &[(&Setting<'_>, Vec<Ranked<'_>>)], metric: Metric) -> Headline {
    let (origin, several) = (origin(run), lists.len() > 1);
    let what = match metric {
        Metric::E2e => "p99",
        Metric::Ttft => "p99 of the first token",
    };
    let mut sentences = Vec::new();
    for (setting, rows) in lists {
        let on = if several { format!(" on {}", setting.workload) } else { String::new() };
        let with_p99: Vec<(&Ranked<'_>, Span)> = rows
            .iter()
            .filter(|row| row.row.valid != Some(false))
            .filter_map(|row| Some((row, row.span?)))
            .filter(|(_, span)| span.upper.tail != Tail::Maximum)
            .collect();
        let mut tiers: Vec<Option<u8>> = with_p99.iter().map(|(row, _)| row.row.tier).collect();
        tiers.sort_by_key(|tier| (tier.is_none(), *tier));
        tiers.dedup();
        // Rows are in order, so that the first of a tier is its lowest.
        let lowest = tiers.iter().filter_map(|tier| with_p99.iter().find(|(row, _)| row.row.tier == *tier));
        let lowest: Vec<String> = lowest
            .map(|(row, span)| {
                let tier = match row.row.tier {
                    Some(tier) => format!("tier {tier} "),
                    None if tiers.len() == 1 => String::new(),
                    None => "without a tier ".to_owned(),
                };
                let region = row.row.region.as_deref().map_or(String::new(), |region| format!(" in {region}"));
                format!("{tier}{}{region} {}", row.name, time(span.upper.cap))
            })
            .collect();
        let told = |(row, span): &(&Ranked<'_>, Span)| format!("{} {}", row.name, time(span.upper.cap));
        let routes: Vec<String> = with_p99.iter().filter(|(row, _)| row.row.route.is_some()).map(told).collect();
        match routes.as_slice() {
            [] => {}
            [only] => {
                sentences.push(format!("Only one route has a {what}{on}, {origin}: {only}."));
                continue;
            }
            [first, .., last] => {
                let all = routes.len();
                sentences.push(format!("Lowest {what} of {all} routes{on}, {origin}: {first}; highest: {last}."));
                continue;
            }
        }
        sentences.push(match (lowest.is_empty(), tiers.as_slice()) {
            (true, _) => without_a_p99(&rows.iter().map(|row| row.row).collect::<Vec<_>>(), &on, origin),
            (false, [None]) => format!("Lowest {what}{on}, {origin}: {}.", lowest.join("")),
            (false, _) => format!("Lowest {what} of each tier{on}, {origin}: {}.", lowest.join(" · ")),
        });
    }
    if lists.is_empty() {
        sentences.push(format!("Nothing was measured, {origin}."));
    }
    sentences.extend(partial(run.manifest.status).map(str::to_owned));
    Headline { sentences }
}

/// The legend's entries for what stands in the picture.
pub(crate) fn signs(rows: &[&Ranked<'_>]) -> Vec<(Sign, String)> {
    let spans = || rows.iter().filter_map(|row| row.span);
    let marks: Vec<_> = rows.iter().map(|row| (row.baseline, row.standing)).collect();
    let mut signs = legend::verdict_signs(legend::OF_AN_ENDPOINT, &marks);
    let more = [
        (spans().next().is_some(), Sign::Along, "from p50 (dot) to p99, bars: 95 % intervals"),
        (spans().any(|span| span.upper.tail == Tail::Open), Sign::Onwards, "no upper bound at this n, or failures"),
        (spans().any(|span| span.upper.tail == Tail::Maximum), Sign::Maximum, "the maximum: n is below 100"),
        (rows.iter().any(|row| row.limit.is_some()), Sign::Upright, "the tier's limit"),
    ];
    signs.extend(more.into_iter().filter(|(shown, ..)| *shown).map(|(_, sign, words)| (sign, words.to_owned())));
    signs
}

/// What was measured, how, and who stands where for want of figures.
pub(crate) fn caption(
    run: &Run,
    all: &[Setting<'_>],
    chosen: &[&Setting<'_>],
    rows: &[&Ranked<'_>],
    options: &ChartOptions,
) -> String {
    let cells: Vec<&CellRow> = rows.iter().map(|row| row.row).collect();
    let metric = match options.metric {
        Metric::E2e if cells.iter().any(|row| row.is_open_load()) => {
            "end-to-end latency of successes, in open load from the moment they were due"
        }
        Metric::E2e => "end-to-end latency of successes",
        Metric::Ttft => "time to first token of successes (verdicts are about end-to-end latency)",
    };
    let names: Vec<String> = chosen.iter().map(|setting| setting.under_its_load()).collect();
    let mut says = vec![
        format!("Sorted by p99, lower is better: {metric}, log; {}", n(&cells)),
        format!("{}, from {}, {}", names.join("; "), run.manifest.started_at, origin(run)),
        match options.x {
            _ if cells.iter().any(|row| row.route.is_some()) => {
                "Price: all costs of the route over output tokens, per million".to_owned()
            }
            PriceAxis::List => "Price: list price per million output tokens".to_owned(),
            PriceAxis::Effective => "Price: all costs over output tokens, per million".to_owned(),
        },
    ];
    says.extend(letters(run));
    if rows.iter().any(|row| row.price_text(run, options.x).contains('~')) {
        says.push("~ is an assumption".to_owned());
    }
    let count = |test: &dyn Fn(&Ranked<'_>) -> bool| rows.iter().filter(|row| test(row)).count();
    let maxima = count(&|row| row.span.is_some_and(|span| span.upper.tail == Tail::Maximum));
    let none = count(&|row| row.row.ok == 0);
    let unmeasured = count(&|row| row.span.is_none() && row.row.ok > 0);
    if maxima > 0 {
        let stand = if maxima == 1 { "1 stands by its" } else { &format!("{maxima} stand by their") };
        says.push(format!("Below 100 successes there is no p99: {stand} maximum, after the others"));
    }
    if none > 0 {
        says.push(format!("Last, without a success: {none}"));
    }
    if unmeasured > 0 {
        says.push(format!("Last, without figures: {unmeasured}"));
    }
    let saturated = cells.iter().filter(|row| row.is_saturated()).count();
    if saturated > 0 {
        says.push(format!("Saturated, and so not judged: {saturated}, of which requests were dropped"));
    }
    if all.len() > chosen.len() {
        let more = all.len() - chosen.len();
        says.push(format!(
            "In the table alone: {}",
            figures::several(more as u64, "more combination") + " of workload and load"
        ));
    }
    says.join(". ") + "."
}
