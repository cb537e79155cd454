//! The slots of an open cell on one worker: as many as the replies make necessary.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use crate::load::slot::Slot;
use crate::load::stretch::{Permit, Step};
use crate::load::worker::{Crew, resume};
use crate::units::Moment;

/// What a slot is told to do.
pub(crate) enum Task {
    /// Open its connection.
    Open,
    /// Send a request.
    Send {
        step: Step,
        index: u32,
        /// When the schedule wants it sent; absent in warm-up.
        due: Option<Moment>,
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
    /// A slot has become idle. Only the pool's owner waits for it.
    freed: Notify,
}

impl Bench {
    /// Takes the slot at `place` back.
    pub(crate) fn sit(&self, place: usize) {
        self.idle.borrow_mut().push(place);
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
    cell: usize,
    bench: Rc<Bench>,
    /// By place. A slot ends when its inbox is dropped.
    inboxes: Vec<mpsc::Sender<Order>>,
    slots: JoinSet<()>,
}

impl Pool {
    /// A pool without slots for `cell`.
    pub(crate) fn new(crew: Rc<Crew>, cell: usize) -> Self {
        Self { crew, cell, bench: Rc::default(), inboxes: Vec::new(), slots: JoinSet::new() }
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

    /// Makes one more slot and lets it open its connection.
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
        let slot = Slot::new(Rc::clone(&self.crew), self.cell);
        self.slots.spawn_local(slot.serve(orders, Rc::clone(&self.bench), place));
        self.inboxes.push(inbox);
        place
    }
}
