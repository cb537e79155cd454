//! A table made ready: every endpoint with what a call to it needs, every target with the order of its regions.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use crate::cost::{Ceiling, Tariff};
use crate::plan::{NONCE_LEN, StreamOptions};
use crate::registry::{Capability, Endpoint, PriceKey, Registry};
use crate::router::breaker::Breaker;
use crate::router::error::RouterError;
use crate::router::step::CallBody;
use crate::routes::{Action, Destination, OnOverflow, RegionOrder, Resolved, ResolvedRoute, Route, Table};
use crate::units::Usd;
use crate::workload::{Rest, opening};

/// Whom a table calls, all of it resolved.
#[derive(Debug)]
pub(super) struct Lineup {
    /// Every endpoint that the table names, once.
    pub(super) callees: Vec<Callee>,
    /// One for each region at each provider, where the table has a rule for them.
    pub(super) breakers: Vec<Breaker>,
    /// Where the classifier answers.
    pub(super) classifier: Option<Choice>,
    /// One for each route.
    pub(super) lanes: Vec<Lane>,
    /// What routes lay over recorded bodies, each different set once.
    pub(super) overlays: Vec<Vec<(String, Value)>>,
}

/// An endpoint with all that is the same in every call to it.
#[derive(Debug)]
pub(super) struct Callee {
    pub(super) endpoint: Endpoint,
    whole: Bytes,
    streamed: Bytes,
    answer_limit: Option<u64>,
    /// What a call costs at most; absent where a price is unknown.
    ceiling: Option<Ceiling>,
    /// Index into [`Lineup::breakers`].
    pub(super) breaker: Option<usize>,
}

/// A model in the regions where it may be called.
#[derive(Debug)]
pub(super) struct Choice {
    /// Its window in tokens; absent: unknown, and nothing is ruled out by it.
    pub(super) context: Option<u64>,
    /// Whether it reads images.
    pub(super) sees: bool,
    pub(super) weight: f64,
    /// Indices into [`Lineup::callees`] in the order of regions: without an origin, then for each origin; or once for all.
    orders: Vec<Vec<usize>>,
}

impl Choice {
    /// Indices into [`Lineup::callees`] in the order for a request from the region `origin`.
    pub(super) fn order(&self, origin: Option<usize>) -> &[usize] {
        let own = origin.and_then(|origin| self.orders.get(origin + 1));
        own.unwrap_or(&self.orders[0])
    }
}

/// A route, resolved.
#[derive(Debug)]
pub(super) enum Lane {
    HandOff { human_cost: Option<Usd> },
    Send(Sending),
}

/// Whom a route calls.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) primary: Vec<Choice>,
    pub(super) fallback: Vec<Choice>,
    pub(super) overflow: Overflow,
    /// Index into [`Lineup::overlays`].
    pub(super) overlay: usize,
    /// What one request may cost, in picodollars.
    pub(super) cap: Option<u64>,
}

/// What becomes of a prompt that is too large.
#[derive(Debug)]
pub(super) enum Overflow {
    Reject,
    Escalate(Choice),
    Chunk(Choice),
}

impl Callee {
    /// What is sent here: `rest` behind this model's opening.
    pub(super) fn body(&self, rest: &Rest, stream: bool) -> CallBody {
        let input_bound = rest.input_bound.saturating_add(rest.text_at.map_or(0, |_| NONCE_LEN as u64));
        let by_model = || self.answer_limit.map(|limit| limit.saturating_mul(rest.answers));
        CallBody {
            head: if stream { &self.streamed } else { &self.whole }.clone(),
            rest: rest.bytes.clone(),
            text_at: rest.text_at,
            synthetic: rest.synthetic.clone(),
            stream,
            expects: rest.expects,
            greedy: rest.greedy,
            input_bound,
            output_bound: rest.answer_bound.or_else(by_model).unwrap_or(u64::MAX),
            images: rest.images,
            paced_tokens: input_bound.saturating_add(rest.answer_bound.unwrap_or(0)),
        }
    }

    /// What `body` costs here at most, in picodollars; a price that is unknown has no bound.
    pub(super) fn worst_case(&self, body: &CallBody) -> u64 {
        self.ceiling.map_or(u64::MAX, |ceiling| ceiling.worst_case(body.input_bound, body.output_bound, body.images))
    }
}

/// Makes a lineup of `table`.
pub(super) struct Builder<'b> {
    pub(super) table: &'b Table,
    pub(super) registry: &'b Registry,
    pub(super) started: Timestamp,
    pub(super) options: StreamOptions,
    places: Vec<(usize, Option<usize>)>,
    lineup: Lineup,
}

impl<'b> Builder<'b> {
    pub(super) fn new(table: &'b Table, registry: &'b Registry, started: Timestamp, options: StreamOptions) -> Self {
        let lineup = Lineup {
            callees: Vec::new(),
            breakers: Vec::new(),
            classifier: None,
            lanes: Vec::new(),
            overlays: Vec::new(),
        };
        Self { table, registry, started, options, places: Vec::new(), lineup }
    }

    /// # Errors
    /// A route limits what a request costs, and a price that this needs is unknown.
    pub(super) fn build(mut self, resolved: &Resolved) -> Result<Lineup, RouterError> {
        self.lineup.classifier = resolved.classifier.as_deref().and_then(|endpoints| self.everywhere(endpoints));
        for (route, found) in self.table.routes.iter().zip(&resolved.routes) {
            let lane = self.lane(route, found)?;
            self.lineup.lanes.push(lane);
        }
        Ok(self.lineup)
    }

    fn lane(&mut self, route: &Route, found: &ResolvedRoute) -> Result<Lane, RouterError> {
        let (on_overflow, params, cap) = match &route.action {
            Action::HandOff { human_cost } => return Ok(Lane::HandOff { human_cost: *human_cost }),
            Action::Send { on_overflow, params, max_cost_per_request, .. } => {
                (on_overflow, params, max_cost_per_request)
            }
        };
        let overflow = match on_overflow {
            OnOverflow::Reject => None,
            OnOverflow::Escalate { .. } => self.everywhere(&found.escalation).map(Overflow::Escalate),
            OnOverflow::Chunk { .. } => self.everywhere(&found.chunking).map(Overflow::Chunk),
        };
        let sending = Sending {
            primary: found.primary.iter().map(|target| self.target(target)).collect(),
            fallback: found.fallback.iter().map(|target| self.target(target)).collect(),
            overflow: overflow.unwrap_or(Overflow::Reject),
            overlay: self.overlay(params),
            cap: cap.map(|cap| u64::try_from(cap.picos()).unwrap_or(u64::MAX)),
        };
        if sending.cap.is_some() {
            self.check_prices(route, &sending)?;
        }
        Ok(Lane::Send(sending))
    }

    fn check_prices(&self, route: &Route, sending: &Sending) -> Result<(), RouterError> {
        let further = match &sending.overflow {
            Overflow::Reject => None,
            Overflow::Escalate(choice) | Overflow::Chunk(choice) => Some(choice),
        };
        for choice in sending.primary.iter().chain(&sending.fallback).chain(further) {
            for callee in choice.order(None).iter().map(|index| &self.lineup.callees[*index]) {
                if let Err(missing) = self.ceiling(callee.endpoint) {
                    return Err(RouterError::UnknownPrice {
                        table: self.table.source.clone(),
                        line: route.line,
                        model: self.registry.model(callee.endpoint).id.clone(),
                        prices: missing.into_iter().map(PriceKey::name).collect::<Vec<_>>().join(" and "),
                    });
                }
            }
        }
        Ok(())
    }

    fn ceiling(&self, endpoint: Endpoint) -> Result<Ceiling, Vec<PriceKey>> {
        Tariff::new(self.registry.pricing(endpoint), self.started).ceiling()
    }

    /// The model of `endpoints` in all of them; absent where there is none.
    fn everywhere(&mut self, endpoints: &[Endpoint]) -> Option<Choice> {
        let model = endpoints.first()?.model;
        Some(self.choice(model, endpoints, 1.0))
    }

    fn target(&mut self, target: &Destination) -> Choice {
        self.choice(target.model, &target.endpoints, target.weight)
    }

    fn choice(&mut self, model: usize, endpoints: &[Endpoint], weight: f64) -> Choice {
        let model = &self.registry.models[model];
        let callees: Vec<usize> = endpoints.iter().map(|endpoint| self.callee(*endpoint)).collect();
        let regions = &self.registry.regions;
        let orders = match self.table.failover.region_order {
            RegionOrder::AsWritten | RegionOrder::Shuffled => vec![callees],
            RegionOrder::Nearest => {
                let origins = std::iter::once(None).chain((0..regions.len()).map(Some));
                origins.map(|origin| self.nearest(&callees, origin)).collect()
            }
        };
        let sees = model.capabilities.contains(&Capability::Vision);
        Choice { context: model.context, sees, weight, orders }
    }

    /// `callees` by their distance from the region `origin`: itself, those that its `near` lists, then the rest as the
    /// registry lists them; without an origin all of them so.
    fn nearest(&self, callees: &[usize], origin: Option<usize>) -> Vec<usize> {
        let regions = &self.registry.regions;
        let near = origin.map_or(&[][..], |origin| &regions[origin].near);
        let distance = |callee: &usize| {
            let region = self.lineup.callees[*callee].endpoint.region;
            let id = region.map(|region| &regions[region].id);
            let listed = id.and_then(|id| near.iter().position(|near| near == id)).unwrap_or(near.len());
            (origin.is_none() || region != origin, listed, region)
        };
        let mut sorted = callees.to_vec();
        sorted.sort_by_key(distance);
        sorted
    }

    fn callee(&mut self, endpoint: Endpoint) -> usize {
        if let Some(known) = self.lineup.callees.iter().position(|callee| callee.endpoint == endpoint) {
            return known;
        }
        let (registry, offer) = (self.registry, self.registry.offer(endpoint));
        let usage = self.options == StreamOptions::Sent && registry.provider(endpoint).stream_options;
        let callee = Callee {
            endpoint,
            whole: opening(&offer.send_as, false, usage),
            streamed: opening(&offer.send_as, true, usage),
            answer_limit: registry.model(endpoint).answer_limit(),
            ceiling: self.ceiling(endpoint).ok(),
            breaker: self.breaker((offer.provider, endpoint.region)),
        };
        self.lineup.callees.push(callee);
        self.lineup.callees.len() - 1
    }

    fn breaker(&mut self, place: (usize, Option<usize>)) -> Option<usize> {
        let rule = self.table.failover.breaker?;
        if let Some(known) = self.places.iter().position(|known| *known == place) {
            return Some(known);
        }
        self.places.push(place);
        self.lineup.breakers.push(Breaker::new(place, rule, self.table.failover.timeout));
        Some(self.places.len() - 1)
    }

    fn overlay(&mut self, params: &[(String, Value)]) -> usize {
        let overlays = &mut self.lineup.overlays;
        overlays.iter().position(|known| known == params).unwrap_or_else(|| {
            overlays.push(params.to_vec());
            overlays.len() - 1
        })
    }
}
