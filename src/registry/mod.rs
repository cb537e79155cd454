//! The priced registry: providers, regions, models, and what a model costs at a provider.

mod at_url;
mod model;
mod offer;
mod read;
mod show;

pub use model::{Capability, Dialect, Endpoint, Limits, Model, Offer, Price, PriceKey, Provider, Region, Registry};
pub use read::RegistryError;
pub use show::{ShownOffer, show, shown_as_csv, shown_as_json, shown_as_text};
