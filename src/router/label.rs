//! The classifier's question, and reading its answer.

use bytes::Bytes;
use serde_json::json;

use crate::routes::Classifier;
use crate::workload::{Prompt, Request, Rest, Synthetic, text_offset};

/// Tokens that roles and delimiters of the question's two messages add at most.
const FRAMING: u64 = 16;

/// The body that asks `classifier` for the tier of `request`, a line of the workload of that name.
///
/// The table's prompt is the system's message; the user's is the text of the last message by the user, or all text where
/// there is none, cut to `max_chars` characters. Text that would only be made when it is sent is made here.
pub(super) fn question(classifier: &Classifier, workload: &str, request: &Request) -> Rest {
    let text = request.user_text().unwrap_or_else(|| match &request.prompt {
        Prompt::Body(body) => body.text.to_string(),
        Prompt::Lengths(lengths) => {
            let text = Synthetic::new(workload, request.line, lengths).text(0);
            String::from_utf8(text).expect("synthetic text is ASCII")
        }
    });
    let end = text.char_indices().nth(classifier.max_chars).map_or(text.len(), |(end, _)| end);
    let text = &text[..end];
    let messages = json!([{"role": "system", "content": classifier.prompt}, {"role": "user", "content": text}]);
    let (messages, max_tokens) = (messages.to_string(), u64::from(classifier.max_tokens));
    let before = r#","messages":"#;
    Rest {
        bytes: Bytes::from(format!(r#"{before}{messages},"max_tokens":{max_tokens},"temperature":0}}"#)),
        text_at: text_offset(&messages).map(|offset| before.len() + offset),
        synthetic: None,
        streamed: Some(false),
        expects: false,
        greedy: true,
        input_bound: (classifier.prompt.len() + text.len()) as u64 + FRAMING,
        max_tokens: Some(max_tokens),
        answer_bound: Some(max_tokens),
        answers: 1,
        images: 0,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::workload::{BadLines, Workload};

    fn asked(line: &str, max_chars: usize) -> (serde_json::Value, Rest) {
        let workload = Workload::parse("x", "x", line.as_bytes(), BadLines::Stop).unwrap();
        let classifier = Classifier {
            model: "m".into(),
            timeout: Duration::from_secs(2),
            max_tokens: 10,
            prompt: "Which \"tier\"?".into(),
            max_chars,
            default_tier: 1,
            line: 1,
        };
        let rest = question(&classifier, "x", &workload.requests[0]);
        let body = [&br#"{"model":"m""#[..], &rest.bytes].concat();
        (serde_json::from_slice(&body).unwrap(), rest)
    }

    #[test]
    fn the_classifier_is_shown_the_first_characters_of_what_the_user_said_last() {
        let line = r#"{"custom_id":"a","body":{"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"Grüße aus Köln"}],"max_tokens":500}}"#;
        let (body, rest) = asked(line, 4);
        let expected = json!({
            "model": "m",
            "messages": [{"role": "system", "content": "Which \"tier\"?"}, {"role": "user", "content": "Grüß"}],
            "max_tokens": 10,
            "temperature": 0,
        });
        assert_eq!(body, expected);
        assert_eq!((rest.input_bound, rest.answer_bound), (13 + 6 + 16, Some(10)));
        assert!(rest.bytes[rest.text_at.unwrap()..].starts_with(b"Which"));
        assert_eq!(asked(line, 4_000).0["messages"][1]["content"], "Grüße aus Köln");
    }

    #[test]
    fn without_a_message_by_the_user_it_is_shown_all_text_and_of_lengths_alone_what_would_be_made() {
        let line = r#"{"custom_id":"a","body":{"messages":[{"role":"system","content":"Alone."}]}}"#;
        assert_eq!(asked(line, 99).0["messages"][1]["content"], "Alone.");
        let (body, _) = asked(r#"{"custom_id":"a","input_length":300,"output_length":4}"#, 99);
        assert_eq!(body["messages"][1]["content"].as_str().unwrap().len(), 99);
    }
}
