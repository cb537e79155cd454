//! What a run reads before it plans: the registry and the workloads, every file before anything is sent.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::plan::{LeftOut, MeasureInput, Plan, PlanInput, build, not_offered, select};
use crate::registry::{AssumeError, AssumedPrice, Endpoint, Registry};
use crate::run::RunError;
use crate::run::destination::host_of;
use crate::run::settings::{Settings, Whereto};
use crate::workload::{BadLines, Workload};

/// Everything read, and the plan made of it.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Models, regions and prices.
    pub registry: Registry,
    /// The workloads in the order in which they were named.
    pub workloads: Vec<Workload>,
    /// What will be done.
    pub plan: Plan,
}

impl Inputs {
    /// Reads what `settings` name and makes the plan.
    ///
    /// # Errors
    /// A file cannot be read or has mistakes, a name is unknown, or nothing can be measured as asked.
    pub fn read(settings: &Settings) -> Result<Self, RunError> {
        let known = settings.registry.as_deref().map_or_else(|| Ok(Registry::built_in()), Registry::read)?;
        let mut registry = match &settings.whereto {
            Whereto::Url { base_url, .. } => known.at_url(base_url, &host_of(base_url), &models(settings)),
            Whereto::Simulator | Whereto::Providers => known,
        };
        assume(&mut registry, &settings.assumed_prices)?;
        let mut names: Vec<&str> = Vec::new();
        let mut measures = Vec::new();
        let mut left_out: Vec<LeftOut> = Vec::new();
        for measure in &settings.measures {
            let endpoints = match settings.whereto {
                Whereto::Url { .. } => registry.endpoints().collect::<Vec<Endpoint>>(),
                Whereto::Simulator | Whereto::Providers => {
                    let missing = not_offered(&registry, &measure.models, &measure.regions)?;
                    left_out.extend(missing.into_iter().filter(|one| !left_out.contains(one)).collect::<Vec<_>>());
                    select(&registry, &measure.models, &measure.regions)?
                }
            };
            let mut workloads = Vec::new();
            for name in &measure.workloads {
                let known = names.iter().position(|known| known == name);
                workloads.push(known.unwrap_or(names.len()));
                if known.is_none() {
                    names.push(name);
                }
            }
            measures.push(MeasureInput { endpoints, workloads });
        }
        let workloads = names.iter().map(|name| workload(name, settings.bad_lines)).collect::<Result<Vec<_>, _>>()?;
        refuse_namesakes(&workloads)?;
        let mut plan = build(&PlanInput {
            registry: &registry,
            workloads: &workloads,
            measures,
            loads: settings.loads.clone(),
            amount: settings.amount,
            warmup: settings.warmup,
            rounds: settings.rounds,
            parallel_cells: settings.parallel_cells.map(|cells| cells as usize),
            simulated: settings.whereto == Whereto::Simulator,
            seed: settings.seed,
        })?;
        plan.left_out.splice(0..0, left_out);
        let measures = |model: &str| plan.cells.iter().any(|cell| registry.model(cell.endpoint).id == model);
        if let Some(idle) = settings.assumed_prices.iter().find(|assumed| !measures(&assumed.model)) {
            return Err(AssumeError::UnknownModel { model: idle.model.clone() }.into());
        }
        Ok(Self { registry, workloads, plan })
    }
}

/// Puts the assumed prices where `registry` has none.
fn assume(registry: &mut Registry, prices: &[AssumedPrice]) -> Result<(), AssumeError> {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    for (index, assumed) in prices.iter().enumerate() {
        if prices[..index].iter().any(|earlier| earlier.model == assumed.model) {
            return Err(AssumeError::Twice { model: assumed.model.clone() });
        }
        registry.assume(assumed, today)?;
    }
    Ok(())
}

/// The workload in the file `name`, or the built-in one of that name.
///
/// # Errors
/// It is neither, or the file cannot be read or has mistakes.
pub fn workload(name: &str, on_bad: BadLines) -> Result<Workload, RunError> {
    if let Some(built_in) = Workload::built_in(name) {
        return Ok(built_in);
    }
    let path = Path::new(name);
    let is_bare_name = path.components().count() == 1 && path.extension().is_none();
    if is_bare_name && !path.exists() {
        let known = Workload::built_in_names().collect::<Vec<_>>().join(", ");
        return Err(RunError::UnknownWorkload { name: name.to_owned(), known });
    }
    Ok(Workload::read(path, on_bad)?)
}

/// Rows name a workload by its name alone, so two of one name could not be told apart.
fn refuse_namesakes(workloads: &[Workload]) -> Result<(), RunError> {
    for (index, workload) in workloads.iter().enumerate() {
        if let Some(first) = workloads[..index].iter().find(|first| first.name == workload.name) {
            let (name, first, second) = (workload.name.clone(), first.source.clone(), workload.source.clone());
            return Err(RunError::Namesakes { name, first, second });
        }
    }
    Ok(())
}

/// The names that are sent to a URL as they are, each once.
fn models(settings: &Settings) -> Vec<String> {
    let mut models: Vec<String> = Vec::new();
    for model in settings.measures.first().map_or(&[][..], |measure| &measure.models) {
        if !models.contains(model) {
            models.push(model.clone());
        }
    }
    models
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Overrides;

    fn read(flags: Overrides) -> Result<Inputs, RunError> {
        Inputs::read(&Settings::resolve(None, flags).unwrap())
    }

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn two_workloads_of_one_name_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("support.jsonl");
        std::fs::write(&own, "{\"custom_id\":\"1\",\"body\":{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}}\n")
            .unwrap();
        let flags = Overrides { workloads: list(&["support", own.to_str().unwrap()]), ..Overrides::default() };
        let error = read(flags).unwrap_err();
        let expected =
            format!("workloads `built-in` and `{}` are both named `support`, must have different names", own.display());
        assert_eq!((error.to_string(), error.is_bad_input()), (expected, true));
    }

    #[test]
    fn a_model_named_twice_at_a_url_is_one_cell() {
        let base_url = Some("http://127.0.0.1:1/v1".to_owned());
        let inputs = read(Overrides { base_url, models: list(&["m", "n", "m"]), ..Overrides::default() }).unwrap();
        assert_eq!(inputs.plan.cells.len(), 2);
    }

    #[test]
    fn the_demo_measures_39_endpoints_and_says_which_one_it_leaves_out() {
        let plan = read(Overrides::default()).unwrap().plan;
        assert_eq!(plan.cells.len(), 39);
        let left_out: Vec<String> = plan.left_out.iter().map(ToString::to_string).collect();
        assert_eq!(left_out, ["`deepseek-v4-flash` in us-west-2: the model is not offered there"]);
    }
}
