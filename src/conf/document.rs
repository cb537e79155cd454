//! One TOML file, parsed with recovery.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use crate::conf::fault::{Faults, Found, Kind};
use crate::conf::table::Table;

/// The version of the format that every user-edited file states.
const SCHEMA: u64 = 1;

/// A file under reading: its contents, and what has been found wrong with it so far.
#[derive(Debug)]
pub struct Document<'t> {
    source: &'t str,
    text: &'t str,
    contents: Spanned<DeTable<'t>>,
    found: RefCell<Vec<Found>>,
    masked: RefCell<Vec<Range<usize>>>,
}

impl<'t> Document<'t> {
    /// Parses `text`; `source` is the file's name in messages.
    ///
    /// Broken syntax is noted like every other mistake and comes out of [`Document::finish`].
    pub fn parse(source: &'t str, text: &'t str) -> Self {
        let (contents, errors) = DeTable::parse_recoverable(text);
        let end = text.len().saturating_sub(1);
        let syntax = errors.iter().map(|error| Found {
            span: error.span().unwrap_or(end..text.len()),
            message: format!("is not TOML: {}", error.message()),
            hint: None,
            kind: Kind::Syntax,
        });
        let found = RefCell::new(syntax.collect());
        Self { source, text, contents, found, masked: RefCell::default() }
    }

    /// The file's top level, its `schema` checked: it is required and must be 1.
    pub fn root(&self) -> Table<'_> {
        let first_line = 0..self.text.lines().next().map_or(0, str::len);
        let root = Table::new(self, "the file", self.contents.get_ref(), first_line);
        if let Some(schema) = root.required("schema", "schema = 1") {
            schema.integer(SCHEMA..=SCHEMA);
        }
        root
    }

    /// Hands over `value` when nothing is wrong with the file.
    ///
    /// # Errors
    /// Everything found wrong since [`Document::parse`].
    pub fn finish<T>(self, value: T) -> Result<T, Faults> {
        let found = self.found.into_inner();
        if found.is_empty() {
            Ok(value)
        } else {
            Err(Faults::of(self.source, self.text, &self.masked.into_inner(), found))
        }
    }

    /// The line of the byte at `offset`, from 1.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }

    /// Notes a mistake at `span`.
    pub(super) fn note(&self, span: Range<usize>, kind: Kind, message: String, hint: Option<String>) {
        self.found.borrow_mut().push(Found { span, message, hint, kind });
    }

    /// Keeps what stands at `span` out of everything that is shown.
    pub(super) fn mask(&self, span: Range<usize>) {
        self.masked.borrow_mut().push(span);
    }
}
