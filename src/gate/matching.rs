//! Which cells a rule is about.

use glob::{MatchOptions, Pattern};

use crate::rundir::CellRow;

/// Globs over what names a cell; one that is absent matches everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Match {
    /// Over providers.
    pub provider: Option<Pattern>,
    /// Over models.
    pub model: Option<Pattern>,
    /// Over regions; a cell without one matches `*` alone.
    pub region: Option<Pattern>,
    /// The tier.
    pub tier: Option<u8>,
    /// Over routes; it then matches rows of routes alone.
    pub route: Option<Pattern>,
    /// Over workloads.
    pub workload: Option<Pattern>,
    /// Over variants.
    pub variant: Option<Pattern>,
}

impl Match {
    /// Whether the rule is about `row`.
    pub fn takes(&self, row: &CellRow) -> bool {
        let takes = |pattern: &Option<Pattern>, name: Option<&str>| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches_with(name.unwrap_or(""), OPTIONS))
        };
        takes(&self.provider, Some(&row.provider))
            && takes(&self.model, Some(&row.model))
            && takes(&self.region, row.region.as_deref())
            && self.tier.is_none_or(|tier| row.tier == Some(tier))
            && (self.route.is_none() || row.route.is_some())
            && takes(&self.route, row.route.as_deref())
            && takes(&self.workload, Some(&row.workload))
            && takes(&self.variant, row.variant.as_deref())
    }
}

/// Names are no paths: `*` takes a slash too, and case counts.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: false, require_literal_leading_dot: false };
