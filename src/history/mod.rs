//! The runs of many nights: what each cell did over them, and where it changed.

mod change;
mod drift;
mod error;
mod figure;
#[cfg(test)]
pub(crate) mod fixture;
mod line;
mod month;
mod night;
mod read;
mod series;
mod spread;
mod turn;

pub use change::{Change, changes};
pub use drift::{Alert, Drift, Judged, LEAST_NIGHTS, MOST_NIGHTS, PER_NIGHT, drift};
pub use error::HistoryError;
pub use figure::Figure;
pub use line::{CellLine, lines};
pub use month::{Month, months};
pub use night::Night;
pub use read::History;
pub use series::{CellKey, Point, Series, series};
pub use spread::{Spread, night_spread, step_spread};
pub use turn::{PriceStep, Prices, Turn, price_steps, turns};
