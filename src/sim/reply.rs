//! The body of a reply, written on an absolute schedule.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::sample::Outcome;
use crate::sim::endpoint::Stay;
use crate::sim::message::Message;
use crate::sim::script::Script;
use crate::sim::visit::Visit;

/// Tokens in a chunk after the first, at least and at most.
const CHUNK_TOKENS: std::ops::RangeInclusive<u32> = 4..=6;

/// How far a chunk may come before or after its time, as a share of a token's time.
const JITTER: f64 = 0.5;

/// Room for a chunk and what surrounds it.
const CHUNK_BYTES: usize = 320;

/// The body of a reply.
#[derive(Debug)]
pub(super) enum Reply {
    /// In one piece.
    Whole(Whole),
    /// Chunk by chunk.
    Streamed(Box<Streamed>),
}

/// A reply in one piece.
#[derive(Debug)]
pub(super) struct Whole {
    body: Bytes,
    /// The request's account, and how it ends; absent for requests that are no completions.
    visit: Option<(Visit, Outcome)>,
}

/// A streamed reply under way.
#[derive(Debug)]
pub(super) struct Streamed {
    message: Message,
    visit: Visit,
    /// Held to the end, so that the endpoint counts the request as in flight.
    stay: Stay,
    wake: Pin<Box<Sleep>>,
    rhythm: Rhythm,
    next: Option<Chunk>,
    role_written: bool,
}

/// When chunks are due. Each time is counted from the first token's, so lateness never adds up.
#[derive(Debug)]
struct Rhythm {
    first_token: Instant,
    ms_per_token: f64,
    tokens: u32,
    rng: fastrand::Rng,
}

/// Some tokens that are due together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chunk {
    /// Tokens written before.
    after: u32,
    tokens: u32,
    due: Instant,
}

impl Reply {
    /// A reply in one piece; with a visit, writing it ends the request as the outcome says.
    pub(super) fn whole(body: Bytes, mut visit: Option<(Visit, Outcome)>) -> Self {
        if body.is_empty()
            && let Some((mut visit, outcome)) = visit.take()
        {
            // No body will be asked for, so this is the end.
            visit.wrote_whole(outcome);
        }
        Self::Whole(Whole { body, visit })
    }

    /// A stream of `message` as `script` has it, for a request that was read at `received`.
    pub(super) fn streamed(
        message: Message,
        script: &Script,
        received: Instant,
        wake: Pin<Box<Sleep>>,
        visit: Visit,
        stay: Stay,
    ) -> Self {
        let first_token = received + Duration::from_secs_f64(script.ttft_ms / 1e3);
        let rng = fastrand::Rng::with_seed(script.chunk_seed);
        let mut rhythm = Rhythm { first_token, ms_per_token: script.ms_per_token, tokens: message.tokens(), rng };
        let next = rhythm.chunk(0);
        let role_written = false;
        Self::Streamed(Box::new(Streamed { message, visit, stay, wake, rhythm, next, role_written }))
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = match self.get_mut() {
            Self::Whole(whole) => whole.take(),
            Self::Streamed(streamed) => ready!(streamed.poll_part(cx)),
        };
        Poll::Ready(part.map(|part| Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.body.is_empty(),
            Self::Streamed(streamed) => streamed.next.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => SizeHint::with_exact(whole.body.len() as u64),
            Self::Streamed(_) => SizeHint::default(),
        }
    }
}

impl Whole {
    fn take(&mut self) -> Option<Bytes> {
        if let Some((mut visit, outcome)) = self.visit.take() {
            visit.wrote_whole(outcome);
        }
        let body = std::mem::take(&mut self.body);
        (!body.is_empty()).then_some(body)
    }
}

impl Streamed {
    /// Everything that is due, in one part: after a late wake-up the connection is written to once.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            let Some(next) = self.next else { return Poll::Ready(None) };
            let now = Instant::now();
            let mut wake_at = self.stay.endpoint().may_write(now);
            if wake_at <= now {
                if next.due <= now || !self.role_written {
                    return Poll::Ready(Some(self.write_due(next, now)));
                }
                wake_at = next.due;
            }
            if self.wake.deadline() != wake_at {
                self.wake.as_mut().reset(wake_at);
            }
            ready!(self.wake.as_mut().poll(cx));
        }
    }

    fn write_due(&mut self, mut chunk: Chunk, now: Instant) -> Bytes {
        let mut out = BytesMut::with_capacity(CHUNK_BYTES);
        if !self.role_written {
            self.role_written = true;
            self.message.push_role(&mut out);
        }
        let mut tokens_written = false;
        while chunk.due <= now {
            self.message.push_tokens(&mut out, chunk.tokens, chunk.after == 0);
            tokens_written = true;
            self.next = self.rhythm.chunk(chunk.after + chunk.tokens);
            let Some(next) = self.next else {
                self.message.push_end(&mut out);
                break;
            };
            chunk = next;
        }
        if tokens_written {
            self.visit.wrote_tokens(self.next.is_none());
        }
        out.freeze()
    }
}

impl Rhythm {
    /// The chunk that follows the first `after` tokens; absent when these are all.
    ///
    /// The first chunk is a single token, so that the time to the first token is exactly what the law drew; a later
    /// one is due when its last token is made, the answer's last chunk without jitter.
    fn chunk(&mut self, after: u32) -> Option<Chunk> {
        let left = self.tokens - after;
        if left == 0 {
            return None;
        }
        let (size, jitter) = (self.rng.u32(CHUNK_TOKENS), (self.rng.f64() * 2.0 - 1.0) * JITTER);
        let tokens = if after == 0 { 1 } else { size.min(left) };
        let made = f64::from(after + tokens - 1);
        let ms = if after == 0 || tokens == left { made } else { made + jitter } * self.ms_per_token;
        Some(Chunk { after, tokens, due: self.first_token + Duration::from_secs_f64(ms / 1e3) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rhythm(tokens: u32, seed: u64) -> Rhythm {
        Rhythm { first_token: Instant::now(), ms_per_token: 2.0, tokens, rng: fastrand::Rng::with_seed(seed) }
    }

    fn chunks(rhythm: &mut Rhythm) -> Vec<Chunk> {
        let first = rhythm.chunk(0);
        std::iter::successors(first, |chunk| rhythm.chunk(chunk.after + chunk.tokens)).collect()
    }

    #[test]
    fn the_first_and_the_last_token_are_due_exactly_when_the_law_says() {
        for (seed, tokens) in [(1, 2), (2, 7), (3, 50), (4, 64)] {
            let mut rhythm = rhythm(tokens, seed);
            let chunks = chunks(&mut rhythm);
            assert_eq!(chunks.iter().map(|chunk| chunk.tokens).sum::<u32>(), tokens);
            assert_eq!((chunks[0].tokens, chunks[0].due), (1, rhythm.first_token));
            let last = chunks.last().unwrap().due - rhythm.first_token;
            assert_eq!(last, Duration::from_millis(2 * (u64::from(tokens) - 1)));
        }
    }

    #[test]
    fn chunks_hold_four_to_six_tokens_and_never_overtake_each_other() {
        let chunks = chunks(&mut rhythm(500, 9));
        assert!(chunks[1..chunks.len() - 1].iter().all(|chunk| CHUNK_TOKENS.contains(&chunk.tokens)));
        assert!(chunks.windows(2).all(|pair| pair[0].due < pair[1].due));
    }

    #[test]
    fn an_answer_of_one_token_is_one_chunk() {
        assert_eq!(chunks(&mut rhythm(1, 1)).len(), 1);
    }
}
