//! Which requests go which way through a table.

use std::collections::BTreeMap;

use crate::forecast::hops::orders;
use crate::forecast::kinds::Kind;
use crate::registry::{Capability, Endpoint, Registry};
use crate::routes::{Action, Destination, OnOverflow, Resolved, Table};

/// A routing table with all that it is resolved against.
#[derive(Clone, Copy, Debug)]
pub struct Routing<'a> {
    /// The table.
    pub table: &'a Table,
    /// Its endpoints.
    pub resolved: &'a Resolved,
    /// The registry that they are of.
    pub registry: &'a Registry,
}

/// A way through a table; requests that share it are drawn alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::forecast) struct Path {
    /// Index into the table's routes; absent: no route takes the request.
    pub(in crate::forecast) route: Option<usize>,
    /// The workload and class that its calls are drawn from.
    pub(in crate::forecast) workload: String,
    pub(in crate::forecast) class: Option<String>,
    /// Who is asked for the tier.
    pub(in crate::forecast) classifier: Option<Endpoint>,
    pub(in crate::forecast) way: Way,
}

/// What becomes of a request on its route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::forecast) enum Way {
    /// A person answers.
    HandOff,
    /// Nobody is called: no route, or a prompt that is too large.
    Refused,
    /// The endpoints that are called in turn until one answers.
    Call(Vec<Endpoint>),
    /// The endpoints that are called in turn for each piece, and for the last call.
    Pieces(Vec<Endpoint>, u32),
}

/// How the classifier labels requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::forecast) struct Labelling {
    /// The share of labels that are right, of those that are in time, 0 to 1.
    pub(in crate::forecast) right: f64,
    /// The share that comes late or not at all, so that the default tier holds.
    pub(in crate::forecast) late: f64,
}

impl Routing<'_> {
    /// Where requests of `kind` are asked for their tier; absent where nobody is asked.
    pub(in crate::forecast) fn classifier(&self, kind: &Kind) -> Option<Endpoint> {
        let endpoints = self.resolved.classifier.as_deref().filter(|endpoints| !endpoints.is_empty())?;
        let mut depends = false;
        for route in &self.table.routes {
            let tier = route.matches.tier;
            if route.matches.takes(tier, kind.class.as_deref(), kind.has_image) {
                depends |= tier.is_some();
                if tier.is_none() {
                    break;
                }
            }
        }
        let order = || orders(self.registry, endpoints, self.table.failover.region_order, kind.origin.as_deref());
        depends.then(|| order()[0][0])
    }

    /// The tiers that requests of `kind` are taken for, with their shares.
    pub(in crate::forecast) fn tiers(&self, kind: &Kind, labelling: Option<Labelling>) -> Vec<(Option<u8>, f64)> {
        let Some(classifier) = self.table.classifier.as_ref().filter(|_| labelling.is_some()) else {
            return vec![(kind.tier, 1.0)];
        };
        let Labelling { right, late } = labelling.unwrap_or(Labelling { right: 1.0, late: 0.0 });
        let Some(tier) = kind.tier else { return vec![(Some(classifier.default_tier), 1.0)] };
        let wrong = (1.0 - late) * (1.0 - right);
        let beside: Vec<u8> =
            [tier.checked_sub(1), Some(tier + 1).filter(|tier| *tier <= 4)].into_iter().flatten().collect();
        let mut tiers: BTreeMap<u8, f64> = BTreeMap::new();
        *tiers.entry(tier).or_default() += (1.0 - late) * right;
        *tiers.entry(classifier.default_tier).or_default() += late;
        beside.iter().for_each(|other| *tiers.entry(*other).or_default() += wrong / beside.len() as f64);
        tiers.into_iter().filter(|(_, share)| *share > 0.0).map(|(tier, share)| (Some(tier), share)).collect()
    }

    /// The index of the route that takes requests of `kind` as of this `tier`.
    pub(in crate::forecast) fn route(&self, kind: &Kind, tier: Option<u8>) -> Option<usize> {
        let takes = |route: &crate::routes::Route| route.matches.takes(tier, kind.class.as_deref(), kind.has_image);
        self.table.routes.iter().position(takes)
    }

    /// The ways of requests of `kind` on the route at `route`, with their shares.
    pub(in crate::forecast) fn ways(&self, kind: &Kind, route: usize) -> Vec<(Way, f64)> {
        let found = &self.resolved.routes[route];
        let Action::Send { on_overflow, .. } = &self.table.routes[route].action else {
            return vec![(Way::HandOff, 1.0)];
        };
        let sees =
            |model: usize| !kind.has_image || self.registry.models[model].capabilities.contains(&Capability::Vision);
        let fits = |model: usize| self.registry.models[model].context.is_none_or(|window| kind.tokens <= window);
        let seen =
            |all: &[Destination]| -> Vec<Destination> { all.iter().filter(|one| sees(one.model)).cloned().collect() };
        let (mut primary, fallback) = (seen(&found.primary), seen(&found.fallback));
        primary.retain(|target| target.weight > 0.0);
        let mut next: Vec<Destination> = fallback;
        next.retain(|target| fits(target.model));
        if primary.is_empty() && !next.is_empty() {
            primary = vec![next.remove(0)];
        }
        primary.retain(|target| fits(target.model));
        let chains = |first: &[Endpoint]| self.chains(kind, first, &next);
        if !primary.is_empty() {
            let all: f64 = primary.iter().map(|target| target.weight).sum();
            let each = primary.iter().flat_map(|target| {
                let chains = chains(&target.endpoints);
                let share = target.weight / all / chains.len() as f64;
                chains.into_iter().map(move |chain| (Way::Call(chain), share))
            });
            return each.collect();
        }
        let further = match on_overflow {
            OnOverflow::Reject => &[][..],
            OnOverflow::Escalate { .. } => &found.escalation,
            OnOverflow::Chunk { .. } => &found.chunking,
        };
        let Some(model) = further.first().map(|endpoint| endpoint.model).filter(|model| sees(*model)) else {
            return vec![(Way::Refused, 1.0)];
        };
        let chunks = matches!(on_overflow, OnOverflow::Chunk { .. });
        let window = self.registry.models[model].context;
        match (fits(model), chunks, window) {
            (true, ..) => shared(chains(further), Way::Call),
            (false, true, Some(window)) if !kind.has_image => {
                // A twentieth of the window is kept free, a quarter for the answer, and pieces overlap by a tenth.
                let room = (window as f64 * (0.95 - 0.25) * 0.9).max(1.0);
                let pieces = (kind.tokens as f64 / room).ceil().max(2.0) as u32;
                shared(self.chains(kind, further, &[]), |chain| Way::Pieces(chain, pieces))
            }
            _ => vec![(Way::Refused, 1.0)],
        }
    }

    /// Every chain of endpoints that begins with `first` and goes on to `next`, none of them twice.
    fn chains(&self, kind: &Kind, first: &[Endpoint], next: &[Destination]) -> Vec<Vec<Endpoint>> {
        let (order, origin) = (self.table.failover.region_order, kind.origin.as_deref());
        let begins = orders(self.registry, first, order, origin);
        let complete = |(nth, begin): (usize, Vec<Endpoint>)| {
            let mut chain = begin;
            for target in next {
                let all = orders(self.registry, &target.endpoints, order, origin);
                for endpoint in &all[nth % all.len()] {
                    if !chain.contains(endpoint) {
                        chain.push(*endpoint);
                    }
                }
            }
            chain
        };
        begins.into_iter().enumerate().map(complete).collect()
    }
}

fn shared(chains: Vec<Vec<Endpoint>>, way: impl Fn(Vec<Endpoint>) -> Way) -> Vec<(Way, f64)> {
    let share = 1.0 / chains.len() as f64;
    chains.into_iter().map(|chain| (way(chain), share)).collect()
}
