//! Public price catalogues into registry entries.
//!
//! Four are read: LiteLLM's table (US dollars a token, as floats), models.dev and genai-prices (US dollars a million
//! tokens) and OpenRouter's list of models (US dollars a token, as strings). Amounts are read from their digits and
//! never pass through a float. Every field of an entry is either carried over or listed as [`Lost`].

mod assemble;
mod decimal;
mod entry;
mod error;
mod fields;
mod genai_prices;
mod import;
mod litellm;
mod models_dev;
mod openrouter;

pub use entry::{Lost, Why};
pub use error::CatalogueError;
pub use import::{Catalogue, Imported, Stamp, import};
