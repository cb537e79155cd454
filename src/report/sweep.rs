//! Sweeps: one endpoint under several loads, from the least to the greatest.

use crate::gate::Standing;
use crate::report::figures;
use crate::report::setting::settings;
use crate::rundir::{CellRow, Run, Spectra};
use crate::stats::Binomial;
use crate::tally::SparseCounts;
use crate::units::{Latency, Micros};

/// One endpoint's cells of one workload and one kind of load.
#[derive(Clone, Debug)]
pub struct Sweep<'a> {
    /// At least two, of ascending load.
    pub steps: Vec<Step<'a>>,
    /// Where more load begins to buy less than it costs.
    pub knee: Knee,
}

/// One of a sweep's loads.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The cell.
    pub row: &'a CellRow,
    /// Requests in flight, or requests a second asked for in open load; above 0.
    pub load: f64,
    /// The 95 % interval of the median, failures counted as infinite; absent without requests, or without the log.
    pub p50_interval: Option<(Latency, Latency)>,
    /// Requests a second that succeeded within the limit of the cell's tier; absent without a limit, without a rate,
    /// and where the log is missing that says how many these were.
    pub goodput_rps: Option<f64>,
}

/// Where the knee of a sweep lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knee {
    /// At the step of this index.
    At(usize),
    /// Not below the greatest load: more may still be had.
    Beyond,
    /// At the least load or below.
    Before,
    /// No step can be judged.
    Unknown,
}

/// The sweeps of `run`, in the manifest's order whatever the order of its rows; none where nothing was swept.
pub fn sweeps<'a>(run: &'a Run, spectra: Option<&Spectra>) -> Vec<Sweep<'a>> {
    let mut endpoints: Vec<Vec<Step<'a>>> = Vec::new();
    for row in settings(run).into_iter().flat_map(|setting| setting.rows) {
        let Some(load) = load(row) else { continue };
        let step = step(row, load, spectra);
        match endpoints.iter_mut().find(|steps| endpoint(steps[0].row) == endpoint(row)) {
            Some(steps) => steps.push(step),
            None => endpoints.push(vec![step]),
        }
    }
    let swept = endpoints.into_iter().filter(|steps| steps.len() > 1).map(|mut steps| {
        steps.sort_by(|a, b| a.load.total_cmp(&b.load));
        Sweep { knee: knee(&steps), steps }
    });
    let mut swept: Vec<Sweep<'_>> = swept.collect();
    // What belongs together stands together, in the order in which the manifest begins it.
    let mut places: Vec<(&str, &str)> = Vec::new();
    for sweep in &swept {
        if !places.contains(&sweep.block()) {
            places.push(sweep.block());
        }
    }
    swept.sort_by_key(|sweep| places.iter().position(|place| *place == sweep.block()));
    swept
}

impl<'a> Sweep<'a> {
    /// The cell of the least load, which names the endpoint.
    pub fn first(&self) -> &'a CellRow {
        self.steps[0].row
    }

    /// Workload and kind of load, which are what sweeps of one plot share.
    pub fn block(&self) -> (&'a str, &'a str) {
        (&self.first().workload, &self.first().load)
    }

    /// The step with the most goodput; absent where none is known of a step that can be judged.
    pub fn best(&self) -> Option<(&Step<'a>, f64)> {
        let judged = self.steps.iter().filter(|step| step.row.valid != Some(false));
        let known = judged.filter_map(|step| Some((step, step.goodput_rps?)));
        // Of equal ones the least load, which `max_by` would not take.
        known.rev().max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// What is to be said of the step at `index` beside its figures, each a few words.
    pub fn remarks(&self, index: usize) -> Vec<String> {
        let row = self.steps[index].row;
        let mut remarks = Vec::new();
        if self.knee == Knee::At(index) {
            remarks.push("knee".to_owned());
        }
        if let Some(ratio) = self.steps[index].dropped_ratio() {
            remarks.push(format!("saturated: {} dropped", figures::percent(ratio)));
        }
        if row.valid == Some(false) {
            remarks.push("invalid".to_owned());
        }
        remarks
    }
}

impl Step<'_> {
    /// The share of the arrivals that were dropped; absent where none was.
    pub fn dropped_ratio(&self) -> Option<f64> {
        self.row.dropped.filter(|dropped| *dropped > 0).zip(self.row.arrivals).map(|(d, of)| d as f64 / of as f64)
    }

    /// The load in words: `16 in flight`, or `20/s`.
    pub fn words(&self) -> String {
        match self.row.concurrency {
            Some(concurrency) => format!("{} in flight", figures::count(concurrency.into())),
            None => format!("{}/s", figures::rate(self.load)),
        }
    }
}

/// Those of `sweeps` together that share workload and kind of load.
pub(crate) fn blocks<'s, 'a>(sweeps: &'s [Sweep<'a>]) -> Vec<Vec<&'s Sweep<'a>>> {
    let mut blocks: Vec<Vec<&Sweep<'_>>> = Vec::new();
    for sweep in sweeps {
        match blocks.iter_mut().find(|block| block[0].block() == sweep.block()) {
            Some(block) => block.push(sweep),
            None => blocks.push(vec![sweep]),
        }
    }
    blocks
}

/// How many of the sweeps that tell most have the least goodput.
const LEAST_GOODPUT: usize = 2;

/// At most `most` of `sweeps`, in their order: those with the most goodput at best, and the two with the least.
pub(crate) fn telling<'s, 'a>(sweeps: &[&'s Sweep<'a>], most: usize) -> Vec<&'s Sweep<'a>> {
    let mut order: Vec<usize> = (0..sweeps.len()).collect();
    let best = |index: usize| sweeps[index].best().map_or(-1.0, |(_, rate)| rate);
    // The sort is stable, so that of equal ones the first in the manifest are the best.
    order.sort_by(|a, b| best(*b).total_cmp(&best(*a)));
    if order.len() > most {
        order.drain(most - LEAST_GOODPUT..order.len() - LEAST_GOODPUT);
    }
    order.sort_unstable();
    order.into_iter().map(|index| sweeps[index]).collect()
}

/// What makes two cells of one sweep.
fn endpoint(row: &CellRow) -> [Option<&str>; 6] {
    let [workload, load, provider, model] = [&row.workload, &row.load, &row.provider, &row.model].map(String::as_str);
    [Some(workload), Some(load), Some(provider), Some(model), row.region.as_deref(), row.variant.as_deref()]
}

/// What was asked for; absent where a recording decided.
fn load(row: &CellRow) -> Option<f64> {
    row.concurrency.map(f64::from).or(row.rate_rps).filter(|load| *load > 0.0)
}

fn step<'a>(row: &'a CellRow, load: f64, spectra: Option<&Spectra>) -> Step<'a> {
    let counts = spectra.and_then(|spectra| spectra.primary(row));
    let from_row = row.e2e_p50_low_ms.zip(row.e2e_p50_high_ms).filter(|_| !row.is_open_load());
    Step {
        row,
        load,
        p50_interval: from_row.or_else(|| median_interval(counts?, row.failed)),
        goodput_rps: spectra.and_then(|_| goodput(row, counts)),
    }
}

/// Requests a second that were answered in time: the share of all requests, at the rate at which they ended.
///
/// Requests over a limit add nothing, which is what sets goodput apart from throughput (Zhong and others, DistServe,
/// OSDI 2024, section 2).
fn goodput(row: &CellRow, counts: Option<&SparseCounts>) -> Option<f64> {
    let limit = u64::from(Standing::limit_of(row)?.0);
    let in_time: u64 = match counts {
        Some(counts) => counts.values().take_while(|(time, _)| *time <= limit).map(|(_, times)| times).sum(),
        None if row.ok == 0 => 0,
        None => return None,
    };
    (row.requests > 0).then_some(())?;
    Some(row.throughput_rps? * in_time as f64 / row.requests as f64)
}

/// The ranks are those of [`crate::stats::quantile_interval`].
fn median_interval(counts: &SparseCounts, failed: u64) -> Option<(Latency, Latency)> {
    let law = Binomial::new(counts.total() + failed, 0.5);
    let (lower, upper) = (law.counts_within(0.025), law.least_reaching(0.975) + 1);
    let at = |rank: u64| {
        let mut passed = 0;
        let found = counts.values().find(|(_, times)| {
            passed += times;
            passed >= rank
        });
        found.map_or(Latency::Infinite, |(time, _)| Latency::Finite(Micros(u32::try_from(time).unwrap_or(u32::MAX))))
    };
    (lower >= 1).then(|| (at(lower), at(upper)))
}

/// The load of the greatest power, which is throughput over latency: before it more load brings more throughput than
/// waiting, after it more waiting than throughput (Kleinrock, Power and Deterministic Rules of Thumb for Probabilistic
/// Problems in Computer Communications, ICC 1979; called the knee by Jain, Ramakrishnan and Chiu, DEC-TR-506, 1987).
///
/// Throughput is that of successes, latency their median. Saturated and invalid steps have no figures that could be
/// judged, but where one follows the greatest power the knee is known to lie before it.
fn knee(steps: &[Step<'_>]) -> Knee {
    let power = |step: &Step<'_>| {
        let row = step.row;
        let median = row.primary_latency().p50?.finite_ms().filter(|ms| *ms > 0.0)?;
        let judged = row.valid != Some(false) && !row.is_saturated() && row.ok > 0;
        let answered = row.throughput_rps? * row.ok as f64 / row.requests as f64;
        judged.then_some(answered / median)
    };
    let powers: Vec<(usize, f64)> =
        steps.iter().enumerate().filter_map(|(index, step)| Some((index, power(step)?))).collect();
    // Of equal ones the least load.
    let Some((best, _)) = powers.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1)) else { return Knee::Unknown };
    let saturates = steps[best + 1..].iter().any(|step| step.row.is_saturated());
    match (*best, best + 1 == steps.len()) {
        (_, true) => Knee::Beyond,
        // Nothing greater could be judged, and nothing says that it would have been worse.
        (best, false) if powers.last().is_some_and(|last| last.0 == best) && !saturates => Knee::Beyond,
        (0, false) => Knee::Before,
        (best, false) => Knee::At(best),
    }
}

#[cfg(test)]
mod tests;
