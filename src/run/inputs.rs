//! What a run reads before it plans: the registry and the workloads, every file before anything is sent.

use std::path::Path;

use crate::plan::{MeasureInput, Plan, PlanInput, build, select};
use crate::registry::{Endpoint, Registry};
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
        let registry = match &settings.whereto {
            Whereto::Url { base_url, .. } => known.at_url(base_url, &host_of(base_url), &models(settings)),
            Whereto::Simulator | Whereto::Providers => known,
        };
        let mut names: Vec<&str> = Vec::new();
        let mut measures = Vec::new();
        for measure in &settings.measures {
            let endpoints = match settings.whereto {
                Whereto::Url { .. } => registry.endpoints().collect::<Vec<Endpoint>>(),
                Whereto::Simulator | Whereto::Providers => select(&registry, &measure.models, &measure.regions)?,
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
        let plan = build(&PlanInput {
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
        Ok(Self { registry, workloads, plan })
    }
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

/// The names that are sent to a URL as they are.
fn models(settings: &Settings) -> Vec<String> {
    let mut models = settings.measures.first().map(|measure| measure.models.clone()).unwrap_or_default();
    models.dedup();
    models
}
