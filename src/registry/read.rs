//! `registry.toml` into a [`Registry`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use http::{HeaderName, HeaderValue, Uri};

use crate::conf::{Document, Faults, Field, Table, names_a_secret};
use crate::digest::sha256;
use crate::registry::exchange::read_exchange_rates;
use crate::registry::model::{Capability, Dialect, Limits, Model, Provider, Region, Registry};
use crate::registry::offer::{Known, read_offers};

impl Registry {
    /// The registry that is embedded in the program: ten models in four regions.
    pub fn built_in() -> Self {
        Self::parse("built-in", BUILT_IN).expect("a test reads the embedded registry")
    }

    /// The file of the registry that comes with the program.
    pub const fn built_in_text() -> &'static str {
        BUILT_IN
    }

    /// Reads a registry from the contents of a file; `source` is its name in messages.
    ///
    /// # Errors
    /// Every mistake of the file at once.
    pub fn parse(source: &str, text: &str) -> Result<Self, Faults> {
        let document = Document::parse(source, text);
        let root = document.root();
        let (provider_tables, region_tables) = (root.tables("provider"), root.tables("region"));
        let provider_ids = read_ids(&provider_tables, "id = \"global-apis\"");
        let region_ids = read_ids(&region_tables, "id = \"us-east-1\"");
        let model_tables = root.tables("model");
        let model_ids = read_ids(&model_tables, "id = \"glm-4.6v\"");
        if model_tables.is_empty() {
            root.lacks("there is no `[[model]]`, must have at least one");
        }
        let providers = provider_tables.into_iter().zip(&provider_ids);
        let regions = region_tables.into_iter().zip(&region_ids);
        let models = model_tables.into_iter().zip(&model_ids);
        let exchange_rates = read_exchange_rates(root.tables("exchange_rate"));
        let known = Known { providers: &provider_ids, regions: &region_ids, exchange_rates: &exchange_rates };
        let registry = Self {
            source: source.to_owned(),
            sha256: sha256(text.as_bytes()),
            providers: providers.map(|(table, id)| read_provider(table, id)).collect(),
            regions: regions.map(|(table, id)| read_region(table, id, &region_ids)).collect(),
            models: models.map(|(table, id)| read_model(table, id, &known)).collect(),
            exchange_rates: exchange_rates.clone(),
        };
        root.finish();
        document.finish(registry)
    }

    /// Reads the registry file at `path`.
    ///
    /// # Errors
    /// The file cannot be read as UTF-8 text, or has mistakes.
    pub fn read(path: &Path) -> Result<Self, RegistryError> {
        let text =
            fs::read_to_string(path).map_err(|source| RegistryError::Unreadable { path: path.to_owned(), source })?;
        Ok(Self::parse(&path.display().to_string(), &text)?)
    }
}

/// Why there is no registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The file could not be read.
    #[error("cannot read registry `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file has mistakes.
    #[error(transparent)]
    Faulty(#[from] Faults),
}

const BUILT_IN: &str = include_str!("built_in.toml");

/// The ids of tables, in order; a missing or bad one is noted and empty.
fn read_ids(tables: &[Table<'_>], example: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let read = |table: &Table<'_>| {
        let Some(field) = table.required("id", example) else { return String::new() };
        let id = field.string().unwrap_or_default();
        if let Some(bad) = id.chars().find(|letter| letter.is_whitespace() || letter.is_control() || *letter == ',') {
            field.fault(&format!("has {bad:?} in it, must be free of white space, commas and control characters"));
        }
        if !id.is_empty() && !seen.insert(id.to_owned()) {
            field.fault(&format!("is `{id}` a second time, must be different from all others"));
        }
        id.to_owned()
    };
    tables.iter().map(read).collect()
}

fn read_provider(table: Table<'_>, id: &str) -> Provider {
    let base_url = table.required("base_url", "base_url = \"https://global-apis.com/v1\"").and_then(read_base_url);
    let region_header = table.optional("region_header").and_then(read_header_name);
    let headers = table.optional("headers").map(read_headers).unwrap_or_default();
    let provider = Provider {
        id: id.to_owned(),
        base_url: base_url.unwrap_or_default(),
        api_key_env: table.optional("api_key_env").and_then(read_variable),
        dialect: table
            .optional("dialect")
            .and_then(|field| field.one_of(&[("openai", Dialect::OpenAi)]))
            .unwrap_or(Dialect::OpenAi),
        region_header,
        stream_options: table.optional("stream_options").and_then(Field::boolean).unwrap_or(true),
        headers,
        limits: table.table("limits").map(read_limits).unwrap_or_default(),
    };
    table.finish();
    provider
}

/// A URL without its trailing slashes.
pub(crate) fn read_base_url(field: Field<'_>) -> Option<String> {
    let text = field.string()?;
    let uri = text.parse::<Uri>().ok();
    let usable = uri.as_ref().filter(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    let Some(uri) = usable else {
        if text.contains('@') {
            field.mask();
        }
        field.fault("is not a URL to call, must be like \"https://global-apis.com/v1\"");
        return None;
    };
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        field.mask();
        field.fault_with_hint("has a user name or password in it, must have none", KEY_HINT);
    } else if uri.query().is_some() {
        field.mask();
        field.fault("has a query in it, must end with the path, such as \"/v1\"");
    }
    Some(text.trim_end_matches('/').to_owned())
}

const KEY_HINT: &str = "name the environment variable that holds the key: `api_key_env = \"GLOBAL_API_KEY\"`";

/// The name of an environment variable.
pub(crate) fn read_variable(field: Field<'_>) -> Option<String> {
    let name = field.string()?;
    let word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !word || name.starts_with(|first: char| first.is_ascii_digit()) {
        // It may be the key itself.
        field.mask();
        field.fault("is not the name of an environment variable, must be letters, digits and `_`");
    }
    Some(name.to_owned())
}

fn read_header_name(field: Field<'_>) -> Option<String> {
    let name = field.string()?;
    if name.parse::<HeaderName>().is_err() {
        field.fault(&format!("is `{name}`, must be the name of a header"));
    }
    Some(name.to_owned())
}

fn read_headers(field: Field<'_>) -> BTreeMap<String, String> {
    let Some(table) = field.table("headers") else { return BTreeMap::new() };
    let mut headers = BTreeMap::new();
    for (name, value) in table.entries() {
        value.mask();
        if name.parse::<HeaderName>().is_err() {
            value.fault("is not the name of a header");
        } else if names_a_secret(name) {
            value.fault_with_hint("looks like a secret, must not stand in a file", KEY_HINT);
        }
        let Some(text) = value.string() else { continue };
        if text.parse::<HeaderValue>().is_err() {
            value.fault("has a character that no header may hold, must be visible text");
        }
        headers.insert(name.to_owned(), text.to_owned());
    }
    headers
}

fn read_limits(table: Table<'_>) -> Limits {
    let limits = Limits {
        max_in_flight: table.optional("max_in_flight").and_then(|field| field.count(1)),
        requests_per_minute: table.optional("requests_per_minute").and_then(|field| field.count(1)),
        tokens_per_minute: table.optional("tokens_per_minute").and_then(|field| field.integer(1..=u64::MAX)),
    };
    table.finish();
    limits
}

fn read_region(table: Table<'_>, id: &str, ids: &[String]) -> Region {
    let mut near = Vec::new();
    for field in table.optional("near").map(Field::elements).unwrap_or_default() {
        let Some(other) = field.string() else { continue };
        if other == id {
            field.fault(&format!("names `{other}` itself, must name other regions"));
        } else if near.iter().any(|listed| listed == other) {
            field.fault(&format!("names `{other}` a second time, must name it once"));
        } else if !ids.iter().any(|known| known == other) {
            let known = ids.iter().map(String::as_str).filter(|known| !known.is_empty() && *known != id);
            field.unknown_name("is not a `[[region]]` of this file", known);
        }
        near.push(other.to_owned());
    }
    let base_url = table.optional("base_url").and_then(read_base_url);
    table.finish();
    Region { id: id.to_owned(), near, base_url }
}

fn read_model(table: Table<'_>, id: &str, known: &Known<'_>) -> Model {
    let capabilities = table.optional("capabilities").map(Field::elements).unwrap_or_default();
    let tier = table.optional("tier").and_then(|field| field.integer(0..=4));
    let model = Model {
        id: id.to_owned(),
        label: table.optional_string("label"),
        tier: tier.map(|tier| u8::try_from(tier).expect("a tier is at most 4")),
        context: table.optional("context").and_then(|field| field.integer(1..=u64::MAX)),
        output_limit: table.optional("output_limit").and_then(|field| field.integer(1..=u64::MAX)),
        capabilities: capabilities.into_iter().filter_map(|field| field.one_of(&Capability::NAMED)).collect(),
        quality: table.optional("quality").and_then(Field::ratio),
        offers: read_offers(&table, id, known),
    };
    table.finish();
    model
}

#[cfg(test)]
mod tests;
