//! A timer that is finer than the event loop's own.

use std::time::Instant;

use tokio::time::sleep_until;

/// Wakes its task at a moment. On Linux it is a timerfd, some 50 µs late where Tokio's own timers are 1 to 2 ms late;
/// elsewhere, or where the system gives none, it is Tokio's.
pub(crate) struct Timer {
    #[cfg(target_os = "linux")]
    fine: Option<fine::Fine>,
}

impl Timer {
    /// A timer for tasks of the current runtime.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            fine: fine::Fine::new().ok(),
        }
    }

    /// Waits until `at`, never spinning. Where that has passed already, other tasks get a turn all the same.
    pub(crate) async fn wait(&mut self, at: Instant) {
        if at <= Instant::now() {
            return tokio::task::yield_now().await;
        }
        #[cfg(target_os = "linux")]
        if let Some(fine) = &self.fine
            && fine.wait(at).await.is_ok()
        {
            return;
        }
        sleep_until(at.into()).await;
    }
}

#[cfg(target_os = "linux")]
mod fine {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::{Duration, Instant};

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// A timerfd that the event loop listens to.
    pub(super) struct Fine(AsyncFd<OwnedFd>);

    impl Fine {
        #[expect(
            deprecated,
            reason = "its successor is unsafe, and an `OwnedFd` cannot be closed or exchanged by others"
        )]
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            Ok(Self(AsyncFd::with_interest(timer, Interest::READABLE)?))
        }

        pub(super) async fn wait(&self, at: Instant) -> io::Result<()> {
            loop {
                let left = at.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(());
                }
                // Setting it anew makes an earlier wait, which may have been given up, unreadable again.
                self.set(left)?;
                loop {
                    let mut ready = self.0.readable().await?;
                    let mut expirations = [0; 8];
                    match ready.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut expirations)?)) {
                        Ok(read) => {
                            read?;
                            break;
                        }
                        Err(_) => continue,
                    }
                }
            }
        }

        fn set(&self, left: Duration) -> io::Result<()> {
            let timespec = |time: Duration| Timespec {
                tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: time.subsec_nanos().into(),
            };
            let once = Itimerspec { it_interval: timespec(Duration::ZERO), it_value: timespec(left) };
            timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)?;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn it_never_wakes_early_even_after_a_wait_that_was_given_up() {
        let mut timer = Timer::new();
        for micros in [0, 50, 700, 3_000] {
            let given_up = Instant::now() + Duration::from_micros(300);
            tokio::select! {
                biased;
                () = tokio::task::yield_now() => {}
                () = timer.wait(given_up) => {}
            }
            let at = Instant::now() + Duration::from_micros(micros);
            timer.wait(at).await;
            assert!(Instant::now() >= at, "{micros}");
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn on_linux_it_is_a_timer_of_the_system() {
        assert!(Timer::new().fine.is_some());
    }
}
