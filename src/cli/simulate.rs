//! `tollmark simulate`: the simulated provider alone.

use std::process::ExitCode;

use crate::cli::exit::CliError;
use crate::cli::simulate_args::SimulateArgs;
use crate::cli::terminal::put;
use crate::run::workload;
use crate::sim::{Labels, Law, SimConfig, Simulator};
use crate::workload::{BadLines, Workload};

/// Serves until interrupted, then completes the truth file.
///
/// The URL to call is the first line of stdout, so that a script can take a free port and read which it is.
///
/// # Errors
/// The law or a workload has mistakes, the address is in use, or the truth cannot be written.
pub(super) fn simulate(args: SimulateArgs) -> Result<ExitCode, CliError> {
    let law = args.law.as_deref().map_or_else(|| Ok(Law::built_in()), Law::read)?;
    let mut workloads: Vec<Workload> = Workload::built_in_names().filter_map(Workload::built_in).collect();
    for name in &args.workloads {
        workloads.push(workload(name, BadLines::Stop)?);
    }
    let simulator = Simulator::start(SimConfig {
        listen: args.listen,
        law,
        seed: args.seed,
        truth: args.truth,
        labels: Labels::from_workloads(&workloads),
        ..SimConfig::default()
    })?;
    put(&format!("{}\n", simulator.base_url()))?;
    eprintln!("serving simulated models until interrupted (Ctrl-C)");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(ended())?;
    simulator.stop()?;
    Ok(ExitCode::SUCCESS)
}

/// Waits for an interrupt or, from a service manager, a request to terminate.
pub(super) async fn ended() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}
