//! Which cells a rule is about.

use glob::{MatchOptions, Pattern};

use crate::gate::Named;

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
    /// Over routes; it then matches rows of routes alone, and without it none of them.
    pub route: Option<Pattern>,
    /// Over workloads.
    pub workload: Option<Pattern>,
    /// Over variants.
    pub variant: Option<Pattern>,
}

impl Match {
    /// Whether the rule is about the cell of these names.
    pub fn takes(&self, cell: &Named<'_>) -> bool {
        self.route.is_some() == cell.route.is_some() && self.takes_in_part(cell)
    }

    /// The same, but that a rule which names no route is about those of a routing table too, which are parts of it.
    pub(in crate::gate) fn takes_in_part(&self, cell: &Named<'_>) -> bool {
        let takes = |pattern: &Option<Pattern>, name: Option<&str>| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches_with(name.unwrap_or(""), OPTIONS))
        };
        takes(&self.provider, Some(cell.provider))
            && takes(&self.model, Some(cell.model))
            && takes(&self.region, cell.region)
            && self.tier.is_none_or(|tier| cell.tier == Some(tier))
            && takes(&self.route, cell.route)
            && takes(&self.workload, Some(cell.workload))
            && takes(&self.variant, cell.variant)
    }
}

/// Names are no paths: `*` takes a slash too, and case counts.
pub(in crate::gate) const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: false, require_literal_leading_dot: false };
