//! `samples.csv` read back into samples.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;

use crate::rundir::cells_file::bad_row;
use crate::rundir::samples_file::SAMPLES_FILE;
use crate::rundir::{Manifest, RunDirError};
use crate::sample::{Moments, Phase, Sample, Tries, Usage, UsageSource};
use crate::units::{Micros, Moment, Usd};

/// Hands every row of the run's `samples.csv` to `each`, with its cost where that is known, and returns warnings.
///
/// `line` numbers a workload's requests in the order in which they first appear, since the file names them by
/// `custom_id` alone; what the provider said of an error is not in the file. A last row that was cut off, as a
/// process leaves it that died, is left out with a warning.
///
/// # Errors
/// The file cannot be read, or any other row is broken or of a cell or round that the manifest does not know.
pub fn read_samples(
    run: &Path,
    manifest: &Manifest,
    mut each: impl FnMut(Sample, Option<Usd>),
) -> Result<Vec<String>, RunDirError> {
    let path = run.join(SAMPLES_FILE);
    let cells = cells_by_slug(manifest);
    let routes = routes_by_name(manifest);
    let mut lines = Lines::default();
    scan(&path, |headers, record, line| {
        let row: Row<'_> = record.deserialize(Some(headers)).map_err(|error| bad_row(&path, &error))?;
        let broken = |problem| RunDirError::BadRow { path: path.clone(), line, problem };
        let cell = *cells.get(row.cell).ok_or_else(|| broken(not_a_cell(row.cell)))?;
        if row.round >= manifest.load.rounds.max(1) {
            return Err(broken(format!("round {} is not in the plan of {}", row.round, manifest.load.rounds)));
        }
        let number = lines.number(row.workload, row.custom_id);
        let (mut sample, cost) = row.sample(cell, number).map_err(broken)?;
        if let Some(route) = row.route {
            let known = routes.get(&(row.cell, route)).copied();
            sample.route = Some(known.ok_or_else(|| broken(format!("route `{route}` is not in the manifest")))?);
        }
        if let (Some(made), Some(failed), Some(_)) = (row.attempts, row.failed_attempts, row.failed_over) {
            sample.tries = Some(Tries { made, failed });
        }
        each(sample, cost);
        Ok(())
    })
}

/// The number of each cell of the manifest, by its slug.
pub(in crate::rundir) fn cells_by_slug(manifest: &Manifest) -> HashMap<&str, u32> {
    manifest.cells.iter().map(|note| note.cell.as_str()).zip(0_u32..).collect()
}

/// The number of each route's cell, by the slug of the whole and its name.
fn routes_by_name(manifest: &Manifest) -> HashMap<(&str, &str), u32> {
    let mut routes = HashMap::new();
    for (note, number) in manifest.cells.iter().zip(0_u32..) {
        if let (Some(whole), Some(route)) = (&note.part_of, &note.route) {
            routes.insert((whole.as_str(), route.as_str()), number);
        }
    }
    routes
}

/// What is wrong with a row of the cell `slug`, which the manifest does not know.
pub(in crate::rundir) fn not_a_cell(slug: &str) -> String {
    format!("cell `{slug}` is not in the manifest")
}

/// Hands the header and every record of the file at `path` to `each`, with its line; a last one that was cut off becomes
/// a warning.
///
/// # Errors
/// The file cannot be read, a row is broken, or `each` fails.
pub(in crate::rundir) fn scan(
    path: &Path,
    mut each: impl FnMut(&csv::StringRecord, &csv::StringRecord, u64) -> Result<(), RunDirError>,
) -> Result<Vec<String>, RunDirError> {
    let unreadable = |source| RunDirError::Read { path: path.to_owned(), source };
    let (whole, cut) = whole_lines(path).map_err(unreadable)?;
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 16).from_reader(whole);
    let headers = reader.headers().map_err(|error| bad_row(path, &error))?.clone();
    let mut record = csv::StringRecord::new();
    let cut_off = |line| format!("{}:{line}: the last row is cut off and left out", path.display());
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                // A line break inside quotes can hide that the last row was cut off.
                let short = matches!(error.kind(), csv::ErrorKind::UnequalLengths { .. });
                if short && matches!(reader.read_record(&mut record), Ok(false)) {
                    return Ok(vec![cut_off(error.position().map_or(1, csv::Position::line))]);
                }
                return Err(bad_row(path, &error));
            }
        }
        each(&headers, &record, record.position().map_or(1, csv::Position::line))?;
    }
    Ok(if cut { vec![cut_off(reader.position().line())] } else { vec![] })
}

/// The file up to its last line break, and whether there was more.
fn whole_lines(path: &Path) -> io::Result<(io::Take<File>, bool)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut end = length;
    let mut piece = [0_u8; 4_096];
    while end > 0 {
        let size = end.min(piece.len() as u64);
        file.seek(SeekFrom::Start(end - size))?;
        let read = &mut piece[..size as usize];
        file.read_exact(read)?;
        if let Some(found) = read.iter().rposition(|byte| *byte == b'\n') {
            end = end - size + found as u64 + 1;
            break;
        }
        end -= size;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok((file.take(end), end < length))
}

/// Numbers for custom ids, counted in each workload.
#[derive(Default)]
struct Lines(HashMap<String, HashMap<String, u32>>);

impl Lines {
    fn number(&mut self, workload: &str, custom_id: &str) -> u32 {
        if !self.0.contains_key(workload) {
            self.0.insert(workload.to_owned(), HashMap::new());
        }
        let known = self.0.get_mut(workload).expect("the workload was just put in");
        if let Some(number) = known.get(custom_id) {
            return *number;
        }
        let number = u32::try_from(known.len()).expect("a workload has fewer lines than a 32-bit index can count");
        known.insert(custom_id.to_owned(), number);
        number
    }
}

/// The columns that a sample is made of; those that follow from others are passed over.
#[derive(Deserialize)]
struct Row<'a> {
    phase: &'a str,
    round: u32,
    cycle: u32,
    cell: &'a str,
    index: u32,
    custom_id: &'a str,
    workload: &'a str,
    #[serde(default)]
    route: Option<&'a str>,
    simulated: bool,
    outcome: &'a str,
    #[serde(default)]
    attempts: Option<u32>,
    reused: bool,
    due_at_ms: Option<&'a str>,
    sent_at_ms: Option<&'a str>,
    headers_at_ms: Option<&'a str>,
    first_token_at_ms: Option<&'a str>,
    first_answer_at_ms: Option<&'a str>,
    last_token_at_ms: Option<&'a str>,
    end_at_ms: Option<&'a str>,
    dns_ms: Option<&'a str>,
    connect_ms: Option<&'a str>,
    tls_ms: Option<&'a str>,
    chunks: u32,
    input_tokens: Option<u64>,
    cached_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
    usage_source: Option<&'a str>,
    cost_usd: Option<Usd>,
    finish_reason: Option<&'a str>,
    status: Option<u16>,
    request_id: Option<&'a str>,
    model_answered: Option<&'a str>,
    answer_hash: Option<&'a str>,
    /// Rows of earlier versions do not have it.
    #[serde(default)]
    cache_write_tokens: Option<u64>,
    /// Likewise.
    #[serde(default)]
    stated_cost_usd: Option<Usd>,
    /// Nor this one.
    #[serde(default)]
    service_tier: Option<&'a str>,
    quality: Option<&'a str>,
    /// Rows of earlier versions do not say.
    #[serde(default)]
    greedy: Option<bool>,
    /// Nor this one.
    #[serde(default)]
    failed_attempts: Option<u32>,
    /// Of requests that a routing table carried out; likewise.
    #[serde(default)]
    failed_over: Option<u8>,
}

impl Row<'_> {
    fn sample(&self, cell: u32, line: u32) -> Result<(Sample, Option<Usd>), String> {
        let phase = match self.phase {
            "warmup" => Phase::Warmup,
            "measured" => Phase::Measured,
            other => return Err(format!("`phase` is `{other}`, must be `warmup` or `measured`")),
        };
        let right = match self.quality {
            None => None,
            Some("1") => Some(true),
            Some("0") => Some(false),
            Some(other) => return Err(format!("`quality` is `{other}`, must be 1, 0 or empty")),
        };
        let answer_hash = self.answer_hash.map(|hex| u64::from_str_radix(hex, 16)).transpose();
        let sample = Sample {
            phase,
            round: self.round,
            cycle: self.cycle,
            cell,
            index: self.index,
            line,
            outcome: self.outcome.parse().map_err(|error| format!("{error}"))?,
            simulated: self.simulated,
            reused: self.reused,
            http_version: None,
            moments: self.moments()?,
            chunks: self.chunks,
            usage: self.usage()?,
            usage_contradicts: false,
            raw_usage: None,
            stated_cost: self.stated_cost_usd,
            words: None,
            service_tier: self.service_tier.map(Into::into),
            finish_reason: self.finish_reason.map(Into::into),
            status: self.status,
            request_id: self.request_id.map(Into::into),
            model_answered: self.model_answered.map(Into::into),
            answer_hash: answer_hash.map_err(|_| "`answer_hash` is not a hexadecimal number".to_owned())?,
            greedy: self.greedy == Some(true),
            right,
            error: None,
            route: None,
            tries: None,
            passed: None,
        };
        Ok((sample, self.cost_usd))
    }

    fn moments(&self) -> Result<Moments, String> {
        let moment = |column, text| Ok::<_, String>(micros(column, text)?.map(Moment));
        let time = |column, text| {
            Ok::<_, String>(micros(column, text)?.map(|time| Micros(u32::try_from(time).unwrap_or(u32::MAX))))
        };
        Ok(Moments {
            due: moment("due_at_ms", self.due_at_ms)?,
            sent: moment("sent_at_ms", self.sent_at_ms)?,
            headers: moment("headers_at_ms", self.headers_at_ms)?,
            first_event: None,
            first_token: moment("first_token_at_ms", self.first_token_at_ms)?,
            first_answer: moment("first_answer_at_ms", self.first_answer_at_ms)?,
            last_token: moment("last_token_at_ms", self.last_token_at_ms)?,
            end: moment("end_at_ms", self.end_at_ms)?,
            dns: time("dns_ms", self.dns_ms)?,
            connect: time("connect_ms", self.connect_ms)?,
            tls: time("tls_ms", self.tls_ms)?,
        })
    }

    fn usage(&self) -> Result<Option<(Usage, UsageSource)>, String> {
        let source = match self.usage_source {
            None => return Ok(None),
            Some("provider") => UsageSource::Provider,
            Some("estimated") => UsageSource::Estimated,
            Some(other) => return Err(format!("`usage_source` is `{other}`, must be `provider` or `estimated`")),
        };
        let usage = (|| {
            Some(Usage {
                input: self.input_tokens?,
                cached_input: self.cached_input_tokens?,
                cache_write: self.cache_write_tokens.unwrap_or(0),
                output: self.output_tokens?,
                reasoning: self.reasoning_tokens?,
            })
        })();
        Ok(Some((usage.ok_or("`usage_source` is given without the four token counts")?, source)))
    }
}

/// Whole microseconds from milliseconds with three decimals; absent from an empty cell.
pub(in crate::rundir) fn micros(column: &str, text: Option<&str>) -> Result<Option<u64>, String> {
    let Some(text) = text else { return Ok(None) };
    let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?;
    let found = text.split_once('.').filter(|(_, micros)| micros.len() == 3).and_then(|(ms, micros)| {
        let (ms, micros): (u64, u64) = (number(ms)?, number(micros)?);
        ms.checked_mul(1_000)?.checked_add(micros)
    });
    match found {
        Some(found) => Ok(Some(found)),
        None => Err(format!("`{column}` is `{text}`, must be milliseconds with three decimals")),
    }
}
