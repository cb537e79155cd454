//! `tollmark run`: the main job, from flags to the table at its end.

use std::io::{IsTerminal, stderr};
use std::process::ExitCode;

use jiff::Timestamp;

use crate::cli::args::{RunArgs, UiChoice};
use crate::cli::cost_words::sentence;
use crate::cli::dry_run::{TYPICAL, dry_run};
use crate::cli::exit::{CliError, code_of_run, code_of_verdict};
use crate::cli::load_choices::{ArrivalsChoice, PromptCacheChoice, StreamChoice};
use crate::cli::progress::{Progress, Ui};
use crate::cli::report::{open, print_paths, print_result, tell_invalid, tell_usage};
use crate::cli::terminal::{colour, put, width};
use crate::cli::undecidable::undecidable_lines;
use crate::cli::whereto::{Terminal, confirm, first_line, is_paid};
use crate::plan::{ArrivalKind, Estimate, Streaming};
use crate::report::visible;
use crate::run::{
    Ended, Environment, Found, Inputs, LoadWords, ModelLine, Overrides, PromptCache, RunError, Settings, Snapshot,
    Watch, Whereto, carry_out, check_budget, check_keys, estimates, judge_and_keep, look, urls,
};
use crate::rundir::{FailureNote, Run};
use crate::serve::Listener;

/// Requests a cell under `--quick`, and the rounds they are cut into.
const QUICK: (u32, u32) = (40, 2);
/// Kinds of failure that are told at the end.
const MOST_FAILURES: usize = 6;

/// Carries out `run`.
///
/// # Errors
/// Bad input, nobody to confirm a live run, or the run cannot be carried out.
pub(super) fn run(args: RunArgs) -> Result<ExitCode, CliError> {
    let (all, open_report, dry, ui) = (args.all, args.open, args.dry_run, args.ui);
    let metrics_address = args.metrics_listen;
    let settings = settings(args)?;
    let inputs = Inputs::read(&settings)?;
    eprintln!("{}", first_line(&settings, &inputs));
    let estimates = || estimates(&settings, &inputs, Timestamp::now());
    if dry {
        put(&dry_run(&settings, &inputs, &estimates()?))?;
        return Ok(ExitCode::SUCCESS);
    }
    check_keys(&inputs, &Environment)?;
    check_budget(&settings, &inputs)?;
    if inputs.policy.is_some() {
        let undecidable = undecidable_lines(&settings, &inputs, &estimates()?, TYPICAL);
        undecidable.iter().for_each(|line| eprintln!("warning: {line}"));
    }
    if is_paid(&inputs) {
        let total = Estimate::sum(&estimates()?);
        sentence(&settings, &inputs, &total).iter().for_each(|line| eprintln!("{line}"));
        confirm(settings.max_cost_usd.is_some(), &total, &mut Terminal)?;
    }
    reach(&settings, &inputs)?;
    warn(&inputs);
    let metrics = metrics_address.map(Listener::bind).transpose()?;
    if let Some(listener) = &metrics {
        eprintln!("metrics: http://{}/metrics", listener.address());
    }

    let mut shown = Shown(Progress::new(chosen(ui), model_lines(&inputs), Box::new(stderr())));
    let finished = carry_out(&settings, &inputs, &Environment, &mut shown, metrics);
    shown.0.finish();
    let finished = finished?;

    let run = Run::open(&finished.path)?;
    print_result(&run, all)?;
    let history = settings.history.as_deref();
    let judged = match inputs.policy.as_ref().map(|policy| judge_and_keep(policy, &run, history)).transpose() {
        // The figures are told all the same, and then why there is no verdict on them.
        Err(RunError::NoQuestion(no_question)) => Err(no_question),
        judged => Ok(judged?),
    };
    if let Ok(Some(judged)) = &judged {
        judged.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
        put(&format!("\n{}", judged.text))?;
    }
    tell_failures(&run, finished.ended, &finished.advice);
    tell_saturated(&run);
    print_paths(&run);
    if matches!(judged, Ok(Some(_))) {
        eprintln!("verdict: {}", run.path.join("verdict.json").display());
    }
    print_next(&settings, &run);
    if open_report {
        open(&run.path.join("report.html"));
    }
    Ok(match (finished.ended, judged) {
        // What was stopped was not asked to the end, whatever the part says.
        (Ended::OverBudget | Ended::Interrupted, _) | (_, Ok(None)) => code_of_run(finished.ended),
        (Ended::Valid | Ended::Invalid, Ok(Some(judged))) => code_of_verdict(judged.verdict, false),
        (Ended::Valid | Ended::Invalid, Err(no_question)) => return Err(RunError::from(no_question).into()),
    })
}

struct Shown(Progress);

impl Watch for Shown {
    fn update(&mut self, snapshot: &Snapshot) {
        self.0.update(snapshot);
    }
}

fn settings(args: RunArgs) -> Result<Settings, CliError> {
    let base_url = args.base_url.clone();
    let overrides = Overrides {
        live: args.live,
        base_url: args.base_url,
        api_key_env: args.api_key_env,
        registry: args.registry,
        workloads: args.workloads,
        models: args.models,
        regions: args.regions,
        routes: args.routes,
        trust_tiers: args.trust_tiers,
        skip_bad_lines: args.skip_bad_lines,
        load: LoadWords {
            concurrency: args.concurrency,
            arrivals: args.arrivals.map(|choice| match choice {
                ArrivalsChoice::Closed => ArrivalKind::Closed,
                ArrivalsChoice::Recorded => ArrivalKind::Recorded,
                ArrivalsChoice::Constant => ArrivalKind::Constant,
                ArrivalsChoice::Poisson => ArrivalKind::Poisson,
                ArrivalsChoice::Gamma => ArrivalKind::Gamma,
            }),
            rate: args.rate,
            cv: args.cv,
            speed: args.speed,
            max_in_flight: args.max_in_flight,
            duration: args.duration,
            requests_per_cell: args.requests_per_cell.or(args.quick.then_some(QUICK.0)),
        },
        rounds: args.rounds.or(args.quick.then_some(QUICK.1)),
        warmup: args.warmup,
        parallel_cells: args.parallel_cells,
        seed: args.seed,
        streaming: args.stream.map(|choice| match choice {
            StreamChoice::True => Streaming::On,
            StreamChoice::False => Streaming::Off,
            StreamChoice::Recorded => Streaming::AsRecorded,
        }),
        prompt_cache: args.prompt_cache.map(|choice| match choice {
            PromptCacheChoice::Natural => PromptCache::Natural,
            PromptCacheChoice::Fresh => PromptCache::Fresh,
        }),
        no_stream_options: args.no_stream_options,
        http2: args.http2,
        timeouts: [args.timeout_connect, args.timeout_first_token, args.timeout_idle, args.timeout_total],
        max_cost_usd: args.max_cost_usd,
        assumed_prices: args.assumed_prices,
        policy: args.policy,
        out: args.out,
        run_id: args.run_id,
    };
    match Settings::resolve(args.suite.as_ref(), overrides) {
        Err(RunError::NoModelForUrl { .. }) => {
            let listed = match found(&base_url.unwrap_or_default())? {
                Found::Models(names) if !names.is_empty() => format!(" (it lists: {})", names.join(", ")),
                _ => String::new(),
            };
            Err(RunError::NoModelForUrl { listed }.into())
        }
        other => Ok(other?),
    }
}

/// Makes sure that somebody answers at the URL, before a run is begun in which every request fails.
fn reach(settings: &Settings, inputs: &Inputs) -> Result<(), CliError> {
    if !settings.variants.is_empty() {
        return reach_variants(inputs, settings);
    }
    let Whereto::Url { base_url, .. } = &settings.whereto else { return Ok(()) };
    match found(base_url)? {
        Found::Models(_) if settings.routes.is_some() => Ok(()),
        Found::Nobody(reason) => Err(RunError::NobodyThere { url: base_url.clone(), reason }.into()),
        Found::Models(names) => {
            for model in settings.measures.iter().flat_map(|measure| &measure.models) {
                if !names.is_empty() && !names.contains(model) {
                    eprintln!("warning: the server does not list `{model}` (it lists: {})", names.join(", "));
                }
            }
            Ok(())
        }
        Found::NoList => Ok(()),
    }
}

/// The same for the URLs that variants name themselves.
fn reach_variants(inputs: &Inputs, settings: &Settings) -> Result<(), CliError> {
    let named: Vec<&String> = settings.variants.iter().filter_map(|variant| variant.base_url.as_ref()).collect();
    for url in urls(inputs).iter().filter(|url| named.contains(url)) {
        if let Found::Nobody(reason) = found(url)? {
            return Err(RunError::NobodyThere { url: url.clone(), reason }.into());
        }
    }
    Ok(())
}

fn found(base_url: &str) -> Result<Found, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(look(base_url)))
}

fn warn(inputs: &Inputs) {
    for warnings in inputs.sides.iter().filter_map(|side| side.table.as_ref()?.warnings.as_ref()) {
        anstream::eprint!("{}", warnings.drawn(colour(stderr().is_terminal()), width()));
    }
    for warning in &inputs.plan.warnings {
        eprintln!("warning: {warning}");
    }
    for workload in inputs.workloads.iter().filter(|workload| !workload.bad_lines.is_empty()) {
        eprintln!("warning: {} lines of `{}` are left out:", workload.bad_lines.len(), workload.source);
        for bad in &workload.bad_lines {
            eprintln!("  {}:{}: {}", workload.source, bad.line, bad.problem);
        }
    }
    let left_out = inputs.plan.left_out.len();
    if left_out > 0 {
        eprintln!("left out: {left_out}, with the reasons in the report and in `--dry-run`");
    }
}

fn chosen(ui: UiChoice) -> Ui {
    match ui {
        UiChoice::Auto => Ui::auto(),
        UiChoice::Bars => Ui::Bars,
        UiChoice::Plain => Ui::Plain,
        UiChoice::None => Ui::None,
    }
}

/// The models of the plan with their cells, for progress; those of each variant by themselves.
fn model_lines(inputs: &Inputs) -> Vec<ModelLine> {
    let mut lines: Vec<((usize, Option<usize>), ModelLine)> = Vec::new();
    for (index, cell) in inputs.plan.cells.iter().enumerate() {
        let registry = inputs.registry(cell);
        let endpoint = cell.target.endpoint();
        let model = (cell.side, endpoint.map(|endpoint| endpoint.model));
        let at = lines.iter().position(|(known, _)| *known == model).unwrap_or_else(|| {
            let name = endpoint.map_or_else(|| "routes".to_owned(), |endpoint| registry.model(endpoint).id.clone());
            let variant = inputs.side(cell).variant.as_ref().map_or_else(String::new, |name| format!(" {name}"));
            lines.push((model, ModelLine { model: name + &variant, total_requests: 0, cells: Vec::new() }));
            lines.len() - 1
        });
        let region = endpoint.and_then(|endpoint| registry.region(endpoint));
        let region = match endpoint {
            Some(_) => region.map_or_else(String::new, |region| region.id.clone()),
            None => inputs.workloads[cell.workload].name.clone(),
        };
        let line = &mut lines[at].1;
        line.total_requests += u64::from(cell.requests);
        line.cells.push((index, region));
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Says why cells cannot be judged, since the exit code does.
fn tell_failures(run: &Run, ended: Ended, advice: &[String]) {
    match ended {
        Ended::Interrupted => eprintln!("\ninterrupted: what was measured is kept, and the run is marked as partial"),
        Ended::OverBudget => {
            eprintln!("\nstopped by the budget: what was measured is kept, and the run is marked as partial");
        }
        Ended::Valid | Ended::Invalid => {}
    }
    for line in failure_lines(&run.manifest.failures) {
        eprintln!("failed: {line}");
    }
    for line in advice {
        eprintln!("hint: {}", visible(line));
    }
    tell_usage(run);
    tell_invalid(run);
}

/// What failed, the most frequent first: requests and cells that ended so, and what one of them was told.
fn failure_lines(failures: &[FailureNote]) -> Vec<String> {
    let mut kinds: Vec<(&FailureNote, u64, usize)> = Vec::new();
    for failure in failures {
        let same = |known: &&mut (&FailureNote, u64, usize)| {
            known.0.outcome == failure.outcome && known.0.message == failure.message
        };
        match kinds.iter_mut().find(same) {
            Some((_, requests, cells)) => {
                *requests += failure.requests;
                *cells += 1;
            }
            None => kinds.push((failure, failure.requests, 1)),
        }
    }
    kinds.sort_by_key(|(_, requests, _)| std::cmp::Reverse(*requests));
    let line = |(failure, requests, cells): &(&FailureNote, u64, usize)| {
        let place = if *cells == 1 { failure.cell.clone() } else { format!("{cells} cells") };
        let said =
            [failure.status.map(|status| format!("status {status}")), failure.code.clone(), failure.message.clone()];
        let said: Vec<String> = said.into_iter().flatten().map(|part| visible(&part)).collect();
        let reason = if said.is_empty() { String::new() } else { format!(": {}", said.join(", ")) };
        format!("{requests} {} in {place}{reason}", failure.outcome)
    };
    let mut lines: Vec<String> = kinds.iter().take(MOST_FAILURES).map(line).collect();
    if kinds.len() > MOST_FAILURES {
        lines.push(format!("{} more kinds, in the manifest", kinds.len() - MOST_FAILURES));
    }
    lines
}

/// Says which cells were asked for more than could be in flight.
fn tell_saturated(run: &Run) {
    let saturated: Vec<_> = run.cells.iter().filter(|cell| cell.is_saturated()).collect();
    for cell in saturated.iter().take(5) {
        let (dropped, arrivals) = (cell.dropped.unwrap_or(0), cell.arrivals.unwrap_or(0));
        eprintln!("saturated: {}: {dropped} of {arrivals} arrivals were dropped, too many were in flight", cell.cell);
    }
    if saturated.len() > 5 {
        eprintln!("saturated: {} more, listed in cells.csv", saturated.len() - 5);
    }
}

/// Three commands to try next.
fn print_next(settings: &Settings, run: &Run) {
    let path = run.path.display();
    let second = match settings.whereto {
        Whereto::Simulator => "tollmark run --base-url http://127.0.0.1:8000/v1 --model NAME   # a server of yours",
        Whereto::Url { .. } | Whereto::Providers => "tollmark run --dry-run   # what the demo would send",
    };
    eprintln!(
        "\nnext:\n  tollmark report {path} --all --open\n  {second}\n  tollmark registry show   # what can be measured, with prices"
    );
}
