//! A name in a routing table, with its place.

use std::fmt;
use std::ops::{Deref, Range};

/// The name of a model, provider, region or route, and where the file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name itself.
    pub text: String,
    /// The bytes of the file that it stands on; empty in a table that is no file's.
    pub span: Range<usize>,
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// A name of no file.
impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), span: 0..0 }
    }
}
