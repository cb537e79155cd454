//! What a provider says of an error, in the shapes in which it is said.

use serde_json::Value;

use crate::sample::ErrorReply;

/// Reads the body of a failed reply: the provider's code and message from JSON, else the beginning of the text.
///
/// Known shapes: `{"error": {code, type, message}}`, `{"error": "text"}`, the same fields without `error` around
/// them, `{"detail": ..}`, and any of these as the one entry of a list. The message is empty where the body is.
pub fn error_of_body(body: &[u8]) -> ErrorReply {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => error_of_value(&value),
        Err(_) => {
            let text = String::from_utf8_lossy(&body[..body.len().min(4 * MESSAGE_CAP)]);
            let words: Vec<&str> = text.split_whitespace().collect();
            ErrorReply { message: capped(&words.join(" ")), ..ErrorReply::default() }
        }
    }
}

/// The first 300 characters of `text`.
pub fn capped(text: &str) -> String {
    text.chars().take(MESSAGE_CAP).collect()
}

/// Characters kept of a message.
const MESSAGE_CAP: usize = 300;

fn error_of_value(value: &Value) -> ErrorReply {
    // One provider puts its error into a list of one.
    let value = value.get(0).unwrap_or(value);
    let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
    if let Value::String(message) = error {
        return ErrorReply { message: capped(message), ..ErrorReply::default() };
    }
    let code = ["code", "type"].iter().find_map(|key| word_of(error.get(key)?)).map(|code| capped(&code));
    let message = ["message", "detail", "msg"].iter().find_map(|key| match error.get(key)? {
        Value::String(message) => Some(message.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    });
    ErrorReply { code, message: capped(&message.unwrap_or_else(|| error.to_string())), retry_after: None }
}

/// A code as text: a word or a number; absent when empty or anything else.
fn word_of(value: &Value) -> Option<String> {
    match value {
        Value::String(word) if !word.is_empty() => Some(word.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> (Option<String>, String) {
        let error = error_of_body(body.as_bytes());
        (error.code, error.message)
    }

    #[test]
    fn a_code_may_be_a_word_a_number_or_null() {
        let with = |code: &str| said(&format!(r#"{{"error":{{"message":"no","type":"invalid","code":{code}}}}}"#));
        assert_eq!(with("\"bad_key\""), (Some("bad_key".into()), "no".into()));
        assert_eq!(with("429"), (Some("429".into()), "no".into()));
        assert_eq!(with("null"), (Some("invalid".into()), "no".into()));
    }

    #[test]
    fn an_error_may_be_bare_text_or_stand_without_its_wrapper() {
        assert_eq!(said(r#"{"error":"model not found"}"#), (None, "model not found".into()));
        assert_eq!(
            said(r#"{"object":"error","message":"too long","code":400}"#),
            (Some("400".into()), "too long".into())
        );
        assert_eq!(said(r#"[{"error":{"code":400,"message":"no"}}]"#), (Some("400".into()), "no".into()));
        assert_eq!(said(r#"{"detail":[{"loc":["body"]}]}"#), (None, r#"[{"loc":["body"]}]"#.into()));
    }

    #[test]
    fn a_page_of_html_is_kept_as_its_first_words() {
        assert_eq!(said("<html>\n  <h1>502  Bad Gateway</h1>"), (None, "<html> <h1>502 Bad Gateway</h1>".into()));
        assert_eq!(said(""), (None, String::new()));
    }

    #[test]
    fn a_message_is_cut_at_300_characters_and_not_within_one() {
        let (_, message) = said(&format!(r#"{{"error":{{"message":"{}"}}}}"#, "é".repeat(400)));
        assert_eq!(message, "é".repeat(300));
    }
}
