//! The fields of a JSON object: each is taken, or listed as lost in the end.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::registry::catalogue::decimal::{Unit, read_amount};
use crate::registry::catalogue::entry::{Lost, Why};
use crate::registry::catalogue::error::CatalogueError;

/// A catalogue's text, which tells the line of each of its parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'t> {
    /// The file or address, for messages.
    pub(super) name: &'t str,
    /// All of it.
    pub(super) text: &'t str,
}

/// A JSON object whose values still are text.
pub(super) type Object<'t> = BTreeMap<String, &'t RawValue>;

impl<'t> Source<'t> {
    /// The line from 1 on which `part` begins.
    pub(super) fn line_of(&self, part: &RawValue) -> usize {
        let offset = (part.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }

    /// `part` as an object; absent where it is none.
    pub(super) fn object(part: &'t RawValue) -> Option<Object<'t>> {
        serde_json::from_str(part.get()).ok()
    }

    /// `part` as an array; absent where it is none.
    pub(super) fn array(part: &'t RawValue) -> Option<Vec<&'t RawValue>> {
        serde_json::from_str(part.get()).ok()
    }

    /// The fields of `part`, which the catalogue calls `entry`.
    ///
    /// # Errors
    /// It is no object.
    pub(super) fn fields(self, entry: &str, part: &'t RawValue) -> Result<Fields<'t>, CatalogueError> {
        let map = Self::object(part).ok_or_else(|| CatalogueError::BadField {
            file: self.name.to_owned(),
            line: self.line_of(part),
            entry: entry.to_owned(),
            field: String::new(),
            value: shortened(part.get()),
            must: "an object",
        })?;
        Ok(Fields { source: self, entry: entry.to_owned(), path: String::new(), map })
    }
}

/// Fields that have not been taken yet.
#[derive(Debug)]
pub(super) struct Fields<'t> {
    source: Source<'t>,
    entry: String,
    /// Where the object stands in its entry, ending in a dot; empty for the entry itself.
    path: String,
    map: Object<'t>,
}

impl<'t> Fields<'t> {
    /// The catalogue's name for the entry.
    pub(super) fn entry(&self) -> &str {
        &self.entry
    }

    /// The names of all fields that are left, in order.
    pub(super) fn names(&self) -> Vec<String> {
        self.map.keys().cloned().collect()
    }

    /// Takes a field; absent where there is none or it is null.
    pub(super) fn take(&mut self, name: &str) -> Option<&'t RawValue> {
        self.map.remove(name).filter(|raw| raw.get() != "null")
    }

    /// A field that stays where it is; absent where there is none or it is null.
    pub(super) fn look_at(&self, name: &str) -> Option<&'t RawValue> {
        self.map.get(name).copied().filter(|raw| raw.get() != "null")
    }

    /// Passes over a text that says what is known already, so that it is not listed as lost; anything else is left.
    pub(super) fn skip(&mut self, name: &str) {
        self.parsed::<String>(name);
    }

    /// The same fields under the name that the entry turned out to have.
    pub(super) fn called(self, entry: &str) -> Self {
        Self { entry: entry.to_owned(), ..self }
    }

    /// Takes a text; anything else is left.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.parsed::<String>(name).filter(|text| !text.is_empty())
    }

    /// Takes a whole number above zero, also one written as `256000.0`; anything else is left.
    pub(super) fn count(&mut self, name: &str) -> Option<u64> {
        let raw = self.map.get(name)?;
        let count = read_count(raw.get())?;
        self.map.remove(name);
        Some(count)
    }

    /// Takes `true` or `false`; anything else is left and false.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        self.parsed::<bool>(name).unwrap_or(false)
    }

    /// Takes a list of texts; anything else is left and empty.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        self.parsed(name).unwrap_or_default()
    }

    /// Takes an object; anything else is left.
    pub(super) fn inner(&mut self, name: &str) -> Option<Self> {
        let map = Source::object(self.map.get(name)?)?;
        self.map.remove(name);
        Some(Self { source: self.source, entry: self.entry.clone(), path: format!("{}{name}.", self.path), map })
    }

    /// Takes an array of objects; anything else is left and empty.
    pub(super) fn inners(&mut self, name: &str) -> Vec<Self> {
        let Some(maps) = self.parsed::<Vec<Object<'t>>>(name) else { return Vec::new() };
        let inner = |(index, map)| Self {
            source: self.source,
            entry: self.entry.clone(),
            path: format!("{}{name}[{index}].", self.path),
            map,
        };
        maps.into_iter().enumerate().map(inner).collect()
    }

    /// Takes a price, in picodollars for one token, request or image; absent where there is none. That it was rounded
    /// is listed.
    ///
    /// # Errors
    /// It is no price.
    pub(super) fn price(
        &mut self,
        name: &str,
        unit: Unit,
        lost: &mut Vec<Lost>,
    ) -> Result<Option<i128>, CatalogueError> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        let amount = read_amount(raw.get(), unit).map_err(|problem| CatalogueError::BadPrice {
            file: self.source.name.to_owned(),
            line: self.source.line_of(raw),
            entry: self.entry.clone(),
            field: format!("{}{name}", self.path),
            value: shortened(raw.get()),
            problem,
        })?;
        if amount.rounded {
            lost.push(self.lost(name, raw, Why::Rounded));
        }
        Ok(Some(amount.picos))
    }

    /// Lists everything that was not taken.
    pub(super) fn list_rest(self, lost: &mut Vec<Lost>) {
        for (name, raw) in &self.map {
            if raw.get() != "null" {
                let why = if is_price(&self.path) || is_price(name) { Why::Price } else { Why::Other };
                lost.push(self.lost(name, raw, why));
            }
        }
    }

    /// That `name` has no place.
    pub(super) fn lost(&self, name: &str, raw: &RawValue, why: Why) -> Lost {
        let field = Some(format!("{}{name}", self.path));
        Lost { entry: self.entry.clone(), field, value: raw.get().to_owned(), why }
    }

    /// That the whole entry has no place.
    pub(super) fn lost_whole(&self, why: Why) -> Lost {
        Lost { entry: self.entry.clone(), field: None, value: String::new(), why }
    }

    fn parsed<T: serde::Deserialize<'t>>(&mut self, name: &str) -> Option<T> {
        let raw: &'t RawValue = self.map.get(name)?;
        let parsed = serde_json::from_str(raw.get()).ok()?;
        self.map.remove(name);
        Some(parsed)
    }
}

/// A whole number above zero, also one written as `256000.0`.
pub(super) fn read_count(json: &str) -> Option<u64> {
    let (whole, fraction) = json.split_once('.').unwrap_or((json, "0"));
    let count: u64 = whole.parse().ok()?;
    (count > 0 && !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0')).then_some(count)
}

/// Whether a field of this name says what something costs.
fn is_price(name: &str) -> bool {
    ["cost", "price", "pricing", "mtok", "kcount", "multiplier"].iter().any(|word| name.contains(word))
        && !name.contains("comment")
}

/// At most 60 characters of `json`.
pub(super) fn shortened(json: &str) -> String {
    let mut short: String = json.chars().take(60).collect();
    if short.len() < json.len() {
        short.push('…');
    }
    short
}
