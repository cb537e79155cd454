//! What is wrong with a file: each mistake with its place, and all of them together.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode};

/// Every mistake of one file, in the order of the file; never empty.
#[derive(Clone, Debug)]
pub struct Faults {
    source: String,
    all: Vec<Fault>,
}

impl Faults {
    /// The mistakes, first line first.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.all.iter()
    }

    /// The one mistake that a deserializer stopped at in `text`; `source` is the file's name in messages.
    pub fn of_toml(source: &str, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..text.lines().next().map_or(0, str::len));
        // Its message may go on with a list on lines of its own, which the place beside it makes hard to read.
        let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        Self::of(source, text, &[], vec![Found { span, message, hint: None, kind: Kind::Value }])
    }

    /// All mistakes as a terminal shows them: message, the line with a caret under the place, and the hint.
    ///
    /// `width` is in columns. Values that look like secrets are masked.
    pub fn drawn(&self, color: bool, width: usize) -> String {
        let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_context_lines(1);
        let mut out = String::new();
        for fault in &self.all {
            handler.render_report(&mut out, fault).expect("writing to a string cannot fail");
        }
        out
    }

    /// Puts the mistakes found in `text` in order.
    ///
    /// Broken syntax hides what only follows from it: other mistakes on its line, and everything that seems to be
    /// missing anywhere, because the parser may have skipped it.
    pub(super) fn of(source: &str, text: &str, masked: &[Range<usize>], mut found: Vec<Found>) -> Self {
        found.sort_by(|a, b| (a.span.start, a.kind, &a.message).cmp(&(b.span.start, b.kind, &b.message)));
        let broken_lines: BTreeSet<usize> = found
            .iter()
            .filter(|found| found.kind == Kind::Syntax)
            .map(|found| position(text, found.span.start).0)
            .collect();
        let named = Arc::new(NamedSource::new(source, masked_text(text, masked)));
        let mut shown_lines = BTreeSet::new();
        let mut all = Vec::new();
        for Found { span, message, hint, kind } in found {
            let (line, column) = position(text, span.start);
            let follows = match kind {
                Kind::Syntax => !shown_lines.insert(line),
                Kind::Value | Kind::Warning => broken_lines.contains(&line),
                Kind::Absence => !broken_lines.is_empty(),
            };
            if !follows {
                all.push(Fault { source: Arc::clone(&named), line, column, span, message, hint, kind });
            }
        }
        Self { source: source.to_owned(), all }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mistakes = if self.all.len() == 1 { "mistake" } else { "mistakes" };
        write!(f, "`{}` has {} {mistakes}", self.source, self.all.len())
    }
}

impl std::error::Error for Faults {}

impl Diagnostic for Faults {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.all.iter().map(|fault| fault as &dyn Diagnostic)))
    }
}

/// One mistake. Its `Display` is `file:line:column: what is wrong, what would be right`.
#[derive(Clone, Debug)]
pub struct Fault {
    source: Arc<NamedSource<String>>,
    line: usize,
    column: usize,
    span: Range<usize>,
    message: String,
    hint: Option<String>,
    kind: Kind,
}

impl Fault {
    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong and what would be right.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, such as the name that was probably meant; absent where the message says it all.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.source.name(), self.line, self.column, self.message)
    }
}

impl std::error::Error for Fault {}

impl Diagnostic for Fault {
    fn severity(&self) -> Option<Severity> {
        (self.kind == Kind::Warning).then_some(Severity::Warning)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source.as_ref())
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let text = self.source.inner();
        let rest = text.get(self.span.clone()).unwrap_or("");
        // One line is enough to find the place, and a caret under many lines is unreadable.
        let first_line = rest.lines().next().map_or(0, str::len);
        let span = (self.span.start, first_line.max(usize::from(self.span.start < text.len())));
        Some(Box::new(std::iter::once(LabeledSpan::underline(span))))
    }
}

/// A mistake as the walk notes it, before places are turned into lines.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) kind: Kind,
}

/// What a mistake was seen in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The text is not TOML here.
    Syntax,
    /// Something that the file holds.
    Value,
    /// Something that it does not hold.
    Absence,
    /// Something that is allowed and may not be meant.
    Warning,
}

/// Line and column of a byte offset, both from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The text with every byte of the masked values replaced, so that all offsets stay as they are.
fn masked_text(text: &str, masked: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    for (offset, letter) in text.char_indices() {
        if letter != '\n' && masked.iter().any(|span| span.contains(&offset)) {
            out.extend(std::iter::repeat_n('*', letter.len_utf8()));
        } else {
            out.push(letter);
        }
    }
    out
}
