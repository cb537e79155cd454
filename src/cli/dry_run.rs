//! `run --dry-run`: what would be sent, and what it would cost.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use crate::cli::cost_words::{amount, sentence};
use crate::cli::undecidable::undecidable_lines;
use crate::gate::Reach;
use crate::plan::{Cell, Estimate};
use crate::report::columns;
use crate::run::{Inputs, Settings};

/// What a request is taken to last when nothing has been measured yet.
pub(super) const TYPICAL: Duration = Duration::from_secs(1);

/// The cells with what each costs, what is left out and why, how many requests, how long they may take, and the bill.
///
/// `estimates` match the plan's cells.
pub(super) fn dry_run(settings: &Settings, inputs: &Inputs, estimates: &[Estimate]) -> String {
    let plan = &inputs.plan;
    let mut text = String::new();
    let mut line = |content: &str| writeln!(text, "{content}").expect("writing to a string cannot fail");
    let mut groups: BTreeMap<(usize, String), Vec<(&Cell, &Estimate)>> = BTreeMap::new();
    for each in plan.cells.iter().zip(estimates) {
        groups.entry((each.0.workload, each.0.load.to_string())).or_default().push(each);
    }
    for ((workload, load), cells) in groups {
        // Random arrivals bring each cell its own number within their stages.
        let requests = || cells.iter().map(|(cell, _)| cell.requests);
        let (fewest, most) = (requests().min().unwrap_or(0), requests().max().unwrap_or(0));
        let each = if fewest == most { most.to_string() } else { format!("{fewest} to {most}") };
        line(&format!("{}, {load}: {} cells of {each} requests", inputs.workloads[workload].name, cells.len()));
        aligned(&rows(inputs, &cells)).iter().for_each(|row| line(row));
    }
    if !plan.left_out.is_empty() {
        line("left out:");
        for left_out in &plan.left_out {
            line(&format!("  {left_out}"));
        }
    }
    for warning in &plan.warnings {
        line(&format!("warning: {warning}"));
    }
    let seconds = plan.expected_duration(|_| TYPICAL).as_secs();
    line(&format!(
        "{} requests and {} to warm up, {} rounds, {} cells side by side{}",
        plan.requests(),
        plan.warmup_requests(),
        plan.rounds,
        plan.parallel_cells,
        if plan.variants.is_empty() { "" } else { ", the two of a pair as one" }
    ));
    for words in sentence(settings, inputs, &Estimate::sum(estimates)) {
        line(&words);
    }
    line(&format!(
        "about {}:{:02} min if a request takes {} s; nothing was sent",
        seconds / 60,
        seconds % 60,
        TYPICAL.as_secs()
    ));
    if let Some(policy) = &inputs.policy {
        line(&format!("{}: {}", policy.source, Reach::of(policy, &inputs.planned_cells())));
    }
    undecidable_lines(settings, inputs, estimates, TYPICAL).iter().for_each(|words| line(words));
    text
}

/// Cells of a model that cost the same, in one row: name with the variant's, amounts, regions.
fn rows(inputs: &Inputs, cells: &[(&Cell, &Estimate)]) -> Vec<[String; 5]> {
    let mut rows: Vec<(&Cell, &Estimate, Vec<&str>)> = Vec::new();
    // The variants' cells alternate, and rows are by variant.
    for side in 0..inputs.sides.len() {
        for (cell, estimate) in cells.iter().filter(|(cell, _)| cell.side == side) {
            let endpoint = cell.target.endpoint();
            let region = endpoint.and_then(|endpoint| inputs.registry(cell).region(endpoint));
            let region = match endpoint {
                Some(_) => region.map_or("no region", |region| region.id.as_str()),
                None => "as it says",
            };
            let place = |cell: &Cell| (cell.side, cell.target.endpoint().map(|at| (at.model, at.offer)));
            match rows.last_mut() {
                Some((of, same, regions)) if place(of) == place(cell) && same == estimate => regions.push(region),
                _ => rows.push((cell, estimate, vec![region])),
            }
        }
    }
    let heading = ["", "low", "expected", "high", "of one cell, in each of"].map(str::to_owned);
    let row = |(cell, estimate, regions): (&Cell, &Estimate, Vec<&str>)| {
        let variant = inputs.side(cell).variant.as_ref().map_or_else(String::new, |name| format!(" {name}"));
        let [low, expected, high] = [estimate.low, estimate.expected, estimate.high].map(amount);
        let table = || inputs.side(cell).table.as_ref().map_or_else(String::new, |known| known.table.source.clone());
        let name = cell.target.endpoint().map_or_else(table, |at| inputs.registry(cell).model(at).id.clone());
        [name + &variant, low, expected, high, regions.join(" ")]
    };
    std::iter::once(heading).chain(rows.into_iter().map(row)).collect()
}

/// Names and regions on the left, amounts on the right.
fn aligned(rows: &[[String; 5]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| columns(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..4).map(width).collect();
    let line = |row: &[String; 5]| {
        let blanks = |column: usize| " ".repeat(widths[column] - columns(&row[column]));
        let amounts: String = (1..4).map(|column| format!("  {}{}", blanks(column), row[column])).collect();
        format!("  {}{}{amounts}  {}", row[0], blanks(0), row[4])
    };
    rows.iter().map(line).collect()
}
