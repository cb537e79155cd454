//! Text for simulated answers: plain words, each of which counts as one token.

use bytes::{BufMut, BytesMut};

/// Words that need no escaping in JSON; a power of two of them, so that a draw is a mask.
const WORDS: [&str; 64] = [
    "the", "order", "is", "on", "its", "way", "and", "should", "arrive", "by", "Friday,", "which", "gives", "you",
    "time", "to", "check", "each", "line", "of", "your", "invoice", "before", "it", "closes.", "Please", "keep", "a",
    "copy", "for", "records;", "we", "will", "send", "another", "when", "this", "value", "changes.", "Here,", "first",
    "result", "shows", "that", "two", "of", "three", "items", "match,", "while", "last", "one", "needs", "more",
    "detail", "from", "team", "in", "charge.", "Until", "then,", "nothing", "else", "changes",
];

/// Writes the next `count` words that `rng` picks; those after the answer's `first` open with a space.
pub(super) fn push_words(out: &mut BytesMut, rng: &mut fastrand::Rng, count: u32, first: bool) {
    for index in 0..count {
        if index > 0 || !first {
            out.put_u8(b' ');
        }
        let word = WORDS[(rng.u64(..) >> 32) as usize % WORDS.len()];
        out.put_slice(word.as_bytes());
    }
}

/// The last place, up to the byte `at`, where `text` can be cut in two.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_parts_has_the_same_words_as_one_in_a_piece() {
        let (mut whole, mut parts) = (BytesMut::new(), BytesMut::new());
        push_words(&mut whole, &mut fastrand::Rng::with_seed(5), 12, true);
        let mut rng = fastrand::Rng::with_seed(5);
        push_words(&mut parts, &mut rng, 1, true);
        push_words(&mut parts, &mut rng, 5, false);
        push_words(&mut parts, &mut rng, 6, false);
        assert_eq!(whole, parts);
        assert_eq!(String::from_utf8(whole.to_vec()).unwrap().split(' ').count(), 12);
    }

    #[test]
    fn words_stand_in_json_as_they_are() {
        for word in WORDS {
            assert_eq!(serde_json::to_string(word).unwrap(), format!("\"{word}\""));
            assert!(!word.contains(' '), "{word}");
        }
    }
}
