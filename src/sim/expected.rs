//! What a prompt's workload expects of the answer, so that simulated answers can be right at a known rate.

use std::sync::Arc;

use bytes::BytesMut;

use crate::sim::likeness::{text_like, value_like};
use crate::sim::script::{Text, Wording};
use crate::sim::words::{boundary, push_words};
use crate::workload::{Check, Expect};

/// Bytes of an answer that count as one token, where it is more than words.
const BYTES_A_TOKEN: usize = 4;

/// Words that stand for whatever may follow the opening of an answer.
const MORE: &str = "the order is on its way";

/// What is expected of one prompt's answer.
#[derive(Debug)]
pub(super) struct Expected {
    check: Check,
    /// Absent where no right answer could be thought of; all are wrong then.
    right: Option<Right>,
}

/// A right answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Right {
    /// It opens with this, and any words may follow.
    Opening(String),
    /// It is this.
    Whole(String),
}

impl Expected {
    /// What `expect` asks for; absent where a pattern or schema in it is none.
    pub(super) fn new(expect: &Expect) -> Option<Self> {
        let check = Check::new(expect).ok()?;
        let right = candidates(expect).into_iter().find(|candidate| match candidate {
            Right::Opening(opening) => check.holds(&format!("{opening} {MORE}")),
            Right::Whole(whole) => check.holds(whole),
        });
        Some(Self { check, right })
    }

    /// Makes an answer in words a right one; one that names a tier is left as it is.
    ///
    /// Where words may follow, it stays as long as it was, and so takes the time that the law gives it.
    pub(super) fn put_right(&self, text: &mut Text, max_tokens: Option<u32>) {
        let (Wording::Words(seed), Some(right)) = (&text.wording, &self.right) else { return };
        match right {
            Right::Opening(opening) => {
                let mut said = BytesMut::from(opening.as_bytes());
                push_words(&mut said, &mut fastrand::Rng::with_seed(*seed), text.tokens - 1, false);
                text.wording = Wording::Said(String::from_utf8_lossy(&said).into());
            }
            Right::Whole(whole) => {
                let length = whole.len().div_ceil(BYTES_A_TOKEN).max(1) as u32;
                let tokens = length.min(max_tokens.unwrap_or(u32::MAX));
                let end = boundary(whole, tokens as usize * BYTES_A_TOKEN);
                *text = Text { tokens, cut: length > tokens, wording: Wording::Said(whole[..end].into()) };
            }
        }
    }

    /// Whether the answer `text` is as expected.
    pub(super) fn is_met_by(&self, text: &Text) -> bool {
        self.check.holds(&said(text))
    }
}

/// Answers that might be right, the likeliest to pass for one in words first.
fn candidates(expect: &Expect) -> Vec<Right> {
    let Expect { tier, equals, contains, regex, json_schema } = expect;
    let tier = tier.map(|tier| tier.to_string());
    let pattern = regex.as_deref().and_then(text_like);
    let parts: Vec<String> = [tier, contains.clone(), pattern].into_iter().flatten().collect();
    let mut candidates = Vec::new();
    if !parts.is_empty() {
        candidates.extend([Right::Opening(parts.join(" ")), Right::Whole(parts.join(" "))]);
    }
    candidates.extend(equals.clone().map(Right::Whole));
    candidates.extend(json_schema.as_ref().map(|schema| Right::Whole(value_like(schema).to_string())));
    candidates
}

/// The words of `text`.
fn said(text: &Text) -> Arc<str> {
    match &text.wording {
        Wording::Said(said) => Arc::clone(said),
        Wording::Tier(tier) => tier.to_string().into(),
        Wording::Words(seed) => {
            let mut said = BytesMut::new();
            push_words(&mut said, &mut fastrand::Rng::with_seed(*seed), text.tokens, true);
            String::from_utf8_lossy(&said).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Workload;

    fn words(tokens: u32) -> Text {
        Text { tokens, cut: false, wording: Wording::Words(7) }
    }

    #[test]
    fn every_expectation_of_the_built_in_workloads_can_be_met_and_is_not_met_by_chance() {
        let mut seen = 0;
        for workload in Workload::built_in_names().filter_map(Workload::built_in) {
            for request in &workload.requests {
                let Some(expect) = &request.expect else { continue };
                let expected = Expected::new(expect).unwrap();
                assert!(!expected.is_met_by(&words(200)), "{}", request.custom_id);
                let mut right = words(200);
                expected.put_right(&mut right, Some(200));
                assert!(expected.is_met_by(&right), "{}: {}", request.custom_id, said(&right));
                seen += 1;
            }
        }
        assert_eq!(seen, 153);
    }

    #[test]
    fn an_answer_that_words_may_follow_keeps_its_length_and_opens_with_what_is_expected() {
        let expected = Expected::new(&Expect { contains: Some("44.66".into()), ..Expect::default() }).unwrap();
        let (mut long, mut short) = (words(5), words(1));
        expected.put_right(&mut long, Some(5));
        expected.put_right(&mut short, None);
        assert_eq!((said(&long).split(' ').count(), long.tokens, long.cut), (5, 5, false));
        assert!(said(&long).starts_with("44.66 "));
        assert_eq!(&*said(&short), "44.66");
    }

    #[test]
    fn a_whole_answer_is_cut_where_the_request_allows_no_more_and_is_wrong_then() {
        let expected = Expected::new(&Expect { equals: Some("précisément ça".into()), ..Expect::default() }).unwrap();
        let mut right = words(50);
        expected.put_right(&mut right, None);
        assert_eq!((&*said(&right), right.tokens, right.cut), ("précisément ça", 5, false));
        let mut cut = words(50);
        expected.put_right(&mut cut, Some(3));
        assert_eq!((cut.tokens, cut.cut, expected.is_met_by(&cut)), (3, true, false));
    }

    #[test]
    fn what_nothing_can_meet_gets_the_usual_words() {
        let never = Expect { contains: Some("a".into()), equals: Some("b".into()), ..Expect::default() };
        let expected = Expected::new(&never).unwrap();
        let mut text = words(9);
        expected.put_right(&mut text, None);
        assert_eq!((text.wording.clone(), expected.is_met_by(&text)), (Wording::Words(7), false));
    }
}
