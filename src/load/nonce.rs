//! A short text before a prompt that makes it new to every cache.

use crate::rng::{hash, seeded};

/// Where a nonce stands, and what it is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce {
    /// The offset into the request's `rest` at which the text of its first message begins.
    pub at: usize,
    /// A seed that no other cell of the run shares.
    pub seed: u64,
}

impl Nonce {
    /// Bytes that a nonce adds to a body.
    pub const LEN: usize = 13;

    /// Tokens that a nonce adds to a prompt at most.
    pub const TOKENS: u64 = Self::LEN as u64;

    /// Twelve hexadecimal digits and a space, for the request `index` of the cell.
    ///
    /// They need no escaping in JSON. The same seed and index give the same text; others give another, but for a
    /// chance of one in 2^48.
    pub fn text(&self, index: u32) -> [u8; Self::LEN] {
        let drawn = seeded(self.seed ^ hash(&index.to_le_bytes()), "nonce").u64(..);
        let mut text = [b' '; Self::LEN];
        for (place, digit) in text[..Self::LEN - 1].iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(drawn >> (4 * place)) as usize & 0xf];
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_request_and_every_seed_has_a_text_of_its_own_and_it_never_changes() {
        let nonce = |seed| Nonce { at: 0, seed };
        let texts: HashSet<_> = (0..2_000).flat_map(|index| [nonce(1).text(index), nonce(2).text(index)]).collect();
        assert_eq!(texts.len(), 4_000);
        assert_eq!(nonce(1).text(3), nonce(1).text(3));
    }

    #[test]
    fn a_text_is_twelve_hexadecimal_digits_and_a_space() {
        let text = Nonce { at: 0, seed: 9 }.text(0);
        assert!(text[..12].iter().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase()));
        assert_eq!(text[12], b' ');
    }
}
