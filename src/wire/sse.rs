//! Server-sent events, as they come in the wild, from reads that cut them anywhere.

use memchr::memchr2;

/// The longest line or event that is read, in bytes: more is an error, not memory.
pub const EVENT_CAP: usize = 1 << 20;

/// One event, borrowed from the read that held it where it lay within one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The value of its `event:` line; empty where it had none.
    pub name: &'a [u8],
    /// Its `data:` lines, joined by a newline.
    pub data: &'a [u8],
}

/// A line or an event beyond [`EVENT_CAP`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is longer than 1,048,576 bytes")]
pub struct EventTooLong;

/// Turns reads into events. However the bytes are cut into reads, the events are the same.
///
/// An event that lies within one read is handed out without a copy. JSON that stands on lines of its own, which the
/// specification would drop, counts as data: so do some servers tell of an error.
#[derive(Debug, Default)]
pub struct EventParser {
    /// The beginning of a line whose end has not been read.
    line: Vec<u8>,
    /// Data lines of the open event, where they could not be borrowed.
    data: Vec<u8>,
    /// Whether `data` holds any, since an empty data line counts.
    has_data: bool,
    name: Vec<u8>,
    /// The open event began with JSON that no field name stands before.
    bare: bool,
    /// The last read ended in CR, so a LF at the start of the next belongs to it.
    after_cr: bool,
    /// Past the first line, which alone may open with a byte-order mark.
    begun: bool,
}

impl EventParser {
    /// Reads `bytes`, which follow those of the previous call, and hands out each event that ends in them.
    ///
    /// # Errors
    ///
    /// A line or event over [`EVENT_CAP`]; the parser must then be [cleared](Self::clear).
    pub fn feed<'b>(&mut self, mut bytes: &'b [u8], mut on_event: impl FnMut(Event<'_>)) -> Result<(), EventTooLong> {
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        let mut held: Option<&'b [u8]> = None;
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            let line = &bytes[..end];
            let is_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            if is_cr {
                self.after_cr = bytes.is_empty();
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
            if self.line.is_empty() {
                self.borrowed_line(line, &mut held, &mut on_event)?;
            } else {
                self.carried_line(line, &mut on_event)?;
            }
        }
        if let Some(data) = held {
            self.append(data)?;
        }
        self.line.extend_from_slice(bytes);
        if self.line.len() > EVENT_CAP { Err(EventTooLong) } else { Ok(()) }
    }

    /// Ends the stream: what is still open counts as an event, although the specification would drop it.
    ///
    /// Some servers leave out the blank line after their last event.
    ///
    /// # Errors
    ///
    /// As [`feed`](Self::feed).
    pub fn finish(&mut self, mut on_event: impl FnMut(Event<'_>)) -> Result<(), EventTooLong> {
        if !self.line.is_empty() {
            self.carried_line(b"", &mut on_event)?;
        }
        self.dispatch(None, &mut on_event);
        self.clear();
        Ok(())
    }

    /// Forgets everything but the memory, for the next stream.
    pub fn clear(&mut self) {
        self.line.clear();
        self.data.clear();
        self.name.clear();
        (self.has_data, self.bare, self.after_cr, self.begun) = (false, false, false, false);
    }

    /// A line that lies within the current read.
    fn borrowed_line<'b>(
        &mut self,
        line: &'b [u8],
        held: &mut Option<&'b [u8]>,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), EventTooLong> {
        match self.field(line)? {
            Field::Blank => self.dispatch(held.take(), on_event),
            Field::Data(data) if held.is_none() && !self.has_data => *held = Some(data),
            Field::Data(data) => {
                if let Some(before) = held.take() {
                    self.append(before)?;
                }
                self.append(data)?;
            }
            Field::Bare(json) if held.is_none() => self.bare_line(json)?,
            Field::Name(name) => self.rename(name),
            Field::Bare(_) | Field::Other => {}
        }
        Ok(())
    }

    /// A line that began in an earlier read and ends with `rest`.
    fn carried_line(&mut self, rest: &[u8], on_event: &mut impl FnMut(Event<'_>)) -> Result<(), EventTooLong> {
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(rest);
        match self.field(&line)? {
            Field::Blank => self.dispatch(None, on_event),
            Field::Data(data) => self.append(data)?,
            Field::Bare(json) => self.bare_line(json)?,
            Field::Name(name) => self.rename(name),
            Field::Other => {}
        }
        line.clear();
        self.line = line;
        Ok(())
    }

    fn field<'l>(&mut self, line: &'l [u8]) -> Result<Field<'l>, EventTooLong> {
        if line.len() > EVENT_CAP {
            return Err(EventTooLong);
        }
        let first = !std::mem::replace(&mut self.begun, true);
        let line = if first { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        Ok(if line.is_empty() {
            Field::Blank
        } else if let Some(data) = value_of(line, b"data") {
            Field::Data(data)
        } else if let Some(name) = value_of(line, b"event") {
            Field::Name(name)
        } else if line[0] != b':' && !line[0].is_ascii_alphabetic() {
            Field::Bare(line)
        } else {
            Field::Other
        })
    }

    /// JSON without a field name opens an event or goes on with one that it opened. Within any other it is nothing.
    fn bare_line(&mut self, json: &[u8]) -> Result<(), EventTooLong> {
        if !self.has_data && json[0] == b'{' {
            self.bare = true;
        }
        if self.bare { self.append(json) } else { Ok(()) }
    }

    fn rename(&mut self, name: &[u8]) {
        self.name.clear();
        self.name.extend_from_slice(name);
    }

    fn append(&mut self, data: &[u8]) -> Result<(), EventTooLong> {
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(data);
        if self.data.len() > EVENT_CAP { Err(EventTooLong) } else { Ok(()) }
    }

    fn dispatch(&mut self, held: Option<&[u8]>, on_event: &mut impl FnMut(Event<'_>)) {
        if let Some(data) = held {
            on_event(Event { name: &self.name, data });
        } else if self.has_data {
            on_event(Event { name: &self.name, data: &self.data });
        }
        self.data.clear();
        self.name.clear();
        (self.has_data, self.bare) = (false, false);
    }
}

enum Field<'a> {
    Blank,
    Data(&'a [u8]),
    Name(&'a [u8]),
    /// What may be JSON without a field name.
    Bare(&'a [u8]),
    /// A comment, `id:`, `retry:` or something unknown.
    Other,
}

/// The value of `line` if it is the field `name`, without the one space that may open it.
fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(name)?;
    match rest.strip_prefix(b":") {
        Some(value) => Some(value.strip_prefix(b" ").unwrap_or(value)),
        None => rest.is_empty().then_some(rest),
    }
}

#[cfg(test)]
mod tests;
