//! How many tokens a prompt has: a bound for nothing, or a count for the price of a tokeniser.

use tiktoken_rs::o200k_base_singleton;

use crate::workload::request::{Body, Prompt};

/// What an image is taken to be worth, where nobody says.
const TOKENS_PER_IMAGE: u64 = 2_000;

/// What roles and delimiters of a message add.
const TOKENS_PER_MESSAGE: u64 = 8;

/// Bytes of JSON to a token, about, where it is not tokenised.
const JSON_BYTES_PER_TOKEN: u64 = 4;

/// More tokens than the prompt can have: a token is at least one byte of its text. Images count 2,000 each.
///
/// The text made of lengths has as many tokens as they say in known vocabularies; what roles and delimiters add, and a
/// quarter for vocabularies that split some of its words, is on top.
pub fn prompt_tokens_at_most(prompt: &Prompt) -> u64 {
    match prompt {
        Prompt::Body(body) => body.text.len() as u64 + body.other_bytes + framing(body),
        Prompt::Lengths(lengths) => lengths.input_length + lengths.input_length.div_ceil(4) + TOKENS_PER_MESSAGE,
    }
}

/// More tokens than all answers to the prompt can have: its own limit, else the model's, for each answer asked for.
///
/// Absent where neither limits them.
pub fn answer_tokens_at_most(prompt: &Prompt, model_limit: Option<u64>) -> Option<u64> {
    match prompt {
        Prompt::Body(body) => Some(body.most_tokens.or(model_limit)?.saturating_mul(body.answers)),
        Prompt::Lengths(lengths) => Some(lengths.max_tokens()),
    }
}

/// The prompt's tokens, estimated with the o200k vocabulary; other vocabularies differ by some per cent.
///
/// The first call loads the vocabulary, which takes about 150 ms.
pub fn prompt_tokens(prompt: &Prompt) -> u64 {
    match prompt {
        Prompt::Body(body) => text_tokens(&body.text) + body.other_bytes.div_ceil(JSON_BYTES_PER_TOKEN) + framing(body),
        Prompt::Lengths(lengths) => lengths.input_length,
    }
}

/// The tokens of `text`, estimated with the o200k vocabulary.
///
/// The first call for any text loads the vocabulary, which takes about 150 ms.
pub fn text_tokens(text: &str) -> u64 {
    if text.is_empty() {
        return 0;
    }
    o200k_base_singleton().count_ordinary(text) as u64
}

/// Tokens of everything in the body that is neither text nor JSON to read.
fn framing(body: &Body) -> u64 {
    TOKENS_PER_IMAGE * u64::from(body.images) + TOKENS_PER_MESSAGE * u64::from(body.messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{BadLines, Lengths, Workload};

    fn prompt(content: &str) -> Prompt {
        let line = format!(r#"{{"custom_id":"a","body":{{"messages":[{{"role":"user","content":{content}}}]}}}}"#);
        Workload::parse("x", "x", line.as_bytes(), BadLines::Stop).unwrap().requests.remove(0).prompt
    }

    #[test]
    fn text_is_counted_by_the_tokeniser_and_bounded_by_its_bytes() {
        let prompt = prompt(r#""hello world""#);
        assert_eq!(prompt_tokens(&prompt), 2 + 8);
        assert_eq!(prompt_tokens_at_most(&prompt), 11 + 8);
    }

    #[test]
    fn an_image_is_2000_tokens_whatever_its_url_holds() {
        let prompt = prompt(r#"[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]"#);
        assert_eq!((prompt_tokens(&prompt), prompt_tokens_at_most(&prompt)), (2_008, 2_008));
    }

    #[test]
    fn a_trace_says_its_length_itself() {
        let prompt =
            Prompt::Lengths(Lengths { input_length: 6_758, output_length: 500, hash_ids: [].into(), block_size: 512 });
        assert_eq!((prompt_tokens(&prompt), prompt_tokens_at_most(&prompt)), (6_758, 6_758 + 1_690 + 8));
    }

    #[test]
    fn answers_are_bounded_by_their_own_limit_or_the_models_for_each_of_them() {
        let bound = |more: &str, model_limit| {
            let line = format!(r#"{{"custom_id":"a","body":{{"messages":[{{"role":"user","content":"x"}}]{more}}}}}"#);
            let workload = Workload::parse("x", "x", line.as_bytes(), BadLines::Stop).unwrap();
            answer_tokens_at_most(&workload.requests[0].prompt, model_limit)
        };
        assert_eq!(bound("", None), None);
        assert_eq!(bound("", Some(8_192)), Some(8_192));
        assert_eq!(bound(r#","n":4"#, Some(8_192)), Some(4 * 8_192));
        assert_eq!(bound(r#","max_tokens":20,"max_completion_tokens":10,"n":2"#, Some(5)), Some(40));
        assert_eq!(bound(&format!(r#","max_tokens":{},"n":2"#, u64::MAX), None), Some(u64::MAX), "and no overflow");
    }

    #[test]
    fn a_page_of_one_letter_or_of_blanks_is_counted_too() {
        for letter in ["a", " "] {
            let prompt = prompt(&format!("\"{}\"", letter.repeat(200_000)));
            assert!(prompt_tokens(&prompt) < 100_000, "`{letter}`");
        }
    }
}
