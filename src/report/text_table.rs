//! A table of texts that the page and the Markdown show alike.

/// A table: its first columns are names, the others figures.
pub(crate) struct TextTable {
    /// What it shows.
    pub(crate) title: String,
    /// What to know of its figures; may be empty.
    pub(crate) note: &'static str,
    /// The headings.
    pub(crate) headings: Vec<&'static str>,
    /// How many of the columns are names.
    pub(crate) names: usize,
    /// The rows, each with a text for every heading.
    pub(crate) rows: Vec<Vec<String>>,
    /// Rows beyond those.
    pub(crate) more: usize,
    /// The file that holds them all.
    pub(crate) file: &'static str,
}
