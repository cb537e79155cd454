//! The known name that a mistyped one probably means.

/// The one of `known` that differs from `word` by at most a third of its letters; absent: none is that near.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let allowed = (word.chars().count() / 3).max(1);
    let distances = known.iter().map(|name| (edits(word, name), *name));
    distances.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// The letters to insert, remove or replace to turn `from` into `to` (Wagner and Fischer, JACM 1974).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let known = ["custom_id", "class", "origin"];
        assert_eq!(nearest("clas", &known), Some("class"));
        assert_eq!(nearest("customid", &known), Some("custom_id"));
        assert_eq!(nearest("weather", &known), None);
    }
}
