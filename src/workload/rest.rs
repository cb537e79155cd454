//! The body of a request as it is sent: an opening that names the model, and the recorded rest.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::workload::request::{Body, Prompt, Request};
use crate::workload::synthetic::Synthetic;
use crate::workload::tokens::{answer_tokens_at_most, prompt_tokens_at_most};

/// What stands before text that is made when it is sent.
const BEFORE_TEXT: &str = r#","messages":[{"role":"user","content":""#;

/// A request's body without its opening, so that all models share its bytes.
#[derive(Clone, Debug)]
pub struct Rest {
    /// `,"messages":[…],"max_tokens":50}`.
    pub bytes: Bytes,
    /// Where the text of the first message begins in `bytes`; absent: it does not begin with text.
    pub text_at: Option<usize>,
    /// The text that `bytes` leave out, made when it is sent; absent: it is all there.
    pub synthetic: Option<Arc<Synthetic>>,
    /// Whether the recording streamed; absent: the line does not say.
    pub streamed: Option<bool>,
    /// Whether the line says what a right answer looks like.
    pub expects: bool,
    /// Whether it asks for temperature 0, where the same request ought to get the same answer.
    pub greedy: bool,
    /// Tokens that the prompt has at most.
    pub input_bound: u64,
    /// Tokens of one answer at most, as it is asked for; absent: no limit is.
    pub max_tokens: Option<u64>,
    /// Tokens of all its answers at most; absent where no limit is asked for.
    pub answer_bound: Option<u64>,
    /// Answers asked for.
    pub answers: u64,
    /// Images of the prompt.
    pub images: u32,
}

impl Rest {
    /// The body of `request`, a line of the workload of that name, with `params` in place of what was recorded under
    /// their names; one of lengths alone lacks its text.
    pub fn new(workload: &str, request: &Request, params: &[(String, Value)]) -> Self {
        let expects = request.expect.is_some();
        match &request.prompt {
            Prompt::Body(body) if params.is_empty() => Self { expects, ..Self::of_body(body) },
            Prompt::Body(body) => Self { expects, ..Self::of_body(&body.with(params)) },
            Prompt::Lengths(lengths) => {
                let limit = limit_in(params).unwrap_or(lengths.max_tokens());
                let others = params.iter().filter(|(key, _)| !LIMITS.contains(&key.as_str()));
                let others = others.map(|(key, value)| format!(",{}:{value}", json_string(key))).collect::<String>();
                Self {
                    bytes: Bytes::from(format!(r#"{BEFORE_TEXT}"}}],"max_tokens":{limit}{others}}}"#)),
                    text_at: Some(BEFORE_TEXT.len()),
                    synthetic: Some(Arc::new(Synthetic::new(workload, request.line, lengths))),
                    streamed: None,
                    expects,
                    greedy: params.iter().any(|(key, value)| is_zero_temperature(key, value.as_f64())),
                    input_bound: prompt_tokens_at_most(&request.prompt),
                    max_tokens: Some(limit),
                    answer_bound: Some(limit),
                    answers: 1,
                    images: 0,
                }
            }
        }
    }

    fn of_body(body: &Body) -> Self {
        let (bytes, text_at) = write_rest(body);
        let prompt = Prompt::Body(body.clone());
        Self {
            bytes,
            text_at,
            synthetic: None,
            streamed: body.stream,
            expects: false,
            greedy: body.is_greedy(),
            input_bound: prompt_tokens_at_most(&prompt),
            max_tokens: body.max_tokens,
            answer_bound: answer_tokens_at_most(&prompt, None),
            answers: body.answers,
            images: body.images,
        }
    }
}

impl Body {
    /// Whether it asks for temperature 0.
    pub fn is_greedy(&self) -> bool {
        self.fields.iter().any(|(key, value)| is_zero_temperature(key, value.get().parse().ok()))
    }

    /// The same body with `params` in place of what was recorded under their names, new ones at its end. A limit of the
    /// answer replaces the recorded one under either key.
    #[must_use]
    pub fn with(&self, params: &[(String, Value)]) -> Self {
        let limit = limit_in(params);
        let given = |key: &str| params.iter().any(|(name, _)| name == key);
        let stays = |key: &str| !given(key) && (limit.is_none() || !LIMITS.contains(&key));
        let raw = |value: &Value| serde_json::value::to_raw_value(value).expect("a JSON value can be written");
        let recorded = self.fields.iter().filter(|(key, _)| stays(key)).cloned();
        let answers = params.iter().find(|(key, _)| key == "n").and_then(|(_, value)| value.as_u64());
        Self {
            fields: recorded.chain(params.iter().map(|(key, value)| (key.clone(), raw(value)))).collect(),
            max_tokens: limit.or(self.max_tokens),
            most_tokens: limit.or(self.most_tokens),
            answers: answers.unwrap_or(self.answers),
            ..self.clone()
        }
    }
}

/// The opening of a body that is sent to the model called `wire_model`; a stream may be asked to end with its usage.
pub fn opening(wire_model: &str, stream: bool, usage: bool) -> Bytes {
    let name = json_string(wire_model);
    let usage = if stream && usage { r#","stream_options":{"include_usage":true}"# } else { "" };
    Bytes::from(format!(r#"{{"model":{name},"stream":{stream}{usage}"#))
}

fn is_zero_temperature(key: &str, value: Option<f64>) -> bool {
    key == "temperature" && value.is_some_and(|temperature| temperature.abs() < f64::EPSILON)
}

/// The keys that limit an answer.
const LIMITS: [&str; 2] = ["max_completion_tokens", "max_tokens"];

/// The limit of one answer that `params` set, the newer key first.
fn limit_in(params: &[(String, Value)]) -> Option<u64> {
    let of = |name: &str| params.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.as_u64());
    LIMITS.into_iter().find_map(of)
}

/// The recorded fields as the end of an object that has begun, `,"messages":[…]}`, and where the first text begins.
fn write_rest(body: &Body) -> (Bytes, Option<usize>) {
    let mut json = String::new();
    let mut text_at = None;
    for (key, value) in &body.fields {
        json.push(',');
        json.push_str(&json_string(key));
        json.push(':');
        if key == "messages" {
            text_at = text_offset(value.get()).map(|offset| json.len() + offset);
        }
        json.push_str(value.get());
    }
    json.push('}');
    (Bytes::from(json), text_at)
}

fn json_string(text: &str) -> String {
    serde_json::to_string(text).expect("any text can be written as JSON")
}

/// The offset in `messages` at which the first message's text begins: behind the quote of its content, or of its first
/// part that is text. Absent where it has none.
pub fn text_offset(messages: &str) -> Option<usize> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        content: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Part<'a> {
        #[serde(borrow)]
        text: Option<&'a RawValue>,
    }
    let list: Vec<&RawValue> = serde_json::from_str(messages).ok()?;
    let content = serde_json::from_str::<Message<'_>>(list.first()?.get()).ok()?.content?.get();
    let text = if content.starts_with('[') {
        let parts: Vec<Part<'_>> = serde_json::from_str(content).ok()?;
        parts.into_iter().find_map(|part| part.text)?.get()
    } else {
        content
    };
    // Both borrow from `messages`, so the distance of their addresses is the offset.
    text.starts_with('"').then(|| text.as_ptr().addr() - messages.as_ptr().addr() + 1)
}

/// The text of the last message by the user: its string, or the text of its parts joined by newlines. Absent where there
/// is no such message or it holds no text.
pub(super) fn last_user_text(body: &Body) -> Option<String> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        role: Cow<'a, str>,
        #[serde(borrow)]
        content: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Part {
        text: Option<String>,
    }
    let messages = body.fields.iter().find(|(key, _)| key == "messages").map(|(_, value)| value.get())?;
    let messages: Vec<Message<'_>> = serde_json::from_str(messages).ok()?;
    let content = messages.iter().rfind(|message| message.role == "user")?.content?.get();
    if content.starts_with('"') {
        return serde_json::from_str(content).ok();
    }
    let parts: Vec<Part> = serde_json::from_str(content).ok()?;
    let texts: Vec<String> = parts.into_iter().filter_map(|part| part.text).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{BadLines, Workload};

    fn request(line: &str) -> Request {
        Workload::parse("x", "x", line.as_bytes(), BadLines::Stop).unwrap().requests.remove(0)
    }

    fn params(pairs: &[(&str, Value)]) -> Vec<(String, Value)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    #[test]
    fn parameters_replace_what_was_recorded_and_move_the_bounds() {
        let line = r#"{"custom_id":"a","body":{"temperature":1,"max_completion_tokens":9,"messages":[{"role":"user","content":"x"}],"n":2}}"#;
        let laid = params(&[("temperature", 0.into()), ("max_tokens", 50.into()), ("top_p", 1.into())]);
        let rest = Rest::new("x", &request(line), &laid);
        let expected =
            r#","messages":[{"role":"user","content":"x"}],"n":2,"temperature":0,"max_tokens":50,"top_p":1}"#;
        assert_eq!(rest.bytes, expected);
        assert_eq!((rest.max_tokens, rest.answer_bound, rest.answers), (Some(50), Some(100), 2));
        let one = Rest::new("x", &request(line), &params(&[("n", 1.into())]));
        assert_eq!((one.max_tokens, one.answer_bound), (Some(9), Some(9)));
    }

    #[test]
    fn parameters_of_a_request_of_lengths_stand_behind_its_limit() {
        let line = r#"{"custom_id":"a","input_length":3,"output_length":4}"#;
        let laid = params(&[("temperature", 0.into()), ("max_tokens", 2.into())]);
        let rest = Rest::new("x", &request(line), &laid);
        let expected = r#","messages":[{"role":"user","content":""}],"max_tokens":2,"temperature":0}"#;
        assert_eq!((&rest.bytes[..], rest.answer_bound), (expected.as_bytes(), Some(2)));
    }

    #[test]
    fn the_last_message_by_the_user_is_found_in_strings_and_parts() {
        let text = |messages: &str| {
            let line = format!(r#"{{"custom_id":"a","body":{{"messages":{messages}}}}}"#);
            request(&line).user_text().map(|text| text.to_string())
        };
        let turns = r#"[{"role":"user","content":"one"},{"role":"user","content":"t\"wo"},{"role":"assistant","content":"no"}]"#;
        assert_eq!(text(turns).unwrap(), "t\"wo");
        let parts = r#"[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"b"}]}]"#;
        assert_eq!(text(parts).unwrap(), "a\nb");
        assert_eq!(text(r#"[{"role":"system","content":"alone"}]"#), None);
    }
}
