//! The kinds of requests of a workload: all that a routing table tells apart, without the text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::workload::{Prompt, Request, Workload, prompt_tokens, prompt_tokens_at_most};

/// Requests of a workload that a routing table treats alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KindNote {
    /// The recorded class.
    pub class: Option<String>,
    /// The tier that is expected, 0 to 4.
    pub tier: Option<u8>,
    /// The region that they came from.
    pub origin: Option<String>,
    /// Whether they hold an image.
    pub has_image: bool,
    /// How many images it holds; absent in files of old.
    #[serde(default)]
    pub images: Option<u32>,
    /// Tokens of prompt and answer at most, rounded up: in steps of 256 where the prompt was counted.
    pub tokens: u64,
    /// How many lines are of this kind.
    pub requests: u64,
    /// Bytes of text that a classifier is shown of such a line, the mean, before a table cuts it; absent in files of old.
    #[serde(default)]
    pub asked_bytes: Option<u64>,
}

/// The kinds of requests in `workload`, in order.
///
/// A prompt whose bytes leave open whether it fits the smallest of `windows`, in tokens, is tokenised, which takes time; others are
/// known to fit every window, and are told apart by powers of two. Nothing is rounded up over one of the windows.
pub fn kind_notes(workload: &Workload, windows: &[u64]) -> Vec<KindNote> {
    kinds_by(workload, |request| tokens(request, windows))
}

/// The same without ever counting: a token is taken to be four bytes.
pub fn estimated_kind_notes(workload: &Workload) -> Vec<KindNote> {
    kinds_by(workload, |request| stepped(prompt_tokens_at_most(&request.prompt).div_ceil(4) + answer(request)))
}

fn kinds_by(workload: &Workload, tokens: impl Fn(&Request) -> u64) -> Vec<KindNote> {
    let mut counts: BTreeMap<KindNote, (u64, u64)> = BTreeMap::new();
    for request in &workload.requests {
        let images = match &request.prompt {
            Prompt::Body(body) => body.images,
            Prompt::Lengths(_) => 0,
        };
        let kind = KindNote {
            class: request.class.clone(),
            tier: request.expect.as_ref().and_then(|expect| expect.tier),
            origin: request.origin.clone(),
            has_image: images > 0,
            images: Some(images),
            tokens: tokens(request),
            requests: 0,
            asked_bytes: None,
        };
        let (requests, bytes) = counts.entry(kind).or_default();
        *requests += 1;
        *bytes += asked_bytes(request);
    }
    let with = |(kind, (requests, bytes))| KindNote { requests, asked_bytes: Some(bytes / requests), ..kind };
    counts.into_iter().map(with).collect()
}

/// Bytes of the text that a classifier is shown of `request`, uncut: of the last message by the user, else of all.
fn asked_bytes(request: &Request) -> u64 {
    match (request.user_text(), &request.prompt) {
        (Some(text), _) => text.len() as u64,
        (None, Prompt::Body(body)) => body.text.len() as u64,
        (None, Prompt::Lengths(lengths)) => lengths.input_length.saturating_mul(BYTES_A_TOKEN),
    }
}

/// Bytes of a token of English text, about.
const BYTES_A_TOKEN: u64 = 4;

/// Tokens of the answer at most; an answer without a limit ends where the window does, and counts as none.
fn answer(request: &Request) -> u64 {
    match &request.prompt {
        Prompt::Body(body) => body.max_tokens.unwrap_or(0),
        Prompt::Lengths(lengths) => lengths.max_tokens(),
    }
}

fn tokens(request: &Request, windows: &[u64]) -> u64 {
    let at_most = prompt_tokens_at_most(&request.prompt).saturating_add(answer(request));
    let smallest_window = windows.iter().copied().min().unwrap_or(u64::MAX);
    if at_most <= smallest_window {
        return at_most.checked_next_power_of_two().unwrap_or(at_most).min(smallest_window).max(1);
    }
    let tokens = prompt_tokens(&request.prompt).saturating_add(answer(request));
    let fitting = windows.iter().copied().filter(|window| *window >= tokens).min();
    stepped(tokens).min(fitting.unwrap_or(u64::MAX))
}

/// Many windows are multiples of it.
const STEP: u64 = 256;

const fn stepped(tokens: u64) -> u64 {
    tokens.div_ceil(STEP).saturating_mul(STEP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::BadLines;

    #[test]
    fn what_a_table_cannot_tell_apart_is_one_kind() {
        let line = |id: &str, text: &str, more: &str| {
            format!(
                r#"{{"custom_id":"{id}","body":{{"messages":[{{"role":"user","content":"{text}"}}],"max_tokens":20}}{more}}}"#
            )
        };
        let text = [
            line("a", "hello", r#","class":"chat","expect":{"tier":1}"#),
            line("b", "world", r#","class":"chat","expect":{"tier":1}"#),
            line("c", "hello", r#","class":"chat","origin":"us","expect":{"tier":2}"#),
            line("d", &"word ".repeat(300), ""),
        ]
        .join("\n");
        let workload = Workload::parse("x", "x", text.as_bytes(), BadLines::Stop).unwrap();
        let found = kind_notes(&workload, &[1_000]);
        let seen: Vec<_> =
            found.iter().map(|kind| (kind.class.as_deref(), kind.tier, kind.tokens, kind.requests)).collect();
        // 1,500 bytes leave open whether they fit 1,000 tokens: 301 tokens, 8 of framing and 20 of the answer.
        assert_eq!(seen, [(None, None, 512, 1), (Some("chat"), Some(1), 64, 2), (Some("chat"), Some(2), 64, 1)]);
        assert_eq!(found.iter().map(|kind| kind.asked_bytes).collect::<Vec<_>>(), [Some(1_500), Some(5), Some(5)]);
        assert_eq!(estimated_kind_notes(&workload)[0].tokens, 512);
        // A window of 400 tokens takes the long one, and is no multiple of 256.
        let tokens = |windows: &[u64]| kind_notes(&workload, windows)[0].tokens;
        assert_eq!([tokens(&[1_000, 400]), tokens(&[320, 1_000])], [400, 512]);
    }
}
