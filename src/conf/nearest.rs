//! The name that was probably meant.

/// The one of `known` that `name` is most likely a slip of, or none when all are too far away.
///
/// Up to a third of the letters may differ, a swap of two neighbours counting as one, and case does not count.
/// Of equally near names the first is taken.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let name = name.to_lowercase();
    let allowed = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_name_that_was_meant() {
        let known = ["input", "output", "assumed"];
        assert_eq!(nearest("inptu", known), Some("input"));
        assert_eq!(nearest("ouput", known), Some("output"));
        assert_eq!(nearest("Output", known), Some("output"));
    }

    #[test]
    fn a_name_unlike_all_others_finds_none() {
        assert_eq!(nearest("colour", ["input", "output"]), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("x", []), None);
    }
}
