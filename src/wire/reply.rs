//! One reply as it unfolds, and the verdict at its end.

use crate::rng::{extend_hash, hash};
use crate::sample::{ErrorReply, Outcome, Usage, Words};
use crate::units::Usd;
use crate::wire::chat::{Choice, Chunk};
use crate::wire::error_body::{capped, error_of_body};
use crate::wire::raw_usage::RawUsage;
use crate::wire::refrain::Refrain;
use crate::wire::spoken::Spoken;
use crate::wire::sse::{Event, EventTooLong};
use crate::wire::usage::Sum;

/// Gathers what the events of one successful reply say. It knows no clock: its caller stamps what [`Heard`] tells.
#[derive(Debug, Default)]
pub struct Reply {
    answered: Answered,
    /// A token was generated on some channel, or a tool was called.
    generated: bool,
    done: bool,
    problem: Option<Outcome>,
    refrain: Refrain,
    raw_usage: RawUsage,
    spoken: Spoken,
    keeps_words: bool,
}

/// What one event held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// A generated token on any channel: answer, reasoning or a tool's argument.
    pub token: bool,
    /// A generated token that is not reasoning.
    pub answer: bool,
    /// Anything that shows generation going on: a token, usage, the finish reason or the end of the stream.
    pub payload: bool,
    /// `[DONE]`.
    pub done: bool,
}

impl Heard {
    /// What two events held together.
    pub fn and(self, other: Self) -> Self {
        Self {
            token: self.token || other.token,
            answer: self.answer || other.answer,
            payload: self.payload || other.payload,
            done: self.done || other.done,
        }
    }
}

/// What a reply came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    /// Its tokens, each in one class; absent when the provider reported none.
    pub usage: Option<Usage>,
    /// Whether `usage` adds up to the total stated beside it.
    pub usage_sum: Sum,
    /// The usage as the provider wrote it, also one that could not be read; absent where it wrote none.
    pub raw_usage: Option<Box<str>>,
    /// What was generated, where no usage counts it or it was [to be kept](Reply::keep_words); absent otherwise, and where
    /// nothing was, or too much.
    pub words: Option<Box<Words>>,
    /// What the provider says the request cost; absent when it does not say.
    pub stated_cost: Option<Usd>,
    /// Why generation ended, in the provider's word; absent when it never said.
    pub finish_reason: Option<Box<str>>,
    /// The model it names; absent when it names none.
    pub model: Option<Box<str>>,
    /// The service tier that it names last; absent when it names none.
    pub service_tier: Option<Box<str>>,
    /// A hash of the visible answer; absent without one.
    pub answer_hash: Option<u64>,
    /// What the provider said, or what was seen in place of the protocol, when it failed.
    pub error: Option<Box<ErrorReply>>,
}

/// What an event holds that is nothing but words of the answer.
const WORDS: Heard = Heard { token: true, answer: true, payload: true, done: false };

impl Answered {
    /// Adds `piece` to the visible answer.
    fn say(&mut self, piece: &str) {
        let so_far = self.answer_hash.unwrap_or_else(|| hash(b""));
        self.answer_hash = Some(extend_hash(so_far, piece.as_bytes()));
    }
}

impl Reply {
    /// Says whether the words of this reply are handed over at its end also where its tokens are counted.
    ///
    /// They are gathered anyway; what it costs is that the next reply finds no memory for its own.
    pub fn keep_words(&mut self, keep: bool) {
        self.keeps_words = keep;
    }

    /// Takes in an event of a stream.
    pub fn event(&mut self, event: Event<'_>) -> Heard {
        let data = event.data.trim_ascii();
        // After its end, or an error, a stream may say what it likes.
        if data.is_empty() || self.is_decided() {
            return Heard::default();
        }
        if data == b"[DONE]" {
            self.done = true;
            return Heard { payload: true, done: true, ..Heard::default() };
        }
        if event.name == b"error" {
            return self.fail(Outcome::StreamError, error_of_body(data));
        }
        if let Some(words) = self.refrain.words(data) {
            self.answered.say(words);
            self.spoken.answer(words);
            return WORDS;
        }
        match serde_json::from_slice::<Chunk<'_>>(data) {
            Ok(chunk) => self.chunk(&chunk, data),
            Err(error) => self.garbled(&format!("an event is not a chunk of a chat completion: {error}")),
        }
    }

    /// Takes in what was still open when the stream ended: half a chunk was cut short, and is no error of its own.
    pub fn last_event(&mut self, event: Event<'_>) -> Heard {
        let data = event.data.trim_ascii();
        let complete = data == b"[DONE]" || serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok();
        if complete { self.event(event) } else { Heard::default() }
    }

    /// Takes in a whole body that is one JSON document; blank lines before it are passed over.
    pub fn document(&mut self, body: &[u8]) -> Heard {
        let body = body.trim_ascii();
        self.done = true;
        if body.is_empty() {
            return Heard { done: true, ..Heard::default() };
        }
        match serde_json::from_slice::<Chunk<'_>>(body) {
            Ok(chunk) => Heard { done: true, ..self.chunk(&chunk, body) },
            Err(error) => self.garbled(&format!("the body is not a chat completion: {error}")),
        }
    }

    /// Takes in that an event was over the cap.
    pub fn too_long(&mut self, error: EventTooLong) {
        self.garbled(&error.to_string());
    }

    /// Takes in that the reply is not the protocol, with the reason in words.
    pub fn garbled(&mut self, reason: &str) -> Heard {
        self.fail(Outcome::ParseError, ErrorReply { message: capped(reason), ..ErrorReply::default() })
    }

    /// Whether nothing that could follow would change the verdict: an error, or the end in so many words.
    pub fn is_decided(&self) -> bool {
        self.problem.is_some() || self.done
    }

    /// Whether the verdict stands even if the connection broke now: decided, or the finish reason was given.
    pub fn is_complete(&self) -> bool {
        self.is_decided() || self.answered.finish_reason.is_some()
    }

    /// The verdict at the clean end of the body, and what the reply came to. The reply is then empty again.
    pub fn end(&mut self) -> (Outcome, Answered) {
        self.refrain.forget();
        let mut answered = std::mem::take(&mut self.answered);
        answered.raw_usage = self.raw_usage.take();
        let keeps_words = std::mem::take(&mut self.keeps_words);
        answered.words = if keeps_words || answered.usage.is_none() { self.spoken.take() } else { None };
        self.spoken.forget();
        let (generated, done) = (std::mem::take(&mut self.generated), std::mem::take(&mut self.done));
        let problem = self.problem.take();
        let outcome = problem.unwrap_or(match answered.finish_reason.as_deref() {
            None if !done => Outcome::Truncated,
            Some("content_filter") => Outcome::Refused,
            _ if !generated => Outcome::Empty,
            _ => Outcome::Ok,
        });
        (outcome, answered)
    }

    fn chunk(&mut self, chunk: &Chunk<'_>, data: &[u8]) -> Heard {
        let answered = &mut self.answered;
        if answered.model.is_none() {
            answered.model = chunk.model.said().map(Box::from);
        }
        // A stream may open with the tier asked for, and close with the one that was had.
        if let Some(tier) = chunk.service_tier.said().filter(|tier| answered.service_tier.as_deref() != Some(*tier)) {
            answered.service_tier = Some(tier.into());
        }
        // Usage counts from the start of the reply wherever it stands, so the newest replaces all before.
        let usage = chunk.usage();
        if let Some((usage, sum)) = usage {
            (answered.usage, answered.usage_sum) = (Some(usage), sum);
        }
        if let Some(raw) = chunk.raw_usage().filter(|_| usage.is_some() || answered.usage.is_none()) {
            self.raw_usage.keep(raw);
        }
        answered.stated_cost = chunk.stated_cost().or(answered.stated_cost);
        let choice = chunk.choices.0.as_ref();
        let finish = choice.and_then(|choice| choice.finish_reason.said());
        if let Some(reason) = finish {
            answered.finish_reason = Some(reason.into());
        }
        // What stands beside an error was still generated, and is paid for.
        if chunk.error.is_some() || chunk.object.said() == Some("error") {
            return self.fail(Outcome::StreamError, error_of_body(data));
        }
        let mut heard = Heard { payload: usage.is_some() || finish.is_some(), ..Heard::default() };

        if let Some(words) = choice.and_then(Choice::words) {
            words.visible(|piece| {
                answered.say(piece);
                self.spoken.answer(piece);
                heard.answer = true;
            });
            words.calls(|piece| self.spoken.call(piece));
            words.thoughts(|piece| self.spoken.reasoning(piece));
            heard.answer |= words.has_tool_argument();
            heard.token = heard.answer || words.is_reasoning();
            self.generated |= heard.token || words.names_tool();
            let is_all = usage.is_none() && finish.is_none() && chunk.stated_cost().is_none();
            if let Some(content) = words.only_content().filter(|_| is_all) {
                self.refrain.learn(data, content);
            }
        }
        heard.payload |= heard.token;
        // Two ways of saying in a finish reason that the provider broke down.
        if let Some(reason @ ("error" | "insufficient_system_resource")) = finish {
            let message = format!("the finish reason is `{reason}`");
            self.fail(Outcome::StreamError, ErrorReply { code: Some(reason.to_owned()), message, retry_after: None });
        }
        heard
    }

    fn fail(&mut self, outcome: Outcome, error: ErrorReply) -> Heard {
        // The first problem stands: what follows one is usually its echo.
        if self.problem.is_none() {
            self.problem = Some(outcome);
            self.answered.error = Some(Box::new(error));
        }
        Heard { payload: true, ..Heard::default() }
    }
}

#[cfg(test)]
mod tests;
