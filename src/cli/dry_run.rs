//! `run --dry-run`: what would be sent.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use crate::plan::Cell;
use crate::run::Inputs;

/// What a request is taken to last when nothing has been measured yet.
const TYPICAL: Duration = Duration::from_secs(1);

/// The cells, what is left out and why, how many requests and how long they may take.
pub(super) fn dry_run(inputs: &Inputs) -> String {
    let (registry, plan) = (&inputs.registry, &inputs.plan);
    let mut text = String::new();
    let mut line = |content: String| writeln!(text, "{content}").expect("writing to a string cannot fail");
    let mut groups: BTreeMap<(usize, String), Vec<&Cell>> = BTreeMap::new();
    for cell in &plan.cells {
        groups.entry((cell.workload, cell.load.to_string())).or_default().push(cell);
    }
    for ((workload, load), cells) in groups {
        // Random arrivals bring each cell its own number within their stages.
        let requests = || cells.iter().map(|cell| cell.requests);
        let (fewest, most) = (requests().min().unwrap_or(0), requests().max().unwrap_or(0));
        let each = if fewest == most { most.to_string() } else { format!("{fewest} to {most}") };
        line(format!("{}, {load}: {} cells of {each} requests", inputs.workloads[workload].name, cells.len()));
        let mut models: Vec<(usize, Vec<&str>)> = Vec::new();
        for cell in cells {
            let region = registry.region(cell.endpoint).map_or("no region", |region| region.id.as_str());
            match models.last_mut() {
                Some((model, regions)) if *model == cell.endpoint.model => regions.push(region),
                _ => models.push((cell.endpoint.model, vec![region])),
            }
        }
        for (model, regions) in models {
            line(format!("  {:<24} {}", registry.models[model].id, regions.join(" ")));
        }
    }
    if !plan.left_out.is_empty() {
        line("left out:".to_owned());
        for left_out in &plan.left_out {
            line(format!("  {left_out}"));
        }
    }
    for warning in &plan.warnings {
        line(format!("warning: {warning}"));
    }
    let seconds = plan.expected_duration(|_| TYPICAL).as_secs();
    line(format!(
        "{} requests and {} to warm up, {} rounds, {} cells side by side",
        plan.requests(),
        plan.warmup_requests(),
        plan.rounds,
        plan.parallel_cells
    ));
    line(format!(
        "about {}:{:02} min if a request takes {} s; nothing was sent",
        seconds / 60,
        seconds % 60,
        TYPICAL.as_secs()
    ));
    text
}
