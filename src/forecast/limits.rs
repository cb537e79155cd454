//! Which rules of a policy a changed table is held against, and whether it keeps them.

use std::collections::BTreeSet;

use crate::forecast::table::Forecast;
use crate::gate::{Match, Promise, Slo, Timed};

/// Whether a comparison is about one of the routes, or about all.
pub(in crate::forecast) fn is_about_routes(matches: &Match, routes: &[&str]) -> bool {
    let others = [&matches.provider, &matches.model, &matches.region, &matches.workload, &matches.variant];
    others.iter().all(|pattern| pattern.is_none())
        && matches.route.as_ref().is_none_or(|pattern| routes.iter().any(|name| pattern.matches(name)))
}

/// Whether a limit is about the requests of a route or of a tier and workload.
pub(in crate::forecast) fn is_about(slo: &Slo, tier: Option<u8>, workloads: &BTreeSet<&str>, routes: &[&str]) -> bool {
    let matches = &slo.matches;
    let of_cells = [&matches.provider, &matches.model, &matches.region, &matches.variant];
    slo.window_days.is_none()
        && of_cells.iter().all(|pattern| pattern.is_none())
        && matches.tier.is_none_or(|wanted| tier == Some(wanted))
        && matches.workload.as_ref().is_none_or(|pattern| workloads.iter().any(|name| pattern.matches(name)))
        && matches.route.as_ref().is_none_or(|pattern| routes.iter().any(|name| pattern.matches(name)))
}

/// Whether a forecast keeps a promise, as far as it says; what it does not say it is not held against.
pub(in crate::forecast) fn meets(promise: &Promise, told: &Forecast) -> bool {
    let outlook = &told.total.outlook;
    let over = |latency: Timed, limit| match latency {
        Timed::E2e => outlook.e2e().and_then(|times| times.share_over(limit)),
        Timed::Ttft => outlook.ttft().and_then(|times| times.share_over(limit)),
    };
    let bad = match *promise {
        Promise::Quantile { latency, max, .. } => over(latency, max),
        Promise::ShareOver { latency, over: limit, .. } => over(latency, limit),
        Promise::Availability { .. } => {
            told.total.figures.as_ref().and_then(|figures| figures.availability).map(|share| 1.0 - share.value)
        }
        Promise::Quality { .. } => {
            told.total.figures.as_ref().and_then(|figures| figures.quality).map(|good| 1.0 - good)
        }
        Promise::Consistency { .. } => None,
    };
    bad.is_none_or(|bad| bad <= promise.bad_share())
}
