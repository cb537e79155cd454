//! Usage × price into money.

mod effective;
mod of;

pub use effective::effective_output;
pub use of::{Cost, of};
