//! Usage × price into money.

mod effective;
mod of;
mod reconciled;

pub use effective::effective_output;
pub use of::{Cost, of};
pub use reconciled::Reconciled;
