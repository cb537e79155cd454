//! The words that are always the same: 19 events, 16 of them with content, or one document.

use std::fmt::Write;

/// Pieces of content in a streamed reply; a finish, a usage and `[DONE]` follow.
const CONTENT_EVENTS: usize = 16;

const USAGE: &str = r#"{"prompt_tokens":100,"completion_tokens":16,"total_tokens":116}"#;

/// Replies as bytes, made once.
pub(super) struct Canned {
    /// A streamed reply with its head.
    pub(super) streamed: Vec<u8>,
    /// A reply in one document with its head.
    pub(super) plain: Vec<u8>,
    /// The content of a streamed reply, an HTTP chunk each.
    pub(super) content: Vec<Vec<u8>>,
    /// What follows the content: finish reason, usage, `[DONE]` and the end of the body.
    pub(super) end: Vec<u8>,
}

impl Canned {
    /// Writes the replies.
    pub(super) fn new() -> Self {
        let content: Vec<Vec<u8>> = (0..CONTENT_EVENTS).map(|index| chunk(&content_event(index))).collect();
        let end = [
            chunk(&event(r#"[{"index":0,"delta":{},"finish_reason":"stop"}]"#, "null")),
            chunk(&event("[]", USAGE)),
            chunk("data: [DONE]\n\n"),
            b"0\r\n\r\n".to_vec(),
        ]
        .concat();
        let streamed = [paced_head("null").into_bytes(), content.concat(), end.clone()].concat();
        Self { streamed, plain: plain().into_bytes(), content, end }
    }
}

/// The head of a streamed reply that carries `request_id`.
pub(super) fn paced_head(request_id: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: {request_id}\r\n\
         transfer-encoding: chunked\r\n\r\n"
    )
}

fn content_event(index: usize) -> String {
    let role = if index == 0 { r#""role":"assistant","# } else { "" };
    event(&format!(r#"[{{"index":0,"delta":{{{role}"content":" word"}},"finish_reason":null}}]"#), "null")
}

fn event(choices: &str, usage: &str) -> String {
    let mut text = String::from("data: ");
    let opening = r#"{"id":"chatcmpl-null","object":"chat.completion.chunk","created":1767225600,"model":"null""#;
    write!(text, "{opening},\"choices\":{choices},\"usage\":{usage}}}\n\n").expect("a string takes everything");
    text
}

/// An HTTP chunk of its own, as a server sends that hands on each event when it has it.
fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

fn plain() -> String {
    let words = " word".repeat(CONTENT_EVENTS);
    let choice =
        format!(r#"{{"index":0,"message":{{"role":"assistant","content":"{words}"}},"finish_reason":"stop"}}"#);
    let opening = r#"{"id":"chatcmpl-null","object":"chat.completion","created":1767225600,"model":"null""#;
    let body = format!(r#"{opening},"choices":[{choice}],"usage":{USAGE}}}"#);
    let length = body.len();
    let kind = "content-type: application/json\r\nx-request-id: null";
    format!("HTTP/1.1 200 OK\r\n{kind}\r\ncontent-length: {length}\r\n\r\n{body}")
}
