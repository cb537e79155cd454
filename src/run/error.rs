//! Why a run cannot be started or carried out.

use crate::gate::{NoQuestion, PolicyError};
use crate::history::HistoryError;
use crate::load::{LoadError, TooFewFiles};
use crate::plan::{PlanError, SelectError, SuiteError};
use crate::registry::{AssumeError, RegistryError};
use crate::router::RouterError;
use crate::routes::RoutesError;
use crate::rundir::RunDirError;
use crate::sim::SimError;
use crate::workload::WorkloadError;

/// What stops a run before or while it is carried out. A failed request is no error but a sample.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The suite file.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// The registry file.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The policy file.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The folder of earlier runs.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// No rule of the policy could be asked of the run.
    #[error("{policy}:{line}: no rule is about this run, must have an SLO whose `match` names what is measured")]
    PolicyAboutNothing {
        /// The policy's file.
        policy: String,
        /// The line that its last rule begins at, or the first of a file without rules.
        line: usize,
    },
    /// The rules about the run are over days, and no earlier runs are named.
    #[error(
        "{policy}:{line}: every rule about this run is over days of history, must have that as `[gate] history` in the suite, or an \
         SLO without a `window`"
    )]
    WindowsWithoutHistory {
        /// The policy's file.
        policy: String,
        /// The line that the first of them begins at.
        line: usize,
    },
    /// A rule of the policy that the run, now that it is done, cannot be asked.
    #[error(transparent)]
    NoQuestion(#[from] NoQuestion),
    /// A workload file.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// A model or region that is not in the registry.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// The same, where a variant's registry is meant.
    #[error("variant `{variant}`: {error}")]
    SelectOf {
        /// The variant.
        variant: String,
        /// What is not there.
        error: SelectError,
    },
    /// Nothing can be measured as asked.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A workload that is neither a file nor built in.
    #[error("workload `{name}` is neither a file nor built in (built in: {known})")]
    UnknownWorkload {
        /// What was asked for.
        name: String,
        /// The built-in names.
        known: String,
    },
    /// Two workloads that no row could tell apart.
    #[error("workloads `{first}` and `{second}` are both named `{name}`, must have different names")]
    Namesakes {
        /// Their name.
        name: String,
        /// Where the first came from.
        first: String,
        /// Where the second came from.
        second: String,
    },
    /// `--base-url` without `--model`.
    #[error("`--base-url` needs `--model <NAME>`, the model's name as that server knows it{listed}")]
    NoModelForUrl {
        /// The names the server lists, in words; empty when it could not be asked.
        listed: String,
    },
    /// `--base-url` with `--region`.
    #[error("`--region` has no meaning with `--base-url`, which names one place")]
    RegionForUrl,
    /// `--base-url` for a suite with variants.
    #[error("`--base-url` has no meaning for a suite with variants, which say themselves where they are sent")]
    UrlForVariants,
    /// A flag for a suite whose variants each name their own.
    #[error("`--{key}` has no meaning for a suite in which each variant names its own `{key}`")]
    FlagForVariants {
        /// The key, which the flag is called by too.
        key: &'static str,
    },
    /// A routing table that cannot be read, or cannot be carried out.
    #[error(transparent)]
    Routes(#[from] RoutesError),
    /// A routing table of which too little is known.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// Models or regions for a routing table.
    #[error(
        "a routing table says itself which models and regions are called: `--model`, `--region`, `models` and `regions` have no meaning beside it"
    )]
    ModelsForRoutes,
    /// One of two variants has a routing table.
    #[error("variant `{variant}` has no routing table and the other one has, so that nothing could be compared")]
    RoutesOfOne {
        /// The one without.
        variant: String,
    },
    /// `--trust-tiers` without a table.
    #[error("`--trust-tiers` has no meaning without a routing table")]
    TiersWithoutRoutes,
    /// A word of a load in another kind of load.
    #[error("`{word}` has no meaning with `{arrivals}` arrivals")]
    LoadWithout {
        /// The flag or key.
        word: String,
        /// The kind of load.
        arrivals: &'static str,
    },
    /// A kind of load of which too little is said.
    #[error("`{arrivals}` arrivals need a `{what}`")]
    LoadNeeds {
        /// The kind of load.
        arrivals: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// A length and a count.
    #[error("`duration` and `requests-per-cell` both say how much, must be one of them")]
    TwoAmounts,
    /// A length or a count for a load whose stages have both.
    #[error("`{rate}` says itself how long it lasts, so nothing else may")]
    AmountOfStages {
        /// The stages in words.
        rate: String,
    },
    /// A URL that cannot be called.
    #[error("URL `{url}` {reason}")]
    BadUrl {
        /// The URL without a password.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A header that HTTP does not allow.
    #[error("header `{header}` of provider `{provider}` holds characters that HTTP does not allow")]
    BadHeader {
        /// The provider.
        provider: String,
        /// The header's name.
        header: String,
    },
    /// A key that is not set.
    #[error("environment variable `{variable}` is not set: `{who}` needs its key there")]
    NoKey {
        /// The variable.
        variable: String,
        /// The provider or URL.
        who: String,
    },
    /// A key that cannot be sent.
    #[error("environment variable `{variable}` holds characters that no key can have")]
    UnusableKey {
        /// The variable.
        variable: String,
    },
    /// A live run that nobody limited or confirmed.
    #[error("a live run needs a limit of its bill: it costs about {expected}, at most {high}")]
    NoBudget {
        /// What it is expected to cost, in words.
        expected: String,
        /// What it costs at most, in words.
        high: String,
    },
    /// A run with a limit of its bill on a model whose price is not known.
    #[error("the {prices} price of `{model}` is unknown, so a limit of the bill cannot be kept")]
    UnknownPrice {
        /// The model.
        model: String,
        /// Which price: `input`, `output`, or `input and output`.
        prices: String,
    },
    /// A run with a limit of its bill, and a request whose answer nothing bounds.
    #[error(
        "{file}:{line}: has no `max_tokens`, and the longest answer of `{model}` is unknown, so a limit of the bill \
         cannot be kept"
    )]
    UnboundedAnswer {
        /// The workload's file.
        file: String,
        /// The line.
        line: usize,
        /// The model.
        model: String,
    },
    /// A price that cannot be assumed.
    #[error(transparent)]
    Assume(#[from] AssumeError),
    /// A URL at which nobody answers.
    #[error("nobody answers at `{url}`: {reason}")]
    NobodyThere {
        /// The URL.
        url: String,
        /// Why.
        reason: String,
    },
    /// More connections than the system allows.
    #[error(transparent)]
    OpenFiles(#[from] TooFewFiles),
    /// The user said no.
    #[error("not confirmed, nothing was sent")]
    NotConfirmed,
    /// The load engine.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The simulator.
    #[error(transparent)]
    Simulator(#[from] SimError),
    /// The run directory.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// The runtime of the recorder.
    #[error("cannot start the recorder")]
    Runtime(#[source] std::io::Error),
}

impl RunError {
    /// Whether the user's input is at fault, and not the tool or the machine.
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::RunDir(error) => error.is_bad_input(),
            Self::Load(_) | Self::Simulator(_) | Self::Runtime(_) | Self::OpenFiles(_) | Self::NobodyThere { .. } => {
                false
            }
            _ => true,
        }
    }

    /// What to do about it, where that is not in the message.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoBudget { .. } => {
                Some("set one with `--max-cost-usd 5.00`, or `[budget] max_cost_usd` in the suite".into())
            }
            Self::UnknownPrice { model, prices } => {
                let lines: Vec<String> = prices.split(" and ").map(|price| format!("`{price} = \"0.10\"`")).collect();
                Some(format!(
                    "give it in the registry, as {} in its `[[model.at.price]]`, or pass `--assume-price {model}=IN,OUT` \
                     with dollars per million tokens",
                    lines.join(" and ")
                ))
            }
            Self::UnboundedAnswer { model, .. } => Some(format!(
                "set `max_tokens` in the line, or `output_limit` or `context` of `{model}` in the registry"
            )),
            Self::NoKey { variable, .. } => Some(format!("export {variable}=…, or leave out `--live` to simulate")),
            Self::OpenFiles(_) => {
                Some("or let fewer cells run side by side: `--parallel-cells 1`, or a lower `--concurrency`".into())
            }
            Self::NobodyThere { .. } => {
                Some("start the server, or mend the address; it must end in `/v1` or the like".into())
            }
            Self::LoadNeeds { what, .. } => Some(format!("pass `--{what}`, or put `{what}` in the suite's `[load]`")),
            Self::LoadWithout { .. } => {
                Some("open loads are chosen by `--arrivals` and `--rate`, closed ones by `--concurrency`".into())
            }
            Self::AmountOfStages { .. } => Some(
                "leave out `--duration`, `--requests-per-cell` and `--quick`, or give a rate without stages".into(),
            ),
            Self::RoutesOfOne { variant } => Some(format!("give `{variant}` its `routes`, or the suite one for both")),
            Self::TiersWithoutRoutes => Some("name one with `--routes`, or leave the flag out".into()),
            Self::FlagForVariants { key } => Some(format!(
                "change the `{key}` of a `[[variant]]` in the suite, or take it out and let the flag say it"
            )),
            Self::UrlForVariants => {
                Some("give a `[[variant]]` of the suite a `base_url`, or take another suite".into())
            }
            Self::Select(error) | Self::SelectOf { error, .. } => error.hint(),
            _ => None,
        }
    }
}
