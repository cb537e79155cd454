//! From a catalogue's text to a registry.

use std::fmt;

use jiff::civil::Date;

use crate::registry::catalogue::assemble::assemble;
use crate::registry::catalogue::entry::{Entry, Lost};
use crate::registry::catalogue::error::CatalogueError;
use crate::registry::catalogue::fields::Source;
use crate::registry::catalogue::{genai_prices, litellm, models_dev, openrouter};
use crate::registry::model::Registry;

/// A public list of models and prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Catalogue {
    /// `model_prices_and_context_window.json` of LiteLLM.
    LiteLlm,
    /// `api.json` of models.dev.
    ModelsDev,
    /// The answer of OpenRouter's `/models`.
    OpenRouter,
    /// `data.json` of genai-prices.
    GenaiPrices,
}

impl Catalogue {
    /// Every catalogue.
    pub const ALL: [Self; 4] = [Self::LiteLlm, Self::ModelsDev, Self::OpenRouter, Self::GenaiPrices];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LiteLlm => "litellm",
            Self::ModelsDev => "models-dev",
            Self::OpenRouter => "openrouter",
            Self::GenaiPrices => "genai-prices",
        }
    }
}

/// The name for people.
impl fmt::Display for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LiteLlm => "LiteLLM",
            Self::ModelsDev => "models.dev",
            Self::OpenRouter => "OpenRouter",
            Self::GenaiPrices => "genai-prices",
        })
    }
}

/// What every imported price row is stamped with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The first day of the imported prices, unless the catalogue gives one.
    pub date: Date,
    /// The catalogue's version, or its digest.
    pub version: String,
}

impl Stamp {
    /// The words in `source`, with the page that the catalogue itself names.
    pub(super) fn words(&self, catalogue: Catalogue, page: Option<&str>) -> String {
        let page = page.map_or(String::new(), |page| format!(", from {page}"));
        format!("{catalogue} {}, {}{page}", self.version, self.date)
    }
}

/// What an import made.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The models and prices.
    pub registry: Registry,
    /// Entries of the catalogue that were asked for.
    pub entries: usize,
    /// How many of them are in the registry.
    pub taken: usize,
    /// Providers whose URL the catalogue does not give: theirs ends in `.invalid`, so that nothing is ever sent.
    pub without_url: Vec<String>,
    /// What the registry has no place for, in the catalogue's order.
    pub lost: Vec<Lost>,
}

/// Everything that a reader of one catalogue needs.
pub(super) struct Task<'t, 'w> {
    /// The text.
    pub(super) source: Source<'t>,
    /// Whether an entry of these names is asked for.
    pub(super) wanted: &'w dyn Fn(&str) -> bool,
    /// What price rows are stamped with.
    pub(super) stamp: &'w Stamp,
}

/// What a reader found.
#[derive(Default)]
pub(super) struct Found {
    /// Entries that were asked for.
    pub(super) seen: usize,
    /// Those that are models with text answers.
    pub(super) entries: Vec<Entry>,
    /// What has no place.
    pub(super) lost: Vec<Lost>,
}

/// Imports those models of `text` whose name, the catalogue's or the registry's, is `wanted`; `name` is the text's own
/// in messages.
///
/// # Errors
/// The text is no such catalogue, holds what is no price, or nothing that is wanted.
pub fn import(
    catalogue: Catalogue,
    name: &str,
    text: &str,
    wanted: &dyn Fn(&str) -> bool,
    stamp: &Stamp,
) -> Result<Imported, CatalogueError> {
    let source = Source { name, text };
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let problem = error.to_string();
        let problem = problem.split(" at line ").next().unwrap_or_default().to_owned();
        return Err(CatalogueError::NotJson { file: name.to_owned(), line: error.line(), problem });
    }
    if !is_like(catalogue, &source) {
        let looks_like = Catalogue::ALL.into_iter().find(|other| is_like(*other, &source));
        return Err(CatalogueError::OtherFormat { file: name.to_owned(), asked: catalogue, looks_like });
    }
    let task = Task { source, wanted, stamp };
    let found = match catalogue {
        Catalogue::LiteLlm => litellm::read(&task)?,
        Catalogue::ModelsDev => models_dev::read(&task)?,
        Catalogue::OpenRouter => openrouter::read(&task)?,
        Catalogue::GenaiPrices => genai_prices::read(&task)?,
    };
    let (seen, mut lost) = (found.seen, found.lost);
    let (registry, taken, without_url) = assemble(found.entries, &mut lost);
    if registry.models.is_empty() {
        let wanted = if seen == 0 { "was asked for" } else { "answers in text among those that were asked for" };
        return Err(CatalogueError::Nothing { file: name.to_owned(), wanted: wanted.to_owned() });
    }
    Ok(Imported { registry, entries: seen, taken, without_url, lost })
}

/// Whether the text has the outer shape of `catalogue`.
fn is_like(catalogue: Catalogue, source: &Source<'_>) -> bool {
    match catalogue {
        Catalogue::LiteLlm => litellm::is_like(source),
        Catalogue::ModelsDev => models_dev::is_like(source),
        Catalogue::OpenRouter => openrouter::is_like(source),
        Catalogue::GenaiPrices => genai_prices::is_like(source),
    }
}
