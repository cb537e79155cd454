//! The bytes of replies in the shape of OpenAI's chat completions.

use std::fmt::Write;

use bytes::{BufMut, Bytes, BytesMut};

use crate::sim::script::{Text, Wording};
use crate::sim::words::{boundary, push_words};
use crate::units::Usd;

/// The `created` of every reply, 1 May 2026: equal requests get equal bytes.
const CREATED: u64 = 1_777_593_600;

/// What all parts of one reply share.
#[derive(Debug)]
pub(super) struct Message {
    /// `{"id":"chatcmpl-sim-7","object":"…","created":…,"model":"m"`.
    opening: Bytes,
    text: Text,
    words: fastrand::Rng,
    /// Tokens of the text that were written.
    written: u32,
    usage: Usage,
    /// Whether chunks carry the `usage` key, as the request asked.
    usage_wanted: bool,
}

/// The tokens of a reply.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// Of the prompt.
    pub(super) input: u64,
    /// Of the answer.
    pub(super) output: u32,
    /// What both cost, where it is stated.
    pub(super) cost: Option<Usd>,
}

impl Message {
    /// The reply to request number `request` as a stream of chunks, or in one piece.
    pub(super) fn new(request: u64, model: &str, streamed: bool, text: Text, usage: Usage, usage_wanted: bool) -> Self {
        let object = if streamed { "chat.completion.chunk" } else { "chat.completion" };
        let model = serde_json::to_string(model).expect("a string is JSON");
        let mut opening = BytesMut::with_capacity(128 + model.len());
        let written = write!(
            opening,
            r#"{{"id":"chatcmpl-sim-{request}","object":"{object}","created":{CREATED},"model":{model}"#
        );
        written.expect("memory takes what is written");
        let seed = if let Wording::Words(seed) = &text.wording { *seed } else { 0 };
        Self { opening: opening.freeze(), text, words: fastrand::Rng::with_seed(seed), written: 0, usage, usage_wanted }
    }

    /// The answer's length.
    pub(super) fn tokens(&self) -> u32 {
        self.text.tokens
    }

    /// Writes the chunk that opens a stream: the role, without content.
    pub(super) fn push_role(&self, out: &mut BytesMut) {
        self.open_event(out);
        out.put_slice(br#","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]"#);
        self.close_event(out);
    }

    /// Writes a chunk with the next `tokens` tokens; `first` when none was written before.
    pub(super) fn push_tokens(&mut self, out: &mut BytesMut, tokens: u32, first: bool) {
        self.open_event(out);
        out.put_slice(br#","choices":[{"index":0,"delta":{"content":""#);
        self.push_content(out, tokens, first);
        out.put_slice(br#""},"finish_reason":null}]"#);
        self.close_event(out);
    }

    /// Writes what ends a stream: the finish reason, the usage where it was asked for, and `[DONE]`.
    pub(super) fn push_end(&self, out: &mut BytesMut) {
        self.open_event(out);
        out.put_slice(br#","choices":[{"index":0,"delta":{},"finish_reason":""#);
        out.put_slice(self.finish_reason().as_bytes());
        out.put_slice(br#""}]"#);
        self.close_event(out);
        if self.usage_wanted {
            self.open_event(out);
            out.put_slice(br#","choices":[]"#);
            self.push_usage(out);
            out.put_slice(b"}\n\n");
        }
        out.put_slice(b"data: [DONE]\n\n");
    }

    /// The whole reply in one piece.
    pub(super) fn whole(mut self) -> Bytes {
        let mut out = BytesMut::with_capacity(512 + 8 * self.text.tokens as usize);
        out.put_slice(&self.opening);
        out.put_slice(br#","choices":[{"index":0,"message":{"role":"assistant","content":""#);
        self.push_content(&mut out, self.text.tokens, true);
        out.put_slice(br#""},"finish_reason":""#);
        out.put_slice(self.finish_reason().as_bytes());
        out.put_slice(br#""}]"#);
        self.push_usage(&mut out);
        out.put_u8(b'}');
        out.freeze()
    }

    fn push_content(&mut self, out: &mut BytesMut, tokens: u32, first: bool) {
        let before = self.written;
        self.written += tokens;
        match &self.text.wording {
            Wording::Words(_) => push_words(out, &mut self.words, tokens, first),
            Wording::Tier(tier) => out.put_u8(b'0' + tier),
            Wording::Said(said) => {
                let at = |token: u32| said.len() * token as usize / self.text.tokens.max(1) as usize;
                let [from, to] = [before, self.written].map(|token| boundary(said, at(token)));
                let json = serde_json::to_string(&said[from..to]).expect("a string is JSON");
                out.put_slice(&json.as_bytes()[1..json.len() - 1]);
            }
        }
    }

    fn push_usage(&self, out: &mut BytesMut) {
        let Usage { input, output, cost } = self.usage;
        let total = input + u64::from(output);
        let counts =
            write!(out, r#","usage":{{"prompt_tokens":{input},"completion_tokens":{output},"total_tokens":{total}"#);
        let stated = cost.map_or(Ok(()), |cost| write!(out, r#","cost":{cost}"#));
        counts.and(stated).expect("memory takes what is written");
        out.put_u8(b'}');
    }

    fn finish_reason(&self) -> &'static str {
        if self.text.cut { "length" } else { "stop" }
    }

    fn open_event(&self, out: &mut BytesMut) {
        out.put_slice(b"data: ");
        out.put_slice(&self.opening);
    }

    fn close_event(&self, out: &mut BytesMut) {
        out.put_slice(if self.usage_wanted { br#","usage":null}"# } else { b"}" });
        out.put_slice(b"\n\n");
    }
}

/// The body of an error, in the shape in which providers send them.
pub(super) fn error_body(kind: &str, code: Option<&str>, message: &str) -> Bytes {
    let error = serde_json::json!({ "error": { "message": message, "type": kind, "param": null, "code": code } });
    Bytes::from(error.to_string())
}

/// The list of models, in the order of `names`.
pub(super) fn models_body<'a>(names: impl Iterator<Item = &'a str>) -> Bytes {
    let model = |name| serde_json::json!({ "id": name, "object": "model", "created": CREATED, "owned_by": "tollmark" });
    let models: Vec<serde_json::Value> = names.map(model).collect();
    Bytes::from(serde_json::json!({ "object": "list", "data": models }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(streamed: bool, text: Text, usage_wanted: bool) -> Message {
        let usage = Usage { input: 12, output: text.tokens, cost: None };
        Message::new(7, "a\"b", streamed, text, usage, usage_wanted)
    }

    fn json(event: &str) -> serde_json::Value {
        serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap()
    }

    #[test]
    fn a_stream_opens_with_the_role_and_ends_with_finish_reason_usage_and_done() {
        let mut message = message(true, Text { tokens: 7, cut: true, wording: Wording::Words(1) }, true);
        let mut out = BytesMut::new();
        message.push_role(&mut out);
        message.push_tokens(&mut out, 1, true);
        message.push_tokens(&mut out, 6, false);
        message.push_end(&mut out);
        let out = String::from_utf8(out.to_vec()).unwrap();
        let events: Vec<&str> = out.split_terminator("\n\n").collect();
        assert_eq!(events.len(), 6);
        assert_eq!(json(events[0])["choices"][0]["delta"], serde_json::json!({"role": "assistant", "content": ""}));
        assert_eq!(json(events[0])["model"], "a\"b");
        assert_eq!(json(events[0])["usage"], serde_json::Value::Null);
        let content: String = events[1..3]
            .iter()
            .map(|e| json(e)["choices"][0]["delta"]["content"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(content.split(' ').count(), 7);
        assert_eq!(json(events[3])["choices"][0]["finish_reason"], "length");
        assert_eq!(json(events[4])["choices"], serde_json::json!([]));
        let usage = serde_json::json!({"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19});
        assert_eq!(json(events[4])["usage"], usage);
        assert_eq!(events[5], "data: [DONE]");
    }

    #[test]
    fn without_being_asked_a_stream_says_nothing_of_usage() {
        let message = message(true, Text { tokens: 1, cut: false, wording: Wording::Tier(3) }, false);
        let mut out = BytesMut::new();
        message.push_end(&mut out);
        let expected = "data: {\"id\":\"chatcmpl-sim-7\",\"object\":\"chat.completion.chunk\",\"created\":1777593600,\
            \"model\":\"a\\\"b\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
            data: [DONE]\n\n";
        assert_eq!(out, expected.as_bytes());
    }

    #[test]
    fn a_stated_cost_is_a_plain_decimal_beside_the_counts() {
        let cost = Some("0.00000025".parse().unwrap());
        let text = Text { tokens: 1, cut: false, wording: Wording::Tier(3) };
        let usage = Usage { input: 12, output: 1, cost };
        let whole = Message::new(7, "m", false, text, usage, false).whole();
        let told = String::from_utf8(whole.to_vec()).unwrap();
        assert!(told.ends_with(r#""completion_tokens":1,"total_tokens":13,"cost":0.00000025}}"#), "{told}");
    }

    #[test]
    fn given_words_come_whole_however_they_are_cut_into_tokens() {
        let said = "{\"fée\": \"à la\\n carte\"}";
        let text = Text { tokens: 9, cut: false, wording: Wording::Said(said.into()) };
        let mut streamed = message(true, text.clone(), false);
        let mut out = BytesMut::new();
        for (tokens, first) in [(1, true), (5, false), (3, false)] {
            streamed.push_tokens(&mut out, tokens, first);
        }
        let out = String::from_utf8(out.to_vec()).unwrap();
        let piece = |event: &str| json(event)["choices"][0]["delta"]["content"].as_str().unwrap().to_owned();
        assert_eq!(out.split_terminator("\n\n").map(piece).collect::<String>(), said);
        let whole = String::from_utf8(message(false, text, false).whole().to_vec()).unwrap();
        let whole: serde_json::Value = serde_json::from_str(&whole).unwrap();
        assert_eq!(whole["choices"][0]["message"]["content"], said);
    }

    #[test]
    fn a_reply_in_one_piece_holds_answer_and_usage() {
        let whole = message(false, Text { tokens: 1, cut: false, wording: Wording::Tier(3) }, false).whole();
        let expected = "{\"id\":\"chatcmpl-sim-7\",\"object\":\"chat.completion\",\"created\":1777593600,\
            \"model\":\"a\\\"b\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"3\"},\
            \"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":1,\"total_tokens\":13}}";
        assert_eq!(whole, expected);
    }
}
