//! What the load chart says: its finding, its legend and its caption.

use crate::gate::Standing;
use crate::report::chart::caption::n;
use crate::report::chart::legend::Sign;
use crate::report::chart::load_line::{Line, Spot, endpoint};
use crate::report::chart::mark::Tail;
use crate::report::chart::theme::LINES;
use crate::report::figures;
use crate::report::headline::{Headline, letters, origin, partial};
use crate::report::parts::Word;
use crate::report::sweep::{Knee, Sweep};
use crate::rundir::{CellRow, Run};

/// What is spoken of.
pub(crate) struct Facts<'s, 'a> {
    pub(crate) run: &'a Run,
    /// The sweeps of each combination of workload and kind of load.
    pub(crate) all: &'s [Vec<&'s Sweep<'a>>],
    /// Those that have a plot.
    pub(crate) shown: &'s [Vec<&'s Sweep<'a>>],
}

/// For each plot, who answers most in time and at which load, then knees and saturation.
pub(crate) fn finding(facts: &Facts<'_, '_>) -> Headline {
    let origin = origin(facts.run);
    let mut sentences = Vec::new();
    for block in facts.shown {
        let on = if facts.shown.len() > 1 { format!(" on {}", place(block)) } else { String::new() };
        let names: Vec<String> = block.iter().map(|sweep| endpoint(facts.run, sweep)).collect();
        let steps = || block.iter().flat_map(|sweep| &sweep.steps);
        let invalid = steps().filter(|step| step.row.valid == Some(false)).count();
        let known = block.iter().zip(&names).filter_map(|(sweep, name)| Some((sweep.best()?, sweep, name)));
        // Of equal ones the first, which `max_by` would not take.
        let best = known.rev().max_by(|a, b| a.0.1.total_cmp(&b.0.1));
        sentences.push(match best {
            Some(((_, 0.0), ..)) => format!("No request was answered within its limit{on}, {origin}."),
            Some(((step, rate), sweep, name)) => {
                let limit = Standing::limit_of(sweep.first()).map_or_else(String::new, figures::limit);
                let of_judged = if invalid > 0 { " of what can be judged" } else { "" };
                let late = if Word::of(step.row) == Some(Word::Misses) { ", though its p99 misses that" } else { "" };
                format!(
                    "Most goodput{of_judged}{on}, {origin}: {name}, {} requests/s within {limit} at {}{late}.",
                    figures::rate(rate),
                    step.words()
                )
            }
            None => format!("Latency against load{on}, {origin}: no goodput is known."),
        });
        if invalid > 0 {
            let are = if invalid == 1 { "is" } else { "are" };
            sentences.push(format!("{invalid} of {} cells {are} invalid, and not judged.", steps().count()));
        }
        sentences.push(knees(block, &names));
        sentences.extend(saturation(block, &names));
    }
    sentences.extend(partial(facts.run.manifest.status).map(str::to_owned));
    Headline { sentences }
}

/// The workload, and the kind of load where it is open.
fn place(block: &[&Sweep<'_>]) -> String {
    let (workload, load) = block[0].block();
    if block[0].first().concurrency.is_some() { workload.to_owned() } else { format!("{workload}, {load} load") }
}

fn knees(block: &[&Sweep<'_>], names: &[String]) -> String {
    let of = block.len();
    if let [sweep] = block {
        return match sweep.knee {
            Knee::At(index) => {
                let (step, latency) = (&sweep.steps[index], sweep.steps[index].row.primary_latency());
                let p50 = latency.p50.map_or_else(String::new, |p50| format!(": p50 {}", figures::time(p50)));
                format!("Knee at {}{p50}.", step.words())
            }
            Knee::Beyond => format!("No knee up to {}.", last(sweep)),
            Knee::Before => format!("The knee lies at {} or below.", sweep.steps[0].words()),
            Knee::Unknown => "No load can be judged, so no knee is known.".to_owned(),
        };
    }
    let at: Vec<(usize, &usize)> = block
        .iter()
        .enumerate()
        .filter_map(|(line, sweep)| match &sweep.knee {
            Knee::At(index) => Some((line, index)),
            _ => None,
        })
        .collect();
    let before = block.iter().filter(|sweep| sweep.knee == Knee::Before).count();
    let mut parts = Vec::new();
    if let Some((line, index)) = at.iter().min_by(|a, b| {
        let load = |(line, index): &(usize, &usize)| block[*line].steps[**index].load;
        load(a).total_cmp(&load(b))
    }) {
        let step = &block[*line].steps[**index];
        parts.push(match at.len() {
            1 => format!("1 of {of} has its knee within the sweep: {} at {}", names[*line], step.words()),
            count => {
                format!("{count} of {of} have their knee within the sweep, {} first, at {}", names[*line], step.words())
            }
        });
    }
    if before > 0 {
        parts.push(format!("{before} of {of} at the least load or below"));
    }
    if parts.is_empty() { "No knee within the sweep.".to_owned() } else { format!("{}.", parts.join(", ")) }
}

fn last(sweep: &Sweep<'_>) -> String {
    sweep.steps[sweep.steps.len() - 1].words()
}

/// Who dropped requests from which load on; absent where nobody did.
fn saturation(block: &[&Sweep<'_>], names: &[String]) -> Option<String> {
    let first = |sweep: &Sweep<'_>| sweep.steps.iter().position(|step| step.row.is_saturated());
    let saturated: Vec<(usize, usize)> =
        block.iter().enumerate().filter_map(|(line, sweep)| Some((line, first(sweep)?))).collect();
    let load = |(line, step): &(usize, usize)| block[*line].steps[*step].load;
    let (line, step) = saturated.iter().min_by(|a, b| load(a).total_cmp(&load(b)))?;
    let words = block[*line].steps[*step].words();
    Some(match (block.len(), saturated.len()) {
        (1, _) => format!("Saturated from {words} on."),
        (of, 1) => format!("1 of {of} is saturated: {} from {words} on.", names[*line]),
        (of, count) => format!("{count} of {of} are saturated, {} first, from {words} on.", names[*line]),
    })
}

/// The legend's entries for what stands in the picture.
pub(crate) fn signs(blocks: &[Vec<Line<'_>>]) -> Vec<(Sign, String)> {
    let any = |test: &dyn Fn(&Spot<'_>) -> bool| blocks.iter().flatten().flat_map(|line| &line.spots).any(test);
    let saturated = any(&|spot| spot.step.row.is_saturated());
    let judged = |spot: &Spot<'_>| !spot.step.row.is_saturated() && spot.upper.is_some();
    let standing = |word: Option<Word>| any(&|spot| judged(spot) && spot.standing == word);
    let tail = |tail: Tail| any(&|spot| spot.upper.is_some_and(|upper| upper.tail == tail));
    let bars = any(&|spot| spot.p50_interval.is_some() || spot.upper.is_some_and(|upper| upper.low.is_some()));
    let knee = blocks.iter().flatten().any(|line| (0..line.spots.len()).any(|index| line.is_knee(index)));
    let goodput = any(&|spot| spot.step.goodput_rps.is_some());
    let lines = if goodput { "above: p50 and p99; below: all that ended and goodput" } else { "p50 and p99" };
    let more = [
        (true, Sign::Lines, lines),
        (standing(Some(Word::Meets)), Sign::Verdict(Some(Word::Meets)), "p99 meets its tier's limit"),
        (standing(Some(Word::Misses)), Sign::Verdict(Some(Word::Misses)), "p99 misses it"),
        (standing(Some(Word::CannotTell)), Sign::Verdict(Some(Word::CannotTell)), "cannot be told at this n"),
        (standing(Some(Word::Invalid)), Sign::Verdict(Some(Word::Invalid)), "invalid: not judged"),
        (standing(None), Sign::Verdict(None), "has no limit"),
        (saturated, Sign::Saturated, "saturated: requests were dropped"),
        (knee, Sign::Knee, "the knee"),
        (bars, Sign::Interval, "95 % interval"),
        (tail(Tail::Open), Sign::Upwards, "no upper bound at this n, or failures"),
    ];
    more.into_iter().filter(|(shown, ..)| *shown).map(|(_, sign, words)| (sign, words.to_owned())).collect()
}

/// The caption as one paragraph.
pub(crate) fn caption(facts: &Facts<'_, '_>, blocks: &[Vec<Line<'_>>]) -> String {
    let rows: Vec<&CellRow> =
        facts.shown.iter().flatten().flat_map(|sweep| sweep.steps.iter().map(|step| step.row)).collect();
    let open = rows.iter().any(|row| row.is_open_load());
    let metric = if open { "Latency of successes, in open load from due" } else { "End-to-end latency of successes" };
    let places: Vec<String> = facts.shown.iter().map(|block| place(block)).collect();
    let mut says = vec![
        format!("Low latency and high goodput are better. {metric}; {} and load", n(&rows)),
        format!("{}, from {}, {}", places.join("; "), facts.run.manifest.started_at, origin(facts.run)),
        "Goodput is the requests a second that succeeded within the tier's p99 limit".to_owned(),
        "The knee is the load of the greatest power, successes a second over their median latency (Kleinrock 1979)"
            .to_owned(),
    ];
    says.extend(letters(facts.run));
    let spots = || blocks.iter().flatten().flat_map(|line| &line.spots);
    if spots().any(|spot| spot.step.row.is_saturated()) {
        says.push(
            "Figures of a saturated load lack the requests that were dropped: the true latency is higher".to_owned(),
        );
    }
    if spots().any(|spot| spot.step.goodput_rps.is_none() && Standing::limit_of(spot.step.row).is_some()) {
        says.push("Goodput is not known where latency.hlog is missing".to_owned());
    }
    if spots().any(|spot| spot.upper.is_some_and(|upper| upper.tail == Tail::Maximum)) {
        says.push("Below 100 successes the maximum stands for p99".to_owned());
    }
    if blocks.iter().any(|lines| lines.len() > 1) {
        says.push(
            "Endpoints at one load stand side by side; colour tells them apart, the sign is the verdict".to_owned(),
        );
    }
    let most = facts.shown.iter().map(Vec::len).max().unwrap_or(0);
    if most > LINES.len() {
        says.push(format!(
            "Drawn of up to {most} endpoints are the three with the most and the two with the least goodput; all are in \
             report.html"
        ));
    }
    if facts.all.len() > facts.shown.len() {
        let more = facts.all.len() - facts.shown.len();
        says.push(format!(
            "{} more of workload and kind of load in report.html",
            figures::several(more as u64, "sweep")
        ));
    }
    says.join(". ") + "."
}
