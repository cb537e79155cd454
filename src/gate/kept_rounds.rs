//! `rounds.csv`: what a slim run keeps of its rounds, so that its variants can still be compared.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::fsio::write_whole;
use crate::gate::observed::{Round, observe};
use crate::gate::policy::Timed;
use crate::rundir::{Run, RunDirError, read_intervals};
use crate::stats::Share;
use crate::tally::Metric;
use crate::units::Usd;

/// The file's name.
const ROUNDS_FILE: &str = "rounds.csv";

/// The counts of one round of one cell; how its latencies are spread is in `latency.hlog`.
#[derive(Debug, Serialize, Deserialize)]
struct KeptRound {
    cell: String,
    round: usize,
    requests: u64,
    failed: u64,
    handed_off: u64,
    attempts: u64,
    failed_attempts: u64,
    first_tokens: u64,
    successes: u64,
    cost_usd: Usd,
    requests_without_cost: u64,
    checked: u64,
    wrong: u64,
}

impl KeptRound {
    fn of(cell: &str, round: usize, of: &Round) -> Self {
        Self {
            cell: cell.to_owned(),
            round,
            requests: of.requests,
            failed: of.failed,
            handed_off: of.handed,
            attempts: of.attempts,
            failed_attempts: of.failed_attempts,
            first_tokens: of.ttft.len() as u64,
            successes: of.e2e.len() as u64,
            cost_usd: of.cost,
            requests_without_cost: of.unpriced,
            checked: of.answers.all,
            wrong: of.answers.of,
        }
    }

    /// The round without its times.
    fn round(&self) -> Round {
        Round {
            requests: self.requests,
            failed: self.failed,
            handed: self.handed_off,
            attempts: self.attempts,
            failed_attempts: self.failed_attempts,
            cost: self.cost_usd,
            unpriced: self.requests_without_cost,
            answers: Share { of: self.wrong, all: self.checked },
            ..Round::default()
        }
    }
}

/// Whether `run` keeps what comparisons take: a row a request, or the counts of its rounds.
pub(in crate::gate) fn can_compare(run: &Run) -> bool {
    run.has_samples() || run.path.join(ROUNDS_FILE).exists()
}

/// Writes the counts of each round of `run` into `folder`, where they take no more than `room` bytes; they are of use only
/// beside a log that keeps the latencies of each round.
///
/// # Errors
/// The run's requests cannot be read, or the file cannot be written.
pub fn keep_rounds(run: &Run, folder: &Path, room: u64) -> Result<(), RunDirError> {
    if !run.has_samples() {
        return Ok(());
    }
    let observed = observe(run, &vec![true; run.cells.len()])?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (row, rounds) in run.cells.iter().zip(&observed) {
        for (number, round) in rounds.iter().enumerate() {
            let kept = KeptRound::of(&row.cell, number, round);
            writer.serialize(kept).expect("a row is flat, so it can be written as CSV");
        }
    }
    let text = writer.into_inner().expect("writing to memory cannot fail");
    if text.len() as u64 <= room {
        write_whole(&folder.join(ROUNDS_FILE), &text)?;
    }
    Ok(())
}

/// The rounds of every cell of `run`, in its order, as its `rounds.csv` and `latency.hlog` keep them; empty for the cells that
/// `wanted` leaves out. Times are to three digits.
///
/// # Errors
/// A file cannot be read, or the two are not of one run.
pub(in crate::gate) fn read_rounds(run: &Run, wanted: &[bool]) -> Result<Vec<Vec<Round>>, RunDirError> {
    let path = run.path.join(ROUNDS_FILE);
    let text = fs::read(&path).map_err(|source| RunDirError::Read { path: path.clone(), source })?;
    let bad = |line: u64, problem: String| RunDirError::BadRow { path: path.clone(), line, problem };
    let mut kept: HashMap<String, Vec<KeptRound>> = HashMap::new();
    for row in csv::Reader::from_reader(text.as_slice()).deserialize::<KeptRound>() {
        let line = |error: &csv::Error| error.position().map_or(1, csv::Position::line);
        let row = row.map_err(|error| bad(line(&error), error.to_string()))?;
        kept.entry(row.cell.clone()).or_default().push(row);
    }
    let logged = [Metric::Ttft, Metric::E2e, Metric::E2eFromDue].map(|metric| intervals(run, metric));
    let [ttft, e2e, from_due] = logged;
    let (ttft, e2e, from_due) = (ttft?, e2e?, from_due?);
    let mut observed = vec![Vec::new(); run.cells.len()];
    for ((place, row), _) in run.cells.iter().enumerate().zip(wanted).filter(|(_, wanted)| **wanted) {
        let kept = kept.get(&row.cell).map_or(&[][..], Vec::as_slice);
        let e2e = if row.is_open_load() { &from_due } else { &e2e };
        let of = |log: &Intervals, latency| spread(log.get(&row.cell).map_or(&[][..], Vec::as_slice), kept, latency);
        let (Some(ttft), Some(e2e)) = (of(&ttft, Timed::Ttft), of(e2e, Timed::E2e)) else {
            return Err(bad(1, format!("the rounds of `{}` are not those of `latency.hlog`", row.cell)));
        };
        observed[place] = kept
            .iter()
            .zip(ttft.into_iter().zip(e2e))
            .map(|(kept, (ttft, e2e))| Round { ttft, e2e, ..kept.round() })
            .collect();
    }
    Ok(observed)
}

/// The histograms of one metric by cell, in the order of the log, which is that of the rounds.
type Intervals = HashMap<String, Vec<Histogram<u64>>>;

fn intervals(run: &Run, metric: Metric) -> Result<Intervals, RunDirError> {
    let mut found = Intervals::new();
    read_intervals(&run.path, metric, |cell, round| found.entry(cell.to_owned()).or_default().push(round))?;
    Ok(found)
}

/// The times of each of `kept` in microseconds; absent where the histograms are not of these rounds. A round without such a time
/// has none in the log.
fn spread(log: &[Histogram<u64>], kept: &[KeptRound], latency: Timed) -> Option<Vec<Vec<u32>>> {
    let mut log = log.iter();
    let times = kept.iter().map(|round| {
        let count = match latency {
            Timed::Ttft => round.first_tokens,
            Timed::E2e => round.successes,
        };
        if count == 0 {
            return Some(Vec::new());
        }
        let histogram = log.next().filter(|histogram| histogram.len() == count)?;
        let each = histogram.iter_recorded().flat_map(|step| {
            let micros = u32::try_from(histogram.median_equivalent(step.value_iterated_to())).unwrap_or(u32::MAX);
            std::iter::repeat_n(micros, step.count_at_value() as usize)
        });
        Some(each.collect())
    });
    let times: Vec<Vec<u32>> = times.collect::<Option<_>>()?;
    log.next().is_none().then_some(times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::fixture::{SAME, made_up};

    #[test]
    fn without_requests_and_rounds_nothing_can_be_compared() {
        let made = made_up(2, &[SAME]);
        assert!(can_compare(&made.run));
        let folder = tempfile::tempdir().unwrap();
        keep_rounds(&made.run, folder.path(), 100).unwrap();
        assert!(!folder.path().join(ROUNDS_FILE).exists(), "there was no room");
        keep_rounds(&made.run, folder.path(), 100_000).unwrap();
        let slim = Run { path: folder.path().to_owned(), ..made.run.clone() };
        assert!(can_compare(&slim));
        std::fs::remove_file(folder.path().join(ROUNDS_FILE)).unwrap();
        assert!(!can_compare(&slim));
    }

    #[test]
    fn times_go_to_the_rounds_that_have_them_and_others_are_no_match() {
        let histogram = |times: &[u64]| {
            let mut histogram = crate::tally::histogram();
            times.iter().for_each(|time| histogram.record(*time).unwrap());
            histogram
        };
        let made = made_up(3, &[SAME]);
        let kept = |successes: u64| KeptRound { successes, ..KeptRound::of("cell", 0, &Round::default()) };
        let rounds = [kept(2), kept(0), kept(1)];
        let log = [histogram(&[100, 300]), histogram(&[2_000])];
        let times = spread(&log, &rounds, Timed::E2e).unwrap();
        assert_eq!(times, [vec![100, 300], vec![], vec![2_000]]);
        assert_eq!(spread(&log[..1], &rounds, Timed::E2e), None, "a round has no histogram");
        assert_eq!(spread(&log, &rounds[..2], Timed::E2e), None, "a histogram has no round");
        assert_eq!(spread(&log, &[kept(1), kept(0), kept(1)], Timed::E2e), None, "the counts differ");
        assert!(read_rounds(&made.run, &[true, true]).is_err(), "it has no such file");
    }
}
