//! The slots of an open lane on one worker: as many as the replies make necessary.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use crate::load::slot::Slot;
use crate::load::stretch::{Errand, Permit};
use crate::load::worker::{Crew, resume};
use crate::units::Moment;

/// What a slot is told to do.
pub(crate) enum Task {
    /// Open its connections.
    Open,
    /// Send the requests of a session, or a lone one, to warm up.
    WarmUp {
        /// Which.
        errand: Errand,
    },
    /// Send a measured request, the first of `errand`.
    Send {
        /// The request, and the turns that follow it.
        errand: Errand,
        /// When it is to be sent.
        due: Moment,
    },
}

/// A task for one slot, which is busy until it drops the order.
pub(crate) struct Order {
    pub(crate) task: Task,
    /// The request's place among those in flight; absent in warm-up, and for what is no request.
    _permit: Option<Permit>,
    _busy: Busy,
}

/// What a pool and its slots know of each other.
#[derive(Default)]
pub(crate) struct Bench {
    /// Places of slots that have nothing to do, the last used one last: its connection is the least likely to be closed.
    idle: RefCell<Vec<usize>>,
    busy: Cell<usize>,
    /// Turns that can follow now that the one before has ended, and when it did. The pacer takes them out.
    answered: RefCell<Vec<(Instant, Errand)>>,
    /// A slot has become idle. Only the pool's owner waits for it, one wait at a time.
    freed: Notify,
}

impl Bench {
    /// Takes the slot at `place` back.
    pub(crate) fn sit(&self, place: usize) {
        self.idle.borrow_mut().push(place);
    }

    /// Takes note that the turn before those of `errand` has just ended; if there are none, nothing follows.
    pub(crate) fn answered(&self, errand: Errand) {
        if !errand.turns.is_empty() {
            self.answered.borrow_mut().push((Instant::now(), errand));
        }
    }
}

/// Counts as one busy slot until it is dropped, whatever becomes of the slot.
struct Busy(Rc<Bench>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
        self.0.freed.notify_one();
    }
}

/// Slots that take orders, made when they are needed.
pub(crate) struct Pool {
    crew: Rc<Crew>,
    lane: usize,
    bench: Rc<Bench>,
    /// By place. A slot ends when its inbox is dropped.
    inboxes: Vec<mpsc::Sender<Order>>,
    slots: JoinSet<()>,
}

impl Pool {
    /// A pool without slots for `lane`.
    pub(crate) fn new(crew: Rc<Crew>, lane: usize) -> Self {
        Self { crew, lane, bench: Rc::default(), inboxes: Vec::new(), slots: JoinSet::new() }
    }

    /// Gives `task` to the slot that was used last, or to a new one where all are busy.
    pub(crate) fn give(&mut self, task: Task, permit: Option<Permit>) {
        let idle = self.bench.idle.borrow_mut().pop();
        let place = idle.unwrap_or_else(|| self.start());
        self.bench.busy.set(self.bench.busy.get() + 1);
        let order = Order { task, _permit: permit, _busy: Busy(Rc::clone(&self.bench)) };
        // An idle slot has an empty inbox; one that panicked drops the order, and the end of the pool tells.
        let _ = self.inboxes[place].try_send(order);
    }

    /// Makes one more slot and lets it open its connections.
    pub(crate) fn open_one(&mut self) {
        let place = self.start();
        self.bench.sit(place);
        self.give(Task::Open, None);
    }

    /// Slots, idle or busy.
    pub(crate) fn len(&self) -> usize {
        self.inboxes.len()
    }

    /// Slots with nothing to do.
    pub(crate) fn idle(&self) -> usize {
        self.bench.idle.borrow().len()
    }

    /// The turns that have been freed to follow since the last call, with the ends that they follow.
    pub(crate) fn take_answered(&self) -> Vec<(Instant, Errand)> {
        self.bench.answered.take()
    }

    /// Takes note that the turn before those of `errand` has just ended, without having been given to a slot.
    pub(crate) fn answered(&self, errand: Errand) {
        self.bench.answered(errand);
    }

    /// Whether a slot has something to do, and so may free more turns.
    pub(crate) fn is_busy(&self) -> bool {
        self.bench.busy.get() > 0
    }

    /// Waits until a slot has become idle; one that has since the last wait counts.
    pub(crate) async fn freed(&self) {
        self.bench.freed.notified().await;
    }

    /// Waits until fewer than `limit` slots are busy.
    pub(crate) async fn below(&self, limit: usize) {
        while self.bench.busy.get() >= limit {
            self.bench.freed.notified().await;
        }
    }

    /// Lets all slots end, and waits for them.
    pub(crate) async fn end(mut self) {
        self.inboxes.clear();
        while let Some(ended) = self.slots.join_next().await {
            ended.unwrap_or_else(resume);
        }
    }

    fn start(&mut self) -> usize {
        let place = self.inboxes.len();
        // A slot takes its next order after it has dropped the one before, so one place is enough.
        let (inbox, orders) = mpsc::channel(1);
        let slot = Slot::new(Rc::clone(&self.crew), self.lane);
        self.slots.spawn_local(slot.serve(orders, Rc::clone(&self.bench), place));
        self.inboxes.push(inbox);
        place
    }
}
