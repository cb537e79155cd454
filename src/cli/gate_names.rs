//! What a policy can be about, as far as a run still knows.

use std::path::Path;

use crate::gate::KnownNames;
use crate::registry::Registry;
use crate::rundir::{FileNote, Run};

/// The names of the registries that `run` was planned by; none where one of them is not there any more or has changed, so
/// that nobody can tell whether a name is a mistake.
///
/// A policy is often shared, and a run measures a part of what its registry holds: so what was not measured is not yet a name
/// that there is not.
pub(super) fn known_names(run: &Run) -> KnownNames {
    let noted = std::iter::once(&run.manifest.registry).chain(run.manifest.sides.iter().map(|side| &side.registry));
    let registries: Option<Vec<Registry>> = noted.map(registry).collect();
    let Some(registries) = registries else { return KnownNames::default() };
    let mut known = KnownNames::of(&registries);
    // Those of a single URL stand in no registry.
    for cell in &run.manifest.cells {
        known.providers.push(cell.provider.clone());
        known.models.push(cell.model.clone());
        known.regions.extend(cell.region.clone());
    }
    for names in [&mut known.providers, &mut known.models, &mut known.regions] {
        names.sort_unstable();
        names.dedup();
    }
    known
}

fn registry(noted: &FileNote) -> Option<Registry> {
    let built_in = Registry::built_in();
    let found =
        if noted.source == built_in.source { built_in } else { Registry::read(Path::new(&noted.source)).ok()? };
    (found.sha256 == noted.sha256).then_some(found)
}
