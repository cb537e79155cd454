//! What `gate` can be told.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::args::positive_duration;
use crate::cli::verdict_args::VerdictFormat;

/// Flags of `gate`.
#[derive(Debug, Args)]
#[command(after_help = GATE_EXAMPLES)]
pub struct GateArgs {
    /// The run directory
    #[arg(
        value_name = "RUN",
        required_unless_present_any = ["routes", "self_test"],
        conflicts_with_all = ["routes", "from", "max_age"]
    )]
    pub run: Option<PathBuf>,
    /// The policy [default: the built-in one, with a limit for each tier]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// What to print, or with a file what to write there: text, json, junit, markdown, github or svg; may be repeated
    #[arg(long = "format", value_name = "NAME[=FILE]")]
    pub formats: Vec<VerdictFormat>,
    /// Judge a change of the routing table to this one by forecast, for $0: a file, `built-in` or a git object
    #[arg(
        long,
        value_name = "FILE",
        requires = "against",
        requires = "from",
        help_heading = "A change of the routing table"
    )]
    pub routes: Option<String>,
    /// What it was: an earlier run; of a routing table a file, `built-in`, or a git object such as origin/main:routes.toml
    #[arg(long, value_name = "RUN|FILE")]
    pub against: Option<String>,
    /// The runs that the forecast is made of, slim ones too; of a cell that several have the newest counts
    #[arg(long, value_name = "RUN", num_args = 1.., requires = "routes", help_heading = "A change of the routing table")]
    pub from: Vec<PathBuf>,
    /// Models and regions that a policy may name, and prices of both tables [default: what a table names, else the run's]
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
    /// Refuse runs that are older
    #[arg(long, value_name = "TIME", value_parser = positive_duration, requires = "routes", help_heading = "A change of the routing table")]
    pub max_age: Option<Duration>,
    /// Say it and let it pass: exit 0 where it would be 3 or 4
    #[arg(long)]
    pub advisory: bool,
    /// The runs of many nights: for SLOs with a `window`, this run included, and for how far two nights differ
    #[arg(long, value_name = "DIR", conflicts_with = "routes")]
    pub history: Option<PathBuf>,
    /// Instead: how often do the comparisons alarm where nothing differs? Splits the requests of these runs in two
    #[arg(
        long,
        value_name = "RUN",
        num_args = 1..,
        conflicts_with_all = ["run", "routes", "against", "formats", "advisory", "history"]
    )]
    pub self_test: Vec<PathBuf>,
}

const GATE_EXAMPLES: &str = "\
Examples:
  tollmark gate reports/latest --advisory   by the built-in policy
  tollmark gate reports/latest --policy gate.toml
  tollmark gate reports/latest --policy gate.toml --advisory
  tollmark gate reports/latest --policy gate.toml --format junit=junit.xml --format json=verdict.json
  tollmark gate reports/latest --policy gate.toml --history reports   for SLOs over days
  tollmark gate reports/latest --policy gate.toml --format github   annotations, and the job's summary
  tollmark gate --self-test reports/latest   may it stop people here? It takes 20 runs or more to say
  tollmark gate reports/tuesday --against reports/monday --policy gate.toml --history reports   advice, but for SLOs and list prices

A change of the routing table, judged by what was measured, without a call:
  tollmark gate --routes routes.toml --against origin/main:routes.toml --from reports/latest --policy gate.toml
  tollmark gate --routes routes.candidate.toml --against routes.toml --from reports/latest --policy gate.toml --max-age 48h

A policy names SLOs, each about the cells that its globs match, and how much worse
a candidate may be than its baseline, where a run has two variants:
  schema = 1
  [[slo]]
  name = \"autocomplete stays instant\"
  match = { model = \"step-*\", workload = \"autocomplete\" }
  metric = \"e2e_p99_ms\"
  max = 500
  [[regression]]
  metric = \"ttft_p50_ms\"
  margin = \"10%\"       surely worse: broken; also \"0.5pp\", \"50ms\" or \"$0.10\"
  rule_out = \"25%\"     surely not worse: holds; between them it cannot be told

Exit codes: 0 passed, 2 bad input, 3 a rule is surely broken, 4 it cannot be told,
5 the figures may not be judged, a metric vanished, or nothing was measured.";
