//! The endpoints that one call may go to, in the order in which they are tried.

use crate::router::breaker::{Breaker, BreakerEvent, Ticket};
use crate::router::lineup::{Callee, Choice};
use crate::units::Moment;

/// The endpoints of one call: each is called once at most.
#[derive(Debug, Default)]
pub(super) struct Chain {
    callees: Vec<usize>,
    next: usize,
    /// Calls made so far.
    pub(super) tried: u32,
    /// Endpoints passed over because their breaker was open.
    pub(super) skipped: u32,
    /// Set when every endpoint was skipped: then breakers are no longer asked.
    desperate: bool,
}

/// An endpoint whose turn it is, with the right to call it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// Index into the lineup's callees.
    pub(super) callee: usize,
    /// Absent where the table has no rule for breakers.
    pub(super) ticket: Option<Ticket>,
    /// The change that comes with a probe.
    pub(super) event: Option<BreakerEvent>,
}

impl Chain {
    /// The regions of each of `choices` in turn, in the order for a request from `origin`, or drawn from `shuffled`. An
    /// endpoint that comes up again is left out.
    pub(super) fn new<'c>(
        choices: impl IntoIterator<Item = &'c Choice>,
        origin: Option<usize>,
        mut shuffled: Option<fastrand::Rng>,
    ) -> Self {
        let mut callees = Vec::new();
        for choice in choices {
            let begin = callees.len();
            for callee in choice.order(origin) {
                if !callees.contains(callee) {
                    callees.push(*callee);
                }
            }
            if let Some(rng) = &mut shuffled {
                rng.shuffle(&mut callees[begin..]);
            }
        }
        Self { callees, ..Self::default() }
    }

    /// The first endpoint: what a call is sized by before any is made. Absent where there is none.
    pub(super) fn first(&self) -> Option<usize> {
        self.callees.first().copied()
    }

    /// The next endpoint that is `affordable` and whose breaker lets the call through; absent when there is none left.
    pub(super) fn next(
        &mut self,
        (callees, breakers): (&[Callee], &[Breaker]),
        now: Moment,
        affordable: impl Fn(&Callee) -> bool,
    ) -> Option<Turn> {
        loop {
            while let Some(&callee) = self.callees.get(self.next) {
                self.next += 1;
                if !affordable(&callees[callee]) {
                    continue;
                }
                let admitted = match callees[callee].breaker {
                    None => Some((None, None)),
                    Some(_) if self.desperate => Some((Some(Ticket::Desperate), None)),
                    Some(breaker) => breakers[breaker].admit(now).map(|(ticket, event)| (Some(ticket), event)),
                };
                match admitted {
                    Some((ticket, event)) => {
                        self.tried += 1;
                        return Some(Turn { callee, ticket, event });
                    }
                    None => self.skipped += 1,
                }
            }
            if self.tried > 0 || self.skipped == 0 || self.desperate {
                return None;
            }
            // Called after all, they were not passed over.
            (self.desperate, self.next, self.skipped) = (true, 0, 0);
        }
    }
}
