//! What a run reads before it plans: the registry and the workloads, every file before anything is sent.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::gate::Policy;
use crate::plan::{
    Cell, LeftOut, MeasureInput, Plan, PlanInput, SelectError, Side, Streaming, Variant, build, left_out_of_all,
    not_offered, select,
};
use crate::registry::{AssumeError, AssumedPrice, Endpoint, Registry};
use crate::run::RunError;
use crate::run::destination::host_of;
use crate::run::policy::read_policy;
use crate::run::settings::{Settings, Whereto};
use crate::run::tables::{self, SideTable};
use crate::workload::{BadLines, Workload};

/// Everything read, and the plan made of it.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Whom the run calls: one side, or one for each variant that is compared, the baseline first.
    pub sides: Vec<InputSide>,
    /// The workloads in the order in which they were named.
    pub workloads: Vec<Workload>,
    /// What will be done.
    pub plan: Plan,
    /// Whether answers are streamed.
    pub streaming: Streaming,
    /// What the run is judged by when it is done; absent: it is not judged.
    pub policy: Option<Policy>,
}

/// A variant that is compared, or all of a run in which nothing is.
#[derive(Clone, Debug)]
pub struct InputSide {
    /// The variant's name; absent where nothing is compared.
    pub variant: Option<String>,
    /// Models, regions and prices.
    pub registry: Registry,
    /// Where its requests go.
    pub whereto: Whereto,
    /// The routing table that they are sent through; absent: they go to endpoints.
    pub table: Option<SideTable>,
}

impl Inputs {
    /// Reads what `settings` name and makes the plan.
    ///
    /// # Errors
    /// A file cannot be read or has mistakes, a name is unknown, or nothing can be measured as asked.
    pub fn read(settings: &Settings) -> Result<Self, RunError> {
        let mut sides = sides(settings)?;
        assume(&mut sides, &settings.assumed_prices)?;
        tables::check_all(&mut sides)?;
        let mut names: Vec<&str> = Vec::new();
        let mut on: Vec<Vec<usize>> = Vec::new();
        for measure in &settings.measures {
            let mut workloads = Vec::new();
            for name in &measure.workloads {
                let known = names.iter().position(|known| known == name);
                workloads.push(known.unwrap_or(names.len()));
                if known.is_none() {
                    names.push(name);
                }
            }
            on.push(workloads);
        }
        let chosen = sides.iter().map(|side| chosen(side, settings)).collect::<Result<Vec<_>, _>>()?;
        let workloads = names.iter().map(|name| workload(name, settings.bad_lines)).collect::<Result<Vec<_>, _>>()?;
        refuse_namesakes(&workloads)?;
        let policy = read_policy(settings, &sides, &workloads)?;
        tables::check_images_of(settings, &sides, &workloads)?;
        let routes = sides.iter().map(|side| tables::called(settings, side)).collect::<Result<Vec<_>, _>>()?;
        let measures = |endpoints: &[Vec<Endpoint>]| {
            let each = endpoints.iter().cloned().zip(on.iter().cloned());
            each.map(|(endpoints, workloads)| MeasureInput { endpoints, workloads }).collect()
        };
        let mut plan = build(&PlanInput {
            sides: sides
                .iter()
                .zip(chosen.iter().zip(&routes))
                .map(|(side, ((endpoints, _), routes))| Side {
                    variant: side.variant.as_deref(),
                    registry: &side.registry,
                    measures: measures(endpoints),
                    routes: routes.clone(),
                    simulated: side.is_simulated(),
                })
                .collect(),
            workloads: &workloads,
            loads: settings.loads.clone(),
            amount: settings.amount,
            warmup: settings.warmup,
            rounds: settings.rounds,
            parallel_cells: settings.parallel_cells.map(|cells| cells as usize),
            seed: settings.seed,
        })?;
        let left_out: Vec<(Option<&str>, Vec<LeftOut>)> =
            sides.iter().zip(chosen).map(|(side, (_, left_out))| (side.variant.as_deref(), left_out)).collect();
        plan.left_out.splice(0..0, left_out_of_all(&left_out));
        let inputs = Self { sides, workloads, plan, streaming: settings.streaming, policy };
        inputs.refuse_policy_about_nothing(settings)?;
        inputs.refuse_unmeasured(settings)?;
        let measures = |model: &str| {
            let mut called =
                inputs.plan.cells.iter().flat_map(|cell| {
                    cell.target.endpoints().iter().map(|endpoint| inputs.registry(cell).model(*endpoint))
                });
            called.any(|called| called.id == model)
        };
        match settings.assumed_prices.iter().find(|assumed| !measures(&assumed.model)) {
            Some(idle) => Err(AssumeError::UnknownModel { model: idle.model.clone() }.into()),
            None => Ok(inputs),
        }
    }

    /// The side that `cell` belongs to.
    pub fn side(&self, cell: &Cell) -> &InputSide {
        &self.sides[cell.side]
    }

    /// The registry that the endpoint of `cell` is of.
    pub fn registry(&self, cell: &Cell) -> &Registry {
        &self.sides[cell.side].registry
    }

    /// The registries of all sides.
    pub fn registries(&self) -> Vec<&Registry> {
        self.sides.iter().map(|side| &side.registry).collect()
    }

    /// Whether every request goes to the simulator inside this process.
    pub fn is_simulated(&self) -> bool {
        self.sides.iter().all(InputSide::is_simulated)
    }
}

impl InputSide {
    /// Whether its requests go to the simulator inside this process.
    pub fn is_simulated(&self) -> bool {
        self.whereto == Whereto::Simulator
    }
}

/// The registry in the file at `path`, or the built-in one.
pub(super) fn read(path: Option<&Path>) -> Result<Registry, RunError> {
    Ok(path.map_or_else(|| Ok(Registry::built_in()), Registry::read)?)
}

/// Every side with its registry read, and moved to where its requests go.
fn sides(settings: &Settings) -> Result<Vec<InputSide>, RunError> {
    if settings.variants.is_empty() {
        let table = settings.routes.as_deref().map(tables::read).transpose()?;
        let own = table.as_ref().and_then(|table| table.registry.as_deref());
        let known = read(settings.registry.as_deref().or(own))?;
        let (registry, whereto) = match (&settings.whereto, &table) {
            // A table names models and regions of its registry, wherever they are called.
            (Whereto::Url { base_url, api_key_env }, Some(_)) => {
                (known.sent_to(base_url, api_key_env.as_deref()), Whereto::Providers)
            }
            (Whereto::Url { base_url, .. }, None) => {
                (known.at_url(base_url, &host_of(base_url), &models(settings)), settings.whereto.clone())
            }
            (Whereto::Simulator | Whereto::Providers, _) => (known, settings.whereto.clone()),
        };
        return Ok(vec![InputSide { variant: None, registry, whereto, table: table.map(SideTable::unchecked) }]);
    }
    let side = |variant: &Variant| {
        let table = variant.routes.as_deref().or(settings.routes.as_deref()).map(tables::read).transpose()?;
        let own = table.as_ref().and_then(|table| table.registry.as_deref());
        let known = read(variant.registry.as_deref().or(settings.registry.as_deref()).or(own))?;
        let (registry, whereto) = match &variant.base_url {
            Some(base_url) => (known.sent_to(base_url, variant.api_key_env.as_deref()), Whereto::Providers),
            None => (known, settings.whereto.clone()),
        };
        let table = table.map(SideTable::unchecked);
        Ok(InputSide { variant: Some(variant.name.clone()), registry, whereto, table })
    };
    settings.variants.iter().map(side).collect()
}

/// The endpoints of each measure under `side`, and what was named and is not offered.
fn chosen(side: &InputSide, settings: &Settings) -> Result<(Vec<Vec<Endpoint>>, Vec<LeftOut>), RunError> {
    let of = |error: SelectError| match &side.variant {
        Some(variant) => RunError::SelectOf { variant: variant.clone(), error },
        None => error.into(),
    };
    let (mut endpoints, mut left_out) = (Vec::new(), Vec::new());
    if side.table.is_some() {
        return Ok((vec![Vec::new(); settings.measures.len()], left_out));
    }
    for measure in &settings.measures {
        if let Whereto::Url { .. } = side.whereto {
            endpoints.push(side.registry.endpoints().collect());
            continue;
        }
        for one in not_offered(&side.registry, &measure.models, &measure.regions).map_err(of)? {
            if !left_out.contains(&one) {
                left_out.push(one);
            }
        }
        endpoints.push(select(&side.registry, &measure.models, &measure.regions).map_err(of)?);
    }
    Ok((endpoints, left_out))
}

/// Puts the assumed prices where a registry has none. It is enough that one of them needs a price.
fn assume(sides: &mut [InputSide], prices: &[AssumedPrice]) -> Result<(), AssumeError> {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    for (index, assumed) in prices.iter().enumerate() {
        if prices[..index].iter().any(|earlier| earlier.model == assumed.model) {
            return Err(AssumeError::Twice { model: assumed.model.clone() });
        }
        let tried: Vec<_> = sides.iter_mut().map(|side| side.registry.assume(assumed, today)).collect();
        let other_currency = |error: &AssumeError| matches!(error, AssumeError::OtherCurrency { .. });
        if !tried.iter().any(Result::is_ok) || tried.iter().any(|one| one.as_ref().is_err_and(other_currency)) {
            tried.into_iter().collect::<Result<(), _>>()?;
        }
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
