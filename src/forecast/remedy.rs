//! What was never measured, and the command that would measure it.

use std::collections::{BTreeMap, BTreeSet};

use crate::forecast::measured::Measured;

/// What a table would do, and of which no run holds a measurement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unmeasured {
    /// A call.
    Call {
        /// The model's id.
        model: String,
        /// The workload whose requests would be sent; absent: it would be asked for tiers.
        workload: Option<String>,
        /// The class of these requests; absent: they have none.
        class: Option<String>,
        /// The region's id; absent where the registry names none.
        region: Option<String>,
        /// Where the registry that has the model came from.
        registry: String,
    },
    /// Requests that a policy gives a share of the traffic to.
    Requests {
        /// The route that takes them.
        route: String,
        /// The model that it calls first; absent where it calls none.
        model: Option<String>,
        /// Where the registry that has the model came from.
        registry: String,
    },
}

/// Requests of a cell that a remedy asks for: enough for p99 in rounds.
const REQUESTS: u32 = 1_500;

/// A sentence for each model and workload of `missing`, and for each route without requests, with the command that would measure
/// it.
pub fn remedies(missing: &BTreeSet<Unmeasured>, measured: &Measured) -> Vec<String> {
    let mut calls: BTreeMap<(&str, Option<&str>, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut said = Vec::new();
    for one in missing {
        match one {
            Unmeasured::Call { model, workload, region, registry, .. } => {
                let regions = calls.entry((model, workload.as_deref(), registry)).or_default();
                regions.extend(region.as_deref());
            }
            Unmeasured::Requests { route, model, registry } => {
                let no_such = format!(
                    "not measured: requests for route `{route}`, which the policy gives a share of the traffic to, and of \
                     which the runs hold none."
                );
                let model = model.as_ref().map_or_else(String::new, |model| format!(" --model {}", quoted(model)));
                let command = command(measured, registry, &model, "FILE");
                said.push(format!("{no_such} Run {command}, with such requests in FILE, and add its directory"));
            }
        }
    }
    let sentence = |((model, workload, registry), regions): ((&str, Option<&str>, &str), BTreeSet<&str>)| {
        let regions: Vec<&str> = regions.into_iter().collect();
        let place = if regions.is_empty() { String::new() } else { format!(" in {}", regions.join(", ")) };
        let on = workload.map_or_else(|| " as a classifier".to_owned(), |workload| format!(" on `{workload}`"));
        let name = workload.unwrap_or("classify");
        let from = measured.runs.iter().flat_map(|run| &run.workloads).find(|(known, _)| known == name);
        let workload = from.map_or(name, |(_, source)| source);
        let region = if let [only] = regions[..] { format!(" --region {}", quoted(only)) } else { String::new() };
        let command = command(measured, registry, &format!(" --model {}{region}", quoted(model)), &quoted(workload));
        format!("not measured: `{model}`{on}{place}. Run {command} and add its directory")
    };
    calls.into_iter().map(sentence).chain(said).collect()
}

/// The command that measures what `flags` choose.
fn command(measured: &Measured, registry: &str, flags: &str, workload: &str) -> String {
    let live = measured.runs.iter().any(|run| run.simulated == Some(false));
    let (live, limit) = if live { (" --live", " --max-cost-usd 1") } else { ("", "") };
    // A registry that came from git is looked for at the same path here.
    let file = registry.split_once(':').map_or(registry, |(_, path)| path);
    let registry = if file == "built-in" { String::new() } else { format!(" --registry {}", quoted(file)) };
    format!("`tollmark run{live}{registry}{flags} --workload {workload} --requests-per-cell {REQUESTS}{limit}`")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
