//! The priced registry: providers, regions, models, and what a model costs at a provider.

mod model;

pub use model::{Capability, Dialect, Endpoint, Limits, Model, Offer, Price, PriceKey, Provider, Region, Registry};
