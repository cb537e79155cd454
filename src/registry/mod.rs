//! The priced registry: providers, regions, models, and what a model costs at a provider.

mod assume;
mod at_url;
pub mod catalogue;
mod diff;
mod exchange;
mod export;
mod model;
mod offer;
mod price;
mod pricing;
mod read;
mod read_price;
mod show;

pub use assume::{AssumeError, AssumedPrice};
pub use diff::{Figure, FigureMove, OfferChange, Presence, diff, in_both, next_change};
pub use exchange::ExchangeRate;
pub use model::{Capability, Dialect, Endpoint, Limits, Model, Offer, Provider, Region, Registry};
pub use price::{Asked, Condition, Override, Price, PriceKey, Rates, UtcWindow};
pub use pricing::{PricedFrom, Pricing};
pub use read::RegistryError;
pub(crate) use read::{read_base_url, read_variable};
pub use show::{ShownOffer, show, shown_as_csv, shown_as_json, shown_as_text};
