//! `attempts.csv` while it is written: one row an HTTP exchange, in the order in which they ended.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use crate::rundir::csv_line::CsvLine;
use crate::rundir::{CellNote, Manifest};
use crate::sample::Sample;
use crate::units::Usd;

/// The file's name.
pub(in crate::rundir) const ATTEMPTS_FILE: &str = "attempts.csv";

/// The columns in their order; the first three name the row of `samples.csv` that the attempt belongs to.
pub(in crate::rundir) const COLUMNS: [&str; 33] = [
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
];

/// The open file and what every row needs to be told beside its attempt.
pub(in crate::rundir) struct AttemptsFile {
    file: BufWriter<File>,
    cells: Vec<CellContext>,
    row: CsvLine,
    /// Reused for cells that are formatted, so that a row allocates nothing.
    scratch: String,
}

impl AttemptsFile {
    /// Makes the file in `run` and writes its header.
    pub(in crate::rundir) fn create(run: &Path, manifest: &Manifest) -> io::Result<Self> {
        let file = File::create_new(run.join(ATTEMPTS_FILE))?;
        let (mut file, mut row) = (BufWriter::with_capacity(1 << 16, file), CsvLine::default());
        COLUMNS.iter().for_each(|name| row.text(name));
        file.write_all(row.end())?;
        file.flush()?;
        let cell = |note: &CellNote| CellContext {
            slug: note.cell.clone(),
            provider: note.provider.clone(),
            model: note.model.clone(),
            region: note.region.clone().unwrap_or_default(),
        };
        Ok(Self { file, cells: manifest.cells.iter().map(cell).collect(), row, scratch: String::new() })
    }

    /// Appends the row of the one attempt that `sample` took; `cost` is absent when it is not known in full.
    ///
    /// What was never given to a slot took none, and has no row.
    pub(in crate::rundir) fn write(&mut self, sample: &Sample, cost: Option<Usd>) -> io::Result<()> {
        let attempts = sample.attempts();
        if attempts == 0 {
            return Ok(());
        }
        let cell = &self.cells[sample.cell as usize];
        let row = &mut self.row;
        let moments = &sample.moments;
        let usage = sample.usage.map(|(usage, _)| usage);
        let error = sample.error.as_deref();

        row.begin();
        row.text(sample.phase.name());
        row.text(&cell.slug);
        row.number(Some(sample.index.into()));
        row.number(Some(attempts));
        row.text(&cell.provider);
        row.text(&cell.model);
        row.text(&cell.region);
        row.yes_or_no(sample.simulated);
        row.text(sample.outcome.name());
        row.yes_or_no(sample.reused);
        row.text(sample.http_version.map_or("", |version| version.name()));
        for moment in [
            moments.sent,
            moments.headers,
            moments.first_event,
            moments.first_token,
            moments.first_answer,
            moments.last_token,
            moments.end,
        ] {
            row.millis(moment.map(|moment| moment.0));
        }
        for time in [moments.dns, moments.connect, moments.tls] {
            row.millis(time.map(|time| time.0.into()));
        }
        row.number(usage.map(|usage| usage.input));
        row.number(usage.map(|usage| usage.cached_input));
        row.number(usage.map(|usage| usage.output));
        row.number(usage.map(|usage| usage.reasoning));
        row.text(sample.usage.map_or("", |(_, source)| source.name()));
        self.scratch.clear();
        if let Some(cost) = cost {
            write!(self.scratch, "{cost}").expect("writing to a string cannot fail");
        }
        row.text(&self.scratch);
        row.number(sample.status.map(u64::from));
        row.text(sample.request_id.as_deref().unwrap_or_default());
        row.text(error.and_then(|error| error.code.as_deref()).unwrap_or_default());
        row.text(error.map_or("", |error| &error.message));
        row.millis(error.and_then(|error| error.retry_after).map(|time| time.0.into()));
        row.text(sample.raw_usage.as_deref().unwrap_or_default());
        self.file.write_all(row.end())
    }

    /// Hands everything written so far to the system, so that it outlives this process.
    pub(in crate::rundir) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What the rows of a cell have in common.
struct CellContext {
    slug: String,
    provider: String,
    model: String,
    region: String,
}
