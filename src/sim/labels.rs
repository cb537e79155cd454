//! The right tiers of prompts, so that simulated classifications can be right at a known rate.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::rng::hash;
use crate::sim::ask::{Message, last_user_text};
use crate::workload::{Prompt, Request, Workload};

/// Tiers, 0 to 4, by the text of the prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    tiers: HashMap<u64, u8>,
}

impl Labels {
    /// The tiers that `workloads` expect. Requests that expect none, or have no message by a user, are left out.
    pub fn from_workloads(workloads: &[Workload]) -> Self {
        let requests = workloads.iter().flat_map(|workload| &workload.requests);
        Self { tiers: requests.filter_map(labelled).collect() }
    }

    /// The tier of a prompt whose last message by the user is `text`; absent where no workload labels it.
    pub fn tier(&self, text: &str) -> Option<u8> {
        self.tiers.get(&hash(text.as_bytes())).copied()
    }

    /// How many different prompts have a label.
    pub fn len(&self) -> usize {
        self.tiers.len()
    }

    /// Whether no prompt has a label.
    pub fn is_empty(&self) -> bool {
        self.tiers.is_empty()
    }
}

fn labelled(request: &Request) -> Option<(u64, u8)> {
    let tier = request.expect.as_ref()?.tier?;
    let Prompt::Body(body) = &request.prompt else { return None };
    let messages: &RawValue = body.fields.iter().find(|(key, _)| key == "messages").map(|(_, value)| &**value)?;
    let messages: Vec<Message<'_>> = serde_json::from_str(messages.get()).ok()?;
    last_user_text(&messages).map(|text| (hash(text.as_bytes()), tier))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Body, Expect};

    fn request(messages: &str, tier: Option<u8>) -> Request {
        let fields = vec![("messages".to_owned(), RawValue::from_string(messages.to_owned()).unwrap())];
        let body = Body {
            fields,
            stream: None,
            max_tokens: None,
            most_tokens: None,
            answers: 1,
            images: 0,
            messages: 1,
            other_bytes: 0,
            text: "".into(),
        };
        Request {
            line: 1,
            custom_id: "c".to_owned(),
            timestamp_ms: None,
            session_id: None,
            delay_ms: None,
            class: None,
            origin: None,
            expect: Some(Expect { tier, ..Expect::default() }),
            prompt: Prompt::Body(body),
        }
    }

    #[test]
    fn a_label_is_found_by_the_text_of_the_last_message_by_the_user() {
        let requests = vec![
            request(r#"[{"role":"user","content":"first"},{"role":"user","content":"a \"b\"\n"}]"#, Some(3)),
            request(r#"[{"role":"user","content":[{"type":"text","text":"parts"}]}]"#, Some(0)),
            request(r#"[{"role":"user","content":"unlabelled"}]"#, None),
            request(r#"[{"role":"system","content":"no user"}]"#, Some(2)),
        ];
        let workload = Workload {
            name: "w".to_owned(),
            source: "built-in".to_owned(),
            sha256: String::new(),
            requests,
            bad_lines: Vec::new(),
        };
        let labels = Labels::from_workloads(&[workload]);
        let tiers = ["a \"b\"\n", "parts", "first", "unlabelled"].map(|text| labels.tier(text));
        assert_eq!(tiers, [Some(3), Some(0), None, None]);
        assert_eq!(labels.len(), 2);
    }
}
