//! Things done to a bare connection, which no HTTP server would do.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::sample::Outcome;

/// What is done to a connection instead of a sound reply. It is closed at the end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Raw {
    /// What is done, in this order.
    pub(super) steps: Vec<Step>,
    /// The status that the client gets to see; absent when no whole head is sent.
    pub(super) status: Option<u16>,
    /// What it ought to be taken for; absent where that is for the client's limits to say.
    pub(super) outcome: Option<Outcome>,
}

/// One thing done to a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The bytes are written.
    Write(Bytes),
    /// The bytes are written again and again until the client is gone; without a pause, as fast as it reads.
    Repeat(Bytes, Option<Duration>),
    /// Nothing is said until the client is gone.
    Hold,
    /// The connection will not be closed, but reset.
    Reset,
}

impl Raw {
    /// Does it all to `stream`.
    ///
    /// # Errors
    /// The client was gone before the end.
    pub(super) async fn play(&self, mut stream: TcpStream) -> io::Result<()> {
        for step in &self.steps {
            match step {
                Step::Write(bytes) => stream.write_all(bytes).await?,
                Step::Repeat(bytes, pause) => loop {
                    stream.write_all(bytes).await?;
                    if let Some(pause) = pause {
                        tokio::time::sleep(*pause).await;
                    }
                },
                Step::Hold => while stream.read(&mut [0; 64]).await? > 0 {},
                Step::Reset => stream.set_zero_linger()?,
            }
        }
        Ok(())
    }
}

/// One piece of a body in HTTP's chunked coding; an empty one is its end.
pub(super) fn chunk(piece: &[u8]) -> Bytes {
    [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat().into()
}
