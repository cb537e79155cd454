//! How a successful reply is to be read.

/// What the body of a reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Events,
    /// One JSON document.
    Document,
    /// Something else, such as a proxy's HTML page, which is no reply at all.
    Foreign,
}

impl Framing {
    /// Reads the `content-type` of a reply to a request that asked for a stream or for a document.
    ///
    /// A JSON document is read as one though a stream was asked for, and the reverse. A server that names no type,
    /// or one without meaning, is taken to have done as asked.
    pub fn of(content_type: Option<&str>, asked_stream: bool) -> Self {
        let as_asked = if asked_stream { Self::Events } else { Self::Document };
        let Some(kind) = content_type.and_then(|value| value.split(';').next()).map(str::trim) else {
            return as_asked;
        };
        let is = |name: &str| kind.eq_ignore_ascii_case(name);
        let ends_in = |end: &str| {
            kind.len() > end.len() && kind.as_bytes()[kind.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes())
        };
        if is("text/event-stream") {
            Self::Events
        } else if is("application/json") || ends_in("+json") {
            Self::Document
        } else if kind.is_empty() || is("text/plain") || is("application/octet-stream") {
            as_asked
        } else {
            Self::Foreign
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_decides_before_what_was_asked_for() {
        assert_eq!(Framing::of(Some("application/json; charset=utf-8"), true), Framing::Document);
        assert_eq!(Framing::of(Some("application/problem+json"), true), Framing::Document);
        assert_eq!(Framing::of(Some("Text/Event-Stream;charset=utf-8"), false), Framing::Events);
        assert_eq!(Framing::of(Some("text/html"), true), Framing::Foreign);
        assert_eq!(Framing::of(Some("text/html"), false), Framing::Foreign);
    }

    #[test]
    fn without_a_type_that_says_anything_the_reply_is_as_asked() {
        for kind in [None, Some(""), Some("text/plain"), Some("application/octet-stream")] {
            assert_eq!(Framing::of(kind, true), Framing::Events, "{kind:?}");
            assert_eq!(Framing::of(kind, false), Framing::Document, "{kind:?}");
        }
    }
}
