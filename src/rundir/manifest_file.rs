//! `manifest.json` on disk.

use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::fsio::write_whole;
use crate::rundir::{FORMAT_VERSION, Manifest, RunDirError};

/// Writes `manifest` into `run`, whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_manifest(run: &Path, manifest: &Manifest) -> Result<(), RunDirError> {
    let mut text = serde_json::to_vec_pretty(manifest).expect("a manifest holds nothing that JSON cannot");
    text.push(b'\n');
    Ok(write_whole(&run.join(NAME), &text)?)
}

/// Reads the manifest of `run`.
///
/// # Errors
/// There is none, it is broken, or a later version of tollmark wrote it.
pub fn read_manifest(run: &Path) -> Result<Manifest, RunDirError> {
    let path = run.join(NAME);
    let text = fs::read(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => RunDirError::NotARun { path: run.to_owned() },
        _ => RunDirError::Read { path: path.clone(), source },
    })?;
    let broken = |source| RunDirError::BadManifest { path: path.clone(), source };
    // The version comes first: what else a later manifest holds is not for this program to judge.
    let Version { format_version: found } = serde_json::from_slice(&text).map_err(broken)?;
    if found > FORMAT_VERSION {
        return Err(RunDirError::Newer { path, found, known: FORMAT_VERSION });
    }
    serde_json::from_slice(&text).map_err(broken)
}

const NAME: &str = "manifest.json";

#[derive(Deserialize)]
struct Version {
    format_version: u32,
}
