//! The arguments of `tollmark registry`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use glob::Pattern;
use jiff::civil::Date;

use crate::registry::catalogue::Catalogue;

/// Subcommands of `registry`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  tollmark registry show\n  tollmark registry show --format csv\n  \
                        tollmark registry diff built-in registry.toml --run reports/latest\n  \
                        tollmark registry export --out mine.toml\n  \
                        tollmark registry import --from litellm https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json --model 'deepseek*' --out prices.toml")]
pub enum RegistryCommand {
    /// Report every mistake in a registry file
    Check {
        /// The registry file
        file: PathBuf,
    },
    /// Say what moved between two price lists, and what it does to the bill of a run
    Diff {
        /// The registry file before; `built-in` for the built-in registry
        before: PathBuf,
        /// The registry file after
        after: PathBuf,
        /// Make the bill of this run by both, from the tokens it measured
        #[arg(long, value_name = "DIR")]
        run: Option<PathBuf>,
        /// Compare the prices in force on this day, in UTC; today without it
        #[arg(long, value_name = "YYYY-MM-DD")]
        on: Option<Date>,
        /// Print it in this form
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
    },
    /// Write a registry in full, such as the built-in one to start your own from
    Export {
        /// The registry file; with none, the built-in registry
        file: Option<PathBuf>,
        /// Write it to this file; without it to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Make a registry from a public price catalogue
    Import(ImportArgs),
    /// List models, prices and regions, dearest last
    Show {
        /// The registry file; with none, the built-in registry
        file: Option<PathBuf>,
        /// Print it in this form
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
    },
}

/// The form of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Columns for people.
    Table,
    /// Comma-separated values with a header.
    Csv,
    /// An array of objects.
    Json,
}

/// Arguments of `registry import`.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The catalogue's format
    #[arg(long, value_enum)]
    pub from: CatalogueName,
    /// The file, or its http or https address
    #[arg(value_name = "FILE-or-URL")]
    pub source: String,
    /// Import only models whose name, the catalogue's or the registry's, matches; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub model: Vec<Pattern>,
    /// The first day of prices for which the catalogue gives none, in UTC; today without it
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<Date>,
    /// The catalogue's version, for the `source` of each price; its digest without it
    #[arg(long, value_name = "VERSION")]
    pub catalogue_version: Option<String>,
    /// Write the registry to this file; without it to standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write a CSV row for everything that the registry has no place for
    #[arg(long, value_name = "FILE.csv")]
    pub list_lost: Option<PathBuf>,
}

/// A catalogue by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CatalogueName {
    /// LiteLLM's model_prices_and_context_window.json.
    #[value(name = "litellm")]
    LiteLlm,
    /// The api.json of models.dev.
    ModelsDev,
    /// The answer of OpenRouter's /models.
    #[value(name = "openrouter")]
    OpenRouter,
    /// The data.json of genai-prices.
    GenaiPrices,
}

impl From<CatalogueName> for Catalogue {
    fn from(name: CatalogueName) -> Self {
        match name {
            CatalogueName::LiteLlm => Self::LiteLlm,
            CatalogueName::ModelsDev => Self::ModelsDev,
            CatalogueName::OpenRouter => Self::OpenRouter,
            CatalogueName::GenaiPrices => Self::GenaiPrices,
        }
    }
}
