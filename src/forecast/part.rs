//! Parts of a cell's stored requests: by class, and by the length of their prompts.

use std::collections::HashMap;

/// A stretch of the lines of a class from the shortest prompt to the longest: those from number `from` up to `to`, of `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::forecast) struct Size {
    pub(in crate::forecast) from: u64,
    pub(in crate::forecast) to: u64,
    pub(in crate::forecast) of: u64,
}

impl Size {
    /// Whether the line at this rank, from 0 for the shortest to 1, is one of them.
    fn holds(self, rank: f32) -> bool {
        let place = f64::from(rank) * self.of as f64;
        (self.from as f64..self.to as f64).contains(&place)
    }
}

/// Which of a cell's stored requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::forecast) struct Part {
    /// Index into the cell's classes; absent: all.
    pub(in crate::forecast) class: Option<u16>,
    /// Absent: all.
    pub(in crate::forecast) size: Option<Size>,
}

impl Part {
    /// Whether it holds a request of this class whose prompt has this rank; one of unknown rank is of every length.
    pub(in crate::forecast) fn holds(self, class: Option<u16>, rank: Option<f32>) -> bool {
        (self.class.is_none() || self.class == class)
            && self.size.is_none_or(|size| rank.is_none_or(|rank| size.holds(rank)))
    }
}

/// The prompts of a workload that runs sent, and how long they were.
///
/// Providers count tokens each in their own way, and a workload's file is not at hand. So a prompt is known by its place among
/// those of its class, which is the same whoever counts.
#[derive(Debug, Default)]
pub(in crate::forecast) struct Prompts {
    numbers: HashMap<String, u32>,
    seen: Vec<(Option<String>, u64)>,
}

impl Prompts {
    /// The number of the prompt of the line `custom_id`, which had so many tokens in this request; absent: not known of it.
    pub(in crate::forecast) fn number(&mut self, custom_id: &str, class: Option<&str>, tokens: Option<u64>) -> u32 {
        let number = match self.numbers.get(custom_id) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
                self.numbers.insert(custom_id.to_owned(), number);
                self.seen.push((class.map(str::to_owned), 0));
                number
            }
        };
        self.longer(number, tokens.unwrap_or(0));
        number
    }

    /// Notes that the prompt with this number had so many tokens in some request.
    pub(in crate::forecast) fn longer(&mut self, number: u32, tokens: u64) {
        let most = &mut self.seen[number as usize].1;
        *most = (*most).max(tokens);
    }

    /// The rank of each prompt among those of its class, 0 for the shortest to 1; absent where its tokens are not known.
    pub(in crate::forecast) fn ranks(&self) -> Vec<Option<f32>> {
        let mut of_class: HashMap<Option<&str>, Vec<(u64, usize)>> = HashMap::new();
        for (number, (class, tokens)) in self.seen.iter().enumerate().filter(|(_, (_, tokens))| *tokens > 0) {
            of_class.entry(class.as_deref()).or_default().push((*tokens, number));
        }
        let mut ranks = vec![None; self.seen.len()];
        for mut prompts in of_class.into_values() {
            prompts.sort_unstable();
            let all = prompts.len() as f32;
            for (place, (_, number)) in prompts.into_iter().enumerate() {
                ranks[number] = Some((place as f32 + 0.5) / all);
            }
        }
        ranks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_told_by_its_length_among_those_of_its_class() {
        let mut prompts = Prompts::default();
        let all = [("a", "chat", 10), ("b", "chat", 4_000), ("c", "code", 90), ("d", "chat", 20), ("e", "chat", 15)];
        let numbers = all.map(|(id, class, tokens)| prompts.number(id, Some(class), Some(tokens)));
        assert_eq!((numbers, prompts.number("b", Some("chat"), None)), ([0, 1, 2, 3, 4], 1));
        let ranks = prompts.ranks();
        let (long, short) = (Size { from: 3, to: 4, of: 4 }, Size { from: 0, to: 3, of: 4 });
        let held = |size: Size| {
            let part = Part { class: None, size: Some(size) };
            numbers.map(|number| part.holds(None, ranks[number as usize]))
        };
        assert_eq!(held(long), [false, true, false, false, false]);
        assert_eq!(held(short), [true, false, true, true, true]);
        assert!(Part { class: None, size: Some(long) }.holds(None, None));
    }
}
