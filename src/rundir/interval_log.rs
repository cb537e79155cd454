//! `latency.hlog`: an HdrHistogram interval log of microseconds, one interval a round, cell and metric.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, LogIteratorError, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};

use crate::rundir::RunDirError;
use crate::tally::Metric;
use crate::units::Moment;

/// Hands every histogram of `metric` in the run's `latency.hlog` to `each`, with its cell's slug; returns warnings.
///
/// An interval that was cut off, as a process leaves it that died, or is broken is left out with a warning.
///
/// # Errors
/// The file cannot be read.
pub fn read_intervals(
    run: &Path,
    metric: Metric,
    mut each: impl FnMut(&str, Histogram<u64>),
) -> Result<Vec<String>, RunDirError> {
    let path = run.join(LOG_FILE);
    let text = fs::read(&path).map_err(|source| RunDirError::Read { path: path.clone(), source })?;
    let mut warnings = vec![];
    let mut decoder = Deserializer::new();
    for entry in IntervalLogIterator::new(&text) {
        match entry {
            Ok(LogEntry::Interval(interval)) => {
                let tag = interval.tag().map_or("", |tag| tag.as_str());
                let Some(cell) = tag.strip_suffix(metric.name()).and_then(|cell| cell.strip_suffix(':')) else {
                    continue;
                };
                let encoded = STANDARD.decode(interval.encoded_histogram()).ok();
                match encoded.and_then(|bytes| decoder.deserialize(&mut bytes.as_slice()).ok()) {
                    Some(histogram) => each(cell, histogram),
                    None => warnings.push(format!("{}: an interval of `{tag}` is broken", path.display())),
                }
            }
            Ok(LogEntry::StartTime(_) | LogEntry::BaseTime(_)) => {}
            Err(LogIteratorError::ParseError { offset }) => {
                let line = text[..offset].iter().filter(|byte| **byte == b'\n').count() + 1;
                warnings.push(format!("{}:{line}: the log cannot be read from here on", path.display()));
            }
        }
    }
    Ok(warnings)
}

/// The log while it is written.
pub(in crate::rundir) struct IntervalLog {
    file: BufWriter<File>,
    encoder: V2DeflateSerializer,
}

impl IntervalLog {
    /// Makes the log in `run`; `started` is what interval times are counted from, absent when it is not known.
    pub(in crate::rundir) fn create(run: &Path, started: Option<SystemTime>) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create_new(run.join(LOG_FILE))?);
        let mut encoder = V2DeflateSerializer::new();
        let mut header = IntervalLogWriterBuilder::new();
        header.add_comment("[Histogram log format version 1.3]");
        if let Some(started) = started {
            // Both, since readers differ in which of them they take interval times to be counted from.
            header.with_start_time(started).with_base_time(started);
        }
        header.begin_log_with(&mut file, &mut encoder)?;
        file.write_all(LEGEND)?;
        file.flush()?;
        Ok(Self { file, encoder })
    }

    /// Appends the times of `metric` in a cell's round that lasted for `span`.
    pub(in crate::rundir) fn write(
        &mut self,
        cell: &str,
        metric: Metric,
        (started, ended): (Moment, Moment),
        histogram: &Histogram<u64>,
    ) -> io::Result<()> {
        let tag = format!("{cell}:{metric}");
        let tag = Tag::new(&tag).expect("a cell's slug holds neither comma nor space");
        let start = Duration::from_micros(started.0);
        let length = Duration::from_micros(ended.0.saturating_sub(started.0));
        let mut log = IntervalLogWriterBuilder::new().begin_log_with(&mut self.file, &mut self.encoder)?;
        log.write_histogram(histogram, start, length, Some(tag)).map_err(io::Error::other)
    }

    /// Hands everything written so far to the system, so that it outlives this process.
    pub(in crate::rundir) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The file's name.
pub(in crate::rundir) const LOG_FILE: &str = "latency.hlog";

const LEGEND: &[u8] = b"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";
