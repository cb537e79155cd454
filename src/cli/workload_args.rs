//! The arguments of `tollmark workload`.

use clap::Subcommand;

/// Subcommands of `workload`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  tollmark workload inspect support\n  tollmark workload check my-traffic.jsonl")]
pub enum WorkloadCommand {
    /// Report every bad line of request files
    Check {
        /// Request files, or names of built-in workloads
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
    },
    /// Describe request files: lengths, classes, sessions, arrivals
    Inspect {
        /// Request files, or names of built-in workloads
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
        /// Count and list bad lines instead of stopping
        #[arg(long)]
        skip_bad_lines: bool,
    },
}
