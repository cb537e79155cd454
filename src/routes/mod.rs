//! The routing table: which kind of request goes to which endpoints, in which order.
//!
//! [`Table::read`] reads a file whole, [`resolve`] holds it against a registry.

mod check;
mod coverage;
mod export;
mod name;
mod places;
mod prices;
mod read;
mod read_route;
mod resolve;
#[cfg(test)]
mod samples;
mod show;
mod sight;
mod table;
mod windows;

pub use check::{Checked, check};
pub use export::{Exported, Gateway, Lost, export};
pub use name::Name;
pub use places::Places;
pub use read::RoutesError;
pub use resolve::{Destination, Resolved, ResolvedRoute, resolve};
pub use show::show;
pub use sight::{Pictured, check_images};
pub use table::{
    Action, Breaker, Classifier, Failover, FailoverOn, OnOverflow, RegionOrder, Route, RouteMatch, Table, Target,
};
