//! One request on its way through a routing table.

use crate::plan::Streaming;
use crate::registry::Endpoint;
use crate::router::breaker::{BreakerEvent, Sign, Ticket, sign};
use crate::router::chain::{Chain, Turn};
use crate::router::ending::{Ending, Labelled, Overflowed};
use crate::router::facts::{Facts, sending};
use crate::router::lineup::{Callee, Choice, Lane, Overflow, Sending};
use crate::router::pieces::Pieces;
use crate::router::shared::Router;
use crate::router::step::{Answer, Call, CallBody, Purpose, Step};
use crate::sample::{LabelledBy, Outcome};
use crate::units::Moment;
use crate::workload::{Rest, tier_named};

/// One request: asked for its [`next`](Self::next) step and told what came of it in turn, until it ends.
///
/// It makes one call at a time, and no more of them than the table names endpoints, once for the classifier and once for
/// each piece and the stitching of a prompt that is cut.
#[derive(Debug)]
pub struct Passage<'a> {
    router: &'a Router,
    facts: &'a Facts,
    index: u32,
    stage: Stage,
    chain: Chain,
    /// The call that nobody has answered yet.
    pending: Option<Pending>,
    /// What the last call of this chain came to.
    failed: Option<Outcome>,
    /// Of the route's limit, in picodollars.
    spent: u64,
    /// Answers to pieces.
    answers: Vec<String>,
    /// What is known of the ending so far.
    ending: Ending,
}

/// What is being asked.
#[derive(Debug)]
enum Stage {
    Begun,
    Label,
    Answer,
    Piece(usize),
    Stitch(Box<Rest>),
    Ended,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    callee: usize,
    ticket: Option<Ticket>,
    worst: u64,
}

impl<'a> Passage<'a> {
    pub(super) fn new(router: &'a Router, facts: &'a Facts, index: u32) -> Self {
        let ending = Ending {
            outcome: Outcome::NoRoute,
            route: None,
            label: facts.label.map(|tier| Labelled { tier, by: LabelledBy::Recorded }),
            answered_by: None,
            attempts: 0,
            failed_over: false,
            skipped: 0,
            overflowed: None,
            human_cost: None,
        };
        Self {
            router,
            facts,
            index,
            stage: Stage::Begun,
            chain: Chain::default(),
            pending: None,
            failed: None,
            spent: 0,
            answers: Vec::new(),
            ending,
        }
    }

    /// What is to be done next, at the time `now`. Once the request has ended that is always the same ending.
    ///
    /// # Panics
    /// The call before has not been [answered](Self::answered).
    pub fn next(&mut self, now: Moment) -> Step {
        assert!(self.pending.is_none(), "a call is answered before the next step is asked for");
        loop {
            match self.stage {
                Stage::Begun => self.begin(),
                Stage::Ended => return Step::End(self.ending),
                _ => match self.call(now) {
                    Some(call) => return Step::Call(call),
                    None => self.give_up(),
                },
            }
        }
    }

    /// Takes in what came of the call, which ended `now`; what it changed of a breaker is returned, to be recorded.
    ///
    /// # Panics
    /// No call is under way.
    pub fn answered(&mut self, now: Moment, answer: &Answer<'_>) -> Option<BreakerEvent> {
        let pending = self.pending.take().expect("an answer follows a call");
        let outcome = answer.outcome;
        let cost = answer.cost.map(|cost| u64::try_from(cost.picos()).unwrap_or(u64::MAX));
        self.spent = self.spent.saturating_add(cost.unwrap_or(pending.worst));
        let callee = &self.router.lineup.callees[pending.callee];
        let labelling = matches!(self.stage, Stage::Label);
        let sign = match sign(outcome) {
            // Its limit is the label's, not the region's.
            Sign::Down if labelling && outcome.name().starts_with("timeout") => Sign::None,
            sign => sign,
        };
        let breaker = callee.breaker.zip(pending.ticket);
        let event = breaker.and_then(|(at, ticket)| self.router.lineup.breakers[at].record(ticket, sign, now));
        let held_back = matches!(outcome, Outcome::NotSent | Outcome::OverBudget | Outcome::Cancelled);
        if held_back {
            self.end(outcome);
        } else if labelling {
            self.label(outcome, answer.text);
        } else if outcome.is_ok() {
            self.succeed(callee.endpoint, answer.text);
        } else if answer.first_token_seen || !self.router.table.failover.covers(outcome) {
            self.end(outcome);
        } else {
            self.failed = Some(outcome);
        }
        event
    }

    /// Asks the classifier where it is to be asked, else picks the route.
    fn begin(&mut self) {
        match &self.router.lineup.classifier {
            Some(choice) if self.facts.question.is_some() => {
                self.ask([choice]);
                self.stage = Stage::Label;
            }
            _ => self.route(),
        }
    }

    /// The next call of the present stage; absent when it has nobody left to call.
    fn call(&mut self, now: Moment) -> Option<Call> {
        // The chain changes while the rest of the passage is looked at.
        let mut chain = std::mem::take(&mut self.chain);
        let made = self.make(&mut chain, now);
        let attempt = chain.tried.saturating_sub(1);
        self.chain = chain;
        let (Turn { callee: index, ticket, event }, body, purpose) = made?;
        let callee = &self.router.lineup.callees[index];
        self.ending.attempts += 1;
        self.ending.failed_over |= attempt > 0;
        self.pending = Some(Pending { callee: index, ticket, worst: callee.worst_case(&body) });
        let deadline = match (purpose, &self.router.table.classifier) {
            (Purpose::Classify, Some(classifier)) => classifier.timeout,
            _ => self.router.table.failover.timeout,
        };
        Some(Call { endpoint: callee.endpoint, place: index, purpose, deadline, body, attempt, event })
    }

    /// Whose turn it is, and what is sent there.
    fn make(&self, chain: &mut Chain, now: Moment) -> Option<(Turn, CallBody, Purpose)> {
        let lineup = &self.router.lineup;
        let (rest, stream, purpose) = self.question(chain.tried)?;
        let cap = self.sending().and_then(|sending| sending.cap);
        let left = cap.map(|cap| cap.saturating_sub(self.spent));
        let cost = |callee: &Callee| callee.worst_case(&callee.body(rest, stream));
        let affordable = |callee: &Callee| left.is_none_or(|left| cost(callee) <= left);
        let turn = chain.next((&lineup.callees, &lineup.breakers), now, affordable)?;
        Some((turn, lineup.callees[turn.callee].body(rest, stream), purpose))
    }

    /// What the present stage sends after so many tries, whether its answer is streamed, and what for.
    fn question(&self, tried: u32) -> Option<(&Rest, bool, Purpose)> {
        match &self.stage {
            Stage::Begun | Stage::Ended => None,
            Stage::Label if tried > 0 => None,
            Stage::Label => self.facts.question.as_ref().map(|rest| (rest, false, Purpose::Classify)),
            Stage::Answer => {
                let rest = self.facts.rest(self.sending()?);
                Some((rest, self.streams(rest), Purpose::Answer))
            }
            Stage::Piece(piece) => {
                let bodies = &self.pieces()?.bodies;
                let (of, piece_number) = (bodies.len() as u32, *piece as u32);
                Some((&bodies[*piece], false, Purpose::Chunk { piece: piece_number, of }))
            }
            Stage::Stitch(rest) => Some((rest, self.streams(rest), Purpose::Stitch)),
        }
    }

    fn streams(&self, rest: &Rest) -> bool {
        match self.router.setting.streaming {
            Streaming::On => true,
            Streaming::Off => false,
            Streaming::AsRecorded => rest.streamed.unwrap_or(true),
        }
    }

    /// Nobody is left to call in the present stage.
    fn give_up(&mut self) {
        if matches!(self.stage, Stage::Label) {
            // Its one call failed, or the classifier answers nowhere.
            self.label(Outcome::NotSent, None);
        } else {
            self.end(self.failed.unwrap_or(Outcome::OverCost));
        }
    }

    fn label(&mut self, outcome: Outcome, text: Option<&str>) {
        let read = text.filter(|_| outcome.is_ok()).and_then(tier_named);
        let default = || self.router.table.classifier.as_ref().map(|classifier| classifier.default_tier);
        self.ending.label = match (read, default()) {
            (Some(tier), _) => Some(Labelled { tier, by: LabelledBy::Classifier }),
            (None, Some(tier)) => Some(Labelled { tier, by: LabelledBy::Default }),
            (None, None) => None,
        };
        self.close_chain();
        self.route();
    }

    /// Picks the route, and whom it calls for the answer.
    fn route(&mut self) {
        let (router, tier) = (self.router, self.ending.label.map(|label| label.tier));
        // Class and images were looked at before.
        let takes =
            |route: &&usize| router.table.routes[**route].matches.tier.is_none_or(|wanted| tier == Some(wanted));
        self.ending.route = self.facts.routes.iter().find(takes).copied();
        let Some(route) = self.ending.route else { return self.end(Outcome::NoRoute) };
        match &router.lineup.lanes[route] {
            Lane::HandOff { human_cost } => {
                self.ending.human_cost = *human_cost;
                self.end(Outcome::HandedOff);
            }
            Lane::Send(sending) => self.aim(sending),
        }
    }

    /// Draws the target, or does what the route says of a prompt that is too large for all of them.
    fn aim(&mut self, sending: &'a Sending) {
        let facts = self.facts;
        let seen = |choices: &'a [Choice]| choices.iter().filter(|choice| facts.is_seen_by(choice)).collect::<Vec<_>>();
        let fallback = seen(&sending.fallback);
        let mut primary = seen(&sending.primary);
        primary.retain(|choice| choice.weight > 0.0);
        if primary.is_empty() && fallback.is_empty() {
            return self.end(Outcome::NoRoute);
        }
        let fits = |choice: &&Choice| facts.fits(sending, choice);
        let next: Vec<&Choice> = fallback.into_iter().filter(fits).collect();
        let first = if primary.is_empty() {
            next.first().copied()
        } else {
            primary.retain(fits);
            self.draw(&primary)
        };
        self.stage = Stage::Answer;
        match (first, &sending.overflow) {
            (Some(first), _) => self.ask([first].into_iter().chain(next)),
            (None, Overflow::Escalate(larger)) if fits(&larger) && facts.is_seen_by(larger) => {
                self.ending.overflowed = Some(Overflowed::Escalated);
                self.ask([larger].into_iter().chain(next));
            }
            // The model of the pieces may be large enough not to need any.
            (None, Overflow::Chunk(whole)) if fits(&whole) && facts.is_seen_by(whole) => {
                self.ending.overflowed = Some(Overflowed::Chunked { pieces: 1 });
                self.ask([whole].into_iter().chain(next));
            }
            (None, Overflow::Chunk(reader)) => self.begin_pieces(sending, reader),
            (None, _) => self.end(Outcome::Overflow),
        }
    }

    /// One of `choices` by their weights; absent where there is none.
    fn draw(&self, choices: &[&'a Choice]) -> Option<&'a Choice> {
        let total: f64 = choices.iter().map(|choice| choice.weight).sum();
        let mut left = self.router.draw("router weights", self.index).f64() * total;
        let drawn = choices.iter().find(|choice| {
            left -= choice.weight;
            left < 0.0
        });
        drawn.or(choices.last()).copied()
    }

    /// Begins with the first piece, if there are any and the money would reach for all of them and the last call.
    fn begin_pieces(&mut self, sending: &Sending, reader: &'a Choice) {
        self.ask([reader]);
        let Some((pieces, callee)) = self.pieces().zip(self.chain.first()) else { return self.end(Outcome::Overflow) };
        let callee = &self.router.lineup.callees[callee];
        let worst = |rest: &Rest| callee.worst_case(&callee.body(rest, false));
        let all = pieces.bodies.iter().map(worst).fold(worst(&pieces.largest_stitch()), u64::saturating_add);
        if sending.cap.is_some_and(|cap| self.spent.saturating_add(all) > cap) {
            return self.end(Outcome::OverCost);
        }
        self.ending.overflowed = Some(Overflowed::Chunked { pieces: pieces.bodies.len() as u32 });
        self.stage = Stage::Piece(0);
    }

    fn succeed(&mut self, endpoint: Endpoint, text: Option<&str>) {
        let Stage::Piece(piece) = self.stage else {
            self.ending.answered_by = Some(endpoint);
            return self.end(Outcome::Ok);
        };
        self.answers.push(text.unwrap_or_default().to_owned());
        let Some(Overflow::Chunk(reader)) = self.sending().map(|sending| &sending.overflow) else { return };
        let Some(pieces) = self.pieces() else { return };
        self.stage = if piece + 1 < pieces.bodies.len() {
            Stage::Piece(piece + 1)
        } else {
            Stage::Stitch(Box::new(pieces.stitch(&self.answers)))
        };
        self.ask([reader]);
    }

    /// Begins a chain of calls to `choices`.
    fn ask(&mut self, choices: impl IntoIterator<Item = &'a Choice>) {
        self.close_chain();
        self.chain = Chain::new(choices, self.facts.origin, self.router.shuffled(self.index));
    }

    /// Notes what of the present chain belongs to the ending.
    fn close_chain(&mut self) {
        self.ending.skipped += self.chain.skipped;
        self.failed = None;
        self.chain = Chain::default();
    }

    fn end(&mut self, outcome: Outcome) {
        self.close_chain();
        self.ending.outcome = outcome;
        self.stage = Stage::Ended;
    }

    fn sending(&self) -> Option<&'a Sending> {
        self.ending.route.and_then(|route| sending(&self.router.lineup.lanes[route]))
    }

    fn pieces(&self) -> Option<&'a Pieces> {
        self.ending.route.and_then(|route| self.facts.pieces.get(&route))
    }
}
