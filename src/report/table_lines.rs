//! Which lines of a routing table changed, in words.

use crate::forecast::{GONE_BREAKER, GONE_CLASSIFIER, TableChange};
use crate::report::figures;
use crate::report::plain_text::visible;

/// What differs between two tables, and what their files are called.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct TableLines<'a> {
    /// The new table's file.
    pub(in crate::report) routes: &'a str,
    /// The old one's.
    pub(in crate::report) against: &'a str,
    /// The whole table first, then route by route.
    pub(in crate::report) changes: &'a [TableChange],
}

impl TableLines<'_> {
    /// Which line of the file did it: the first change of the route, else of the whole table, else any; absent where nothing
    /// differs.
    pub(in crate::report) fn cause(&self, route: Option<&str>) -> Option<String> {
        let of = |change: &&TableChange| change.route.as_deref() == route;
        let whole = |change: &&TableChange| change.route.is_none();
        let found =
            self.changes.iter().find(of).or_else(|| self.changes.iter().find(whole)).or(self.changes.first())?;
        let more = self.changes.len() - 1;
        let more =
            if more > 0 { format!(", and {} more", figures::several(more as u64, "change")) } else { String::new() };
        Some(format!("{}{more}", self.told(found)))
    }

    /// `routes.toml line 14, `a` → `b``.
    pub(in crate::report) fn told(&self, change: &TableChange) -> String {
        let gone = ["is gone", GONE_BREAKER, GONE_CLASSIFIER].contains(&change.what.as_str());
        let file = if gone { self.against } else { self.routes };
        let line = change.line.map_or_else(String::new, |line| format!(" line {line}"));
        let route = change.route.as_deref().filter(|_| change.what.starts_with("is "));
        let route = route.map_or_else(String::new, |route| format!("`{}` ", visible(route)));
        format!("{}{line}, {route}{}", visible(file), visible(&change.what))
    }
}
