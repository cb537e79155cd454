//! What is to be done next for a request, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::registry::Endpoint;
use crate::router::breaker::BreakerEvent;
use crate::router::ending::Ending;
use crate::sample::{CallKind, Outcome};
use crate::units::Usd;
use crate::workload::Synthetic;

/// What is to be done next.
#[derive(Clone, Debug)]
pub enum Step {
    /// One exchange, of which the passage must be told.
    Call(Call),
    /// Nothing: the request ended.
    End(Ending),
}

/// One exchange.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who is called.
    pub endpoint: Endpoint,
    /// Its index in [`Router::endpoints`](crate::router::Router::endpoints).
    pub place: usize,
    /// What for.
    pub purpose: Purpose,
    /// How long it may take in all, from its first byte to its last.
    pub deadline: Duration,
    /// What is sent.
    pub body: CallBody,
    /// Which of the calls for this purpose it is, from 0; above 0 it is made because those before it failed.
    pub attempt: u32,
    /// The breaker's change that let it through, where it is a probe.
    pub event: Option<BreakerEvent>,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A tier. Its answer is read, not handed on.
    Classify,
    /// The answer.
    Answer,
    /// The answer to one piece of a prompt that is too large. It is read, and handed to the last call.
    Chunk {
        /// Which one, from 0.
        piece: u32,
        /// Of how many.
        of: u32,
    },
    /// The answer, from those to the pieces.
    Stitch,
}

impl Purpose {
    /// The same without which piece it is.
    pub const fn kind(self) -> CallKind {
        match self {
            Self::Classify => CallKind::Classify,
            Self::Answer => CallKind::Answer,
            Self::Chunk { .. } => CallKind::Chunk,
            Self::Stitch => CallKind::Stitch,
        }
    }

    /// Whether the text of what it answers is needed to go on.
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Classify | Self::Chunk { .. })
    }
}

/// A body ready for the socket: the opening that names the model, then the rest. Both are shared, never copied.
#[derive(Clone, Debug)]
pub struct CallBody {
    /// `{"model":"…","stream":true`.
    pub head: Bytes,
    /// `,"messages":[…],"max_tokens":50}`.
    pub rest: Bytes,
    /// The offset into `rest` at which the prompt's text begins, where a nonce or synthetic text is put; absent: it does
    /// not begin with text.
    pub text_at: Option<usize>,
    /// The text that `rest` leaves out, made when it is sent; absent: it is all there.
    pub synthetic: Option<Arc<Synthetic>>,
    /// Whether the reply is streamed.
    pub stream: bool,
    /// Whether the workload says what a right answer to it is.
    pub expects: bool,
    /// Whether temperature 0 is asked for, where the same request ought to get the same answer.
    pub greedy: bool,
    /// Tokens that the prompt has at most, a nonce included.
    pub input_bound: u64,
    /// Tokens that all its answers have at most; [`u64::MAX`] where nothing bounds them.
    pub output_bound: u64,
    /// Images of the prompt.
    pub images: u32,
    /// Tokens that it counts for limits on tokens a minute: its prompt, and its answers as far as it limits them.
    pub paced_tokens: u64,
}

/// What came of a call.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'t> {
    /// How it ended; a deadline that passed is `timeout_total`.
    pub outcome: Outcome,
    /// Whether a generated token arrived; then nobody else is asked.
    pub first_token_seen: bool,
    /// The text of the answer, where the call's [purpose](Purpose::is_read) needs it; absent: there was none.
    pub text: Option<&'t str>,
    /// What it cost; absent: unknown, and for the route's limit as much as it may have cost.
    pub cost: Option<Usd>,
}
