//! The moments of the socket itself, taken before anything is decrypted or parsed.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stamps of one connection, shared by its socket and its slot.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    read: Cell<Option<Instant>>,
    sent: Cell<Option<Instant>>,
    armed: Cell<bool>,
}

impl Stamps {
    /// Forgets all stamps; the next write is the request's first.
    pub(crate) fn arm(&self) {
        self.read.set(None);
        self.sent.set(None);
        self.armed.set(true);
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
pub(crate) struct Stamped<S> {
    socket: S,
    stamps: Rc<Stamps>,
}

impl<S> Stamped<S> {
    pub(crate) fn new(socket: S, stamps: Rc<Stamps>) -> Self {
        Self { socket, stamps }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stamped<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let result = ready!(Pin::new(&mut self.socket).poll_read(cx, buf));
        self.stamps.read.set(Some(Instant::now()));
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stamped<S> {
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
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn only_the_first_write_after_arming_is_stamped() {
        let (near, _far) = tokio::io::duplex(64);
        let stamps = Rc::new(Stamps::default());
        let mut socket = Stamped::new(near, Rc::clone(&stamps));
        socket.write_all(b"a").await.unwrap();
        assert_eq!(stamps.sent(), None);
        stamps.arm();
        socket.write_all(b"b").await.unwrap();
        let first = stamps.sent();
        assert!(first.is_some());
        socket.write_all(b"c").await.unwrap();
        assert_eq!(stamps.sent(), first);
    }

    #[tokio::test]
    async fn a_read_is_stamped_and_arming_forgets_it() {
        let (near, mut far) = tokio::io::duplex(64);
        let stamps = Rc::new(Stamps::default());
        let mut socket = Stamped::new(near, Rc::clone(&stamps));
        let before = Instant::now();
        far.write_all(b"a").await.unwrap();
        socket.read_u8().await.unwrap();
        assert!(stamps.read().unwrap() >= before);
        stamps.arm();
        assert_eq!(stamps.read(), None);
    }
}
