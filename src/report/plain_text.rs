//! Names made safe to show: no control characters, and no wider than there is room.

/// The text with each character that a terminal, an XML parser or a line of Markdown would act on replaced by `�`.
///
/// Names come from files and providers: an escape sequence in one must not recolour a terminal, nor a line feed
/// end a table row, nor an override of the writing direction turn a figure around.
pub fn visible(text: &str) -> String {
    text.chars().map(|symbol| if acts(symbol) { '\u{FFFD}' } else { symbol }).collect()
}

/// The text cut to `room` terminal columns, with `…` at its end where something was cut.
pub fn clipped(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for symbol in text.chars() {
        if columns(&kept) + width(symbol) >= room {
            break;
        }
        kept.push(symbol);
    }
    if room > 0 {
        kept.push('…');
    }
    kept
}

/// The text in lines of at most `room` terminal columns, broken at blanks; a word that is longer alone is cut.
pub fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(clipped(word, room)),
        }
    }
    lines
}

/// How many columns a terminal gives the text at most.
pub fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

fn acts(symbol: char) -> bool {
    symbol.is_control() || matches!(symbol, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Two columns for East Asian wide characters and emoji, one for all else.
///
/// A combining mark counts as one although it takes none: a row may so be short by a column, never too long.
fn width(symbol: char) -> usize {
    let wide = matches!(u32::from(symbol),
        0x1100..=0x115F | 0x231A..=0x231B | 0x23E9..=0x23F3 | 0x25FD..=0x25FE | 0x2614..=0x2615 | 0x2648..=0x2653
        | 0x267F..=0x27BF | 0x2B1B..=0x2B55 | 0x2E80..=0xA4CF | 0xA960..=0xA97C | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF | 0xFE10..=0xFE6F | 0xFF01..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F000..=0x1FBFF
        | 0x16FE0..=0x1B2FF | 0x20000..=0x3FFFD);
    // The cross that marks an invalid cell is narrow, although its neighbours are not.
    if wide && symbol != '✕' { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_replaced() {
        assert_eq!(visible("a\u{1b}[31mb\r\nc\u{202E}d"), "a�[31mb��c�d");
        assert_eq!(visible("模型 <b> | 🚀"), "模型 <b> | 🚀");
    }

    #[test]
    fn a_long_name_is_cut_to_its_room_with_an_ellipsis() {
        assert_eq!(clipped("step-3.5-flash", 14), "step-3.5-flash");
        assert_eq!(clipped("step-3.5-flash", 8), "step-3.…");
        assert_eq!(clipped("模型模型", 5), "模型…");
        assert_eq!(clipped("模型模型", 4), "模…");
        assert_eq!(clipped("ab", 0), "");
    }
}
