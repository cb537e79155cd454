//! `tollmark registry import`: a public price catalogue into a registry file.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use glob::Pattern;
use jiff::civil::Date;
use reqwest::redirect::Policy;

use crate::cli::exit::CliError;
use crate::cli::registry_args::ImportArgs;
use crate::cli::terminal::put;
use crate::digest::sha256;
use crate::fsio::write_whole;
use crate::registry::Registry;
use crate::registry::catalogue::{Imported, Lost, Stamp, Why, import};

/// A catalogue that cannot be had or written.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file could not be read.
    #[error("cannot read catalogue `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It could not be fetched.
    #[error("cannot fetch `{url}`")]
    Unreachable {
        /// The address.
        url: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The server answered otherwise.
    #[error("cannot fetch `{url}`: the server answered {status}")]
    Refused {
        /// The address.
        url: String,
        /// Its status.
        status: u16,
    },
    /// It is larger than any catalogue.
    #[error("`{0}` is larger than 64 MB, and so no catalogue")]
    TooLarge(String),
    /// It is no text.
    #[error("`{0}` is no UTF-8 text, and so no catalogue")]
    NotText(String),
}

/// Larger than any catalogue.
const MOST_BYTES: usize = 64_000_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads the catalogue, writes the registry and says what is not in it.
///
/// # Errors
/// The catalogue cannot be had or is none, or a file cannot be written; nothing is written then.
pub(super) fn import_catalogue(args: &ImportArgs, today: Date) -> Result<ExitCode, CliError> {
    let text = if args.source.starts_with("http://") || args.source.starts_with("https://") {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(fetch(&args.source))?
    } else {
        let path = PathBuf::from(&args.source);
        fs::read_to_string(&path).map_err(|source| ImportError::Unreadable { path, source })?
    };
    let version =
        args.catalogue_version.clone().unwrap_or_else(|| format!("sha256:{}", &sha256(text.as_bytes())[..12]));
    let stamp = Stamp { date: args.date.unwrap_or(today), version };
    let wanted = |name: &str| args.model.is_empty() || args.model.iter().any(|glob: &Pattern| glob.matches(name));
    let imported = import(args.from.into(), &args.source, &text, &wanted, &stamp)?;
    let toml = imported.registry.to_toml();
    // What stands in the file must be what was read.
    let name = args.out.as_ref().map_or("import".to_owned(), |path| path.display().to_string());
    Registry::parse(&name, &toml).map_err(crate::registry::RegistryError::from)?;
    if let Some(path) = &args.list_lost {
        write_whole(path, listed(&imported.lost).as_bytes()).map_err(std::io::Error::other)?;
    }
    match &args.out {
        Some(path) => write_whole(path, toml.as_bytes()).map_err(std::io::Error::other)?,
        None => put(&toml)?,
    }
    eprint!("{}", in_words(&imported, args.list_lost.is_some()));
    Ok(ExitCode::SUCCESS)
}

async fn fetch(url: &str) -> Result<String, ImportError> {
    let shown = || url.split(['?', '#']).next().unwrap_or_default().to_owned();
    // The address may hold a key behind its question mark.
    let unreachable = |source: reqwest::Error| ImportError::Unreachable { url: shown(), source: source.without_url() };
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(Policy::limited(5))
        .user_agent(concat!("tollmark/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(unreachable)?;
    let mut reply = client.get(url).send().await.map_err(unreachable)?;
    if !reply.status().is_success() {
        return Err(ImportError::Refused { url: shown(), status: reply.status().as_u16() });
    }
    let mut bytes = Vec::new();
    while let Some(piece) = reply.chunk().await.map_err(unreachable)? {
        if bytes.len() + piece.len() > MOST_BYTES {
            return Err(ImportError::TooLarge(shown()));
        }
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).map_err(|_| ImportError::NotText(shown()))
}

/// A row for each thing that was lost.
fn listed(lost: &[Lost]) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let written = csv.write_record(["entry", "field", "value", "why"]).and_then(|()| {
        lost.iter().try_for_each(|one| {
            let field = one.field.as_deref().unwrap_or_default();
            csv.write_record([&one.entry, field, &one.value, &one.why.to_string()])
        })
    });
    written.expect("memory takes rows of four cells");
    String::from_utf8(csv.into_inner().expect("memory can be flushed")).expect("only text was written")
}

/// What was imported and what not, for people.
fn in_words(imported: &Imported, is_listed: bool) -> String {
    let Imported { registry, entries, taken, without_url, lost } = imported;
    let (models, providers) = (registry.models.len(), registry.providers.len());
    let mut words = format!("{taken} of {entries} entries imported: {models} models at {providers} providers\n");
    for why in Why::ALL {
        let count = lost.iter().filter(|one| one.why == why).count();
        if count > 0 {
            let what = if why.is_of_entry() { "entries left out" } else { "fields left out or changed" };
            words += &format!("  {count} {what}: {why}\n");
        }
    }
    if !lost.is_empty() && !is_listed {
        words += "  `--list-lost FILE.csv` lists each of them\n";
    }
    if !without_url.is_empty() {
        words += &format!(
            "warning: the catalogue does not say where {} of the providers answer: their `base_url` ends in `.invalid`, \
             put in the real one before a live run\n",
            without_url.len()
        );
    }
    words
}
