//! Flags of `simulate`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// Flags of `simulate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tollmark simulate --listen 127.0.0.1:8089 --truth truth.csv\n  tollmark run --base-url http://127.0.0.1:8089/v1 --model qwen3-8b"
)]
pub struct SimulateArgs {
    /// Listen on this address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8089")]
    pub listen: SocketAddr,
    /// Behave by the law in this file instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub law: Option<PathBuf>,
    /// Answer what this file of requests expects as often as the law's quality says; repeat it for more. The built-in workloads
    /// are known without it
    #[arg(long = "workload", value_name = "FILE")]
    pub workloads: Vec<String>,
    /// Write what was really done to this CSV file, one row a request
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// Draw everything random from this seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}
