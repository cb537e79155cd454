//! What cells are called: what rules match, and what makes a pair of two cells.

use crate::rundir::{CellNote, CellRow};

/// The names of a cell, measured or planned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Named<'a> {
    /// Baseline or candidate; absent outside an A/B run.
    pub variant: Option<&'a str>,
    /// Who is called.
    pub provider: &'a str,
    /// What answers.
    pub model: &'a str,
    /// Where; absent where the registry names no region.
    pub region: Option<&'a str>,
    /// The model's tier.
    pub tier: Option<u8>,
    /// The route; absent for an endpoint, and for a routing table as a whole.
    pub route: Option<&'a str>,
    /// The workload.
    pub workload: &'a str,
    /// How requests are issued, as in `cells.csv`.
    pub load: &'a str,
    /// Requests in flight asked for.
    pub concurrency: Option<u32>,
    /// Requests a second asked for.
    pub rate_rps: Option<f64>,
}

impl<'a> Named<'a> {
    /// Whether both are the same but for variant, provider and tier, which a candidate may change.
    fn is_like(&self, other: &Self) -> bool {
        let of = |one: &Self| (one.model, one.region, one.route);
        of(self) == of(other) && self.shares_load(other)
    }

    /// Whether it is a routing table or one of its routes: then no one model answers.
    pub(in crate::gate) const fn is_routed(&self) -> bool {
        self.route.is_some() || self.model.is_empty()
    }

    /// Whether both send the same requests in the same way.
    fn shares_load(&self, other: &Self) -> bool {
        self.workload == other.workload && self.shares_pace(other)
    }

    /// Whether both send requests in the same way.
    fn shares_pace(&self, other: &Self) -> bool {
        (self.load, self.concurrency) == (other.load, other.concurrency)
            && self.rate_rps.map(f64::to_bits) == other.rate_rps.map(f64::to_bits)
    }

    /// Whether requests of both are those of one route, or of the whole table, whatever the workload; outside of a routing table,
    /// of one model on one workload.
    pub(in crate::gate) fn shares_route(&self, other: &Self) -> bool {
        match (self.is_routed(), other.is_routed()) {
            (true, true) => self.route == other.route && self.shares_pace(other),
            (false, false) => self.model == other.model && self.shares_load(other),
            _ => false,
        }
    }
}

impl<'a> From<&'a CellRow> for Named<'a> {
    fn from(row: &'a CellRow) -> Self {
        Self {
            variant: row.variant.as_deref(),
            provider: &row.provider,
            model: &row.model,
            region: row.region.as_deref(),
            tier: row.tier,
            route: row.route.as_deref(),
            workload: &row.workload,
            load: &row.load,
            concurrency: row.concurrency,
            rate_rps: row.rate_rps,
        }
    }
}

impl<'a> From<&'a CellNote> for Named<'a> {
    fn from(note: &'a CellNote) -> Self {
        Self {
            variant: note.variant.as_deref(),
            provider: &note.provider,
            model: &note.model,
            region: note.region.as_deref(),
            tier: note.tier,
            route: note.route.as_deref(),
            workload: &note.workload,
            load: &note.load,
            concurrency: note.concurrency,
            rate_rps: note.rate_rps,
        }
    }
}

/// Two cells that send the same requests to a baseline and to a candidate; places in the list of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Of the first variant.
    pub baseline: usize,
    /// Of the second one; absent where it has no such cell.
    pub candidate: Option<usize>,
}

/// The pairs among `cells` of the variants `baseline` and `candidate`, in the order of the baseline's cells.
///
/// A pair agrees in model, region, route, workload and load; where a model is had from several providers, in the provider
/// too. A cell that only the candidate has is in no pair: there is nothing to hold it against.
pub(in crate::gate) fn pairs(cells: &[Named<'_>], baseline: &str, candidate: &str) -> Vec<Pair> {
    let of = |variant: &str| -> Vec<usize> {
        (0..cells.len()).filter(|index| cells[*index].variant == Some(variant)).collect()
    };
    let mut free = of(candidate);
    let mut pairs: Vec<Pair> = of(baseline).into_iter().map(|baseline| Pair { baseline, candidate: None }).collect();
    for same_provider in [true, false] {
        for pair in pairs.iter_mut().filter(|pair| pair.candidate.is_none()) {
            let one = &cells[pair.baseline];
            let fits = |other: &Named<'_>| one.is_like(other) && (!same_provider || one.provider == other.provider);
            if let Some(place) = free.iter().position(|index| fits(&cells[*index])) {
                pair.candidate = Some(free.remove(place));
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn cell(variant: &'static str, provider: &'static str, model: &'static str) -> Named<'static> {
        Named {
            variant: Some(variant),
            provider,
            model,
            region: Some("us"),
            tier: Some(1),
            route: None,
            workload: "chat",
            load: "closed",
            concurrency: Some(4),
            rate_rps: None,
        }
    }

    #[test]
    fn a_pair_agrees_in_all_but_the_variant_and_prefers_its_own_provider() {
        let cells = [
            cell("a", "acme", "small"),
            cell("a", "acme", "large"),
            cell("a", "other", "small"),
            cell("b", "other", "small"),
            cell("b", "new", "small"),
            Named { concurrency: Some(8), ..cell("b", "acme", "large") },
        ];
        let found: Vec<_> = pairs(&cells, "a", "b").iter().map(|pair| (pair.baseline, pair.candidate)).collect();
        assert_eq!(found, [(0, Some(4)), (1, None), (2, Some(3))]);
    }

    #[test]
    fn outside_of_a_routing_table_a_route_is_a_model_on_a_workload() {
        let one = cell("a", "acme", "small");
        assert!(one.shares_route(&Named { region: Some("eu"), ..one }));
        assert!(!one.shares_route(&Named { model: "large", ..one }));
        assert!(!one.shares_route(&Named { workload: "code", ..one }));
        let routed = Named { route: Some("everyday"), ..one };
        assert!(routed.shares_route(&Named { model: "large", ..routed }) && !routed.shares_route(&one));
        assert!(routed.shares_route(&Named { workload: "code", ..routed }));
        assert!(!routed.shares_route(&Named { route: None, model: "", ..routed }));
    }
}
