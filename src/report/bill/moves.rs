//! What each model's traffic would have cost on the others that were measured on the same workload.

use crate::cost::{self, Cost};
use crate::registry::{Price, Rates};
use crate::report::bill::{Move, Share};
use crate::units::Usd;

/// What one model at a provider served of a workload, and what that costs elsewhere.
pub(super) struct Traffic {
    pub(super) workload: String,
    pub(super) tier: Option<u8>,
    pub(super) offer: (String, String),
    pub(super) price: Option<Price>,
    pub(super) share: Share,
    /// Requests whose tokens are known.
    pub(super) counted: u64,
    /// Places of the other offers on the workload whose prices have overrides, with what each request costs there.
    pub(super) by_request: Vec<(usize, Cost)>,
}

/// Every traffic on every other offer of its workload, those of the nearest tier first, then the cheapest; only where its tokens are known.
pub(super) fn moves(traffics: &[Traffic]) -> Vec<Move> {
    let mut found = Vec::new();
    for (own, traffic) in traffics.iter().enumerate().filter(|(_, traffic)| traffic.counted > 0) {
        let mut there: Vec<Move> = Vec::new();
        for (place, other) in traffics.iter().enumerate() {
            if place == own || other.workload != traffic.workload {
                continue;
            }
            let by_request = traffic.by_request.iter().find(|(known, _)| *known == place).map(|(_, cost)| *cost);
            there.push(Move {
                workload: traffic.workload.clone(),
                from: traffic.offer.clone(),
                to: other.offer.clone(),
                tiers_apart: traffic.tier.zip(other.tier).map(|(own, there)| own.abs_diff(there)),
                share: traffic.share,
                after: by_request.unwrap_or_else(|| all_at_once(traffic, other)),
            });
        }
        there.sort_by(|a, b| {
            let order = |one: &Move| {
                (one.tiers_apart.is_none(), one.tiers_apart, !one.after.complete, one.after.known, one.to.clone())
            };
            order(a).cmp(&order(b))
        });
        found.extend(there);
    }
    found
}

/// All requests of `traffic` at the prices of `other`, which are the same for each of them.
fn all_at_once(traffic: &Traffic, other: &Traffic) -> Cost {
    let Some(price) = &other.price else { return cost::of(&traffic.share.usage, 0, None) };
    let mut rates = price.rates.clone();
    let fee = rates.per_request.take().map(|fee| Usd::from_picos(fee.picos() * i128::from(traffic.counted)));
    let tokens = without_images(cost::of(&traffic.share.usage, 0, Some(&rates)), Some(&rates));
    fee.map_or(tokens, |fee| tokens + Cost { known: fee, ..Cost::NOTHING })
}

/// The cost of a request's tokens at `rates`; incomplete where images cost extra, since a run does not keep how many there
/// were.
pub(super) fn without_images(tokens: Cost, rates: Option<&Rates>) -> Cost {
    let extra = rates.is_some_and(|rates| rates.per_image.is_some());
    Cost { complete: tokens.complete && !extra, ..tokens }
}
