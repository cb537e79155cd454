//! The moments of the socket itself, taken before anything is decrypted or parsed.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::load::arrival::{self, Looks};
use crate::units::Micros;

/// The stamps of one connection, shared by its socket and its slot.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    read: Cell<Option<Instant>>,
    sent: Cell<Option<Instant>>,
    armed: Cell<bool>,
    /// How late reads since arming were stamped.
    lags: RefCell<Vec<Micros>>,
}

impl Stamps {
    /// Forgets all stamps; the next write is the request's first.
    pub(crate) fn arm(&self) {
        self.read.set(None);
        self.sent.set(None);
        self.armed.set(true);
        self.lags.borrow_mut().clear();
    }

    /// The latest read, where the end of the stream counts as one; absent before the first.
    ///
    /// Over HTTP/1.1 a body frame is handed over before the next read, so right after taking a frame this is the
    /// read that delivered it. Over HTTP/2 it is the last of the reads done in one go.
    pub(crate) fn read(&self) -> Option<Instant> {
        self.read.get()
    }

    /// The first write since arming; absent before it.
    pub(crate) fn sent(&self) -> Option<Instant> {
        self.sent.get()
    }

    /// Puts the lags since arming in place of what `lags` holds.
    pub(crate) fn take_lags(&self, lags: &mut Vec<Micros>) {
        lags.clear();
        lags.append(&mut self.lags.borrow_mut());
    }

    /// Notes the result of a write that began at `before`.
    fn wrote(&self, before: Option<Instant>, result: &io::Result<usize>) {
        if before.is_some() && matches!(result, Ok(1..)) {
            self.sent.set(before);
            self.armed.set(false);
        }
    }

    /// The time, where the next write is to be stamped.
    fn before_write(&self) -> Option<Instant> {
        self.armed.get().then(Instant::now)
    }
}

/// A socket whose reads and first write are stamped.
#[derive(Debug)]
pub(crate) struct Stamped {
    socket: TcpStream,
    stamps: Rc<Stamps>,
    looks: Looks,
}

impl Stamped {
    /// `socket`, with its stamps in `stamps`.
    pub(crate) fn new(socket: TcpStream, stamps: Rc<Stamps>) -> Self {
        let looks = Looks::at(&socket);
        Self { socket, stamps, looks }
    }
}

impl AsyncRead for Stamped {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (at, result) = if self.looks.is_due() {
            let (at, read) = ready!(arrival::poll_read(&mut self.socket, cx, buf));
            (at, read.map(|lag| self.stamps.lags.borrow_mut().extend(lag)))
        } else {
            let result = ready!(Pin::new(&mut self.socket).poll_read(cx, buf));
            (Instant::now(), result)
        };
        self.stamps.read.set(Some(at));
        self.looks.went_by();
        Poll::Ready(result)
    }
}

impl AsyncWrite for Stamped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let before = self.stamps.before_write();
        let result = ready!(Pin::new(&mut self.socket).poll_write(cx, bytes));
        self.stamps.wrote(before, &result);
        Poll::Ready(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let before = self.stamps.before_write();
        let result = ready!(Pin::new(&mut self.socket).poll_write_vectored(cx, slices));
        self.stamps.wrote(before, &result);
        Poll::Ready(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
