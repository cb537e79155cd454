//! The recorded body of a chat-completions request: checked, and kept as it was written.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::workload::fields::{Fields, excerpt};
use crate::workload::request::Body;

/// Keys that the run sets itself.
const SET_BY_THE_RUN: [&str; 3] = ["model", "stream", "stream_options"];

/// Keys, besides the messages, that a model reads.
const READ_BY_THE_MODEL: [&str; 4] = ["tools", "functions", "response_format", "prediction"];

/// Reads the value of `body`; the problems of one that cannot be sent.
pub(super) fn parse_body(raw: &RawValue) -> Result<Body, Vec<String>> {
    let Ok(fields) = Fields::parse(raw.get()) else {
        return Err(vec!["`body` is not an object, must hold `messages`".to_owned()]);
    };
    let mut problems: Vec<String> =
        fields.repeated().iter().map(|key| format!("`body` holds `{key}` twice, must hold it once")).collect();
    let find = |name: &str| fields.0.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
    let mut limit = |name: &str| -> Option<u64> {
        let value = find(name).filter(|value| value.get() != "null")?;
        match serde_json::from_str::<u64>(value.get()) {
            Ok(0) => problems.push(format!("`{name}` is 0, must be at least 1")),
            Ok(limit) => return Some(limit),
            Err(_) => {
                problems.push(format!("`{name}` is {}, must be a whole number, 1 or more", excerpt(value.get())));
            }
        }
        None
    };
    let newer = limit("max_completion_tokens");
    let older = limit("max_tokens");
    let answers = limit("n").unwrap_or(1);
    let stream = find("stream").and_then(|value| match serde_json::from_str(value.get()) {
        Ok(stream) => stream,
        Err(_) => {
            problems.push(format!("`stream` is {}, must be true or false", excerpt(value.get())));
            None
        }
    });
    let mut reading = find("messages").map_or_else(
        || Err("`body` has no `messages`, must hold at least one".to_owned()),
        |messages| read_messages(messages.get()),
    );
    if let Ok(reading) = &mut reading {
        let other = READ_BY_THE_MODEL.iter().filter_map(|name| find(name));
        reading.other_bytes += other.map(|value| value.get().len() as u64).sum::<u64>();
    }
    match (reading, problems.is_empty()) {
        (Ok(reading), true) => Ok(Body {
            fields: kept(&fields),
            stream,
            max_tokens: newer.or(older),
            most_tokens: newer.max(older),
            answers,
            messages: reading.messages,
            images: reading.images,
            other_bytes: reading.other_bytes,
            text: reading.texts.join("\n").into(),
        }),
        (reading, _) => {
            problems.extend(reading.err());
            Err(problems)
        }
    }
}

/// The fields that are sent as recorded.
fn kept(fields: &Fields<'_>) -> Vec<(String, Box<RawValue>)> {
    let sent = fields.0.iter().filter(|(key, _)| !SET_BY_THE_RUN.contains(&key.as_str()));
    sent.map(|(key, value)| (key.clone(), (*value).to_owned())).collect()
}

/// What a model reads of the messages.
struct Reading<'a> {
    messages: u32,
    images: u32,
    other_bytes: u64,
    texts: Vec<Cow<'a, str>>,
}

/// The parts of a message that count.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow)]
    function_call: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_call_id: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
}

impl Message<'_> {
    /// Bytes of JSON that a model may read besides the content.
    fn other_bytes(&self) -> u64 {
        let calls = [self.tool_calls, self.function_call, self.tool_call_id];
        let words = [self.name, self.reasoning_content, self.refusal];
        calls.into_iter().chain(words).flatten().map(|value| value.get().len() as u64).sum()
    }
}

/// The parts of a content part that count.
#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
}

/// Reads `messages`; an error names the first message that is not one.
fn read_messages(raw: &str) -> Result<Reading<'_>, String> {
    let Ok(messages) = serde_json::from_str::<Vec<&RawValue>>(raw) else {
        return Err(format!("`messages` is {}, must be a list of messages", excerpt(raw)));
    };
    if messages.is_empty() {
        return Err("`messages` is empty, must hold at least one".to_owned());
    }
    let count = u32::try_from(messages.len()).map_err(|_| "`messages` is too long".to_owned())?;
    let mut reading = Reading { messages: count, images: 0, other_bytes: 0, texts: Vec::new() };
    for (index, raw) in messages.into_iter().enumerate() {
        let Ok(message) = serde_json::from_str::<Message<'_>>(raw.get()) else {
            return Err(format!("`messages[{index}]` is not a message, must be an object with `role` and `content`"));
        };
        if message.role.is_none() {
            return Err(format!("`messages[{index}]` has no `role`, must be one like `user`"));
        }
        reading.other_bytes += message.other_bytes();
        if let Some(content) = message.content {
            read_content(content.get(), &mut reading)
                .ok_or_else(|| format!("`messages[{index}].content` is neither text nor a list of typed parts"))?;
        }
    }
    Ok(reading)
}

/// Adds a message's content to `reading`; absent when it is of no known form.
fn read_content<'a>(raw: &'a str, reading: &mut Reading<'a>) -> Option<()> {
    if raw.starts_with('"') {
        reading.texts.push(parse_text(raw)?);
        return Some(());
    }
    for raw in serde_json::from_str::<Vec<&'a RawValue>>(raw).ok()? {
        let part: Part<'a> = serde_json::from_str(raw.get()).ok()?;
        match (part.kind.as_ref(), part.text) {
            ("text", text) => reading.texts.push(text?),
            ("image_url", _) => reading.images += 1,
            // Audio, files and what comes next: sent as recorded, and counted by its size.
            _ => reading.other_bytes += raw.get().len() as u64,
        }
    }
    Some(())
}

/// A JSON string without a copy where it holds no escapes.
fn parse_text(raw: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(raw).ok().map(|text| text.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Body, Vec<String>> {
        parse_body(serde_json::from_str(body).unwrap())
    }

    #[test]
    fn a_body_keeps_its_fields_in_order_but_for_what_the_run_sets() {
        let body = parse(
            r#"{"model":"m","temperature":0.10,"stream":false,"messages":[{"role":"user","content":"a\u00e9"}],
                "stream_options":{"include_usage":false},"max_tokens":7}"#,
        );
        let body = body.unwrap();
        let fields: Vec<_> = body.fields.iter().map(|(key, value)| (key.as_str(), value.get())).collect();
        let messages = r#"[{"role":"user","content":"a\u00e9"}]"#;
        assert_eq!(fields, [("temperature", "0.10"), ("messages", messages), ("max_tokens", "7")]);
        assert_eq!((body.stream, body.max_tokens, &*body.text), (Some(false), Some(7), "aé"));
    }

    #[test]
    fn text_parts_are_joined_images_counted_and_all_else_measured_in_bytes() {
        let body = parse(
            r#"{"messages":[{"role":"system","content":"one"},{"role":"assistant","content":null,"tool_calls":[{}]},
                {"role":"user","content":[{"type":"text","text":"two"},{"type":"image_url","image_url":{"url":"x"}},
                {"type":"file"}]}],"tools":[1],"max_completion_tokens":5,"max_tokens":9}"#,
        );
        let body = body.unwrap();
        assert_eq!((&*body.text, body.messages, body.images), ("one\ntwo", 3, 1));
        assert_eq!(body.other_bytes, ("[{}]".len() + r#"{"type":"file"}"#.len() + "[1]".len()) as u64);
        assert_eq!((body.stream, body.max_tokens), (None, Some(5)));
    }

    #[test]
    fn several_answers_and_the_higher_of_two_limits_bound_what_is_generated() {
        let message = r#"[{"role":"tool","tool_call_id":"call-1","name":"f","content":"x"}]"#;
        let body =
            parse(&format!(r#"{{"messages":{message},"max_completion_tokens":5,"max_tokens":9,"n":3}}"#)).unwrap();
        assert_eq!((body.max_tokens, body.most_tokens, body.answers), (Some(5), Some(9), 3));
        assert_eq!(body.other_bytes, (r#""call-1""#.len() + r#""f""#.len()) as u64);
        let body = parse(&format!(r#"{{"messages":{message},"n":null}}"#)).unwrap();
        assert_eq!((body.most_tokens, body.answers), (None, 1));
        let problems = parse(&format!(r#"{{"messages":{message},"n":0}}"#)).err().unwrap();
        assert_eq!(problems, ["`n` is 0, must be at least 1"]);
    }

    #[test]
    fn every_problem_of_a_body_is_named() {
        let message = r#"[{"role":"user","content":"x"}]"#;
        for (body, problems) in [
            (r#""text""#.to_owned(), vec!["`body` is not an object, must hold `messages`"]),
            ("{}".to_owned(), vec!["`body` has no `messages`, must hold at least one"]),
            (
                r#"{"messages":[],"max_tokens":0}"#.to_owned(),
                vec!["`max_tokens` is 0, must be at least 1", "`messages` is empty, must hold at least one"],
            ),
            (
                format!(r#"{{"messages":{message},"max_tokens":1.5,"stream":1}}"#),
                vec!["`max_tokens` is 1.5, must be a whole number, 1 or more", "`stream` is 1, must be true or false"],
            ),
            (
                format!(r#"{{"messages":{message},"temperature":0,"temperature":1}}"#),
                vec!["`body` holds `temperature` twice, must hold it once"],
            ),
            (
                r#"{"messages":[{"role":"user","content":7}]}"#.to_owned(),
                vec!["`messages[0].content` is neither text nor a list of typed parts"],
            ),
            (
                r#"{"messages":[{"content":"x"}]}"#.to_owned(),
                vec!["`messages[0]` has no `role`, must be one like `user`"],
            ),
        ] {
            assert_eq!(parse(&body).err().unwrap(), problems, "{body}");
        }
    }
}
