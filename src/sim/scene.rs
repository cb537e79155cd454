//! The pieces of replies from which faults are staged, in the shape that the request asked for.

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use memchr::memmem::find;

use crate::sim::message::{Message, Usage};
use crate::sim::raw::chunk;
use crate::sim::script::{Text, Wording};

/// The request that a fault is staged for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    /// Its number.
    pub(super) request: u64,
    /// The model's name on the wire.
    pub(super) model: &'a str,
    /// Whether the reply is streamed.
    pub(super) streamed: bool,
    /// Whether a stream is to end with the usage.
    pub(super) usage_wanted: bool,
    /// Tokens of the prompt.
    pub(super) input_tokens: u64,
}

/// What a document's text is found by.
const CONTENT: &[u8] = br#""content":""#;

impl Scene<'_> {
    /// The type of a sound reply.
    pub(super) fn content_type(&self) -> &'static str {
        if self.streamed { "text/event-stream" } else { "application/json" }
    }

    /// A complete reply.
    pub(super) fn reply(&self, status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Bytes> {
        let mut reply = Response::new(body);
        *reply.status_mut() = status;
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        reply
    }

    /// The beginning of a successful reply as bytes, up to the blank line that would end its headers.
    ///
    /// It says that the connection is not kept, which it cannot be after bytes of our own making.
    pub(super) fn head(&self) -> Bytes {
        let (kind, request) = (self.content_type(), self.request);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\
             x-tollmark-simulated: 1\r\nx-request-id: sim-{request}\r\n"
        );
        head.into()
    }

    /// A successful reply as bytes up to and including `beginning` of its body.
    pub(super) fn opened(&self, beginning: &[u8]) -> Bytes {
        let piece = if beginning.is_empty() { Bytes::new() } else { chunk(beginning) };
        [&self.head()[..], b"\r\n", &piece].concat().into()
    }

    /// The body of an answer of `tokens` tokens, cut in the middle of its text.
    pub(super) fn answer(&self, tokens: u32) -> (Bytes, Bytes) {
        let mut message = self.message(tokens);
        if !self.streamed {
            let mut rest = message.whole();
            let text_at = find(&rest, CONTENT).expect("every document has a text") + CONTENT.len();
            return (rest.split_to(text_at), rest);
        }
        let (mut opening, mut rest) = (BytesMut::new(), BytesMut::new());
        message.push_role(&mut opening);
        if tokens > 0 {
            message.push_tokens(&mut opening, tokens / 2, true);
            message.push_tokens(&mut rest, tokens - tokens / 2, false);
        }
        message.push_end(&mut rest);
        (opening.freeze(), rest.freeze())
    }

    /// More text, for the middle of an answer.
    pub(super) fn more(&self) -> Bytes {
        if !self.streamed {
            return Bytes::from_static(b"more and ");
        }
        let mut event = BytesMut::new();
        self.message(4).push_tokens(&mut event, 4, false);
        event.freeze()
    }

    /// Bytes that are no UTF-8, for the middle of an answer.
    pub(super) fn garbage(&self) -> &'static [u8] {
        if self.streamed { b"data: {\"choices\":[{\"delta\":{\"content\":\"\xff\xfe\"}}]}\n\n" } else { b"\xff\xfe" }
    }

    /// What keeps a connection busy, and says nothing.
    pub(super) fn keep_alive(&self) -> &'static [u8] {
        if self.streamed { b": keep-alive\n\n" } else { b"\n" }
    }

    /// The beginning of a line of the body.
    pub(super) fn line(&self) -> &'static [u8] {
        if self.streamed { b"data: {\"id\":\"" } else { b"{\"id\":\"" }
    }

    /// An answer of `tokens` tokens.
    pub(super) fn text(&self, tokens: u32) -> Text {
        Text { tokens, cut: false, wording: Wording::Words(self.request) }
    }

    fn message(&self, tokens: u32) -> Message {
        let text = self.text(tokens);
        let usage = Usage { input: self.input_tokens, output: tokens, cost: None };
        Message::new(self.request, self.model, self.streamed, text, usage, self.usage_wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(streamed: bool) -> Scene<'static> {
        Scene { request: 7, model: "a\"content\":\"b", streamed, usage_wanted: true, input_tokens: 3 }
    }

    #[test]
    fn an_answer_is_cut_in_its_text_and_its_halves_make_it_whole() {
        let (opening, rest) = scene(false).answer(6);
        assert!(opening.ends_with(b"\"message\":{\"role\":\"assistant\",\"content\":\""));
        let whole: serde_json::Value = serde_json::from_slice(&[opening, rest].concat()).unwrap();
        let text = whole["choices"][0]["message"]["content"].as_str().unwrap();
        assert_eq!((text.split(' ').count(), whole["model"].as_str()), (6, Some("a\"content\":\"b")));

        let (opening, rest) = scene(true).answer(6);
        let events = |half: &[u8]| half.windows(6).filter(|bytes| bytes == b"data: ").count();
        assert_eq!((events(&opening), events(&rest)), (2, 4));
        assert!(rest.ends_with(b"data: [DONE]\n\n"));
    }

    #[test]
    fn an_answer_of_no_tokens_has_no_text() {
        let (opening, rest) = scene(true).answer(0);
        let all = String::from_utf8([opening, rest].concat()).unwrap();
        assert!(all.contains("\"content\":\"\"") && all.contains("\"completion_tokens\":0"), "{all}");
        let (_, rest) = scene(false).answer(0);
        assert!(rest.starts_with(b"\"},\"finish_reason\":\"stop\""));
    }

    #[test]
    fn a_reply_as_bytes_says_that_it_is_simulated_and_that_its_connection_ends() {
        let expected = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\
            connection: close\r\nx-tollmark-simulated: 1\r\nx-request-id: sim-7\r\n\r\n2\r\n:\n\r\n";
        assert_eq!(scene(true).opened(b":\n"), expected);
    }
}
