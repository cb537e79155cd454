//! Which requests go which way through a table.

use crate::forecast::hops::orders;
use crate::forecast::kinds::Kind;
use crate::forecast::labels::{Label, Labelling};
use crate::forecast::part::Size;
use crate::forecast::remedy::Unmeasured;
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
    /// Which of them by length; absent where the table treats all lengths alike.
    pub(in crate::forecast) size: Option<Size>,
    /// Images in each.
    pub(in crate::forecast) images: u32,
    /// Who is asked for the tier, and whether that one names it; else it is the default.
    pub(in crate::forecast) classifier: Option<(Endpoint, bool)>,
    pub(in crate::forecast) way: Way,
}

/// How much goes along a way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::forecast) struct Flow {
    /// The share of all requests, 0 to 1.
    pub(in crate::forecast) share: f64,
    /// Of that, what is known to show a classifier so much: the share, and its tokens times their shares.
    asked: (f64, f64),
}

impl Flow {
    /// Adds `share` of all requests, each of which puts a question of so many tokens to a classifier; absent: that is not known.
    pub(in crate::forecast) fn add(&mut self, share: f64, question: Option<f64>) {
        self.share += share;
        if let Some(tokens) = question {
            self.asked = (self.asked.0 + share, self.asked.1 + share * tokens);
        }
    }

    /// Tokens of its questions to a classifier, the mean; absent where that is not known of all.
    pub(in crate::forecast) fn question_tokens(&self) -> Option<f64> {
        let (share, tokens) = self.asked;
        (share > 0.0 && share >= self.share * (1.0 - 1e-9)).then(|| tokens / share)
    }
}

/// Bytes of a token of English text, about.
const BYTES_A_TOKEN: f64 = 4.0;

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

impl Routing<'_> {
    /// Where requests of `kind` are asked for their tier, each place as often as the others; empty where nobody is asked.
    pub(in crate::forecast) fn classifiers(&self, kind: &Kind) -> Vec<Endpoint> {
        let endpoints = self.resolved.classifier.as_deref().unwrap_or_default();
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
        if endpoints.is_empty() || !depends {
            return Vec::new();
        }
        let orders = orders(self.registry, endpoints, self.table.failover.region_order, kind.origin.as_deref());
        // One call is made, to the first of them.
        let mut firsts: Vec<Endpoint> = orders.into_iter().map(|order| order[0]).collect();
        firsts.sort();
        firsts.dedup();
        firsts
    }

    /// About how many tokens the table's question for the tier of requests of `kind` has; absent where that is not known.
    pub(in crate::forecast) fn question_tokens(&self, kind: &Kind) -> Option<f64> {
        let classifier = self.table.classifier.as_ref()?;
        let shown = kind.asked_bytes?.min(classifier.max_chars as u64);
        Some((classifier.prompt.len() as f64 + shown as f64) / BYTES_A_TOKEN)
    }

    /// How requests of `kind` are labelled by a classifier at `endpoint` that labels so; `seen` is how it labelled them at work,
    /// where they have no recorded tier.
    pub(in crate::forecast) fn labels(
        &self,
        kind: &Kind,
        endpoint: Endpoint,
        (labelling, seen): (&Labelling, Option<[f64; 6]>),
    ) -> Vec<Label> {
        let default = self.table.classifier.as_ref().map_or(0, |classifier| classifier.default_tier);
        let shares = seen.unwrap_or_else(|| labelling.shares(kind.tier));
        // Without a recorded tier, or labels that were seen, nobody knows what the classifier would say.
        let is_known = kind.tier.is_some() || seen.is_some();
        let named = |(tier, share): (u8, &f64)| Label {
            asked: Some((endpoint, true)),
            tier: Some(if is_known { tier } else { default }),
            share: *share,
        };
        let late = Label { asked: Some((endpoint, false)), tier: Some(default), share: shares[5] };
        (0..5).zip(&shares).map(named).chain([late]).filter(|label| label.share > 0.0).collect()
    }

    /// The index of the route that takes requests of `kind` as of this `tier`.
    pub(in crate::forecast) fn route(&self, kind: &Kind, tier: Option<u8>) -> Option<usize> {
        let takes = |route: &crate::routes::Route| route.matches.takes(tier, kind.class.as_deref(), kind.has_image);
        self.table.routes.iter().position(takes)
    }

    /// What is lacking of the route called `name` where no request is meant for it; its place is absent where the table has no such
    /// route.
    pub(in crate::forecast) fn without_requests(&self, name: &str, route: Option<usize>) -> Unmeasured {
        let found = route.map(|route| &self.resolved.routes[route]);
        let first = found.and_then(|route| route.primary.first());
        Unmeasured::Requests {
            route: name.to_owned(),
            model: first.map(|target| self.registry.models[target.model].id.clone()),
            registry: self.registry.source.clone(),
        }
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
        let parts: Vec<Vec<Vec<Endpoint>>> = std::iter::once(first)
            .chain(next.iter().map(|target| target.endpoints.as_slice()))
            .map(|endpoints| orders(self.registry, endpoints, order, origin))
            .collect();
        // As many as let each part have each of its orders equally often.
        let count = parts.iter().fold(1, |count, orders| least_common_multiple(count, orders.len()));
        let chain = |nth: usize| {
            let mut chain: Vec<Endpoint> = Vec::new();
            for endpoint in parts.iter().flat_map(|orders| &orders[nth % orders.len()]) {
                if !chain.contains(endpoint) {
                    chain.push(*endpoint);
                }
            }
            chain
        };
        (0..count).map(chain).collect()
    }
}

const fn least_common_multiple(a: usize, b: usize) -> usize {
    let (mut divisor, mut rest) = (a, b);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    a / divisor * b
}

fn shared(chains: Vec<Vec<Endpoint>>, way: impl Fn(Vec<Endpoint>) -> Way) -> Vec<(Way, f64)> {
    let share = 1.0 / chains.len() as f64;
    chains.into_iter().map(|chain| (way(chain), share)).collect()
}
