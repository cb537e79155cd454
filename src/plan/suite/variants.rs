//! What a suite compares: two variants, the baseline and the candidate.

use std::path::{Path, PathBuf};

use crate::conf::{Field, Table};
use crate::plan::suite::{read_name, read_table};
use crate::registry::{read_base_url, read_variable};

/// One of the two sides of a comparison. What it leaves out is as the suite says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// Its name, a part of the names of its cells.
    pub name: String,
    /// The registry in place of the suite's, resolved against the suite's folder.
    pub registry: Option<PathBuf>,
    /// The routing table in place of the suite's, resolved against the suite's folder, or `built-in`.
    pub routes: Option<PathBuf>,
    /// Where all its requests go, in place of the registry's providers.
    pub base_url: Option<String>,
    /// The environment variable of the key for that URL; absent: none is sent.
    pub api_key_env: Option<String>,
}

/// The tables of `[[variant]]`; none where the suite compares nothing.
pub(super) fn read_variants(root: &Table<'_>, folder: &Path) -> Vec<Variant> {
    let tables = root.tables("variant");
    let mut variants: Vec<Variant> = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let variant = read_variant(table, folder);
        if number >= MOST {
            table.fault("a third `[[variant]]`, must be two: a baseline and a candidate");
        } else if let Some(first) = variants.first() {
            let same = Variant { name: first.name.clone(), ..variant.clone() };
            if first.name == variant.name && !variant.name.is_empty() {
                if let Some(name) = table.optional("name") {
                    name.fault(&format!("is `{}`, as that of the other variant is, must be another", variant.name));
                }
            } else if *first == same {
                table.fault(&format!(
                    "`{}` says the same as `{}`, so nothing is compared: must differ in `registry`, `routes` or `base_url`",
                    variant.name, first.name
                ));
            }
        }
        variants.push(variant);
    }
    if let ([table], [only]) = (&tables[..], &variants[..]) {
        let other = if only.name == "candidate" { "baseline" } else { "candidate" };
        table.lacks(&format!("one `[[variant]]` alone, must be two: add another like `name = \"{other}\"`"));
    }
    tables.into_iter().for_each(Table::finish);
    variants
}

/// Variants that can be compared in one run.
const MOST: usize = 2;

fn read_variant(table: &Table<'_>, folder: &Path) -> Variant {
    let name = table.required("name", "name = \"candidate\"").and_then(read_name);
    let base_url = table.optional("base_url");
    let key = table.optional("api_key_env");
    if let (None, Some(key)) = (base_url, key) {
        key.fault("stands without `base_url`, whose key it names: the registry names those of its providers");
    }
    Variant {
        name: name.unwrap_or_default(),
        registry: table.optional("registry").and_then(Field::string).map(|path| folder.join(path)),
        routes: table.optional("routes").and_then(|field| read_table(field, folder)),
        base_url: base_url.and_then(read_base_url),
        api_key_env: key.and_then(read_variable),
    }
}
