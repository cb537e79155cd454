//! How wide text is, where it wraps, and how it is made safe for XML.

/// The width of `text` in pixels at `size`, in a sans-serif font of common proportions, with 10 % to spare.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let thousandths: u32 = text.chars().map(advance).sum();
    f64::from(thousandths) / 1000.0 * size * 1.1
}

/// `text`, or as much of its beginning as fits into `most` pixels with an ellipsis.
pub(crate) fn clip(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if width(&kept, size) + width("…", size) > most {
            kept.pop();
            break;
        }
    }
    kept.trim_end().to_owned() + "…"
}

/// Lines of at most `most` pixels, broken at spaces that are not no-break; a word that alone is longer is clipped.
pub(crate) fn wrap(text: &str, size: f64, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split([' ', '\n', '\t']).filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(clip(word, size, most)),
        }
    }
    lines
}

/// `text` for XML content and attributes: markup escaped, characters that XML forbids as spaces.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => safe.push(' '),
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

/// Advance widths of the printable ASCII characters from space on, in thousandths of the font size.
const ASCII: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

fn advance(letter: char) -> u32 {
    match letter {
        ' '..='~' => u32::from(ASCII[letter as usize - ' ' as usize]),
        '·' | '\u{a0}' => 278,
        '…' => 1000,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{ffef}' => 1000,
        '\u{10000}'.. => 1300,
        _ => 640,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_follows_the_letters_and_not_the_bytes() {
        assert!((width("mmmm", 10.0) - 36.652).abs() < 1e-9);
        assert!((width("iiii", 10.0) - 9.768).abs() < 1e-9);
        assert!(width("é", 10.0) < width("éé", 10.0) && width("é", 10.0) < 8.0);
    }

    #[test]
    fn lines_keep_to_the_width_and_no_word_is_lost() {
        let lines = wrap("the cheapest model that meets its tier's limit on every night", 12.0, 120.0);
        assert!(lines.len() > 2 && lines.iter().all(|line| width(line, 12.0) <= 120.0));
        assert_eq!(lines.join(" "), "the cheapest model that meets its tier's limit on every night");
    }

    #[test]
    fn a_word_without_end_is_clipped() {
        let clipped = clip(&"x".repeat(200), 11.0, 100.0);
        assert!(clipped.ends_with('…') && width(&clipped, 11.0) <= 100.0);
        assert_eq!(wrap(&"x".repeat(200), 11.0, 100.0), [clipped]);
    }

    #[test]
    fn markup_and_control_characters_become_harmless() {
        assert_eq!(escape("<a b=\"c\">&\u{0}\u{1b}\u{ffff}"), "&lt;a b=&quot;c&quot;&gt;&amp;   ");
    }
}
