//! Whether two runs measured the same, so that they may be held against each other.

use crate::rundir::{CellRow, LoadNote, Run, WorkloadNote};

/// Why `candidate` may not be held against `baseline`, and what would be right; absent where it may.
pub fn why_not_comparable(baseline: &Run, candidate: &Run) -> Option<String> {
    variants(baseline, candidate)
        .or_else(|| simulated(baseline, candidate))
        .or_else(|| workloads(baseline, candidate))
        .or_else(|| sending(&baseline.manifest.load, &candidate.manifest.load))
        .or_else(|| loads(baseline, candidate))
        .or_else(|| validity(baseline, candidate))
}

fn variants(baseline: &Run, candidate: &Run) -> Option<String> {
    let run = [baseline, candidate].into_iter().find(|run| !run.manifest.variants.is_empty())?;
    let name = &run.manifest.run_id;
    Some(format!("`{name}` compares two variants by itself: judge it without `--against`"))
}

fn simulated(baseline: &Run, candidate: &Run) -> Option<String> {
    let of = |run: &Run| run.manifest.destination.simulated;
    let word = |simulated: Option<bool>| match simulated {
        Some(true) => "simulated",
        Some(false) => "live",
        None => "of mixed replies",
    };
    let (was, is) = (of(baseline), of(candidate));
    (was != is).then(|| format!("one is {} and the other {}: both must be the same", word(was), word(is)))
}

/// A workload of one name that is another file.
fn workloads(baseline: &Run, candidate: &Run) -> Option<String> {
    let differs = candidate.manifest.workloads.iter().find(|is| {
        let same_name = |was: &&WorkloadNote| was.name == is.name;
        baseline.manifest.workloads.iter().find(same_name).is_some_and(|was| was.sha256 != is.sha256)
    })?;
    Some(format!("the lines of workload `{}` are not the same in both: the same file must be replayed", differs.name))
}

/// How requests were sent, whatever the cell.
fn sending(was: &LoadNote, is: &LoadNote) -> Option<String> {
    let keys = [
        ("stream", was.stream.clone(), is.stream.clone()),
        ("prompt_cache", was.prompt_cache.clone(), is.prompt_cache.clone()),
        ("http2", was.http2.to_string(), is.http2.to_string()),
        ("timeout_total", format!("{}ms", was.timeout_total_ms), format!("{}ms", is.timeout_total_ms)),
    ];
    let (key, was, is) = keys.into_iter().find(|(_, was, is)| was != is)?;
    Some(format!("`{key}` was `{was}` in one and `{is}` in the other: requests must be sent alike"))
}

/// The same endpoint and workload, asked at another load.
fn loads(baseline: &Run, candidate: &Run) -> Option<String> {
    let endpoint = |row: &CellRow| {
        (row.provider.clone(), row.model.clone(), row.region.clone(), row.route.clone(), row.workload.clone())
    };
    let load = |row: &CellRow| {
        let size = row.concurrency.map(|number| format!(", {number} in flight"));
        let rate = row.rate_rps.map(|rate| format!(", {rate} a second"));
        format!("{}{}", row.load, size.or(rate).unwrap_or_default())
    };
    let of_endpoint =
        |is: &CellRow| -> Vec<&CellRow> { baseline.cells.iter().filter(|was| endpoint(was) == endpoint(is)).collect() };
    candidate.cells.iter().find_map(|is| {
        let was = of_endpoint(is);
        let differs = !was.is_empty() && was.iter().all(|was| load(was) != load(is));
        differs.then(|| {
            let (cell, before, now) = (&is.cell, load(was[0]), load(is));
            format!("`{cell}` was asked at {before} in one and at {now} in the other: the load must be the same")
        })
    })
}

/// A cell that may be judged in one run alone.
fn validity(baseline: &Run, candidate: &Run) -> Option<String> {
    let is_invalid = |row: &CellRow| row.valid == Some(false);
    let reasons = |run: &Run, cell: &str| run.manifest.reasons_against(cell).join("; ");
    candidate.cells.iter().find_map(|is| {
        let was = baseline.cells.iter().find(|was| was.cell == is.cell)?;
        let (run, row) = match (is_invalid(was), is_invalid(is)) {
            (true, false) => (baseline, was),
            (false, true) => (candidate, is),
            _ => return None,
        };
        let (name, cell, why) = (&run.manifest.run_id, &row.cell, reasons(run, &row.cell));
        Some(format!("`{cell}` may not be judged in `{name}` ({why}): measure it again"))
    })
}
