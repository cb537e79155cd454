//! How wide text is, where it wraps, and how it is made safe for XML.

/// The width of `text` in pixels at `size`, in the widest font that a reader is likely to see it in.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    measured(text, size, false)
}

/// The same in letters that are bold where `bold` says so.
pub(crate) fn measured(text: &str, size: f64, bold: bool) -> f64 {
    let thousandths: u32 = text.chars().map(|letter| advance(letter, bold)).sum();
    f64::from(thousandths) / 1000.0 * size * SPARE
}

/// `text`, or as much of its beginning as fits into `most` pixels with an ellipsis.
pub(crate) fn clip(text: &str, size: f64, most: f64) -> String {
    clip_by(text, most, |text| width(text, size))
}

/// The same by another measure of width.
pub(crate) fn clip_by(text: &str, most: f64, width: impl Fn(&str) -> f64) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if width(&kept) + width("…") > most {
            kept.pop();
            break;
        }
    }
    kept.trim_end().to_owned() + "…"
}

/// Lines of at most `most` pixels by the measure `width`, broken at spaces that are not no-break; a word that alone is longer is clipped.
pub(crate) fn wrap_by(text: &str, most: f64, width: impl Fn(&str) -> f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split([' ', '\n', '\t']).filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}")) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(clip_by(word, most, &width)),
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

/// Letters are set on whole pixels in some browsers, which adds up over a line.
const SPARE: f64 = 1.02;

// The last name in every chart's list of fonts is `sans-serif`, which on a stock Linux is DejaVu Sans: a sixth wider than
// Helvetica. Room that suffices there suffices in all fonts of the list.

/// Advance widths in DejaVu Sans of the printable ASCII characters from space on, in thousandths of the font size.
const ASCII: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
];

/// The same in its bold face.
const ASCII_BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995,
    837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716,
    678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712,
    365, 712, 838,
];

fn advance(letter: char, bold: bool) -> u32 {
    match letter {
        ' '..='~' => u32::from(if bold { ASCII_BOLD } else { ASCII }[letter as usize - ' ' as usize]),
        '\u{a0}' => advance(' ', bold),
        '·' => advance('.', bold),
        '–' => 500,
        '…' | '—' => 1000,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        // Arrows, signs of arithmetic, and the shapes of verdicts.
        '×' | '\u{2190}'..='\u{27bf}' => 875,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{ffef}' => 1000,
        '\u{10000}'.. => 1300,
        _ if bold => 790,
        _ => 720,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_follows_the_letters_and_not_the_bytes() {
        assert!((width("mmmm", 10.0) - 3.896 * 10.2).abs() < 1e-9);
        assert!((width("iiii", 10.0) - 1.112 * 10.2).abs() < 1e-9);
        assert!(width("é", 10.0) < width("éé", 10.0) && width("é", 10.0) < 8.0);
    }

    #[test]
    fn there_is_room_for_the_font_that_stands_in_on_a_stock_linux() {
        // As a browser there sets them, at 11.5 and 19 pixels.
        let caption = "Marks within 14 px stand side by side; the bracket names their true price";
        assert!(width(caption, 11.5) > 422.9, "{}", width(caption, 11.5));
        let title = "Steadiest, simulated: hunyuan-turbo in us-east-1";
        assert!(measured(title, 19.0, true) > 528.6, "{}", measured(title, 19.0, true));
        assert!(measured(title, 19.0, true) > width(title, 19.0));
    }

    #[test]
    fn lines_keep_to_the_width_and_no_word_is_lost() {
        let twelve = |text: &str| width(text, 12.0);
        let lines = wrap_by("the cheapest model that meets its tier's limit on every night", 120.0, twelve);
        assert!(lines.len() > 2 && lines.iter().all(|line| width(line, 12.0) <= 120.0));
        assert_eq!(lines.join(" "), "the cheapest model that meets its tier's limit on every night");
    }

    #[test]
    fn a_word_without_end_is_clipped() {
        let clipped = clip(&"x".repeat(200), 11.0, 100.0);
        assert!(clipped.ends_with('…') && width(&clipped, 11.0) <= 100.0);
        assert_eq!(wrap_by(&"x".repeat(200), 100.0, |text| width(text, 11.0)), [clipped]);
    }

    #[test]
    fn markup_and_control_characters_become_harmless() {
        assert_eq!(escape("<a b=\"c\">&\u{0}\u{1b}\u{ffff}"), "&lt;a b=&quot;c&quot;&gt;&amp;   ");
    }
}
