//! What a policy can be about, as far as runs still know.

use std::path::{Path, PathBuf};

use crate::cli::exit::CliError;
use crate::cli::gate_args::GateArgs;
use crate::cli::tables::LoadedTable;
use crate::gate::{KnownNames, Policy};
use crate::registry::Registry;
use crate::rundir::{FileNote, Run};
use crate::workload::Workload;

/// The policy that `args` name, its names held against those that `runs` know; the built-in one where they name none.
///
/// # Errors
/// The policy or the registry that `args` name cannot be read, or has mistakes.
pub(super) fn policy_for(args: &GateArgs, runs: &[&Run]) -> Result<Policy, CliError> {
    let Some(path) = args.policy.as_deref() else { return Ok(Policy::built_in().clone()) };
    Ok(Policy::read_for(path, &known_names(runs, args.registry.as_deref())?)?)
}

/// The names of what `runs` measured, and of the registries that they were planned by, or of the one that is given in their place.
///
/// A policy is often shared, and a run measures a part of what its registry holds: so what was not measured is not yet a name
/// that there is not. For the same reason the files beside a workload are workloads too.
fn known_names(runs: &[&Run], registry: Option<&Path>) -> Result<KnownNames, CliError> {
    let given = registry.map(Registry::read).transpose()?;
    let mut known = KnownNames::of(&given);
    for run in runs {
        let manifest = &run.manifest;
        known.add_measured(manifest);
        for workload in manifest.workloads.iter().filter(|workload| workload.source != BUILT_IN) {
            for file in places(run, &workload.source) {
                known.workloads.extend(Workload::names_beside(&file));
            }
        }
        if given.is_some() {
            continue;
        }
        for noted in std::iter::once(&manifest.registry).chain(manifest.sides.iter().map(|side| &side.registry)) {
            let source = &noted.source;
            match find(run, noted) {
                Some(registry) => {
                    known.add_registry(&registry);
                    if registry.sha256 != noted.sha256 {
                        known.doubt = Some(format!("the registry `{source}` has changed since the run"));
                    }
                }
                None => known.doubt = Some(format!("no registry was found at `{source}`")),
            }
        }
    }
    Ok(known)
}

/// The names that a change of routing tables can be judged by: those of `tables`, of their registries, and of what `runs` measured.
pub(super) fn names_of_tables(tables: &[&LoadedTable], runs: &[Run]) -> KnownNames {
    let mut known = KnownNames::of(tables.iter().map(|table| &table.registry));
    tables.iter().for_each(|table| known.add_table(&table.table));
    runs.iter().for_each(|run| known.add_measured(&run.manifest));
    known
}

/// What a file is called that comes with the program.
const BUILT_IN: &str = "built-in";

/// The registry that `run` noted, wherever it is gated from; where it was changed, what it has become, and absent where it is not
/// there any more.
fn find(run: &Run, noted: &FileNote) -> Option<Registry> {
    if noted.source == BUILT_IN {
        return Some(Registry::built_in());
    }
    let read = |file: PathBuf| Registry::read(&file).ok();
    let mut changed = None;
    for registry in places(run, &noted.source).filter_map(read) {
        if registry.sha256 == noted.sha256 {
            return Some(registry);
        }
        changed.get_or_insert(registry);
    }
    changed
}

/// Where a file may be that `run` names `source`: from here, and from each folder around the run, in one of which it was begun.
fn places(run: &Run, source: &str) -> impl Iterator<Item = PathBuf> {
    let around = run.path.canonicalize().unwrap_or_else(|_| run.path.clone());
    let around: Vec<PathBuf> = around.ancestors().skip(1).map(|folder| folder.join(source)).collect();
    std::iter::once(PathBuf::from(source)).chain(around)
}
