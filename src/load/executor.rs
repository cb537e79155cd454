//! Where HTTP/2 runs its connection tasks: beside the slot, on the same thread.

use hyper::rt::Executor;

/// Spawns on the current thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SameThread;

impl<F> Executor<F> for SameThread
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, task: F) {
        tokio::task::spawn_local(task);
    }
}
