//! The arguments of `tollmark routes`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::routes::Gateway;

const EXAMPLES: &str = "\
Examples:
  tollmark routes show
  tollmark routes check routes.toml
  tollmark routes check routes.toml --registry registry.toml
  tollmark routes export --to litellm
  tollmark routes export routes.toml --to portkey --out portkey.json

A table is a TOML file; the first route that matches takes the request:
  schema = 1
  [[route]]
  name = \"everyday\"
  match = { tier = 1 }                 # tier 0-4, class, needs_vision; none: takes the rest
  primary = [ { model = \"deepseek-v4-flash\", weight = 1 } ]
  fallback = [ { model = \"qwen3-32b\", regions = [\"us-west-2\"] } ]
  on_overflow = \"escalate\"             # escalate, chunk or reject, which is the default
  escalate_to = \"deepseek-v4-pro\"

What it leaves out: no [classifier], so that only recorded tiers match; [failover] on connect,
timeout, 5xx and 429, 30s an attempt, nearest region first; no [failover.breaker]. Nothing is
tried again once the first token has arrived.

Exit codes: 0 in order, warnings or not, 2 a mistake in the table or the registry.";

/// Subcommands of `routes`.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum RoutesCommand {
    /// Report every mistake of a routing table and what may not be meant, then what goes where
    Check(TableArgs),
    /// Say what goes where
    Show(TableArgs),
    /// Write the table as the configuration of a gateway, and list what that cannot hold
    Export(ExportArgs),
}

/// A routing table, and the registry that it is held against.
#[derive(Args, Debug)]
pub struct TableArgs {
    /// The routing table; with none, the built-in one
    pub file: Option<PathBuf>,
    /// Hold it against this registry [default: the table's own, else the built-in one]
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
}

/// Arguments of `routes export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The table.
    #[command(flatten)]
    pub table: TableArgs,
    /// The gateway
    #[arg(long, value_enum)]
    pub to: GatewayName,
    /// Write it to this file; without it to standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A gateway by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GatewayName {
    /// The config.yaml of the LiteLLM proxy.
    #[value(name = "litellm")]
    LiteLlm,
    /// A config object of Portkey, in JSON.
    Portkey,
}

impl From<GatewayName> for Gateway {
    fn from(name: GatewayName) -> Self {
        match name {
            GatewayName::LiteLlm => Self::LiteLlm,
            GatewayName::Portkey => Self::Portkey,
        }
    }
}
