//! What the simulator reads from a request body: enough to answer it, and cheap for long ones.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::rng::{extend_hash, hash};

/// The words by which a request to classify is known.
const CLASSIFY: &str = "Classify this request into tier 0-4";

/// A message longer than this holds a document and no instruction to classify; it is not searched.
const LONGEST_INSTRUCTION: usize = 16 * 1024;

/// Prompt tokens that an image counts as.
const IMAGE_TOKENS: usize = 800;

/// A chat-completions request, borrowed from its bytes. Keys without a meaning here are skipped.
#[derive(Debug, Deserialize)]
pub(super) struct Ask<'a> {
    /// The model's name on the wire.
    #[serde(borrow)]
    pub(super) model: Cow<'a, str>,
    /// The conversation so far.
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
}

/// One message, its content as it was written.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
}

impl<'a> Ask<'a> {
    /// Reads `body`; the error is the message for the caller.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, String> {
        let ask: Self = serde_json::from_slice(body).map_err(|error| format!("the body is no request: {error}"))?;
        if ask.messages.is_empty() {
            return Err("`messages` is empty, must hold at least one".to_owned());
        }
        if ask.max_tokens() == Some(0) {
            return Err("`max_tokens` is 0, must be at least 1".to_owned());
        }
        Ok(ask)
    }

    /// The most tokens the answer may have; absent: no limit.
    pub(super) fn max_tokens(&self) -> Option<u32> {
        self.max_completion_tokens.or(self.max_tokens)
    }

    /// Whether the reply is to be streamed.
    pub(super) fn streamed(&self) -> bool {
        self.stream == Some(true)
    }

    /// Whether a stream is to end with the usage.
    pub(super) fn usage_wanted(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage == Some(true))
    }

    /// An estimate of the prompt's tokens: a quarter of its bytes, and a fixed number for an image.
    pub(super) fn prompt_tokens(&self) -> u64 {
        let tokens = self.messages.iter().filter_map(|message| message.content).map(content_tokens).sum::<usize>();
        tokens.max(1) as u64
    }

    /// Whether a tier is asked for.
    pub(super) fn classifies(&self) -> bool {
        let mut contents = self.messages.iter().filter_map(|message| message.content);
        contents.any(|content| content.get().len() <= LONGEST_INSTRUCTION && content.get().contains(CLASSIFY))
    }

    /// The text of the last message by the user; absent where there is none.
    pub(super) fn last_user_text(&self) -> Option<Cow<'a, str>> {
        last_user_text(&self.messages)
    }

    /// Whether `words` stand near the end of the last message by the user.
    pub(super) fn ends_near(&self, words: &str) -> bool {
        let content = last_user_content(&self.messages).map_or(&[][..], |content| content.get().as_bytes());
        memchr::memmem::find(&content[content.len().saturating_sub(words.len() + END)..], words.as_bytes()).is_some()
    }

    /// A number that tells the request from others of a workload, a nonce in its last message by the user aside; absent
    /// without such a message.
    pub(super) fn fingerprint(&self) -> Option<u64> {
        fingerprint(&self.messages)
    }

    /// A number that is the same for the same last message; long ones are told apart by length, beginning and end.
    pub(super) fn prompt_hash(&self) -> u64 {
        let bytes = last_user_content(&self.messages).map_or(&[][..], |content| content.get().as_bytes());
        let (start, end) = (&bytes[..bytes.len().min(END)], &bytes[bytes.len().saturating_sub(END)..]);
        extend_hash(extend_hash(hash(&bytes.len().to_le_bytes()), start), end)
    }
}

/// Bytes at the beginning and at the end of a message by which it is told from others.
const END: usize = 256;

/// Bytes of a nonce: twelve hexadecimal digits and a space.
const NONCE: usize = 13;

/// The same for the same number of messages of which the last one by the user is the same, but for a nonce in front of its
/// text; absent without one.
pub(super) fn fingerprint(messages: &[Message<'_>]) -> Option<u64> {
    let (before, after) = around_nonce(last_user_content(messages)?.get().as_bytes());
    let length = before.len() + after.len();
    let both = || before.iter().chain(after);
    let ends: Vec<u8> = both().take(END).chain(both().skip(length.saturating_sub(END))).copied().collect();
    let counts = [messages.len(), length].map(|count| (count as u64).to_le_bytes()).concat();
    Some(extend_hash(hash(&counts), &ends))
}

/// What stands before and after the nonce of a content: behind the quote that opens its text, or that of one of its parts.
fn around_nonce(content: &[u8]) -> (&[u8], &[u8]) {
    let is_nonce = |text: &[u8]| {
        let digits = |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        text.len() >= NONCE && text[NONCE - 1] == b' ' && digits(&text[..NONCE - 1])
    };
    // Only the first quote of a plain text opens it; among parts the images have none, so that few are looked at.
    let most = if content.starts_with(b"\"") { 1 } else { usize::MAX };
    let opening = memchr::memchr_iter(b'"', content).take(most).find(|quote| is_nonce(&content[quote + 1..]));
    opening.map_or((content, &[]), |quote| (&content[..=quote], &content[quote + 1 + NONCE..]))
}

/// The text of the last message by the user in `messages`: its string, or the text of its parts joined by newlines.
pub(super) fn last_user_text<'a>(messages: &[Message<'a>]) -> Option<Cow<'a, str>> {
    let content = last_user_content(messages)?.get();
    if content.starts_with('[') {
        let parts: Vec<Part<'_>> = serde_json::from_str(content).ok()?;
        let texts: Vec<Cow<'_, str>> = parts.into_iter().filter_map(|part| part.text).collect();
        return Some(Cow::Owned(texts.join("\n")));
    }
    text(content)
}

fn last_user_content<'a>(messages: &[Message<'a>]) -> Option<&'a RawValue> {
    messages.iter().rev().find(|message| message.role == "user")?.content
}

/// The string that `json` holds, borrowed where nothing in it is escaped.
fn text(json: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(json).ok().map(|text| text.0)
}

fn content_tokens(content: &RawValue) -> usize {
    let json = content.get();
    if !json.starts_with('[') {
        return json.len() / 4;
    }
    let parts: Vec<Part<'_>> = serde_json::from_str(json).unwrap_or_default();
    parts.iter().map(|part| part.text.as_ref().map_or(IMAGE_TOKENS, |text| text.len() / 4)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_with_unknown_keys_skipped() {
        let body = br#"{"model":"m","temperature":0,"stream":true,"stream_options":{"include_usage":true},
            "messages":[{"role":"system","content":"Be short."},{"role":"user","content":"Hi, \"you\"","name":"x"},
            {"role":"assistant","content":null}],"max_tokens":50}"#;
        let ask = Ask::parse(body).unwrap();
        assert_eq!((&*ask.model, ask.max_tokens(), ask.streamed(), ask.usage_wanted()), ("m", Some(50), true, true));
        assert_eq!(ask.last_user_text().unwrap(), "Hi, \"you\"");
        assert_eq!(ask.prompt_tokens(), 11 / 4 + 13 / 4);
        assert!(!ask.classifies());
    }

    #[test]
    fn the_text_of_parts_is_joined_and_an_image_counts_a_fixed_number_of_tokens() {
        let body = br#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"What is"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},{"type":"text","text":"this?"}]}]}"#;
        let ask = Ask::parse(body).unwrap();
        assert_eq!(ask.last_user_text().unwrap(), "What is\nthis?");
        assert_eq!(ask.prompt_tokens(), 800 + 1 + 1);
        assert!(!ask.streamed() && !ask.usage_wanted() && ask.max_tokens().is_none());
    }

    #[test]
    fn a_request_to_classify_is_known_by_its_words_in_any_message() {
        let with = |role: &str, text: &str| {
            let body = format!(r#"{{"model":"m","messages":[{{"role":"{role}","content":"{text}"}}]}}"#);
            Ask::parse(body.as_bytes()).unwrap().classifies()
        };
        assert!(with("system", "Sort.\\n\\nClassify this request into tier 0-4. Answer with the digit alone."));
        assert!(with("user", "Classify this request into tier 0-4: hello"));
        assert!(!with("user", "Classify this"));
    }

    #[test]
    fn the_hash_tells_prompts_apart_by_their_beginning_end_and_length() {
        let hash = |text: &str| {
            let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#);
            Ask::parse(body.as_bytes()).unwrap().prompt_hash()
        };
        let long = "a".repeat(2000);
        assert_eq!(hash(&long), hash(&long));
        for other in [format!("{long}a"), format!("b{}", &long[1..]), format!("{}b", &long[1..])] {
            assert_ne!(hash(&long), hash(&other));
        }
    }

    #[test]
    fn a_nonce_before_the_text_of_either_form_changes_no_fingerprint_and_all_else_does() {
        let print = |content: &str, system: &str| {
            let body = format!(r#"{{"model":"m","messages":[{system}{{"role":"user","content":{content}}}]}}"#);
            Ask::parse(body.as_bytes()).unwrap().fingerprint()
        };
        let image = r#"{"type":"image_url","image_url":{"url":"data:AAAA"}}"#;
        for (content, nonce) in [
            ("\"is 0123 it?\"".to_owned(), "\"0123456789ab is 0123 it?\"".to_owned()),
            (
                format!(r#"[{image},{{"type":"text","text":"sum?"}}]"#),
                format!(r#"[{image},{{"type":"text","text":"0123456789ab sum?"}}]"#),
            ),
        ] {
            assert_eq!(print(&content, ""), print(&nonce, ""));
            assert_ne!(print(&content, ""), print(&content.replace("s", "S"), ""));
            assert_ne!(print(&content, ""), print(&content, r#"{"role":"system","content":"x"},"#));
        }
        let body = br#"{"model":"m","messages":[{"role":"system","content":"x"}]}"#;
        assert_eq!(Ask::parse(body).unwrap().fingerprint(), None);
    }

    #[test]
    fn a_bad_body_is_refused_with_the_reason() {
        for (body, problem) in [
            ("", "the body is no request: EOF while parsing a value at line 1 column 0"),
            (r#"{"messages":[]}"#, "the body is no request: missing field `model` at line 1 column 15"),
            (r#"{"model":"m","messages":[]}"#, "`messages` is empty, must hold at least one"),
            (r#"{"model":"m","messages":[{"role":"user"}],"max_tokens":0}"#, "`max_tokens` is 0, must be at least 1"),
        ] {
            assert_eq!(Ask::parse(body.as_bytes()).unwrap_err(), problem);
        }
    }
}
