//! The text of a reply under way, kept for the case that its provider counts no tokens or that somebody reads it.

use crate::sample::Words;

/// What was said so far. A reply that does not need it leaves the memory to the next one.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    answer: String,
    calls: String,
    reasoning: String,
    too_much: bool,
}

/// Bytes beyond which nothing is kept: such a reply is a flood, and its tokens stay unknown.
const MOST_BYTES: usize = 1 << 20;

/// Bytes of memory that are left to the next reply; ten thousand connections have it each.
const LASTING_BYTES: usize = 2 << 10;

impl Spoken {
    /// Adds a piece of the visible answer.
    pub(super) fn answer(&mut self, piece: &str) {
        if self.has_room(piece) {
            self.answer.push_str(piece);
        }
    }

    /// Adds a piece of a call of a tool.
    pub(super) fn call(&mut self, piece: &str) {
        if self.has_room(piece) {
            self.calls.push_str(piece);
        }
    }

    /// Adds a piece of reasoning.
    pub(super) fn reasoning(&mut self, piece: &str) {
        if self.has_room(piece) {
            self.reasoning.push_str(piece);
        }
    }

    /// Everything that was said; absent where it was nothing, or too much to be kept. It is then forgotten.
    pub(super) fn take(&mut self) -> Option<Box<Words>> {
        let Self { answer, calls, reasoning, too_much } = std::mem::take(self);
        let is_nothing = answer.is_empty() && calls.is_empty() && reasoning.is_empty();
        (!too_much && !is_nothing).then(|| Box::new(Words { answer, calls, reasoning }))
    }

    /// Forgets everything but some memory.
    pub(super) fn forget(&mut self) {
        for text in [&mut self.answer, &mut self.calls, &mut self.reasoning] {
            text.clear();
            text.shrink_to(LASTING_BYTES);
        }
        self.too_much = false;
    }

    fn has_room(&mut self, piece: &str) -> bool {
        let kept = self.answer.len() + self.calls.len() + self.reasoning.len();
        self.too_much |= kept + piece.len() > MOST_BYTES;
        !self.too_much
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_calls_and_reasoning_are_kept_apart_until_they_are_taken() {
        let mut spoken = Spoken::default();
        assert_eq!(spoken.take(), None);
        spoken.reasoning("Hm.");
        spoken.answer("Yes");
        spoken.call("look{}");
        spoken.answer(".");
        let [answer, calls, reasoning] = ["Yes.", "look{}", "Hm."].map(str::to_owned);
        let words = Words { answer, calls, reasoning };
        assert_eq!(spoken.take(), Some(Box::new(words)));
        assert_eq!(spoken.take(), None);
    }

    #[test]
    fn a_flood_is_not_kept_and_leaves_no_large_memory_behind() {
        let mut spoken = Spoken::default();
        let piece = "x".repeat(1 << 16);
        (0..100).for_each(|_| spoken.answer(&piece));
        assert!(spoken.answer.len() <= MOST_BYTES);
        spoken.forget();
        assert!(spoken.answer.capacity() <= LASTING_BYTES);
        (0..100).for_each(|_| spoken.answer(&piece));
        spoken.reasoning("after it");
        assert_eq!(spoken.take(), None);
        spoken.answer("next");
        assert_eq!(spoken.take().unwrap().answer, "next");
    }
}
