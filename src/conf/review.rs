//! What is found in a file after it was read: by holding it against another, say.

use std::ops::Range;

use crate::conf::fault::{Faults, Found, Kind};
use crate::conf::nearest::nearest;

/// Mistakes and warnings about a file that was read without a fault.
#[derive(Debug)]
pub struct Review<'t> {
    source: &'t str,
    text: &'t str,
    found: Vec<Found>,
}

impl<'t> Review<'t> {
    /// Nothing is found yet in `text`; `source` is the file's name in messages.
    pub fn new(source: &'t str, text: &'t str) -> Self {
        Self { source, text, found: Vec::new() }
    }

    /// Notes that what stands at `span` is wrong, with what to do about it.
    pub fn mistake(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        self.found.push(Found { span, message, hint, kind: Kind::Value });
    }

    /// Notes that what stands at `span` may not be meant.
    pub fn warning(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        self.found.push(Found { span, message, hint, kind: Kind::Warning });
    }

    /// Notes that `name` is not among `known`, and which of them was probably meant.
    pub fn unknown_name<'k>(
        &mut self,
        span: Range<usize>,
        name: &str,
        problem: &str,
        known: impl Iterator<Item = &'k str> + Clone,
    ) {
        let hint =
            nearest(name, known.clone()).map_or_else(|| listed(known), |meant| format!("did you mean `{meant}`?"));
        self.mistake(span, format!("`{name}` {problem}"), Some(hint));
    }

    /// Every mistake, and every warning; absent where there is none.
    pub fn finish(self) -> (Option<Faults>, Option<Faults>) {
        let (warnings, mistakes): (Vec<_>, Vec<_>) =
            self.found.into_iter().partition(|found| found.kind == Kind::Warning);
        let faults = |found: Vec<Found>| (!found.is_empty()).then(|| Faults::of(self.source, self.text, &[], found));
        (faults(mistakes), faults(warnings))
    }
}

/// Names that a list in a message has at most.
const LISTED: usize = 12;

fn listed<'k>(known: impl Iterator<Item = &'k str> + Clone) -> String {
    let shown: Vec<String> = known.clone().take(LISTED).map(|known| format!("`{known}`")).collect();
    match known.count().saturating_sub(LISTED) {
        0 if shown.is_empty() => "none is known".to_owned(),
        0 => format!("known: {}", shown.join(", ")),
        more => format!("known: {} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_and_warnings_are_kept_apart_each_in_the_order_of_the_file() {
        let text = "a = 1\nb = 2\nc = 3\n";
        let mut review = Review::new("x.toml", text);
        review.mistake(16..17, "third".to_owned(), None);
        review.warning(6..7, "second".to_owned(), Some("think".to_owned()));
        review.unknown_name(0..1, "inptu", "is no key", ["input", "output"].into_iter());
        let (mistakes, warnings) = review.finish();
        let shown = |faults: Faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mistakes = mistakes.unwrap();
        assert_eq!(mistakes.iter().next().unwrap().hint(), Some("did you mean `input`?"));
        assert_eq!(shown(mistakes), ["x.toml:1:1: `inptu` is no key", "x.toml:3:5: third"]);
        let warnings = warnings.unwrap();
        assert!(warnings.drawn(false, 80).contains("⚠ x.toml:2:1: second"), "{}", warnings.drawn(false, 80));
        assert_eq!(shown(warnings), ["x.toml:2:1: second"]);
    }

    #[test]
    fn a_file_in_order_has_neither() {
        let (mistakes, warnings) = Review::new("x.toml", "a = 1\n").finish();
        assert!(mistakes.is_none() && warnings.is_none());
    }

    #[test]
    fn a_name_unlike_all_others_is_told_the_first_of_them() {
        let known: Vec<String> = (0..14).map(|number| format!("model-{number}")).collect();
        let mut review = Review::new("x.toml", "a\n");
        review.unknown_name(0..1, "zzz", "is no model", known.iter().map(String::as_str));
        let hint = review.finish().0.unwrap().iter().next().unwrap().hint().unwrap().to_owned();
        assert!(hint.starts_with("known: `model-0`, ") && hint.ends_with("`model-11` and 2 more"), "{hint}");
    }
}
