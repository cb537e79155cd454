//! Text for requests of which only the lengths are known: words that are one token each, block by block.
//!
//! It is made when it is sent and never kept, so a trace of long prompts takes no more memory than its numbers.

use std::sync::Arc;

use crate::rng::{extend_hash, hash, keyed};
use crate::workload::request::Lengths;

/// English words of three letters. With the space before it each is one token in the vocabularies o200k and cl100k,
/// and no tokeniser that cuts at spaces joins two of them; so their number is the number of tokens, by construction.
const LIST: &[u8; WORDS * TOKEN_BYTES] = include_bytes!("words.txt");

/// Words in the list.
const WORDS: usize = 454;

/// Bytes of a word and the space that stands before it, which are also those of a token.
const TOKEN_BYTES: usize = 4;

/// The text of one length-only request: which blocks it has, and how long it is.
#[derive(Clone, Debug)]
pub struct Synthetic {
    tokens: usize,
    block_tokens: usize,
    hash_ids: Arc<[u64]>,
    /// The workload's own key: equal ids of two traces are different blocks.
    trace: u64,
    /// Tells apart what no id says is shared.
    line: u64,
}

/// Where a block's text comes from.
#[derive(Clone, Copy)]
enum Block {
    /// An id of the trace: the same text wherever it stands.
    Shared(u64),
    /// What the line has beyond its ids: text of its own.
    Own(u64),
}

impl Synthetic {
    /// The text of `lengths`, which stand on line number `line` of the workload called `workload`.
    pub fn new(workload: &str, line: usize, lengths: &Lengths) -> Self {
        // The reader bounds both, so neither is cut.
        let count = |tokens: u64| usize::try_from(tokens).unwrap_or(usize::MAX);
        Self {
            tokens: count(lengths.input_length),
            block_tokens: count(lengths.block_size),
            hash_ids: Arc::clone(&lengths.hash_ids),
            trace: hash(workload.as_bytes()),
            line: line as u64,
        }
    }

    /// How many bytes the text has: ASCII letters and spaces, which need no escapes in JSON.
    pub fn len(&self) -> usize {
        self.tokens * TOKEN_BYTES
    }

    /// Whether there is no text; the reader refuses such lines.
    pub fn is_empty(&self) -> bool {
        self.tokens == 0
    }

    /// Makes the text: the same for the same `seed`, and for another one different in every block.
    pub fn text(&self, seed: u64) -> Vec<u8> {
        let key = extend_hash(self.trace, &seed.to_le_bytes());
        let mut text = Vec::with_capacity(self.len());
        for id in self.hash_ids.iter() {
            let tokens = self.block_tokens.min(self.tokens - text.len() / TOKEN_BYTES);
            write(&mut text, tokens, key, Block::Shared(*id));
        }
        let tokens = self.tokens - text.len() / TOKEN_BYTES;
        write(&mut text, tokens, key, Block::Own(self.line));
        text
    }
}

/// Appends `tokens` words of `block`.
fn write(text: &mut Vec<u8>, tokens: usize, key: u64, block: Block) {
    let (kind, number) = match block {
        Block::Shared(id) => (b's', id),
        Block::Own(line) => (b'o', line),
    };
    let mut rng = keyed(extend_hash(extend_hash(key, &[kind]), &number.to_le_bytes()));
    let mut draw = 0;
    for index in 0..tokens {
        // One draw is enough for four words.
        if index % 4 == 0 {
            draw = rng.u64(..);
        }
        let word = ((draw & 0xffff) as usize * WORDS) >> 16;
        draw >>= 16;
        text.push(b' ');
        text.extend_from_slice(&LIST[word * TOKEN_BYTES..word * TOKEN_BYTES + TOKEN_BYTES - 1]);
    }
}

#[cfg(test)]
mod tests {
    use tiktoken_rs::{cl100k_base_singleton, o200k_base_singleton};

    use super::*;

    fn text(line: usize, input_length: u64, hash_ids: &[u64], seed: u64) -> String {
        let lengths = Lengths { input_length, output_length: 1, hash_ids: hash_ids.into(), block_size: 512 };
        let synthetic = Synthetic::new("trace", line, &lengths);
        let text = String::from_utf8(synthetic.text(seed)).unwrap();
        assert_eq!((text.len(), synthetic.len()), (4 * input_length as usize, 4 * input_length as usize));
        text
    }

    fn words() -> Vec<&'static str> {
        std::str::from_utf8(LIST).unwrap().split_ascii_whitespace().collect()
    }

    #[test]
    fn the_list_holds_different_words_of_three_letters() {
        let words = words();
        assert_eq!(words.len(), WORDS);
        assert!(words.is_sorted_by(|a, b| a < b));
        assert!(words.iter().all(|word| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_lowercase())));
    }

    #[test]
    fn every_word_is_one_token_in_both_vocabularies() {
        for word in words() {
            let word = format!(" {word}");
            for vocabulary in [o200k_base_singleton(), cl100k_base_singleton()] {
                assert_eq!(vocabulary.count_ordinary(&word), 1, "{word}");
            }
        }
    }

    #[test]
    fn a_text_has_exactly_the_tokens_that_were_asked_for() {
        for (tokens, hash_ids) in [(1, vec![]), (7, vec![3]), (511, vec![]), (6_758, (0..14).collect::<Vec<u64>>())] {
            let text = text(1, tokens, &hash_ids, 9);
            for vocabulary in [o200k_base_singleton(), cl100k_base_singleton()] {
                assert_eq!(vocabulary.count_ordinary(&text) as u64, tokens);
            }
        }
    }

    #[test]
    fn equal_ids_are_equal_text_and_share_a_prefix_as_long_as_they_do() {
        let (one, other) = (text(1, 1_500, &[7, 8, 9], 1), text(2, 1_300, &[7, 8, 5], 1));
        let shared = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let blocks = 2 * 512 * TOKEN_BYTES;
        // A word or two of the blocks that follow may be the same by chance.
        assert!((blocks..blocks + 16).contains(&shared), "{shared}");
        // A block that is cut short begins like the whole one.
        assert!(text(1, 1_500, &[7, 8, 9], 1).starts_with(&text(3, 600, &[7, 8], 1)));
    }

    #[test]
    fn what_no_id_shares_is_different_in_every_line() {
        assert_ne!(text(1, 64, &[], 1), text(2, 64, &[], 1));
        let (one, other) = (text(1, 600, &[4], 1), text(2, 600, &[4], 1));
        assert_eq!(one[..2_048], other[..2_048]);
        assert_ne!(one[2_048..], other[2_048..]);
        // A line of the number of an id is not that id's block.
        assert_ne!(text(4, 64, &[], 1), text(1, 64, &[4], 1));
    }

    #[test]
    fn seeds_and_traces_differ_and_each_repeats() {
        assert_eq!(text(1, 64, &[4], 1), text(9, 64, &[4], 1));
        assert_ne!(text(1, 64, &[4], 1), text(1, 64, &[4], 2));
        let lengths = Lengths { input_length: 64, output_length: 1, hash_ids: [4].into(), block_size: 512 };
        assert_ne!(Synthetic::new("one", 1, &lengths).text(1), Synthetic::new("two", 1, &lengths).text(1));
    }
}
