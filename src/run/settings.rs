//! What a run was asked to do: flags over the suite over the defaults.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::plan::{Amount, Deadlines, Load, Measure, Streaming, Suite, Variant};
use crate::registry::AssumedPrice;
use crate::run::RunError;
use crate::run::loads::{LoadWords, loads};
use crate::units::Usd;
use crate::workload::BadLines;

/// The built-in suite, run when none is named.
const DEMO: &str = include_str!("demo.toml");

/// A run's settings with nothing left open but what depends on the plan.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The suite's name, part of the run's name.
    pub suite: String,
    /// Where requests go, but for those of a variant with a URL of its own.
    pub whereto: Whereto,
    /// What is compared, the baseline first; empty where nothing is.
    pub variants: Vec<Variant>,
    /// A registry file; absent: the built-in one.
    pub registry: Option<PathBuf>,
    /// The routing table that requests are sent through, or `built-in`, but for those of a variant with one of its own;
    /// absent: they go to endpoints.
    pub routes: Option<PathBuf>,
    /// Whether a request's recorded tier is taken for right, so that no classifier is asked.
    pub trust_tiers: bool,
    /// What is measured on what.
    pub measures: Vec<Measured>,
    /// Whether a bad workload line stops the run.
    pub bad_lines: BadLines,
    /// How requests are issued; each makes a cell.
    pub loads: Vec<Load>,
    /// How much of a cell is measured.
    pub amount: Amount,
    /// Rounds that each cell is cut into.
    pub rounds: u32,
    /// Requests sent to each cell beforehand.
    pub warmup: u32,
    /// Cells side by side; absent: all when simulated, one when live.
    pub parallel_cells: Option<u32>,
    /// The seed of everything random.
    pub seed: u64,
    /// Whether answers are streamed.
    pub streaming: Streaming,
    /// What is done about prompt caches; absent: fresh where lines repeat live.
    pub prompt_cache: Option<PromptCache>,
    /// Whether `stream_options` is left out, whatever the registry says of the provider.
    pub no_stream_options: bool,
    /// Whether HTTP/2 is spoken.
    pub http2: bool,
    /// The limits of each request.
    pub deadlines: Deadlines,
    /// The limit of the bill; absent without one.
    pub max_cost_usd: Option<Usd>,
    /// What models are taken to cost where the registry does not say; each model once.
    pub assumed_prices: Vec<AssumedPrice>,
    /// The policy that the run is judged by when it is done; absent: it is not judged.
    pub policy: Option<PathBuf>,
    /// The folder of earlier runs that its SLOs over days are judged by; absent: they are not asked.
    pub history: Option<PathBuf>,
    /// The folder of run directories.
    pub out: PathBuf,
    /// The directory's name; absent: the time and the suite's name.
    pub run_id: Option<String>,
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereto {
    /// To the simulator inside this process.
    Simulator,
    /// To the registry's providers.
    Providers,
    /// To one OpenAI-compatible URL.
    Url {
        /// The URL up to and including `/v1`.
        base_url: String,
        /// The environment variable of its key; absent: no key is sent.
        api_key_env: Option<String>,
    },
}

/// Globs over models and regions, and the workloads that they are measured on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Paths or names of built-in workloads.
    pub workloads: Vec<String>,
    /// Globs over model ids.
    pub models: Vec<String>,
    /// Globs over region ids.
    pub regions: Vec<String>,
}

/// What is done about providers' prompt caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptCache {
    /// Sent as recorded.
    Natural,
    /// A short seeded nonce before each prompt.
    Fresh,
}

/// What the command line overrides; absent or empty: the suite decides.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--live`.
    pub live: bool,
    /// `--base-url`.
    pub base_url: Option<String>,
    /// `--api-key-env`.
    pub api_key_env: Option<String>,
    /// `--registry`.
    pub registry: Option<PathBuf>,
    /// `--workload`.
    pub workloads: Vec<String>,
    /// `--model`.
    pub models: Vec<String>,
    /// `--region`.
    pub regions: Vec<String>,
    /// `--routes`.
    pub routes: Option<PathBuf>,
    /// `--trust-tiers`.
    pub trust_tiers: bool,
    /// `--skip-bad-lines`.
    pub skip_bad_lines: bool,
    /// `--concurrency`, `--arrivals`, `--rate` and what else says how requests are issued, and how many.
    pub load: LoadWords,
    /// `--rounds`.
    pub rounds: Option<u32>,
    /// `--warmup`.
    pub warmup: Option<u32>,
    /// `--parallel-cells`.
    pub parallel_cells: Option<u32>,
    /// `--seed`.
    pub seed: Option<u64>,
    /// `--stream`.
    pub streaming: Option<Streaming>,
    /// `--prompt-cache`.
    pub prompt_cache: Option<PromptCache>,
    /// `--no-stream-options`.
    pub no_stream_options: bool,
    /// `--http2`.
    pub http2: bool,
    /// `--timeout-connect`, `-first-token`, `-idle`, `-total`.
    pub timeouts: [Option<Duration>; 4],
    /// `--max-cost-usd`.
    pub max_cost_usd: Option<Usd>,
    /// `--assume-price`.
    pub assumed_prices: Vec<AssumedPrice>,
    /// `--policy`.
    pub policy: Option<PathBuf>,
    /// `--out`.
    pub out: PathBuf,
    /// `--run-id`.
    pub run_id: Option<String>,
}

impl Settings {
    /// Lays `flags` over the suite at `path`, or over the built-in demo.
    ///
    /// # Errors
    /// The suite cannot be read, or what was asked for contradicts itself.
    pub fn resolve(path: Option<&PathBuf>, flags: Overrides) -> Result<Self, RunError> {
        let suite = match path {
            Some(path) => Suite::read(path)?,
            None => Suite::parse("demo.toml", DEMO).expect("the built-in suite is held to the format by a test"),
        };
        let whereto = match flags.base_url {
            Some(base_url) => Whereto::Url { base_url, api_key_env: flags.api_key_env },
            None if flags.live || suite.live.unwrap_or(false) => Whereto::Providers,
            None => Whereto::Simulator,
        };
        if !suite.variants.is_empty() && matches!(whereto, Whereto::Url { .. }) {
            return Err(RunError::UrlForVariants);
        }
        let own = |names: fn(&Variant) -> bool| !suite.variants.is_empty() && suite.variants.iter().all(names);
        if flags.registry.is_some() && own(|variant| variant.registry.is_some()) {
            return Err(RunError::FlagForVariants { key: "registry" });
        }
        if flags.routes.is_some() && own(|variant| variant.routes.is_some()) {
            return Err(RunError::FlagForVariants { key: "routes" });
        }
        let routes = flags.routes.or(suite.routes);
        let is_routed = routes.is_some() || suite.variants.iter().any(|variant| variant.routes.is_some());
        if is_routed {
            let whole = |variant: &&Variant| routes.is_none() && variant.routes.is_none();
            if let Some(variant) = suite.variants.iter().find(whole) {
                return Err(RunError::RoutesOfOne { variant: variant.name.clone() });
            }
            let chooses = |measure: &Measure| measure.models.is_some() || measure.regions.is_some();
            if !(flags.models.is_empty() && flags.regions.is_empty()) || suite.measures.iter().any(chooses) {
                return Err(RunError::ModelsForRoutes);
            }
        } else if flags.trust_tiers {
            return Err(RunError::TiersWithoutRoutes);
        }
        let literal = matches!(whereto, Whereto::Url { .. }) && !is_routed;
        if literal && flags.models.is_empty() {
            return Err(RunError::NoModelForUrl { listed: String::new() });
        }
        if literal && !flags.regions.is_empty() {
            return Err(RunError::RegionForUrl);
        }
        let limits = Deadlines::default();
        let [connect, first_token, idle, total] = flags.timeouts;
        let load = suite.load;
        let (loads, amount) = loads(&flags.load, &load)?;
        Ok(Self {
            suite: match path {
                None if whereto != Whereto::Simulator => "live".to_owned(),
                _ => suite.name.unwrap_or_else(|| stem(&suite.source)),
            },
            registry: flags.registry.or(suite.registry),
            variants: suite.variants,
            routes,
            trust_tiers: flags.trust_tiers,
            measures: measures(suite.measures, &flags.workloads, &flags.models, &flags.regions),
            bad_lines: if flags.skip_bad_lines { BadLines::Skip } else { BadLines::Stop },
            loads,
            amount,
            rounds: flags.rounds.or(load.rounds).unwrap_or(20),
            warmup: flags.warmup.or(load.warmup).unwrap_or(8),
            parallel_cells: flags.parallel_cells.or(load.parallel_cells),
            seed: flags.seed.or(load.seed).unwrap_or(1),
            streaming: flags.streaming.or(load.stream).unwrap_or(Streaming::On),
            prompt_cache: flags.prompt_cache,
            no_stream_options: flags.no_stream_options,
            http2: flags.http2 || load.http2.unwrap_or(false),
            deadlines: Deadlines {
                connect: connect.or(load.timeout_connect).unwrap_or(limits.connect),
                first_token: first_token.or(load.timeout_first_token).unwrap_or(limits.first_token),
                idle: idle.or(load.timeout_idle).unwrap_or(limits.idle),
                total: total.or(load.timeout_total).unwrap_or(limits.total),
            },
            max_cost_usd: flags.max_cost_usd.or(suite.max_cost_usd),
            assumed_prices: flags.assumed_prices,
            policy: flags.policy.or(suite.gate.policy),
            history: suite.gate.history,
            out: flags.out,
            run_id: flags.run_id,
            whereto,
        })
    }
}

/// The suite's measures with what the command line names in their place; a suite without any measures everything.
fn measures(suite: Vec<Measure>, workloads: &[String], models: &[String], regions: &[String]) -> Vec<Measured> {
    let suite = if suite.is_empty() { vec![Measure::default()] } else { suite };
    let or = |flags: &[String], named: Option<Vec<String>>, default: &str| match (flags, named) {
        ([], None) => vec![default.to_owned()],
        ([], Some(named)) => named,
        (flags, _) => flags.to_vec(),
    };
    suite
        .into_iter()
        .map(|measure| {
            let files = measure.workloads.map(|paths| paths.iter().map(|path| path.display().to_string()).collect());
            Measured {
                workloads: or(workloads, files, "autocomplete"),
                models: or(models, measure.models, "*"),
                regions: or(regions, measure.regions, "*"),
            }
        })
        .collect()
}

/// The file's name without its ending.
fn stem(source: &str) -> String {
    Path::new(source).file_stem().map_or_else(|| source.to_owned(), |stem| stem.to_string_lossy().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_suite_the_demo_is_run_against_the_simulator() {
        let settings = Settings::resolve(None, Overrides::default()).unwrap();
        assert_eq!((settings.suite.as_str(), settings.whereto), ("demo", Whereto::Simulator));
        assert_eq!((settings.amount, settings.rounds), (Amount::Requests(600), 10));
        assert_eq!(settings.loads, [Load::Closed { concurrency: 16 }]);
        let everything = |name: &str| vec![name.to_owned()];
        let (models, regions) = (everything("*"), everything("*"));
        assert_eq!(settings.measures, [Measured { workloads: everything("autocomplete"), models, regions }]);
    }

    #[test]
    fn a_flag_overrides_the_suite_and_the_suite_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nightly.toml");
        std::fs::write(&path, "schema = 1\nlive = true\n[load]\nrounds = 4\nwarmup = 2\nconcurrency = [2, 4]\n")
            .unwrap();
        let flags = Overrides { rounds: Some(5), models: vec!["qwen*".to_owned()], ..Overrides::default() };
        let settings = Settings::resolve(Some(&path), flags).unwrap();
        assert_eq!((settings.suite.as_str(), settings.whereto), ("nightly", Whereto::Providers));
        assert_eq!((settings.rounds, settings.warmup, settings.amount), (5, 2, Amount::Requests(400)));
        assert_eq!(settings.loads, [2, 4].map(|concurrency| Load::Closed { concurrency }));
        assert_eq!(settings.measures[0].models, ["qwen*"]);
    }

    #[test]
    fn a_suite_with_variants_says_itself_where_they_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ab.toml");
        let text = "schema = 1\n[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\nregistry = \"b.toml\"\n";
        std::fs::write(&path, text).unwrap();
        let settings = Settings::resolve(Some(&path), Overrides::default()).unwrap();
        assert_eq!(settings.variants.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let base_url = Some("http://127.0.0.1:1/v1".to_owned());
        let flags = Overrides { base_url, models: vec!["m".to_owned()], ..Overrides::default() };
        let error = Settings::resolve(Some(&path), flags).unwrap_err();
        assert!(matches!(error, RunError::UrlForVariants) && error.is_bad_input(), "{error}");
    }

    #[test]
    fn a_flag_that_every_variant_would_leave_unheard_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ab.toml");
        let with = |flags: Overrides, baseline: &str| {
            let names = ["a", "b"].map(|name| format!("[[variant]]\nname = \"{name}\"\n"));
            let [a, b] = names;
            let text = format!("schema = 1\n{a}{baseline}{b}registry = \"b.toml\"\nroutes = \"b-routes.toml\"\n");
            std::fs::write(&path, text).unwrap();
            Settings::resolve(Some(&path), flags)
        };
        let both = "registry = \"a.toml\"\nroutes = \"a-routes.toml\"\n";
        let registry = || Overrides { registry: Some("x.toml".into()), ..Overrides::default() };
        let routes = || Overrides { routes: Some("x.toml".into()), ..Overrides::default() };
        for (flags, key) in [(registry(), "registry"), (routes(), "routes")] {
            let error = with(flags, both).unwrap_err();
            let expected = format!("`--{key}` has no meaning for a suite in which each variant names its own `{key}`");
            assert_eq!((error.to_string(), error.is_bad_input()), (expected, true));
            assert!(error.hint().is_some_and(|hint| hint.contains(&format!("`{key}` of a `[[variant]]`"))));
        }
        // A variant without one of its own hears the flag.
        assert_eq!(with(registry(), "routes = \"a-routes.toml\"\n").unwrap().registry, Some("x.toml".into()));
        assert_eq!(with(routes(), "registry = \"a.toml\"\n").unwrap().routes, Some("x.toml".into()));
    }

    #[test]
    fn a_url_needs_a_model_and_no_region() {
        let url = |models: &[&str], regions: &[&str]| {
            let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let base_url = Some("http://127.0.0.1:1/v1".to_owned());
            Settings::resolve(
                None,
                Overrides { base_url, models: list(models), regions: list(regions), ..Overrides::default() },
            )
        };
        assert!(matches!(url(&[], &[]), Err(RunError::NoModelForUrl { .. })));
        assert!(matches!(url(&["m"], &["eu"]), Err(RunError::RegionForUrl)));
        assert_eq!(url(&["m"], &[]).unwrap().suite, "live");
    }
}
