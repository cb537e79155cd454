//! `attempts.csv` while it is written: one row an HTTP exchange, in the order in which they ended.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use crate::rundir::csv_line::CsvLine;
use crate::rundir::{EndpointNote, Manifest};
use crate::sample::{CallKind, CallMade, ErrorReply, HttpVersion, Moments, Outcome, Sample, Usage, UsageSource};
use crate::units::Usd;

/// The file's name.
pub(in crate::rundir) const ATTEMPTS_FILE: &str = "attempts.csv";

/// The columns in their order; the first three name the row of `samples.csv` that the attempt belongs to.
pub(in crate::rundir) const COLUMNS: [&str; 34] = [
    "phase",
    "cell",
    "index",
    "attempt",
    "provider",
    "model",
    "region",
    "simulated",
    "outcome",
    "reused",
    "http_version",
    "sent_at_ms",
    "headers_at_ms",
    "first_event_at_ms",
    "first_token_at_ms",
    "first_answer_at_ms",
    "last_token_at_ms",
    "end_at_ms",
    "dns_ms",
    "connect_ms",
    "tls_ms",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "usage_source",
    "cost_usd",
    "status",
    "request_id",
    "error_code",
    "error_message",
    "retry_after_ms",
    "raw_usage",
    "purpose",
];

/// The open file and what every row needs to be told beside its attempt.
pub(in crate::rundir) struct AttemptsFile {
    file: BufWriter<File>,
    cells: Vec<CellContext>,
    row: CsvLine,
}

impl AttemptsFile {
    /// Makes the file in `run` and writes its header.
    pub(in crate::rundir) fn create(run: &Path, manifest: &Manifest) -> io::Result<Self> {
        let file = File::create_new(run.join(ATTEMPTS_FILE))?;
        let (mut file, mut row) = (BufWriter::with_capacity(1 << 16, file), CsvLine::default());
        COLUMNS.iter().for_each(|name| row.text(name));
        file.write_all(row.end())?;
        file.flush()?;
        let cells = manifest.cells.iter().map(|note| {
            let table = manifest.tables.iter().find(|table| table.variant == note.variant);
            let place = |at: &EndpointNote| place_of(&at.provider, &at.model, at.region.as_deref());
            CellContext {
                slug: note.cell.clone(),
                place: place_of(&note.provider, &note.model, note.region.as_deref()),
                places: table.map_or_else(Vec::new, |table| table.endpoints.iter().map(place).collect()),
            }
        });
        Ok(Self { file, cells: cells.collect(), row })
    }

    /// Appends a row for each attempt that `sample` took; `cost` is that of its only one where no routing table made
    /// them, absent when it is not known in full.
    ///
    /// What was never given to a slot took none, and has no row.
    pub(in crate::rundir) fn write(&mut self, sample: &Sample, cost: Option<Usd>) -> io::Result<()> {
        let Self { file, cells, row } = self;
        let cell = &cells[sample.cell as usize];
        let mut put = |number: u64, place: &CsvLine, attempt: &Attempt<'_>| {
            row.begin();
            row.text(sample.phase.name());
            row.text(&cell.slug);
            row.number(Some(sample.index.into()));
            row.number(Some(number));
            row.ready(place);
            attempt.put(row);
            file.write_all(row.end())
        };
        match &sample.passed {
            Some(passed) => (1..)
                .zip(&passed.calls)
                .try_for_each(|(number, call)| put(number, &cell.places[call.place as usize], &Attempt::from(call))),
            None if sample.attempts() == 0 => Ok(()),
            None => put(1, &cell.place, &Attempt { cost, ..Attempt::from(sample) }),
        }
    }

    /// Hands everything written so far to the system, so that it outlives this process.
    pub(in crate::rundir) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What the rows of a cell have in common.
struct CellContext {
    slug: String,
    /// The columns `provider` to `region`.
    place: CsvLine,
    /// The same for each endpoint that its routing table may call; empty where it has none.
    places: Vec<CsvLine>,
}

fn place_of(provider: &str, model: &str, region: Option<&str>) -> CsvLine {
    let mut place = CsvLine::default();
    [provider, model, region.unwrap_or_default()].iter().for_each(|text| place.text(text));
    place
}

/// One exchange, as a row tells it.
struct Attempt<'s> {
    kind: CallKind,
    simulated: bool,
    outcome: Outcome,
    reused: bool,
    http_version: Option<HttpVersion>,
    moments: &'s Moments,
    usage: Option<(Usage, UsageSource)>,
    cost: Option<Usd>,
    status: Option<u16>,
    request_id: Option<&'s str>,
    error: Option<&'s ErrorReply>,
    raw_usage: Option<&'s str>,
}

impl<'s> From<&'s Sample> for Attempt<'s> {
    fn from(sample: &'s Sample) -> Self {
        Self {
            kind: CallKind::Answer,
            simulated: sample.simulated,
            outcome: sample.outcome,
            reused: sample.reused,
            http_version: sample.http_version,
            moments: &sample.moments,
            usage: sample.usage,
            cost: None,
            status: sample.status,
            request_id: sample.request_id.as_deref(),
            error: sample.error.as_deref(),
            raw_usage: sample.raw_usage.as_deref(),
        }
    }
}

impl<'s> From<&'s CallMade> for Attempt<'s> {
    fn from(call: &'s CallMade) -> Self {
        Self {
            kind: call.kind,
            simulated: call.simulated,
            outcome: call.outcome,
            reused: call.reused,
            http_version: call.http_version,
            moments: &call.moments,
            usage: call.usage,
            cost: call.cost,
            status: call.status,
            request_id: call.request_id.as_deref(),
            error: call.error.as_deref(),
            raw_usage: call.raw_usage.as_deref(),
        }
    }
}

impl Attempt<'_> {
    /// Puts the columns from `simulated` on into `row`.
    fn put(&self, row: &mut CsvLine) {
        let Moments { sent, headers, first_event, first_token, first_answer, last_token, end, .. } = *self.moments;
        let usage = self.usage.map(|(usage, _)| usage);
        row.yes_or_no(self.simulated);
        row.text(self.outcome.name());
        row.yes_or_no(self.reused);
        row.text(self.http_version.map_or("", |version| version.name()));
        for moment in [sent, headers, first_event, first_token, first_answer, last_token, end] {
            row.millis(moment.map(|moment| moment.0));
        }
        for time in [self.moments.dns, self.moments.connect, self.moments.tls] {
            row.millis(time.map(|time| time.0.into()));
        }
        row.number(usage.map(|usage| usage.input));
        row.number(usage.map(|usage| usage.cached_input));
        row.number(usage.map(|usage| usage.output));
        row.number(usage.map(|usage| usage.reasoning));
        row.text(self.usage.map_or("", |(_, source)| source.name()));
        row.dollars(self.cost);
        row.number(self.status.map(u64::from));
        row.text(self.request_id.unwrap_or_default());
        row.text(self.error.and_then(|error| error.code.as_deref()).unwrap_or_default());
        row.text(self.error.map_or("", |error| &error.message));
        row.millis(self.error.and_then(|error| error.retry_after).map(|time| time.0.into()));
        row.text(self.raw_usage.unwrap_or_default());
        row.text(self.kind.name());
    }
}
