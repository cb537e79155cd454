//! What became of the requests that a routing table carried out, as the manifest keeps it.

use serde::{Deserialize, Serialize};

use crate::rundir::{CellNote, EndpointNote, Manifest};
use crate::tally::{Calls, Labels, RoutingTally, Tiering, Trips};
use crate::units::{Latency, Usd};

/// How a table did in one cell, or one of its routes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoutingNote {
    /// The slug of the cell, of a whole table or of a route.
    pub cell: String,
    /// Requests that count.
    pub requests: u64,
    /// Requests that were handed to a person, which do not count.
    pub handed_off: u64,
    /// What persons cost, within the cell's cost; absent where nobody says.
    pub human_cost_usd: Option<Usd>,
    /// Successes without a failed attempt over requests, 0 to 1; absent without a request.
    pub availability_before_failover: Option<f64>,
    /// Successes over requests, 0 to 1; absent without a request.
    pub availability: Option<f64>,
    /// Successes of first attempts; absent without one.
    pub first: Option<TripNote>,
    /// Successes that failed over; absent without one.
    pub failed_over: Option<TripNote>,
    /// Requests that failed over and failed all the same.
    pub failed_all: u64,
    /// Whom the calls for the answer went to, in the table's order; those that were not called are left out.
    pub endpoints: Vec<CallsNote>,
    /// What the classifier did; absent where it was not asked.
    pub classifier: Option<ClassifierNote>,
    /// Requests that were routed by another tier than recorded; absent where no tier is recorded.
    pub tiering: Option<TieringNote>,
}

/// Requests that took the same way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TripNote {
    /// How many.
    pub requests: u64,
    /// Their median end to end, in milliseconds.
    pub e2e_p50_ms: Option<Latency>,
    /// Their 95th percentile.
    pub e2e_p95_ms: Option<Latency>,
    /// What they cost; absent where that is not known of all of them.
    pub cost_usd: Option<Usd>,
}

/// The calls of one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallsNote {
    /// Who was called.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// The region's id; absent where the registry names none.
    pub region: Option<String>,
    /// Calls for an answer, or a part of one.
    pub calls: u64,
    /// Of these, those that failed.
    pub failed: u64,
    /// Requests whose answer came from there.
    pub answered: u64,
    /// What the calls of known cost cost.
    pub cost_usd: Usd,
}

/// What a classifier did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassifierNote {
    /// Its calls.
    pub calls: u64,
    /// Of these, those that were late, failed or answered nonsense, so that the default tier was taken.
    pub defaulted: u64,
    /// Their median time in milliseconds.
    pub p50_ms: Option<Latency>,
    /// The 99th percentile.
    pub p99_ms: Option<Latency>,
    /// Its share of the end-to-end time of the requests that succeeded, 0 to 1; absent without one.
    pub share_of_time: Option<f64>,
    /// What its calls of known cost cost.
    pub cost_usd: Usd,
    /// Labels that were held against a recorded tier.
    pub compared: u64,
    /// Of these, those that were as recorded; a default never is.
    pub right: u64,
    /// How often each recorded tier, 0 to 4 and a row each, was labelled 0 to 4, or, in the last column, was given the
    /// default.
    pub confusion: Vec<Vec<u64>>,
}

/// Requests that were routed by another tier than the workload records, which is taken for right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TieringNote {
    /// Requests with a recorded tier that were routed by one.
    pub compared: u64,
    /// Of these, those that were routed by a higher tier than recorded.
    pub over: u64,
    /// Of these, those whose cost is known both as paid and at the recorded tier's model, for as many tokens.
    pub over_priced: u64,
    /// What these cost above that.
    pub paid_above_usd: Usd,
    /// Requests that were routed by a lower tier than recorded.
    pub under: u64,
}

/// The notes of the cells of `manifest` that a routing table carried out, in its order; `tallies` match its cells.
pub fn routing_notes(manifest: &Manifest, tallies: &[RoutingTally]) -> Vec<RoutingNote> {
    let note = |(cell, tally): (&CellNote, &RoutingTally)| {
        let is_whole = manifest.cells.iter().any(|part| part.part_of.as_ref() == Some(&cell.cell));
        let table = manifest.tables.iter().find(|table| table.variant == cell.variant)?;
        (is_whole || cell.part_of.is_some()).then(|| routing_note(&cell.cell, &table.endpoints, tally))
    };
    manifest.cells.iter().zip(tallies).filter_map(note).collect()
}

fn routing_note(cell: &str, endpoints: &[EndpointNote], tally: &RoutingTally) -> RoutingNote {
    let calls = |(place, calls): (&u32, &Calls)| {
        let EndpointNote { provider, model, region, .. } = endpoints[*place as usize].clone();
        let Calls { made, failed, answered, cost } = *calls;
        CallsNote { provider, model, region, calls: made, failed, answered, cost_usd: cost }
    };
    RoutingNote {
        cell: cell.to_owned(),
        requests: tally.requests,
        handed_off: tally.handed_off,
        human_cost_usd: tally.human_cost,
        availability_before_failover: ratio(tally.first.requests, tally.requests),
        availability: ratio(tally.ok, tally.requests),
        first: trip_note(&tally.first),
        failed_over: trip_note(&tally.again),
        failed_all: tally.failed_again,
        endpoints: tally.endpoints.iter().map(calls).collect(),
        classifier: (tally.classifier.calls > 0).then(|| classifier_note(&tally.classifier)),
        tiering: (tally.tiering.compared > 0).then(|| {
            let Tiering { compared, over, priced, paid_above, under } = tally.tiering;
            TieringNote { compared, over, over_priced: priced, paid_above_usd: paid_above, under }
        }),
    }
}

fn trip_note(trips: &Trips) -> Option<TripNote> {
    (trips.requests > 0).then(|| TripNote {
        requests: trips.requests,
        e2e_p50_ms: trips.quantile(0.5),
        e2e_p95_ms: trips.quantile(0.95),
        cost_usd: (trips.priced == trips.requests).then_some(trips.cost),
    })
}

fn classifier_note(labels: &Labels) -> ClassifierNote {
    ClassifierNote {
        calls: labels.calls,
        defaulted: labels.defaulted,
        p50_ms: labels.quantile(0.5),
        p99_ms: labels.quantile(0.99),
        share_of_time: ratio(labels.part, labels.whole),
        cost_usd: labels.cost,
        compared: labels.compared(),
        right: labels.right(),
        confusion: labels.confusion.iter().map(|row| row.to_vec()).collect(),
    }
}

/// A share of a whole to six decimals; absent when there is no whole.
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 1e6).round() / 1e6)
}
