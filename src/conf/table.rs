//! A table of a file under reading. It remembers which keys were asked for; the others are unknown.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::DeTable;

use crate::conf::document::Document;
use crate::conf::fault::Kind;
use crate::conf::field::Field;
use crate::conf::nearest::nearest;
use crate::conf::secret::names_a_secret;

/// A table with the keys that its reader knows.
///
/// Ask for every key, also those that turn out absent, then call [`Table::finish`].
#[derive(Debug)]
#[must_use = "unknown keys are only found by `finish`"]
pub struct Table<'d> {
    document: &'d Document<'d>,
    name: String,
    contents: &'d DeTable<'d>,
    span: Range<usize>,
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'d> Table<'d> {
    pub(super) fn new(
        document: &'d Document<'d>,
        name: impl Into<String>,
        contents: &'d DeTable<'d>,
        span: Range<usize>,
    ) -> Self {
        Self { document, name: name.into(), contents, span, known: RefCell::default() }
    }

    /// The line that it begins at, from 1.
    pub fn line(&self) -> usize {
        self.document.line_at(self.span.start)
    }

    /// The bytes of the file that it stands on.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The value of `key`; absent where the file does not give it.
    pub fn optional(&self, key: &'static str) -> Option<Field<'d>> {
        self.known.borrow_mut().insert(key);
        let (key, value) = self.contents.get_key_value(key)?;
        Some(Field::new(self.document, key.get_ref(), value))
    }

    /// The value of `key`. Where the file does not give it, that is noted with `example` as what to write.
    pub fn required(&self, key: &'static str, example: &str) -> Option<Field<'d>> {
        let field = self.optional(key);
        if field.is_none() {
            self.lacks(&format!("`{key}` is missing in {}, write it like `{example}`", self.name));
        }
        field
    }

    /// The string of a required key; empty where that is a mistake, which is noted.
    pub fn string(&self, key: &'static str, example: &str) -> String {
        self.required(key, example).and_then(Field::string).unwrap_or_default().to_owned()
    }

    /// The string of an optional key.
    pub fn optional_string(&self, key: &'static str) -> Option<String> {
        self.optional(key).and_then(Field::string).map(str::to_owned)
    }

    /// The tables of `[[key]]`, in the file's order; none where the file gives none.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'d>> {
        self.optional(key).map_or_else(Vec::new, |field| field.tables(&self.path(key)))
    }

    /// The table of `[key]`; absent where the file does not give it.
    pub fn table(&self, key: &'static str) -> Option<Table<'d>> {
        self.optional(key).and_then(|field| field.table(&self.path(key)))
    }

    /// Every key with its value, in the order of the keys, for tables whose keys are the user's own.
    pub fn entries(&self) -> Vec<(&'d str, Field<'d>)> {
        let fields = self.contents.iter().map(|(key, value)| {
            let key = key.get_ref().as_ref();
            (key, Field::new(self.document, key, value))
        });
        fields.collect()
    }

    /// Notes that something is wrong with the table as a whole.
    pub fn fault(&self, message: &str) {
        self.document.note(self.span.clone(), Kind::Value, message.to_owned(), None);
    }

    /// Notes that the table lacks something.
    ///
    /// In a file with broken syntax this is not shown: the parser may have skipped what seems to be missing.
    pub fn lacks(&self, message: &str) {
        self.document.note(self.span.clone(), Kind::Absence, message.to_owned(), None);
    }

    /// Notes every key that was never asked for.
    pub fn finish(self) {
        let known = self.known.borrow();
        for (key, value) in self.contents {
            let name = key.get_ref().as_ref();
            if known.contains(name) {
                continue;
            }
            if names_a_secret(name) {
                self.document.mask(value.span());
            }
            let unused = known.iter().copied().filter(|known| !self.contents.contains_key(*known));
            let meant = nearest(name, unused).or_else(|| nearest(name, known.iter().copied()));
            let hint = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known here: {}", quoted(known.iter().copied())),
            };
            let message = format!("`{name}` is not a key of {}", self.name);
            self.document.note(key.span(), Kind::Value, message, Some(hint));
        }
    }

    /// The dotted name of `key` below this table.
    fn path(&self, key: &str) -> String {
        match self.name.trim_matches(['`', '[', ']']) {
            "the file" => key.to_owned(),
            above => format!("{above}.{key}"),
        }
    }
}

/// Names in backticks, separated by commas.
fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
