//! The usage of a reply as its provider wrote it.

/// Bytes of it that are kept; some providers list every tool and tier in it.
const MOST_BYTES: usize = 1_000;

/// The newest usage object of a reply under way, without the blanks between its parts. Its memory serves reply after
/// reply.
#[derive(Debug, Default)]
pub(super) struct RawUsage {
    text: String,
}

impl RawUsage {
    /// Keeps `json`, an object, in place of the one before. Beyond a thousand bytes it is cut off, and ends with `…`.
    pub(super) fn keep(&mut self, json: &str) {
        self.text.clear();
        let (mut in_string, mut escaped) = (false, false);
        for symbol in json.chars() {
            if !in_string && symbol.is_ascii_whitespace() {
                continue;
            }
            in_string ^= symbol == '"' && !escaped;
            escaped = symbol == '\\' && !escaped;
            if self.text.len() + symbol.len_utf8() > MOST_BYTES {
                self.text.push('…');
                return;
            }
            self.text.push(symbol);
        }
    }

    /// What is kept; absent where there was nothing. It is then forgotten.
    pub(super) fn take(&mut self) -> Option<Box<str>> {
        let kept = (!self.text.is_empty()).then(|| Box::from(&*self.text));
        self.text.clear();
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(json: &str) -> String {
        let mut raw = RawUsage::default();
        raw.keep("{\"older\":1}");
        raw.keep(json);
        raw.take().unwrap().into()
    }

    #[test]
    fn blanks_go_but_those_inside_strings() {
        assert_eq!(kept("{\n  \"a b\" : [1, 2],\t\"c\\\" d\": \"\\\\\" }\r\n"), r#"{"a b":[1,2],"c\" d":"\\"}"#);
    }

    #[test]
    fn what_is_over_a_thousand_bytes_is_cut_off_and_marked() {
        let exact = format!("{{\"a\":\"{}\"}}", "x".repeat(MOST_BYTES - 8));
        assert_eq!((exact.len(), kept(&exact)), (MOST_BYTES, exact.clone()));
        let long = kept(&format!("{{\"a\":\"{}\"}}", "é".repeat(MOST_BYTES)));
        assert!(long.ends_with("é…") && long.len() <= MOST_BYTES + '…'.len_utf8(), "{long}");
    }

    #[test]
    fn nothing_kept_is_absent() {
        let mut raw = RawUsage::default();
        assert_eq!(raw.take(), None);
        raw.keep("{}");
        assert_eq!(raw.take().as_deref(), Some("{}"));
        assert_eq!(raw.take(), None);
    }
}
