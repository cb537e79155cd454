//! The simulator's threads: started, found under a URL, and stopped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::watch;

use crate::serve::{Listener, ServeError};
use crate::sim::labels::Labels;
use crate::sim::law::Law;
use crate::sim::provider::Provider;
use crate::sim::truth::{TruthError, TruthFile};
use crate::sim::visit::Clock;

/// How a simulator is set up.
#[derive(Clone, Debug)]
pub struct SimConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How it behaves.
    pub law: Law,
    /// Decides every draw.
    pub seed: u64,
    /// The file for what it really did, which is overwritten; absent: nothing is kept.
    pub truth: Option<PathBuf>,
    /// The right tiers of prompts to classify.
    pub labels: Labels,
    /// Names on the wire that are answered besides the law's own; empty: any name is.
    pub models: Vec<String>,
    /// Threads that serve, 1 or more. Draws depend on the order in which requests arrive, not on this.
    pub threads: usize,
}

/// The built-in law on a free port of the loopback address, on one thread, with seed 1.
impl Default for SimConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            law: Law::built_in(),
            seed: 1,
            truth: None,
            labels: Labels::default(),
            models: Vec::new(),
            threads: 1,
        }
    }
}

/// A running simulated provider. Dropping it stops it as [`Simulator::stop`] does, but for the errors.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    /// Tells every thread to end.
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<Result<(), ServeError>>>,
    /// Complete once the threads, which hold its senders, have ended.
    truth: Option<TruthFile>,
}

/// Why a simulator cannot start, or could not keep its truth.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// It cannot listen.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The truth cannot be written.
    #[error(transparent)]
    Truth(#[from] TruthError),
    /// The system gives no thread or no timer.
    #[error("cannot start the simulator's thread")]
    Thread(#[source] io::Error),
}

impl Simulator {
    /// Starts a simulator; when this returns, connections are accepted.
    ///
    /// # Errors
    /// The address cannot be bound, the truth file cannot be created, or the system gives no thread.
    pub fn start(config: SimConfig) -> Result<Self, SimError> {
        let listener = Listener::bind(config.listen)?;
        let address = listener.address();
        let (truth, rows) = config.truth.as_deref().map(TruthFile::create).transpose()?.unzip();
        let clock = Clock(Instant::now());
        let (stop, stopped) = watch::channel(false);
        let mut simulator = Self { address, stop, threads: Vec::new(), truth };
        // Declared after the simulator, so that it goes first when a thread cannot be started: the truth is complete
        // only when its senders, which the provider holds, are gone.
        let provider = Provider::new(config.law, config.seed, config.labels, config.models, clock, rows);
        let provider = Arc::new(provider);
        for _ in 0..config.threads.max(1) {
            let thread = serve(listener.try_clone()?, Arc::clone(&provider), stopped.clone());
            simulator.threads.push(thread.map_err(SimError::Thread)?);
        }
        Ok(simulator)
    }

    /// The URL that takes the place of a provider's: `http://127.0.0.1:4000/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The address it listens on, with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection, and waits until the truth is on disk.
    ///
    /// # Errors
    /// The truth could not be written in full, or a thread could not serve.
    pub fn stop(mut self) -> Result<(), SimError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), SimError> {
        self.stop.send_replace(true);
        let ended = self.threads.drain(..).map(|thread| thread.join().expect("a serving thread does not panic"));
        let served: Vec<Result<(), ServeError>> = ended.collect();
        let written = self.truth.take().map_or(Ok(()), TruthFile::finish);
        for result in served {
            result?;
        }
        Ok(written?)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // Whoever wants to know calls `stop`.
        let _ = self.end();
    }
}

/// A thread of its own with a runtime of its own, which serves until `stopped`.
fn serve(
    listener: Listener,
    provider: Arc<Provider>,
    stopped: watch::Receiver<bool>,
) -> io::Result<JoinHandle<Result<(), ServeError>>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    thread::Builder::new().name("simulator".to_owned()).spawn(move || {
        let answer = move |request| Arc::clone(&provider).answer(request);
        runtime.block_on(listener.serve(answer, stopped))
    })
}

#[cfg(test)]
mod tests;
