//! A request that a routing table carried out: every exchange that it took, and what led to them.

use crate::sample::{ErrorReply, HttpVersion, Moments, Outcome, Usage, UsageSource, Words};
use crate::units::Usd;

/// How many exchanges a request took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// All of them.
    pub made: u32,
    /// Of these, those that failed.
    pub failed: u32,
}

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// A tier. Its answer is read, not handed on.
    Classify,
    /// The answer.
    Answer,
    /// The answer to one piece of a prompt that is too large.
    Chunk,
    /// The answer, from those to the pieces.
    Stitch,
}

impl CallKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Classify, Self::Answer, Self::Chunk, Self::Stitch];

    /// The name used in files: `classify`, `answer`, `chunk`, `stitch`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Classify => "classify",
            Self::Answer => "answer",
            Self::Chunk => "chunk",
            Self::Stitch => "stitch",
        }
    }
}

/// Where the tier of a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelledBy {
    /// The classifier's answer.
    Classifier,
    /// The table's default: the classifier was late, failed, or answered nonsense.
    Default,
    /// The workload.
    Recorded,
}

impl LabelledBy {
    /// The name used in files: `classifier`, `default`, `recorded`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Classifier => "classifier",
            Self::Default => "default",
            Self::Recorded => "recorded",
        }
    }
}

/// How a request passed a routing table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passed {
    /// Its exchanges in their order.
    pub calls: Vec<CallMade>,
    /// The tier by which it was routed, 0 to 4, and who said so; absent: nothing was said of one.
    pub label: Option<(u8, LabelledBy)>,
    /// The tier that the workload records, whether it was trusted or not; absent: none is recorded.
    pub recorded_tier: Option<u8>,
    /// Whether a call was made because another had failed.
    pub failed_over: bool,
    /// What the person costs to whom it was handed; absent: unknown, or it was not.
    pub human_cost: Option<Usd>,
}

/// One exchange of a request that a routing table carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct CallMade {
    /// What it is for.
    pub kind: CallKind,
    /// Whom it went to: a place among the endpoints that the table names.
    pub place: u32,
    /// Which of the calls for this purpose it is, from 0; above 0 it was made because those before it failed.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the reply carried the simulator's mark.
    pub simulated: bool,
    /// Whether the connection had been open before.
    pub reused: bool,
    /// The protocol of the reply; absent when no response line arrived.
    pub http_version: Option<HttpVersion>,
    /// When everything happened.
    pub moments: Moments,
    /// The tokens; absent when neither reported nor estimated.
    pub usage: Option<(Usage, UsageSource)>,
    /// The usage as the provider wrote it; absent where it wrote none.
    pub raw_usage: Option<Box<str>>,
    /// What was generated, while its tokens are to be counted or its answer is to be read.
    pub words: Option<Box<Words>>,
    /// Images of what was sent.
    pub images: u32,
    /// The service tier that the provider says it answered in; absent when it names none.
    pub service_tier: Option<Box<str>>,
    /// The HTTP status; absent when no response line arrived.
    pub status: Option<u16>,
    /// The provider's request id.
    pub request_id: Option<Box<str>>,
    /// What it cost; absent when that is not known in full, and before it was worked out.
    pub cost: Option<Usd>,
    /// What the provider said, when it failed.
    pub error: Option<Box<ErrorReply>>,
}
