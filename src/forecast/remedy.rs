//! What was never measured, and the command that would measure it.

use std::collections::{BTreeMap, BTreeSet};

use crate::forecast::measured::Measured;

/// A call that a table would make, and of which no run holds a measurement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmeasured {
    /// The model's id.
    pub model: String,
    /// The workload whose requests would be sent; absent: it would be asked for tiers.
    pub workload: Option<String>,
    /// The class of these requests; absent: they have none.
    pub class: Option<String>,
    /// The region's id; absent where the registry names none.
    pub region: Option<String>,
}

/// Requests of a cell that a remedy asks for: enough for p99 in rounds.
const REQUESTS: u32 = 1_500;

/// A sentence for each model and workload of `missing`, with the command that would measure it.
pub fn remedies(missing: &BTreeSet<Unmeasured>, measured: &Measured) -> Vec<String> {
    let mut grouped: BTreeMap<(&str, Option<&str>), BTreeSet<&str>> = BTreeMap::new();
    for one in missing {
        let regions = grouped.entry((&one.model, one.workload.as_deref())).or_default();
        regions.extend(one.region.as_deref());
    }
    let live = measured.runs.iter().any(|run| run.simulated == Some(false));
    let sentence = |((model, workload), regions): ((&str, Option<&str>), BTreeSet<&str>)| {
        let regions: Vec<&str> = regions.into_iter().collect();
        let place = if regions.is_empty() { String::new() } else { format!(" in {}", regions.join(", ")) };
        let on = workload.map_or_else(|| " as a classifier".to_owned(), |workload| format!(" on `{workload}`"));
        let name = workload.unwrap_or("classify");
        let from = measured.runs.iter().flat_map(|run| &run.workloads).find(|(known, _)| known == name);
        let workload = from.map_or(name, |(_, source)| source);
        let (live, limit) = if live { (" --live", " --max-cost-usd 1") } else { ("", "") };
        let region = if let [only] = regions[..] { format!(" --region {}", quoted(only)) } else { String::new() };
        format!(
            "not measured: `{model}`{on}{place}. Run `tollmark run{live} --model {}{region} --workload {} --requests-per-cell \
             {REQUESTS}{limit}` and add its directory",
            quoted(model),
            quoted(workload)
        )
    };
    grouped.into_iter().map(sentence).collect()
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
