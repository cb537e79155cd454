//! Usage × price into money.

mod effective;
mod of;
mod tariff;

pub use effective::effective_output;
pub use of::{Cost, of};
pub use tariff::{Ceiling, Tariff};
