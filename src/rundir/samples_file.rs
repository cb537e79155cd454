//! `samples.csv` while it is written: one row a request, in the order in which they ended.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use crate::rundir::csv_line::CsvLine;
use crate::rundir::{EndpointNote, Manifest};
use crate::sample::{CallKind, Sample};
use crate::units::Usd;
use crate::workload::Workload;

/// The file's name.
pub(in crate::rundir) const SAMPLES_FILE: &str = "samples.csv";

/// The columns in their order.
pub(in crate::rundir) const COLUMNS: [&str; 56] = [
    "phase",
    "round",
    "cycle",
    "variant",
    "cell",
    "index",
    "custom_id",
    "workload",
    "class",
    "origin",
    "provider",
    "model",
    "region",
    "route",
    "simulated",
    "outcome",
    "attempts",
    "reused",
    "due_at_ms",
    "sent_at_ms",
    "headers_at_ms",
    "first_token_at_ms",
    "first_answer_at_ms",
    "last_token_at_ms",
    "end_at_ms",
    "dns_ms",
    "connect_ms",
    "tls_ms",
    "ttft_ms",
    "e2e_ms",
    "e2e_from_due_ms",
    "tpot_ms",
    "chunks",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "usage_source",
    "cost_usd",
    "finish_reason",
    "status",
    "request_id",
    "model_answered",
    "answer_hash",
    "quality",
    "synthetic",
    "session_id",
    "turn",
    "cache_write_tokens",
    "stated_cost_usd",
    "service_tier",
    "greedy",
    "failed_attempts",
    "tier",
    "tier_by",
    "failed_over",
];

/// The open file and what every row needs to be told beside its sample.
pub(in crate::rundir) struct SamplesFile {
    file: BufWriter<File>,
    cells: Vec<CellContext>,
    workloads: Vec<Vec<LineContext>>,
    /// Reused, so that a row allocates nothing.
    row: CsvLine,
}

impl SamplesFile {
    /// Makes the file in `run` and writes its header.
    pub(in crate::rundir) fn create(run: &Path, manifest: &Manifest, workloads: &[Workload]) -> io::Result<Self> {
        let file = File::create_new(run.join(SAMPLES_FILE))?;
        let (mut file, mut row) = (BufWriter::with_capacity(1 << 16, file), CsvLine::default());
        COLUMNS.iter().for_each(|name| row.text(name));
        file.write_all(row.end())?;
        file.flush()?;
        let cells = manifest.cells.iter().map(|note| {
            let workload = workloads.iter().position(|workload| workload.name == note.workload);
            let table = manifest.tables.iter().find(|table| table.variant == note.variant);
            let place = |endpoint: &EndpointNote| {
                ready(&[&endpoint.provider, &endpoint.model, endpoint.region.as_deref().unwrap_or_default()])
            };
            CellContext {
                slug: ready(&[note.variant.as_deref().unwrap_or_default(), &note.cell]),
                place: ready(&[&note.provider, &note.model, note.region.as_deref().unwrap_or_default()]),
                places: table.map_or_else(Vec::new, |table| table.endpoints.iter().map(place).collect()),
                route: ready(&[note.route.as_deref().unwrap_or_default()]),
                workload: workload.expect("the workloads of every cell are given"),
            }
        });
        let workloads = workloads.iter().map(line_contexts).collect();
        Ok(Self { file, cells: cells.collect(), workloads, row })
    }

    /// Appends the row of `sample`.
    pub(in crate::rundir) fn write(&mut self, sample: &Sample, cost: Option<Usd>) -> io::Result<()> {
        let cell = &self.cells[sample.cell as usize];
        let line = &self.workloads[cell.workload][sample.line as usize];
        let row = &mut self.row;
        let moments = &sample.moments;
        let usage = sample.usage.map(|(usage, _)| usage);

        row.begin();
        row.text(sample.phase.name());
        row.number(Some(sample.round.into()));
        row.number(Some(sample.cycle.into()));
        row.ready(&cell.slug);
        row.number(Some(sample.index.into()));
        row.ready(&line.name);
        row.ready(answering(sample).map_or(&cell.place, |place| &cell.places[place]));
        row.ready(&sample.route.map_or(cell, |route| &self.cells[route as usize]).route);
        row.yes_or_no(sample.simulated);
        row.text(sample.outcome.name());
        row.number(Some(sample.attempts()));
        row.yes_or_no(sample.reused);
        for moment in [
            moments.due,
            moments.sent,
            moments.headers,
            moments.first_token,
            moments.first_answer,
            moments.last_token,
            moments.end,
        ] {
            row.millis(moment.map(|moment| moment.0));
        }
        for time in [
            moments.dns,
            moments.connect,
            moments.tls,
            sample.ttft(),
            sample.e2e(),
            sample.e2e_from_due(),
            sample.tpot(),
        ] {
            row.millis(time.map(|time| time.0.into()));
        }
        row.number(Some(sample.chunks.into()));
        row.number(usage.map(|usage| usage.input));
        row.number(usage.map(|usage| usage.cached_input));
        row.number(usage.map(|usage| usage.output));
        row.number(usage.map(|usage| usage.reasoning));
        row.text(sample.usage.map_or("", |(_, source)| source.name()));
        row.dollars(cost);
        row.text(sample.finish_reason.as_deref().unwrap_or_default());
        row.number(sample.status.map(u64::from));
        row.text(sample.request_id.as_deref().unwrap_or_default());
        row.text(sample.model_answered.as_deref().unwrap_or_default());
        row.hash(sample.answer_hash);
        row.number(sample.right.map(u64::from));
        row.ready(&line.session);
        row.number(usage.map(|usage| usage.cache_write));
        row.dollars(sample.stated_cost);
        row.text(sample.service_tier.as_deref().unwrap_or_default());
        row.yes_or_no(sample.greedy);
        row.number(Some(sample.failed_attempts()));
        let passed = sample.passed.as_deref();
        let label = passed.and_then(|passed| passed.label);
        row.number(label.map(|(tier, _)| tier.into()));
        row.text(label.map_or("", |(_, by)| by.name()));
        row.number(passed.map(|passed| passed.failed_over.into()));
        self.file.write_all(row.end())
    }

    /// Hands everything written so far to the system, so that it outlives this process.
    pub(in crate::rundir) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Who answered, or was tried last, of the endpoints that a routing table may call; absent outside of one, and where nobody
/// was called for the answer.
fn answering(sample: &Sample) -> Option<usize> {
    let calls = &sample.passed.as_ref()?.calls;
    let last = calls.iter().rev().find(|call| call.kind != CallKind::Classify);
    last.map(|call| call.place as usize)
}

/// What the rows of a cell have in common, ready to be put in.
struct CellContext {
    /// The columns `variant` and `cell`.
    slug: CsvLine,
    /// The columns `provider` to `region`.
    place: CsvLine,
    /// The same for each endpoint that its routing table may call; empty where it has none.
    places: Vec<CsvLine>,
    /// The column `route`.
    route: CsvLine,
    /// Index into [`SamplesFile::workloads`].
    workload: usize,
}

/// What the rows of a workload's line have in common, ready to be put in.
struct LineContext {
    /// The columns `custom_id` to `origin`.
    name: CsvLine,
    /// The columns `synthetic` to `turn`.
    session: CsvLine,
}

fn line_contexts(workload: &Workload) -> Vec<LineContext> {
    let mut turns: HashMap<&str, u64> = HashMap::new();
    let lines = workload.requests.iter().map(|request| {
        let [class, origin] = [&request.class, &request.origin].map(|name| name.as_deref().unwrap_or_default());
        let mut context = LineContext {
            name: ready(&[&request.custom_id, &workload.name, class, origin]),
            session: CsvLine::default(),
        };
        context.session.yes_or_no(request.is_synthetic());
        context.session.text(request.session_id.as_deref().unwrap_or_default());
        // Which turn of its session in the file, from 0.
        context.session.number(request.session_id.as_deref().map(|session| {
            let next = turns.entry(session).or_default();
            *next += 1;
            *next - 1
        }));
        context
    });
    lines.collect()
}

fn ready(texts: &[&str]) -> CsvLine {
    let mut cells = CsvLine::default();
    texts.iter().for_each(|text| cells.text(text));
    cells
}
