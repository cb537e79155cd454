//! The truth file: what the simulator really did, one row a request, to hold a client's report against.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use crate::sample::Outcome;
use crate::units::{Micros, Moment};

/// Rows that may wait for the disk before a reply has to.
const WAITING_ROWS: usize = 16_384;

/// The columns, in the order of [`fields`].
const COLUMNS: [&str; 17] = [
    "request_id",
    "model",
    "region",
    "received_at_ms",
    "first_token_at_ms",
    "last_token_at_ms",
    "end_at_ms",
    "ttft_ms",
    "e2e_ms",
    "status",
    "outcome",
    "stream",
    "input_tokens",
    "output_tokens",
    "tier_answered",
    "tier_labelled",
    "quality",
];

/// One request as the simulator served it. Moments count from the simulator's start and are taken when the bytes
/// were handed to the connection.
#[derive(Clone, Debug)]
pub(super) struct TruthRow {
    /// The number in `x-request-id`.
    pub(super) request: u64,
    /// The model as the request named it; empty when the body could not be read.
    pub(super) model: Arc<str>,
    /// The region that answered.
    pub(super) region: Arc<str>,
    /// When the request had been read whole.
    pub(super) received: Moment,
    /// When the first token was written; absent in replies without, and in those that are not streamed.
    pub(super) first_token: Option<Moment>,
    /// When the last token was written; absent unless the answer was complete.
    pub(super) last_token: Option<Moment>,
    /// When the reply was over, or given up.
    pub(super) end: Moment,
    /// The HTTP status; absent when the client left before it was sent.
    pub(super) status: Option<u16>,
    /// How it ended; `cancelled` when the client left or the simulator was stopped.
    pub(super) outcome: Outcome,
    /// Whether the reply was streamed.
    pub(super) stream: bool,
    /// Prompt tokens of the usage; absent in errors.
    pub(super) input_tokens: Option<u64>,
    /// Answer tokens written; absent in errors.
    pub(super) output_tokens: Option<u32>,
    /// The tier that a classification named.
    pub(super) tier_answered: Option<u8>,
    /// The tier that would have been right; absent when no workload labels the prompt.
    pub(super) tier_labelled: Option<u8>,
    /// Whether the answer is as its workload expects; absent where no workload expects anything of the prompt.
    pub(super) right: Option<bool>,
}

/// The open file. Dropping every sender and calling [`TruthFile::finish`] makes it complete.
#[derive(Debug)]
pub(super) struct TruthFile {
    path: PathBuf,
    /// Ends when the last sender is dropped.
    writer: JoinHandle<Result<(), csv::Error>>,
}

/// The truth could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the truth to `{path}`")]
pub struct TruthError {
    path: String,
    source: io::Error,
}

impl TruthFile {
    /// Creates the file at `path` with its header, and a thread that writes the rows sent.
    pub(super) fn create(path: &Path) -> Result<(Self, SyncSender<TruthRow>), TruthError> {
        let failed = |source| TruthError { path: path.display().to_string(), source };
        let file = File::create(path).map_err(failed)?;
        let (sender, rows) = sync_channel(WAITING_ROWS);
        let writer = thread::Builder::new().name("truth".to_owned());
        let writer = writer.spawn(move || write(file, &rows)).map_err(failed)?;
        Ok((Self { path: path.to_owned(), writer }, sender))
    }

    /// Waits until every row sent is in the file.
    pub(super) fn finish(self) -> Result<(), TruthError> {
        let written = self.writer.join().expect("the writer of the truth does not panic");
        written.map_err(|source| TruthError { path: self.path.display().to_string(), source: source.into() })
    }
}

fn write(file: File, rows: &Receiver<TruthRow>) -> Result<(), csv::Error> {
    let mut out = csv::Writer::from_writer(file);
    out.write_record(COLUMNS)?;
    for row in rows {
        out.write_record(fields(&row))?;
    }
    Ok(out.flush()?)
}

fn fields(row: &TruthRow) -> [String; 17] {
    let since = |moment: Option<Moment>| moment.map(|moment| moment.since(row.received));
    let or_empty = |value: Option<Micros>| value.map_or_else(String::new, |value| value.to_string());
    [
        format!("sim-{}", row.request),
        row.model.to_string(),
        row.region.to_string(),
        row.received.to_string(),
        text(row.first_token),
        text(row.last_token),
        row.end.to_string(),
        or_empty(since(row.first_token)),
        or_empty(since(row.last_token)),
        text(row.status),
        row.outcome.to_string(),
        row.stream.to_string(),
        text(row.input_tokens),
        text(row.output_tokens),
        text(row.tier_answered),
        text(row.tier_labelled),
        // Of an answer that did not arrive nothing can be said.
        text(row.right.filter(|_| row.outcome.is_ok()).map(u8::from)),
    ]
}

/// The value, or an empty cell.
fn text<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_the_file_once_it_is_finished_with_empty_cells_for_what_did_not_happen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("truth.csv");
        let (file, rows) = TruthFile::create(&path).unwrap();
        let row = TruthRow {
            request: 7,
            model: "m".into(),
            region: "here".into(),
            received: Moment(1_000),
            first_token: Some(Moment(41_500)),
            last_token: Some(Moment(91_000)),
            end: Moment(91_001),
            status: Some(200),
            outcome: Outcome::Ok,
            stream: true,
            input_tokens: Some(12),
            output_tokens: Some(50),
            tier_answered: None,
            tier_labelled: Some(2),
            right: Some(false),
        };
        rows.send(row.clone()).unwrap();
        let gone = TruthRow { first_token: None, last_token: None, status: None, outcome: Outcome::Cancelled, ..row };
        rows.send(gone).unwrap();
        drop(rows);
        file.finish().unwrap();
        let expected = "\
            request_id,model,region,received_at_ms,first_token_at_ms,last_token_at_ms,end_at_ms,ttft_ms,e2e_ms,status,\
            outcome,stream,input_tokens,output_tokens,tier_answered,tier_labelled,quality\n\
            sim-7,m,here,1.000,41.500,91.000,91.001,40.500,90.000,200,ok,true,12,50,,2,0\n\
            sim-7,m,here,1.000,,,91.001,,,,cancelled,true,12,50,,2,\n";
        assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
    }

    #[test]
    fn a_file_that_cannot_be_created_is_named() {
        let error = TruthFile::create(Path::new("no/such/directory/truth.csv")).unwrap_err();
        assert_eq!(error.to_string(), "cannot write the truth to `no/such/directory/truth.csv`");
    }
}
