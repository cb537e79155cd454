//! The priced registry: providers, regions, models, and what a model costs at a provider.

mod model;
mod offer;
mod read;

pub use model::{Capability, Dialect, Endpoint, Limits, Model, Offer, Price, PriceKey, Provider, Region, Registry};
pub use read::RegistryError;
