//! What the events of one stream repeat, so that it is read as JSON once and not with every event.

use memchr::memchr2;

/// The text around the words of an event that said nothing else.
///
/// Providers write the same id, model and braces into every event of a stream. Where an event is another one to the
/// byte but for the string of its content, it is the same JSON document with other words, and no parser would learn
/// more from it.
#[derive(Debug, Default)]
pub(super) struct Refrain {
    /// Up to the quote before the words; empty while nothing is known.
    before: Vec<u8>,
    /// From the quote after them on.
    after: Vec<u8>,
}

impl Refrain {
    /// Remembers `event`, all of whose meaning is its `words`; it must be a JSON document in which they are the whole
    /// of a string. Words that lie elsewhere in memory, since they were written with escapes, are passed over.
    pub(super) fn learn(&mut self, event: &[u8], words: &str) {
        let begin = (words.as_ptr() as usize).wrapping_sub(event.as_ptr() as usize);
        let end = begin.wrapping_add(words.len());
        let (Some(before), Some(after)) = (event.get(..begin), event.get(end..)) else { return };
        if before.ends_with(b"\"") && after.starts_with(b"\"") {
            self.forget();
            self.before.extend_from_slice(before);
            self.after.extend_from_slice(after);
        }
    }

    /// The words of `event`, where it repeats what was learnt; absent where it has to be parsed, as when its words
    /// are written with escapes or there are none.
    pub(super) fn words<'e>(&self, event: &'e [u8]) -> Option<&'e str> {
        if self.before.is_empty() {
            return None;
        }
        let words = event.strip_prefix(&self.before[..])?.strip_suffix(&self.after[..])?;
        // A quote would end the string, and neither it nor a control character may stand in one.
        let is_plain = memchr2(b'"', b'\\', words).is_none() && words.iter().all(|byte| *byte >= b' ');
        if words.is_empty() || !is_plain { None } else { std::str::from_utf8(words).ok() }
    }

    /// Forgets everything but the memory, for the next stream.
    pub(super) fn forget(&mut self) {
        self.before.clear();
        self.after.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A refrain that has learnt `{"x":"Hi","y":"Hi"}` by the first of its strings.
    fn learnt() -> Refrain {
        let event = r#"{"x":"Hi","y":"Hi"}"#;
        let mut refrain = Refrain::default();
        refrain.learn(event.as_bytes(), &event[6..8]);
        refrain
    }

    #[test]
    fn an_event_that_differs_in_its_words_alone_needs_no_parser() {
        for words in [" there", "ü", "}", "Hi"] {
            let event = format!(r#"{{"x":"{words}","y":"Hi"}}"#);
            assert_eq!(learnt().words(event.as_bytes()), Some(words));
        }
    }

    #[test]
    fn whatever_else_differs_is_for_the_parser() {
        let broken = [br#"{"x":""#.as_slice(), b"\xff", br#"","y":"Hi"}"#].concat();
        let others: [&[u8]; 8] = [
            br#"{"x":"","y":"Hi"}"#,
            br#"{"x":"a","y":"Ho"}"#,
            br#"{"z":"a","y":"Hi"}"#,
            br#"{"x":"a\n","y":"Hi"}"#,
            br#"{"x":"a","x":"b","y":"Hi"}"#,
            b"{\"x\":\"a\tb\",\"y\":\"Hi\"}",
            br#"{"x":"#,
            &broken,
        ];
        for event in others {
            assert_eq!(learnt().words(event), None, "{}", String::from_utf8_lossy(event));
        }
    }

    #[test]
    fn nothing_is_known_before_an_event_or_of_words_from_elsewhere() {
        let event = br#"{"x":"Hi"}"#;
        let mut refrain = Refrain::default();
        assert_eq!(refrain.words(event), None);
        refrain.learn(event, &String::from("Hi"));
        assert_eq!(refrain.words(event), None);
        let mut refrain = learnt();
        refrain.forget();
        assert_eq!(refrain.words(br#"{"x":"a","y":"Hi"}"#), None);
    }
}
