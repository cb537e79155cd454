//! `tollmark slim`: a run without its per-request rows.

use std::process::ExitCode;

use crate::cli::exit::CliError;
use crate::cli::slim_args::SlimArgs;
use crate::cli::terminal::put;
use crate::gate::keep_rounds;
use crate::rundir::{Latencies, Run, SLIM_BYTES, slim};

/// Writes the slim run and says how large it is.
///
/// # Errors
/// There is no run, or the new directory exists already or cannot be written.
pub(super) fn slimmed(args: &SlimArgs) -> Result<ExitCode, CliError> {
    let run = Run::open(&args.run)?;
    for warning in &run.warnings {
        eprintln!("warning: {warning}");
    }
    let slim = slim(&run, &args.out, |folder, room| keep_rounds(&run, folder, room))?;
    let kept = match slim.latencies {
        Latencies::EachRound => "latencies of each round",
        Latencies::AddedUp => "latencies of each cell, its rounds added up",
        Latencies::MainOnes => "first-token and end-to-end latencies of each cell, its rounds added up",
        Latencies::None => "no latencies beyond those in `cells.csv`: the run has no `latency.hlog`",
    };
    if slim.bytes > SLIM_BYTES {
        eprintln!("warning: it has more than 1 MB: so many cells have no less");
    }
    put(&format!("{}: {} kB, {kept}\n", args.out.display(), slim.bytes.div_ceil(1_000)))?;
    Ok(ExitCode::SUCCESS)
}
