//! Where the keys of a routing table stand in its file.

use std::ops::Range;

use crate::conf::{Document, Field, Table as Keys};
use crate::routes::table::Table;

/// The places of a table's keys. A key that the file does not give stands where its part of the table begins.
#[derive(Debug)]
pub struct Places<'t> {
    table: &'t Table,
    document: Document<'t>,
}

impl<'t> Places<'t> {
    /// Those of `table`.
    pub fn of(table: &'t Table) -> Self {
        Self { table, document: Document::parse(&table.source, &table.text) }
    }

    /// The line of `key` in `[classifier]`, from 1; absent where the file has no such part.
    pub fn classifier(&self, key: &'static str) -> Option<usize> {
        Some(line_of(&self.document.root().table("classifier")?, key))
    }

    /// The line of `key` in `[failover]`; absent likewise.
    pub fn failover(&self, key: &'static str) -> Option<usize> {
        Some(line_of(&self.document.root().table("failover")?, key))
    }

    /// The line of `key` in `[failover.breaker]`; absent likewise.
    pub fn breaker(&self, key: &'static str) -> Option<usize> {
        Some(line_of(&self.document.root().table("failover")?.table("breaker")?, key))
    }

    /// The line of `key` at the top of the file, from 1; absent where it is not given.
    pub fn top(&self, key: &'static str) -> Option<usize> {
        self.document.root().optional(key).map(Field::line)
    }

    /// The line of `key` in the route at `index`, from 1.
    pub fn route(&self, index: usize, key: &'static str) -> usize {
        let routes = self.document.root().tables("route");
        routes.get(index).map_or(self.table.routes[index].line, |keys| line_of(keys, key))
    }

    /// The bytes of the file that `key` of the route at `index` stands on.
    pub(super) fn span(&self, index: usize, key: &'static str) -> Range<usize> {
        let routes = self.document.root().tables("route");
        let field = routes.get(index).and_then(|keys| keys.optional(key));
        field.map_or_else(|| self.table.routes[index].name.span.clone(), Field::span)
    }
}

fn line_of(keys: &Keys<'_>, key: &'static str) -> usize {
    keys.optional(key).map_or_else(|| keys.line(), Field::line)
}
