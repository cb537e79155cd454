//! One run against a null upstream, in a folder that is gone afterwards.

use std::env::temp_dir;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use crate::bench::BenchError;
use crate::plan::Streaming;
use crate::run::{Ended, Environment, Inputs, LoadWords, Overrides, Settings, Watch, carry_out};
use crate::sim::NullUpstream;

/// A model of the built-in registry, so that every reply has a price.
const MODEL: &str = "qwen3-8b";

/// The load of a passage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage {
    /// Requests in flight.
    pub(super) concurrency: u32,
    /// Measured requests.
    pub(super) requests: u32,
    /// Requests sent beforehand.
    pub(super) warmup: u32,
    /// Whether replies are streamed.
    pub(super) streaming: Streaming,
}

impl Passage {
    /// Carries it out as any run is, and hands its directory to `read` before it is removed.
    ///
    /// # Errors
    /// The run cannot be carried out or was interrupted, or `read` fails.
    pub(super) fn carry_out<T>(
        self,
        upstream: &NullUpstream,
        watch: &mut dyn Watch,
        read: impl FnOnce(&Path) -> Result<T, BenchError>,
    ) -> Result<T, BenchError> {
        let scratch = Scratch::create()?;
        let settings = Settings::resolve(
            None,
            Overrides {
                base_url: Some(upstream.base_url()),
                models: vec![MODEL.to_owned()],
                load: LoadWords {
                    concurrency: vec![self.concurrency],
                    requests_per_cell: Some(self.requests),
                    ..LoadWords::default()
                },
                warmup: Some(self.warmup),
                streaming: Some(self.streaming),
                out: scratch.path.clone(),
                run_id: Some("bench".to_owned()),
                ..Overrides::default()
            },
        )?;
        let inputs = Inputs::read(&settings)?;
        let finished = carry_out(&settings, &inputs, &Environment, watch, None)?;
        if finished.ended == Ended::Interrupted {
            return Err(BenchError::Interrupted);
        }
        read(&finished.path)
    }
}

/// A temporary folder of this process's own.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn create() -> Result<Self, BenchError> {
        let mut number = 0_u32;
        loop {
            let path = temp_dir().join(format!("tollmark-bench-{}-{number}", process::id()));
            // To look first and create then would let another thread in between.
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(source) => return Err(BenchError::Scratch { path, source }),
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clear, as with every temporary file.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_folders_at_once_are_two_and_both_go_when_dropped() {
        let (one, two) = (Scratch::create().unwrap(), Scratch::create().unwrap());
        let paths = [one.path.clone(), two.path.clone()];
        assert_ne!(paths[0], paths[1]);
        assert!(paths.iter().all(|path| path.is_dir()));
        drop((one, two));
        assert!(!paths.iter().any(|path| path.exists()));
    }
}
