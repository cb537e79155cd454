//! How long the bytes of a read had been in the system before the program had them.
//!
//! Linux stamps each TCP segment as it comes in, by the wall clock, and tells of the last one of a read. So a lag is a
//! lower bound where a read takes several segments. A wall clock that is set back in between gives no lag, and one that
//! is set forward a wrong one: far too few to move a 99th percentile.

use tokio::net::TcpStream;

pub(crate) use system::poll_read;

/// Which reads of a connection are looked at: one in eight, the first among them.
#[derive(Debug)]
pub(crate) struct Looks {
    /// Reads so far; absent where the system gives no stamps.
    reads: Option<u32>,
}

impl Looks {
    /// Asks the system to stamp what `socket` receives; where it does not, no read is looked at.
    pub(crate) fn at(socket: &TcpStream) -> Self {
        Self { reads: system::ask_for_stamps(socket).then_some(0) }
    }

    /// Whether the next read is to be looked at.
    ///
    /// Multiples of the golden ratio are spread evenly and never fall into step with replies of equally many reads, as
    /// every eighth would: it could be the last read of each, and never the first.
    pub(crate) fn is_due(&self) -> bool {
        self.reads.is_some_and(|reads| reads.wrapping_mul(0x9e37_79b9) >> 29 == 0)
    }

    /// Counts a read.
    pub(crate) fn went_by(&mut self) {
        if let Some(reads) = &mut self.reads {
            *reads = reads.wrapping_add(1);
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::io::{self, IoSliceMut};
    use std::os::fd::AsRawFd;
    use std::task::{Context, Poll, ready};
    use std::time::{Duration, Instant, SystemTime};

    use nix::sys::socket::sockopt::ReceiveTimestampns;
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt};
    use tokio::io::{Interest, ReadBuf};
    use tokio::net::TcpStream;

    use crate::units::{Micros, Moment};

    pub(super) fn ask_for_stamps(socket: &TcpStream) -> bool {
        setsockopt(socket, ReceiveTimestampns, &true).is_ok()
    }

    /// Reads from `socket`, and says when and how late; without a lag where the system has no stamp, as at the end of
    /// the stream and for what came in just after stamps were asked for.
    pub(crate) fn poll_read(
        socket: &mut TcpStream,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<(Instant, io::Result<Option<Micros>>)> {
        loop {
            if let Err(error) = ready!(socket.poll_read_ready(cx)) {
                return Poll::Ready((Instant::now(), Err(error)));
            }
            let read = socket.try_io(Interest::READABLE, || receive(socket, buf));
            // Both clocks are read before anything else is done.
            let (at, wall) = (Instant::now(), SystemTime::now());
            match read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready((at, read.map(|arrived| lag(arrived?, wall)))),
            }
        }
    }

    /// The most that is read at once: what is read into has to be zeroed first, and a piece of a reply is small.
    const MOST: usize = 8 << 10;

    /// Room for the one message that is asked for, aligned as the system's own type is.
    #[repr(align(8))]
    struct Control([u8; 64]);

    /// Reads into `buf` and returns the time since 1970 at which the last of it came in.
    fn receive(socket: &TcpStream, buf: &mut ReadBuf<'_>) -> io::Result<Option<Duration>> {
        let mut control = Control([0; 64]);
        let room = buf.remaining().min(MOST);
        let mut into = [IoSliceMut::new(buf.initialize_unfilled_to(room))];
        let received = recvmsg::<()>(socket.as_raw_fd(), &mut into, Some(&mut control.0), MsgFlags::empty())?;
        let stamp = received.cmsgs()?.find_map(|message| match message {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
            _ => None,
        });
        let bytes = received.bytes;
        buf.advance(bytes);
        Ok(stamp.filter(|_| bytes > 0))
    }

    fn lag(arrived: Duration, wall: SystemTime) -> Option<Micros> {
        let lag = wall.duration_since(SystemTime::UNIX_EPOCH).ok()?.checked_sub(arrived)?;
        Some(Moment(u64::try_from(lag.as_micros()).ok()?).since(Moment(0)))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_wall_clock_that_was_set_back_gives_no_lag() {
            let at = |micros| SystemTime::UNIX_EPOCH + Duration::from_micros(micros);
            let arrived = Duration::from_micros(1_000_000);
            assert_eq!(lag(arrived, at(1_000_250)), Some(Micros(250)));
            assert_eq!(lag(arrived, at(1_000_000)), Some(Micros(0)));
            assert_eq!(lag(arrived, at(999_999)), None);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};
    use std::time::Instant;

    use tokio::io::{AsyncRead, ReadBuf};
    use tokio::net::TcpStream;

    use crate::units::Micros;

    pub(super) fn ask_for_stamps(_: &TcpStream) -> bool {
        false
    }

    /// Reads from `socket`, and says when; the system does not tell how late.
    pub(crate) fn poll_read(
        socket: &mut TcpStream,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<(Instant, io::Result<Option<Micros>>)> {
        let read = ready!(Pin::new(socket).poll_read(cx, buf));
        Poll::Ready((Instant::now(), read.map(|()| None)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_read_in_eight_is_looked_at_and_every_place_in_a_reply_has_its_turn() {
        let mut looks = Looks { reads: Some(0) };
        let mut due = Vec::new();
        for read in 0..8_000_u32 {
            if looks.is_due() {
                due.push(read);
            }
            looks.went_by();
        }
        assert!((990..=1_010).contains(&due.len()), "{}", due.len());
        assert_eq!(due[0], 0);
        for reads in 1..=32 {
            let mut places: Vec<u32> = due.iter().map(|read| read % reads).collect();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), reads as usize, "replies of {reads} reads");
        }
    }

    #[test]
    fn where_the_system_gives_no_stamps_no_read_is_looked_at() {
        let mut looks = Looks { reads: None };
        for _ in 0..100 {
            assert!(!looks.is_due());
            looks.went_by();
        }
    }
}
