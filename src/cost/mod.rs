//! Usage × price into money.

mod effective;
mod of;
mod reconciled;
mod tariff;

pub use effective::effective_output;
pub use of::{Cost, of};
pub use reconciled::Reconciled;
pub use tariff::{Ceiling, Tariff};
