//! A run's metrics while it goes on, served over HTTP.
//!
//! A scrape asks the recorder for a copy of the cells that have changed since the last one and works their figures out on
//! a thread of its own, so that the recorder is held up by no more than the copying.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use crate::report::prometheus_text;
use crate::run::RunError;
use crate::rundir::{CellRow, Manifest, Run, Spectra, Status, cell_row};
use crate::serve::{Listener, Takeover};
use crate::tally::{CellSoFar, Metric, SparseCounts, Tally};

/// A scrape's question to the recorder: which cells have changed?
pub(super) struct Ask {
    /// For each cell, how many of its requests are known to have ended.
    known: Vec<u64>,
    answer: oneshot::Sender<Vec<CellSoFar>>,
}

impl Ask {
    /// Answers from `tally`.
    pub(super) fn answer(self, tally: &Tally) {
        let changed = self.known.iter().enumerate().filter(|(cell, known)| tally.ended(*cell) != **known);
        let cells = changed.map(|(cell, _)| tally.so_far(cell)).collect();
        // Whoever scraped may have gone.
        let _ = self.answer.send(cells);
    }
}

/// The next question; pending for ever where nobody can ask.
pub(super) async fn next(asks: &mut Option<mpsc::Receiver<Ask>>) -> Option<Ask> {
    match asks {
        Some(asks) => asks.recv().await,
        None => std::future::pending().await,
    }
}

/// The server, until it is stopped.
pub(super) struct LiveMetrics {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl LiveMetrics {
    /// Serves `/metrics` of the run of `manifest` on `listener`, from what whoever holds the receiver answers.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(listener: Listener, manifest: &Manifest) -> Result<(Self, mpsc::Receiver<Ask>), RunError> {
        let (asks, asked) = mpsc::channel(1);
        let (stop, stopped) = watch::channel(false);
        let page = Arc::new(Page { known: Mutex::new(Known::of(manifest)), asks });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(RunError::Runtime)?;
        let serve = move || {
            let answer = move |request| {
                let page = Arc::clone(&page);
                async move { Ok::<_, Takeover>(page.answer(&request).await) }
            };
            // What was bound can be served; should it not, the run goes on without.
            let _ = runtime.block_on(listener.serve(answer, stopped));
        };
        let thread = thread::Builder::new().name("metrics".to_owned()).spawn(serve).map_err(RunError::Runtime)?;
        Ok((Self { stop, thread }, asked))
    }

    /// Ends the server and its connections.
    pub(super) fn stop(self) {
        let _ = self.stop.send(true);
        self.thread.join().expect("a serving thread does not panic");
    }
}

struct Page {
    known: Mutex<Known>,
    asks: mpsc::Sender<Ask>,
}

impl Page {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/metrics") => text(StatusCode::OK, self.scraped().await),
            (&Method::GET, _) => text(StatusCode::NOT_FOUND, "metrics are at /metrics\n".to_owned()),
            _ => text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered\n".to_owned()),
        }
    }

    async fn scraped(&self) -> String {
        let mut known = self.known.lock().await;
        let (answer, answered) = oneshot::channel();
        let ask = Ask { known: known.ended.clone(), answer };
        // At its end the recorder answers no more, and what was known last still holds.
        if self.asks.send(ask).await.is_ok()
            && let Ok(changed) = answered.await
        {
            changed.iter().for_each(|cell| known.take(cell));
        }
        known.text()
    }
}

/// What is known of the run so far.
struct Known {
    manifest: Manifest,
    ended: Vec<u64>,
    /// Rows of cells of which a request has ended.
    rows: BTreeMap<usize, CellRow>,
    e2e: BTreeMap<String, SparseCounts>,
    from_due: BTreeMap<String, SparseCounts>,
}

impl Known {
    fn of(manifest: &Manifest) -> Self {
        Self {
            manifest: Manifest { status: Status::Running, ..manifest.clone() },
            ended: vec![0; manifest.cells.len()],
            rows: BTreeMap::new(),
            e2e: BTreeMap::new(),
            from_due: BTreeMap::new(),
        }
    }

    fn take(&mut self, cell: &CellSoFar) {
        let (index, figures) = (cell.index(), cell.figures());
        let note = &self.manifest.cells[index];
        self.ended[index] = cell.ended();
        self.e2e.insert(note.cell.clone(), cell.counts(Metric::E2e));
        if figures.scheduled {
            self.from_due.insert(note.cell.clone(), cell.counts(Metric::E2eFromDue));
        }
        self.rows.insert(index, cell_row(&self.manifest, note, &figures));
    }

    fn text(&self) -> String {
        let spectra = Spectra::of_cells(self.e2e.clone()).with_from_due(self.from_due.clone());
        let run = Run {
            path: PathBuf::new(),
            manifest: self.manifest.clone(),
            cells: self.rows.values().cloned().collect(),
            warnings: Vec::new(),
        };
        prometheus_text(&run, Some(&spectra))
    }
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
