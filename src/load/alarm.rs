//! A deadline that is cheap to move.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::time::Sleep;

/// One timer for a whole slot. Deadlines mostly move later, so the timer is left where it is until it fires, and
/// only then set to where the deadline has gone: a streamed reply of many reads touches it not once.
#[derive(Debug)]
pub(crate) struct Alarm {
    sleep: Pin<Box<Sleep>>,
    fired: bool,
}

impl Alarm {
    /// An alarm for tasks of the current runtime.
    pub(crate) fn new() -> Self {
        Self { sleep: Box::pin(tokio::time::sleep_until(Instant::now().into())), fired: true }
    }

    /// Ready once `deadline` has passed; otherwise the task is woken then, or earlier.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        loop {
            if self.fired || self.sleep.deadline().into_std() > deadline {
                self.sleep.as_mut().reset(deadline.into());
                self.fired = false;
            }
            ready!(self.sleep.as_mut().poll(cx));
            self.fired = true;
            if self.sleep.deadline().into_std() >= deadline {
                return Poll::Ready(());
            }
        }
    }

    /// Waits for `deadline`.
    pub(crate) async fn wait(&mut self, deadline: Instant) {
        poll_fn(|cx| self.poll(cx, deadline)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    async fn is_due(alarm: &mut Alarm, deadline: Instant) -> bool {
        poll_fn(|cx| Poll::Ready(alarm.poll(cx, deadline).is_ready())).await
    }

    #[tokio::test]
    async fn a_deadline_that_moves_later_leaves_the_timer_alone() {
        let now = Instant::now();
        let mut alarm = Alarm::new();
        assert!(!is_due(&mut alarm, now + HOUR).await);
        assert!(!is_due(&mut alarm, now + 2 * HOUR).await);
        assert_eq!(alarm.sleep.deadline().into_std(), now + HOUR);
    }

    #[tokio::test]
    async fn a_timer_that_fired_early_is_set_to_where_the_deadline_went() {
        let now = Instant::now();
        let mut alarm = Alarm::new();
        alarm.wait(now).await;
        assert!(!is_due(&mut alarm, now + HOUR).await);
        assert_eq!(alarm.sleep.deadline().into_std(), now + HOUR);
    }

    #[tokio::test]
    async fn a_deadline_that_moves_earlier_is_kept() {
        let now = Instant::now();
        let mut alarm = Alarm::new();
        assert!(!is_due(&mut alarm, now + HOUR).await);
        alarm.wait(now).await;
        assert!(now.elapsed() < HOUR);
    }
}
