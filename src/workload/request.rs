//! What a workload holds: one recorded request a line.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::workload::rest::last_user_text;

/// A recorded file, read whole.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The file's name without its ending: `autocomplete`.
    pub name: String,
    /// The path as the user gave it, or `built-in`.
    pub source: String,
    /// SHA-256 of the file's bytes, in lower-case hex.
    pub sha256: String,
    /// The good lines in file order.
    pub requests: Vec<Request>,
    /// Lines left out under `--skip-bad-lines`, empty otherwise.
    pub bad_lines: Vec<BadLine>,
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// The line's number, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub problem: String,
}

/// One recorded request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its line in the file, from 1.
    pub line: usize,
    /// The user's name for it, unique in the file.
    pub custom_id: String,
    /// Milliseconds from the start of the recording.
    pub timestamp_ms: Option<u64>,
    /// The conversation it is a turn of.
    pub session_id: Option<String>,
    /// Milliseconds between its predecessor's answer and this turn.
    pub delay_ms: Option<u64>,
    /// The kind of request, used by routing and in reports.
    pub class: Option<String>,
    /// The region it came from.
    pub origin: Option<String>,
    /// What a right answer looks like.
    pub expect: Option<Expect>,
    /// What is sent.
    pub prompt: Prompt,
}

impl Request {
    /// Whether its text is made when it is sent, because only lengths were recorded.
    pub fn is_synthetic(&self) -> bool {
        matches!(self.prompt, Prompt::Lengths(_))
    }

    /// Whether it asks for temperature 0, where the same request ought to get the same answer.
    pub fn is_greedy(&self) -> bool {
        matches!(&self.prompt, Prompt::Body(body) if body.is_greedy())
    }

    /// The text of the last message by the user, parts joined by newlines; absent where there is none, or only lengths
    /// were recorded.
    pub fn user_text(&self) -> Option<String> {
        match &self.prompt {
            Prompt::Body(body) => last_user_text(body),
            Prompt::Lengths(_) => None,
        }
    }
}

/// What a request sends.
#[derive(Clone, Debug)]
pub enum Prompt {
    /// A recorded body.
    Body(Body),
    /// Lengths alone, from a trace; the text is made when it is sent, see [`Synthetic`](crate::workload::Synthetic).
    Lengths(Lengths),
}

/// Lengths of a request whose text is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Prompt tokens, 1 or more.
    pub input_length: u64,
    /// Answer tokens.
    pub output_length: u64,
    /// The prompt's prefix blocks: where two lines begin with the same ids, their prompts begin with the same text.
    /// No more than the prompt has blocks.
    pub hash_ids: Arc<[u64]>,
    /// Tokens of a block, 1 or more; the last one may be shorter.
    pub block_size: u64,
}

impl Lengths {
    /// The limit of the answer that is sent: what was recorded, and 1 where nothing was, since none may be 0.
    pub fn max_tokens(&self) -> u64 {
        self.output_length.max(1)
    }

    /// Whether ids name the whole prompt, so that a line with the same ones has the very same text.
    pub fn is_covered(&self) -> bool {
        self.hash_ids.len() as u64 * self.block_size >= self.input_length
    }
}

/// A recorded chat-completions body, kept as it was written.
#[derive(Clone, Debug)]
pub struct Body {
    /// Every key but `model`, `stream` and `stream_options`, in the recorded order, each value as it was written.
    pub fields: Vec<(String, Box<RawValue>)>,
    /// Whether the recording streamed; absent: the line does not say.
    pub stream: Option<bool>,
    /// The recorded limit of the answer, from `max_completion_tokens` or `max_tokens`.
    pub max_tokens: Option<u64>,
    /// The higher of the two, since a provider may heed either.
    pub most_tokens: Option<u64>,
    /// Answers asked for, from `n`: 1 where the line does not say.
    pub answers: u64,
    /// How many messages it holds, 1 or more.
    pub messages: u32,
    /// Images among the messages' content.
    pub images: u32,
    /// Bytes of JSON that a model reads besides text and images: tools, tool calls, schemas, audio, files.
    pub other_bytes: u64,
    /// The text of all messages, joined by newlines; shared, for tokenisers.
    pub text: Arc<str>,
}

/// What a right answer looks like; every part that is given must hold, see [`Check`](crate::workload::Check).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// The tier a classifier should name, 0 to 4; beside another part it labels the request alone.
    pub tier: Option<u8>,
    /// The whole answer, without surrounding white space.
    pub equals: Option<String>,
    /// A part of the answer.
    pub contains: Option<String>,
    /// A pattern found in the answer.
    pub regex: Option<String>,
    /// A schema the answer must satisfy as JSON.
    pub json_schema: Option<serde_json::Value>,
}
