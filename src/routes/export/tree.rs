//! Nested values in an order of their own, written as YAML or JSON.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// A value; the keys of a map stay in the order that they were given in.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    /// A value of JSON, written on one line.
    Leaf(Value),
    /// A list.
    List(Vec<Tree>),
    /// Keys and their values.
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// A map of `entries`.
    pub(super) fn map<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// A number, without a point where it is whole.
    pub(super) fn number(number: f64) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() < EXACT {
            return Self::Leaf(Value::from(number as i64));
        }
        Self::Leaf(Value::from(number))
    }

    /// The value in YAML 1.2, in block style. Texts are in double quotes as in JSON, of which YAML is a superset, so
    /// that none is taken for a number, a date or `no`.
    pub(super) fn as_yaml(&self) -> String {
        let mut out = String::new();
        self.block(0, &mut out);
        out
    }

    /// The value in JSON, indented.
    pub(super) fn as_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a tree holds nothing that JSON cannot") + "\n"
    }

    fn block(&self, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        match self {
            Self::Leaf(value) => out.push_str(&format!("{indent}{value}\n")),
            Self::List(items) => {
                for item in items {
                    let mut inner = String::new();
                    item.block(depth + 1, &mut inner);
                    // The dash takes the place of the first item's indentation.
                    out.push_str(&format!("{indent}- {}", inner.trim_start_matches(' ')));
                }
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    let key = if is_plain(key) { key.clone() } else { Value::from(key.as_str()).to_string() };
                    out.push_str(&format!("{indent}{key}:"));
                    value.after_key(depth + 1, out);
                }
            }
        }
    }

    fn after_key(&self, depth: usize, out: &mut String) {
        match self {
            Self::Leaf(value) => out.push_str(&format!(" {value}\n")),
            Self::List(items) if items.is_empty() => out.push_str(" []\n"),
            Self::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
            nested => {
                out.push('\n');
                nested.block(depth, out);
            }
        }
    }
}

impl<T: Into<Value>> From<T> for Tree {
    fn from(value: T) -> Self {
        Self::Leaf(value.into())
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leaf(value) => value.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// Whether a key needs no quotes: a word of YAML that is neither a number nor a truth value.
fn is_plain(key: &str) -> bool {
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !words.contains(&key.to_lowercase().as_str())
}
