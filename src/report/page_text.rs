//! Sentences and tables of other reports, as the page sets them.

use crate::report::text_table::TextTable;

/// A stretch of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its words.
    pub(crate) text: String,
    /// Whether it stood between backticks: it is a name or a command.
    pub(crate) code: bool,
}

/// `text` at its backticks; one that has no other is a letter like any.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, name, after)) =
        rest.split_once('`').and_then(|(before, on)| on.split_once('`').map(|(name, after)| (before, name, after)))
    {
        pieces.push(Piece { text: before.to_owned(), code: false });
        pieces.push(Piece { text: name.to_owned(), code: true });
        rest = after;
    }
    pieces.push(Piece { text: rest.to_owned(), code: false });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

/// `text` with a capital letter first and a full stop last; nothing stays nothing.
pub(crate) fn sentence(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with(['.', '?', '!']) { "" } else { "." };
    capital(text) + end
}

/// `text` with a capital letter first, but for `p99` and its like, which are written small everywhere.
fn capital(text: &str) -> String {
    if text.strip_prefix('p').is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit())) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The finding's first sentence, which stands alone as a title, and what bounds it.
///
/// Both in words that are each to be kept on one line: a browser would break a model's name at its hyphens.
pub(crate) fn title_and_rest(finding: &str) -> (Vec<String>, Vec<String>) {
    match finding.split_once(". ") {
        Some((title, rest)) => (words(&format!("{title}.")), words(rest)),
        None => (words(finding), Vec::new()),
    }
}

fn words(text: &str) -> Vec<String> {
    // An equation is read as one word, and a number belongs to its tier.
    let mut text = text.replace(" = ", "\u{A0}=\u{A0}");
    for tier in 0..=4 {
        text = text.replace(&format!("tier {tier} "), &format!("tier\u{A0}{tier} "));
    }
    text.split(' ').map(str::to_owned).collect()
}

/// A table with title and headings as headings of the page are.
pub(crate) struct PageTable {
    /// What it shows.
    pub(crate) title: String,
    /// What to know of its figures; may be empty.
    pub(crate) note: String,
    /// The headings.
    pub(crate) headings: Vec<String>,
    /// How many of the columns are names.
    pub(crate) names: usize,
    /// The rows, each with a text for every heading.
    pub(crate) rows: Vec<Vec<String>>,
    /// Rows beyond those.
    pub(crate) more: usize,
    /// The file that holds them all.
    pub(crate) file: &'static str,
}

impl From<TextTable> for PageTable {
    fn from(table: TextTable) -> Self {
        let TextTable { title, note, headings, names, rows, more, file } = table;
        // Where several tables have one title each is told by what stands before the colon.
        let title = match title.rsplit_once(": ") {
            Some((of, what)) => format!("{}: {of}", capital(what)),
            None => capital(&title),
        };
        Self {
            title,
            note: sentence(note),
            headings: headings.into_iter().map(capital).collect(),
            names,
            rows,
            more,
            file,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code_and_a_lone_backtick_is_text() {
        let shown = |text: &str| -> String {
            let pieces = pieces(text).into_iter();
            pieces.map(|piece| if piece.code { format!("<{}>", piece.text) } else { piece.text }).collect()
        };
        assert_eq!(shown("Classifier `qwen3-8b`: 10 calls."), "Classifier <qwen3-8b>: 10 calls.");
        assert_eq!(shown("`a` and `b"), "<a> and `b");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn a_note_begins_with_a_capital_and_ends_with_a_full_stop() {
        assert_eq!(sentence("an estimate: bill.csv has every pair"), "An estimate: bill.csv has every pair.");
        assert_eq!(sentence("It is told."), "It is told.");
        assert_eq!(sentence("p99 is lower"), "p99 is lower.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn the_title_is_one_sentence_and_figures_do_not_end_it() {
        let (title, rest) = title_and_rest("Cheapest, simulated: tier 0 qwen2.5-7b $0.01. 1 of 2 meets. 1 misses.");
        assert_eq!(title.join(" "), "Cheapest, simulated: tier\u{a0}0 qwen2.5-7b $0.01.");
        assert_eq!(rest.join(" "), "1 of 2 meets. 1 misses.");
        assert_eq!(title_and_rest("A finding."), (vec!["A".to_owned(), "finding.".to_owned()], Vec::new()));
    }

    #[test]
    fn a_table_of_the_page_has_capital_letters_where_headings_have_them() {
        let table = TextTable {
            title: "A chat closed, 8: labels".to_owned(),
            note: "a row is a tier",
            headings: vec!["model", "p99 ms", "$"],
            names: 1,
            rows: Vec::new(),
            more: 0,
            file: "manifest.json",
        };
        let table = PageTable::from(table);
        assert_eq!((table.title.as_str(), table.note.as_str()), ("Labels: A chat closed, 8", "A row is a tier."));
        assert_eq!(table.headings, ["Model", "p99 ms", "$"]);
    }
}
