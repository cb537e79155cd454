//! Prices of whom two routing tables called: whether what they cost may be held against each other.

use crate::gate::price::{Doubt, doubts, has_no_price};
use crate::rundir::{CallsNote, CellNote, Manifest, PriceNote, RoutingNote, TableNote};

/// The prices that one table's calls in a cell were reckoned with.
pub(in crate::gate) struct TablePrices<'a> {
    /// The models that were called, each with its price.
    called: Vec<(&'a str, Option<&'a PriceNote>)>,
    /// Requests that were handed to a person of unknown cost.
    handed: u64,
}

/// Calls that bear on a cost: those of less than this share of both calls and dollars could not move it by a margin.
const LEAST_SHARE: f64 = 0.01;

impl<'a> TablePrices<'a> {
    /// Of the cells of two tables or of two routes; absent where one is that of an endpoint.
    pub(in crate::gate) fn of_both(manifest: &'a Manifest, notes: (&CellNote, &CellNote)) -> Option<[Self; 2]> {
        Some([Self::of(manifest, notes.0)?, Self::of(manifest, notes.1)?])
    }

    fn of(manifest: &'a Manifest, cell: &CellNote) -> Option<Self> {
        let routing = manifest.routing.iter().find(|note| note.cell == cell.cell)?;
        let table = manifest.tables.iter().find(|table| table.variant == cell.variant)?;
        let classifier = table.classifier.as_deref().filter(|_| routing.classifier.is_some());
        let answering = weighty(routing).map(|calls| (calls.provider.as_str(), calls.model.as_str(), &calls.region));
        let mut called: Vec<_> = answering
            .map(|(provider, model, region)| {
                let of = |note: &&crate::rundir::EndpointNote| {
                    note.provider == provider && note.model == model && note.region == *region
                };
                (model, table.endpoints.iter().find(of).and_then(|note| note.price.as_ref()))
            })
            .collect();
        called.extend(classifier.map(|model| (model, price_of(table, model))));
        let handed = if routing.human_cost_usd.is_none() { routing.handed_off } else { 0 };
        Some(Self { called, handed })
    }

    /// What bears on one side's costs alone; absent where both may be relied on alike.
    pub(in crate::gate) fn doubt_beside(&self, other: &Self) -> Option<String> {
        let [was, is] = [self, other].map(Self::doubts);
        let differs = |one: &[(&str, Doubt)], other: &[(&str, Doubt)]| {
            let (model, doubt) = one.iter().find(|doubt| !other.contains(doubt))?;
            Some(format!("the {} price of `{model}` is {}", doubt.key, doubt.kind))
        };
        differs(&is, &was)
            .or_else(|| differs(&was, &is))
            .or_else(|| differ_surely(self.handed, other.handed).then(|| "what a person costs is unknown".to_owned()))
    }

    /// Whether no price is known of anybody who was called.
    pub(in crate::gate) fn has_none(&self) -> bool {
        self.called.iter().all(|(_, price)| has_no_price(*price))
    }

    fn doubts(&self) -> Vec<(&'a str, Doubt)> {
        self.called.iter().flat_map(|(model, price)| doubts(*price).into_iter().map(|doubt| (*model, doubt))).collect()
    }
}

/// The calls of a cell that bear on its cost.
fn weighty(routing: &RoutingNote) -> impl Iterator<Item = &CallsNote> {
    let calls: u64 = routing.endpoints.iter().map(|calls| calls.calls).sum();
    let cost: f64 = routing.endpoints.iter().map(|calls| calls.cost_usd.as_f64()).sum();
    let is_weighty = move |one: &&CallsNote| {
        one.calls as f64 >= LEAST_SHARE * calls as f64
            || one.cost_usd.as_f64() >= LEAST_SHARE * cost.max(f64::MIN_POSITIVE)
    };
    routing.endpoints.iter().filter(is_weighty)
}

fn price_of<'a>(table: &'a TableNote, model: &str) -> Option<&'a PriceNote> {
    table.endpoints.iter().find(|note| note.model == model).and_then(|note| note.price.as_ref())
}

/// Whether two counts of the same requests differ by more than chance makes them: by more than three standard deviations of the
/// difference of two Poisson counts, which is more than labels drawn twice have.
pub(crate) fn differ_surely(one: u64, other: u64) -> bool {
    one.abs_diff(other) as f64 > 3.0 * ((one + other) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_drawn_twice_differ_by_chance_and_a_moved_tier_does_not() {
        assert!(!differ_surely(538, 555) && !differ_surely(2, 9) && !differ_surely(0, 0));
        assert!(differ_surely(400, 555) && differ_surely(0, 12));
    }

    #[test]
    fn an_assumed_price_bears_where_one_table_alone_calls_the_model() {
        let price = |assumed: &[&str]| -> PriceNote {
            serde_json::from_value(serde_json::json!({ "from": "2026-05-01", "currency": "USD",
                "input_usd_per_mtok": "0.01", "output_usd_per_mtok": "0.01", "cached_input_usd_per_mtok": null,
                "reasoning_usd_per_mtok": null, "per_request_usd": null, "per_image_usd": null, "assumed": assumed,
                "source": "the catalogue" }))
            .unwrap()
        };
        let (sure, assumed) = (price(&[]), price(&["input"]));
        let of = |called: Vec<(&'static str, Option<&'static PriceNote>)>| TablePrices { called, handed: 0 };
        let leak = |note: PriceNote| -> Option<&'static PriceNote> { Some(Box::leak(Box::new(note))) };
        let (sure, assumed) = (leak(sure), leak(assumed));
        let both = [of(vec![("a", assumed), ("b", sure)]), of(vec![("c", sure), ("a", assumed)])];
        assert_eq!(both[0].doubt_beside(&both[1]), None);
        let one = of(vec![("b", sure)]).doubt_beside(&both[1]);
        assert_eq!(one.as_deref(), Some("the input price of `a` is assumed"));
        assert!(of(vec![("a", None)]).has_none() && !both[0].has_none());
    }
}
