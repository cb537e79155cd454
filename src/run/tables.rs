//! The routing tables of a run: read, checked, and made ready to be carried out.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::conf::Faults;
use crate::plan::{Cell, StreamOptions, Target, safe_part};
use crate::registry::Endpoint;
use crate::router::{Router, Setting};
use crate::routes::{Pictured, Resolved, Route, RoutesError, Table, check, check_images};
use crate::run::RunError;
use crate::run::inputs::{InputSide, Inputs};
use crate::run::settings::Settings;
use crate::workload::{Prompt, Request, Workload};

/// The routing table of a side.
#[derive(Clone, Debug)]
pub struct SideTable {
    /// The table.
    pub table: Table,
    /// Its names as endpoints of the side's registry.
    pub resolved: Resolved,
    /// What may not be meant; absent: nothing.
    pub warnings: Option<Faults>,
}

impl SideTable {
    /// `table` before it was held against a registry.
    pub(super) fn unchecked(table: Table) -> Self {
        Self { table, resolved: Resolved { classifier: None, routes: Vec::new() }, warnings: None }
    }
}

/// The name of the table that is embedded in the program.
const BUILT_IN: &str = "built-in";

/// The table at `path`, or the embedded one.
///
/// # Errors
/// It cannot be read, or has mistakes.
pub(super) fn read(path: &Path) -> Result<Table, RunError> {
    if path == Path::new(BUILT_IN) {
        return Ok(Table::built_in());
    }
    Ok(Table::read(path)?)
}

/// Holds the table of each of `sides` against its registry.
///
/// # Errors
/// All mistakes of the first table that has some.
pub(super) fn check_all(sides: &mut [InputSide]) -> Result<(), RunError> {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    for side in sides {
        let Some(known) = &mut side.table else { continue };
        let checked = check(&known.table, &side.registry, today).map_err(RoutesError::from)?;
        (known.resolved, known.warnings) = (checked.resolved, checked.warnings);
    }
    Ok(())
}

/// Holds the tables of `sides` against the images of `workloads`.
///
/// # Errors
/// A table may send an image to a model that does not see.
pub(super) fn check_images_of(
    settings: &Settings,
    sides: &[InputSide],
    workloads: &[Workload],
) -> Result<(), RunError> {
    for known in sides.iter().filter_map(|side| Some((side.table.as_ref()?, &side.registry))) {
        let (SideTable { table, .. }, registry) = known;
        let trusted = settings.trust_tiers || table.classifier.is_none();
        let pictured = |request: &'_ Request| match &request.prompt {
            Prompt::Body(body) => body.images > 0,
            Prompt::Lengths(_) => false,
        };
        for workload in workloads {
            let tier = |request: &Request| request.expect.as_ref().and_then(|expect| expect.tier).filter(|_| trusted);
            let of = |request| Pictured { custom_id: name_of(request), class: class_of(request), tier: tier(request) };
            let all: Vec<Pictured<'_>> = workload.requests.iter().filter(|request| pictured(request)).map(of).collect();
            check_images(table, registry, &workload.name, &all).map_err(RoutesError::from)?;
        }
    }
    Ok(())
}

fn name_of(request: &Request) -> &str {
    &request.custom_id
}

fn class_of(request: &Request) -> Option<&str> {
    request.class.as_deref()
}

/// The router of `side` in a run that starts at `started`; absent where it has no table.
///
/// # Errors
/// A route limits what a request may cost, and a price that this needs is unknown.
pub(super) fn router(settings: &Settings, side: &InputSide, started: Timestamp) -> Result<Option<Router>, RunError> {
    let Some(SideTable { table, resolved, .. }) = &side.table else { return Ok(None) };
    let setting = Setting {
        trust_tiers: settings.trust_tiers,
        streaming: settings.streaming,
        options: if settings.no_stream_options { StreamOptions::LeftOut } else { StreamOptions::Sent },
        started,
        seed: settings.seed,
    };
    Ok(Some(Router::new(table, resolved, &side.registry, setting)?))
}

/// The endpoints that the table of `side` may call, in the router's order; absent where it has none.
///
/// # Errors
/// See [`router`].
pub(super) fn called(settings: &Settings, side: &InputSide) -> Result<Option<Arc<[Endpoint]>>, RunError> {
    let router = router(settings, side, Timestamp::now())?;
    Ok(router.map(|router| router.endpoints().collect()))
}

/// The cell of a route, which holds the part of a routed cell's requests that the route took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RouteCell {
    /// Its slug: that of the whole with the route's name.
    pub(super) slug: String,
    /// The number of the whole in the plan.
    pub(super) whole: usize,
    /// The place of the route in its table.
    pub(super) route: usize,
}

/// The cells of all routes, which are numbered after those of the plan, in the order of these.
pub(super) fn route_cells(inputs: &Inputs) -> Vec<RouteCell> {
    let mut cells: Vec<RouteCell> = Vec::new();
    for (whole, cell) in inputs.plan.cells.iter().enumerate() {
        for (route, known) in routes_of(inputs, cell).iter().enumerate() {
            let wanted = format!("{}/{}", cell.slug, safe_part(&known.name));
            let taken = |slug: &str| cells.iter().any(|cell| cell.slug == slug);
            let numbered = (2..).map(|number| format!("{wanted}-{number}"));
            let slug = std::iter::once(wanted.clone()).chain(numbered).find(|slug| !taken(slug));
            cells.push(RouteCell { slug: slug.expect("there are more numbers than routes"), whole, route });
        }
    }
    cells
}

/// The routes of the table that `cell` sends to; none where it sends to an endpoint.
fn routes_of<'i>(inputs: &'i Inputs, cell: &Cell) -> &'i [Route] {
    match (&cell.target, &inputs.side(cell).table) {
        (Target::Routes(_), Some(known)) => &known.table.routes,
        _ => &[],
    }
}
