//! Which prompts were sent, and how many different answers each got.

use std::collections::BTreeSet;

/// Different answers that are kept for a cell; where there are more, their number is not told.
const MOST_ANSWERS: usize = 4_096;

/// A bit for each line of the workload, and the answers seen.
#[derive(Clone, Debug, Default)]
pub(in crate::tally) struct Answers {
    lines: Vec<u64>,
    /// Line and answer; a line's answers stand together.
    seen: BTreeSet<(u32, u64)>,
    overfull: bool,
}

impl Answers {
    /// Notes that `line` was sent.
    pub(in crate::tally) fn sent(&mut self, line: u32) {
        let word = line as usize / 64;
        if self.lines.len() <= word {
            self.lines.resize(word + 1, 0);
        }
        self.lines[word] |= 1 << (line % 64);
    }

    /// Notes the answer to `line` by its hash.
    pub(in crate::tally) fn answered(&mut self, line: u32, hash: u64) {
        if self.overfull {
            return;
        }
        self.seen.insert((line, hash));
        if self.seen.len() > MOST_ANSWERS {
            self.overfull = true;
            self.seen = BTreeSet::new();
        }
    }

    /// How many different lines were sent.
    pub(in crate::tally) fn distinct_prompts(&self) -> u64 {
        self.lines.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The most different answers to one line; absent without an answer, or with too many to keep.
    pub(in crate::tally) fn most_variants(&self) -> Option<u64> {
        let (mut most, mut of_line, mut current) = (None, 0, None);
        for (line, _) in &self.seen {
            of_line = if current == Some(line) { of_line + 1 } else { 1 };
            current = Some(line);
            most = most.max(Some(of_line));
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_sent_twice_is_one_prompt() {
        let mut answers = Answers::default();
        for line in [0, 63, 64, 0, 200] {
            answers.sent(line);
        }
        assert_eq!(answers.distinct_prompts(), 4);
        assert_eq!(answers.most_variants(), None);
    }

    #[test]
    fn the_least_consistent_line_counts() {
        let mut answers = Answers::default();
        for (line, hash) in [(1, 5), (2, 5), (2, 6), (1, 5), (2, 5), (3, 1)] {
            answers.answered(line, hash);
        }
        assert_eq!(answers.most_variants(), Some(2));
    }

    #[test]
    fn too_many_answers_are_not_told_rather_than_told_wrong() {
        let mut answers = Answers::default();
        for hash in 0..=MOST_ANSWERS as u64 {
            answers.answered(0, hash);
        }
        answers.answered(0, 1);
        assert_eq!(answers.most_variants(), None);
    }
}
