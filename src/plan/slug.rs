//! Names of cells: safe in file names, CSV and histogram tags.

use std::collections::HashSet;

/// Gives out slugs, each once.
#[derive(Default)]
pub(super) struct Slugs {
    taken: HashSet<String>,
}

impl Slugs {
    /// `parts` joined by slashes, everything but letters, digits, `.`, `_` and `-` replaced by `-`.
    ///
    /// Where that is taken, a number from 2 is added: `a/b-2`.
    pub(super) fn unique(&mut self, parts: &[&str]) -> String {
        let wanted = parts.iter().map(|part| safe_part(part)).collect::<Vec<_>>().join("/");
        let mut slug = wanted.clone();
        let mut number = 2;
        while !self.taken.insert(slug.clone()) {
            slug = format!("{wanted}-{number}");
            number += 1;
        }
        slug
    }
}

/// `part` with every unsafe character replaced; a part of dots alone, or none at all, is unsafe as a whole.
pub fn safe_part(part: &str) -> String {
    let kept = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    let safe: String = part.chars().map(|letter| if kept(letter) { letter } else { '-' }).collect();
    if safe.chars().all(|letter| letter == '.') { "-".to_owned() } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_characters_are_replaced_and_no_name_is_given_twice() {
        let mut slugs = Slugs::default();
        assert_eq!(slugs.unique(&["p", "qwen/qwen3 8b", "c16"]), "p/qwen-qwen3-8b/c16");
        assert_eq!(slugs.unique(&["p", "qwen,qwen3-8b", "c16"]), "p/qwen-qwen3-8b/c16-2");
        assert_eq!(slugs.unique(&["p", "qwen:qwen3-8b", "c16"]), "p/qwen-qwen3-8b/c16-3");
        assert_eq!(slugs.unique(&["..", "", "é.v1"]), "-/-/-.v1");
    }
}
