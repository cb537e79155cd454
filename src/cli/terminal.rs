//! What the terminal can show.

use std::io::{self, ErrorKind, IsTerminal, Write, stdout};

/// Columns of the widest text that is written.
const WIDEST: usize = 200;

/// Columns to write text in: the terminal's, between 40 and 200; 100 where there is none.
pub(super) fn width() -> usize {
    columns().unwrap_or(100).clamp(40, WIDEST)
}

/// Columns to write a table in: the terminal's; 200 where there is none, since a pipe needs nothing left out.
pub(super) fn table_width() -> usize {
    columns().unwrap_or(WIDEST).clamp(40, WIDEST)
}

/// What the user says, else what the terminal says; absent where neither does.
fn columns() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    said.or_else(|| console_width().filter(|_| stdout().is_terminal()))
}

/// Whether to colour what goes to a stream that is, or is not, a terminal: <https://no-color.org>.
pub(super) fn colour(is_terminal: bool) -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    is_terminal && !no_color && !dumb
}

/// Writes `text` to stdout. A reader that has seen enough, such as `head`, is no error.
///
/// # Errors
/// The output cannot be written for another reason.
pub(super) fn put(text: &str) -> io::Result<()> {
    let mut out = stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn console_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}
