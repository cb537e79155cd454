//! Stopping: what every wait of a worker hears.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, Waker};

/// How far a run is to be stopped. It only ever goes further.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not at all.
    #[default]
    Run,
    /// Nothing new is sent; what is in flight ends by itself.
    Drain,
    /// What is in flight is cancelled.
    Now,
}

/// A worker's own copy of the stop, so that its tasks look at a cell instead of a shared lock.
#[derive(Debug, Default)]
pub(crate) struct LocalStop {
    state: Cell<Stop>,
    /// The tasks that want to be woken. A task's waker never changes, so each registers once.
    wakers: RefCell<Vec<Waker>>,
}

impl LocalStop {
    /// Remembers the current task, which is woken by every stop from now on.
    pub(crate) async fn register(&self) {
        poll_fn(|cx| {
            self.wakers.borrow_mut().push(cx.waker().clone());
            Poll::Ready(())
        })
        .await;
    }

    pub(crate) fn get(&self) -> Stop {
        self.state.get()
    }

    /// Stops as far as `stop` and wakes every registered task; going back is ignored.
    pub(crate) fn set(&self, stop: Stop) {
        if stop > self.state.get() {
            self.state.set(stop);
            self.wakers.borrow().iter().for_each(Waker::wake_by_ref);
        }
    }

    /// Waits for `work`; absent when the stop comes to `limit` before. The current task must be registered.
    pub(crate) async fn before<T>(&self, limit: Stop, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|cx| if self.get() >= limit { Poll::Ready(None) } else { work.as_mut().poll(cx).map(Some) }).await
    }
}
