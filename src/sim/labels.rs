//! What workloads expect of answers to their prompts, so that simulated answers can be right at a known rate.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use crate::sim::ask::{Ask, Message, fingerprint, last_user_text};
use crate::sim::expected::Expected;
use crate::workload::{Prompt, Request, Workload};

/// The words that end a routing table's request for one answer of the answers to the pieces of a prompt.
const STITCH: &str = "[Make one answer of them.]";

/// Bytes of a last paragraph that a routing table takes for the question, and repeats, at most.
const LONGEST_QUESTION: usize = 2_000;

/// Tiers, 0 to 4, by the text of the prompt, whoever asks for them; and what is expected of the answer, by the request.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    tiers: BTreeMap<Box<str>, u8>,
    expected: HashMap<u64, Arc<Expected>>,
    /// The same by the question that ends a long prompt, for answers that are made of answers to its pieces; absent where several
    /// prompts end in the same one and expect something.
    asked: HashMap<Box<str>, Option<Arc<Expected>>>,
}

impl Labels {
    /// What `workloads` expect. Requests that expect nothing, or have no message by a user, are left out.
    pub fn from_workloads(workloads: &[Workload]) -> Self {
        let mut labels = Self::default();
        for request in workloads.iter().flat_map(|workload| &workload.requests) {
            labels.take(request);
        }
        labels
    }

    /// The tier of a prompt whose last message by the user is `text`, or begins with it, since a classifier may be shown the
    /// beginning alone; absent where no workload labels it, or prompts of several tiers begin so.
    pub fn tier(&self, text: &str) -> Option<u8> {
        let from = self.tiers.range::<str, _>((Bound::Included(text), Bound::Unbounded));
        let mut begun = from.take_while(|(label, _)| label.starts_with(text));
        let (label, tier) = begun.next()?;
        (label.len() == text.len() || begun.all(|(_, other)| other == tier)).then_some(*tier)
    }

    /// What is expected of the answer to `ask`, a nonce in its text aside; absent where no workload says.
    pub(super) fn expected(&self, ask: &Ask<'_>) -> Option<&Expected> {
        if self.expected.is_empty() {
            return None;
        }
        let known = self.expected.get(&ask.fingerprint()?).or_else(|| {
            let text = if ask.ends_near(STITCH) { ask.last_user_text()? } else { return None };
            self.asked.get(question(text.strip_suffix(STITCH)?)?)?.as_ref()
        });
        known.map(|expected| &**expected)
    }

    /// How many different prompts have a tier.
    pub fn len(&self) -> usize {
        self.tiers.len()
    }

    /// Whether no prompt has a tier.
    pub fn is_empty(&self) -> bool {
        self.tiers.is_empty()
    }

    fn take(&mut self, request: &Request) {
        let (Some(expect), Prompt::Body(body)) = (&request.expect, &request.prompt) else { return };
        let messages = body.fields.iter().find(|(key, _)| key == "messages");
        let messages = messages.and_then(|(_, value)| serde_json::from_str::<Vec<Message<'_>>>(value.get()).ok());
        let Some(messages) = messages else { return };
        if let (Some(tier), Some(text)) = (expect.tier, last_user_text(&messages)) {
            self.tiers.insert(text.into(), tier);
        }
        if let (Some(expected), Some(key)) = (Expected::new(expect), fingerprint(&messages)) {
            let expected = Arc::new(expected);
            let text = last_user_text(&messages).unwrap_or_default();
            if let Some(question) = question(&text) {
                let of_it = self.asked.entry(question.into());
                of_it.and_modify(|known| *known = None).or_insert_with(|| Some(Arc::clone(&expected)));
            }
            self.expected.insert(key, expected);
        }
    }
}

/// The last of several paragraphs, where it is short; absent where there is none.
fn question(text: &str) -> Option<&str> {
    let (_, last) = text.trim_end().rsplit_once("\n\n")?;
    (last.len() <= LONGEST_QUESTION).then_some(last)
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

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

    fn labels(requests: Vec<Request>) -> Labels {
        Labels::from_workloads(&[Workload {
            name: "w".to_owned(),
            source: "built-in".to_owned(),
            sha256: String::new(),
            requests,
            bad_lines: Vec::new(),
        }])
    }

    #[test]
    fn a_label_is_found_by_the_text_of_the_last_message_by_the_user() {
        let requests = vec![
            request(r#"[{"role":"user","content":"first"},{"role":"user","content":"a \"b\"\n"}]"#, Some(3)),
            request(r#"[{"role":"user","content":[{"type":"text","text":"parts"}]}]"#, Some(0)),
            request(r#"[{"role":"user","content":"unlabelled"}]"#, None),
            request(r#"[{"role":"system","content":"no user"}]"#, Some(2)),
        ];
        let labels = labels(requests);
        let tiers = ["a \"b\"\n", "parts", "first", "unlabelled"].map(|text| labels.tier(text));
        assert_eq!(tiers, [Some(3), Some(0), None, None]);
        assert_eq!(labels.len(), 2);
    }

    #[test]
    fn an_answer_made_of_pieces_is_to_be_what_the_whole_prompt_expects() {
        let line = |text: &str, right: &str| {
            let mut line = request(&format!(r#"[{{"role":"user","content":"{text}"}}]"#), None);
            line.expect = Some(Expect { contains: Some(right.to_owned()), ..Expect::default() });
            line
        };
        let twice = [line(r"a\n\nWho?", "x"), line(r"b\n\nWho?", "y")];
        let labels = labels([vec![line(r"The record.\n\nWhen is it due?", "May")], twice.into()].concat());
        let expected = |text: &str| {
            let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#);
            labels.expected(&Ask::parse(body.as_bytes()).unwrap()).is_some()
        };
        assert!(expected(r"[Part 1]\nIn May.\n\nWhen is it due?\n\n[Make one answer of them.]"));
        // A piece is asked the same, and what it should answer nobody says.
        assert!(!expected(r"[Part 1 of 2 of a longer text]\n\nThe rec\n\nWhen is it due?"));
        assert!(!expected(r"[Part 1]\nz\n\nWho?\n\n[Make one answer of them.]"), "two prompts ask so");
    }

    #[test]
    fn a_text_that_was_cut_has_the_label_of_the_only_tier_that_begins_so() {
        let user = |text: &str, tier| request(&format!(r#"[{{"role":"user","content":"{text}"}}]"#), Some(tier));
        let requests = vec![user("refund", 1), user("refund my order", 2), user("refund all", 2), user("repair it", 2)];
        let labels = labels(requests);
        let tiers = ["refund", "refund ", "refu", "repair", "re", "x"].map(|text| labels.tier(text));
        assert_eq!(tiers, [Some(1), Some(2), None, Some(2), None, None]);
    }
}
