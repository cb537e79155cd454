//! Several runs as one, each a variant, so that every report can show them on the same scales.

use std::collections::HashMap;
use std::path::Path;

use crate::rundir::{CellNote, CellRow, Manifest, Run, Spectra};

/// `runs`, of which there is at least one, put together as variants; the first is what the others are held against.
///
/// Where the runs have the same endpoint its cells stand side by side. The whole stands for `path`, into which reports of
/// it are to be written. What is known of a run as a whole is that of the last.
pub fn together(runs: &[Run], path: &Path) -> Run {
    let variants = variants(runs);
    let named = |index: usize, text: &str| format!("{}: {text}", variants[index]);
    let last = runs.last().expect("there is at least one run");
    let each = || runs.iter().enumerate();
    let simulated = runs.iter().map(|run| run.manifest.destination.simulated);
    let all_alike = simulated.clone().all(|one| one == last.manifest.destination.simulated);
    let mut manifest = Manifest {
        run_id: variants.join(" and "),
        cells: interleaved(runs, &variants),
        left_out: each().flat_map(|(_, run)| run.manifest.left_out.iter().cloned()).collect(),
        warnings: each()
            .flat_map(|(index, run)| run.manifest.warnings.iter().map(move |warning| named(index, warning)))
            .chain(unlike(runs, &variants))
            .collect(),
        validity: Vec::new(),
        failures: Vec::new(),
        usage: Vec::new(),
        max_cost_usd: None,
        tables: Vec::new(),
        routing: Vec::new(),
        sides: Vec::new(),
        ..last.manifest.clone()
    };
    manifest.destination.simulated = if all_alike { last.manifest.destination.simulated } else { Some(false) };
    if let Some(partial) = runs.iter().find(|run| run.manifest.status.is_partial()) {
        manifest.status = partial.manifest.status;
    }
    for (index, run) in each() {
        let slug = |cell: &str| slug(&variants[index], cell);
        manifest.validity.extend(run.manifest.validity.iter().cloned().map(|mut one| {
            one.cell = slug(&one.cell);
            one
        }));
        manifest.failures.extend(run.manifest.failures.iter().cloned().map(|mut one| {
            one.cell = slug(&one.cell);
            one
        }));
        manifest.tables.extend(run.manifest.tables.iter().cloned().map(|mut one| {
            one.variant =
                Some(one.variant.as_ref().map_or_else(|| variants[index].clone(), |own| both(&variants[index], own)));
            one
        }));
        manifest.routing.extend(run.manifest.routing.iter().cloned().map(|mut one| {
            one.cell = slug(&one.cell);
            one
        }));
        manifest.usage.extend(run.manifest.usage.iter().cloned().map(|mut one| {
            one.cell = slug(&one.cell);
            one
        }));
    }
    for run in runs {
        for host in &run.manifest.destination.hosts {
            if !manifest.destination.hosts.contains(host) {
                manifest.destination.hosts.push(host.clone());
            }
        }
    }
    let cells = each().flat_map(|(index, run)| {
        let variant = &variants[index];
        run.cells.iter().map(move |row| CellRow {
            cell: slug(variant, &row.cell),
            variant: Some(row.variant.as_ref().map_or_else(|| variant.clone(), |own| both(variant, own))),
            ..row.clone()
        })
    });
    let mut cells: Vec<CellRow> = cells.collect();
    let places: HashMap<&str, usize> = manifest.cells.iter().map(|note| note.cell.as_str()).zip(0..).collect();
    cells.sort_by_key(|row| places.get(row.cell.as_str()).copied());
    let warnings = each().flat_map(|(index, run)| run.warnings.iter().map(move |warning| named(index, warning)));
    let warnings = warnings.collect();
    manifest.variants = runs.iter().zip(&variants).flat_map(|(run, name)| named_within(run, name)).collect();
    Run { path: path.to_owned(), manifest, cells, warnings }
}

/// The latencies of `runs` under the names that [`together`] gives their cells; `spectra` are those of each run in turn.
pub fn spectra_together(runs: &[Run], spectra: Vec<Option<Spectra>>) -> Option<Spectra> {
    let variants = variants(runs);
    let known = variants
        .iter()
        .zip(spectra)
        .filter_map(|(variant, spectra)| Some(spectra?.renamed(|cell| slug(variant, cell))));
    known.reduce(Spectra::and)
}

/// A name for each run: its id, with a number where another has the same.
fn variants(runs: &[Run]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for run in runs {
        let id = &run.manifest.run_id;
        let same = names.iter().filter(|name| *name == id || name.starts_with(&format!("{id} ("))).count();
        names.push(if same == 0 { id.clone() } else { format!("{id} ({})", same + 1) });
    }
    names
}

/// What is compared of `run`, which is called `name`: all of it, or each of the variants that it compares itself.
fn named_within(run: &Run, name: &str) -> Vec<String> {
    match run.manifest.variants.as_slice() {
        [] => vec![name.to_owned()],
        own => own.iter().map(|own| both(name, own)).collect(),
    }
}

/// The variant `own` of the run `name`.
fn both(name: &str, own: &str) -> String {
    format!("{name}, {own}")
}

fn slug(variant: &str, cell: &str) -> String {
    format!("{variant}/{cell}")
}

/// The cells of all runs: each of the first with its likes of the others, then what the first has not.
fn interleaved(runs: &[Run], variants: &[String]) -> Vec<CellNote> {
    let place = |note: &CellNote| {
        (note.provider.clone(), note.model.clone(), note.region.clone(), note.workload.clone(), note.cell.clone())
    };
    let mut order = Vec::new();
    for note in runs.iter().flat_map(|run| &run.manifest.cells) {
        let place = place(note);
        if !order.contains(&place) {
            order.push(place);
        }
    }
    let of = |wanted: &_| -> Vec<CellNote> {
        let here = runs.iter().zip(variants).filter_map(|(run, variant)| {
            let note = run.manifest.cells.iter().find(|note| place(note) == *wanted)?;
            let part_of = note.part_of.as_ref().map(|whole| slug(variant, whole));
            Some(CellNote { cell: slug(variant, &note.cell), part_of, ..note.clone() })
        });
        here.collect()
    };
    order.iter().flat_map(of).collect()
}

/// What makes figures of the runs less alike than they look.
fn unlike(runs: &[Run], variants: &[String]) -> Vec<String> {
    let first = &runs[0].manifest;
    let mut says = Vec::new();
    for (run, variant) in runs.iter().zip(variants).skip(1) {
        let manifest = &run.manifest;
        for workload in &manifest.workloads {
            let other = first.workloads.iter().find(|other| other.name == workload.name);
            if other.is_some_and(|other| other.sha256 != workload.sha256) {
                says.push(format!(
                    "workload `{}` is not the same in {} and {variant}: its figures are not like for like",
                    workload.name, variants[0]
                ));
            }
        }
        if manifest.destination.simulated != first.destination.simulated {
            says.push(format!("{} and {variant} are not both simulated, or not both live", variants[0]));
        }
    }
    says
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sketch;

    #[test]
    fn likes_stand_side_by_side_and_each_row_finds_its_note() {
        let (one, mut other) = (sketch::demo(600), sketch::demo(600));
        sketch::remove(&mut other, |row| row.model == "glm-4-9b");
        let whole = together(&[one, other], Path::new("there"));
        assert_eq!((whole.cells.len(), whole.manifest.cells.len()), (74, 74));
        assert_eq!(whole.manifest.variants, ["2026-09-01T030000Z-demo", "2026-09-01T030000Z-demo (2)"]);
        assert_eq!(whole.manifest.cells[0].model, whole.manifest.cells[1].model);
        for row in &whole.cells {
            assert!(whole.manifest.cells.iter().any(|note| note.cell == row.cell), "{}", row.cell);
        }
    }

    #[test]
    fn variants_within_the_runs_stay_apart() {
        let (one, mut other) = (sketch::demo(600), sketch::demo(600));
        other.manifest.run_id = "ab".to_owned();
        other.manifest.variants = vec!["old".to_owned(), "new".to_owned()];
        for (index, row) in other.cells.iter_mut().enumerate() {
            row.variant = Some(other.manifest.variants[index % 2].clone());
        }
        let whole = together(&[one, other], Path::new("there"));
        assert_eq!(whole.manifest.variants, ["2026-09-01T030000Z-demo", "ab, old", "ab, new"]);
        let of = |variant| whole.cells.iter().filter(|row| whole.variant_of(row) == Some(variant)).count();
        assert_eq!([of(0), of(1), of(2)], [39, 20, 19]);
    }

    #[test]
    fn what_is_not_alike_is_told() {
        let workload = |sha256: &str| {
            serde_json::from_value(serde_json::json!({ "name": "autocomplete", "source": "built-in", "sha256": sha256,
                "requests": 3, "skipped_lines": 0 }))
            .unwrap()
        };
        let (mut one, mut other) = (sketch::demo(600), sketch::demo(600));
        one.manifest.workloads.push(workload("a"));
        other.manifest.workloads.push(workload("b"));
        other.manifest.destination.simulated = Some(false);
        let whole = together(&[one, other], Path::new("there"));
        assert_eq!(whole.manifest.warnings.len(), 2, "{:?}", whole.manifest.warnings);
        assert_eq!(whole.manifest.destination.simulated, Some(false));
    }
}
