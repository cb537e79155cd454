//! Cutting a text into pieces that fit a window.

use std::ops::Range;

use crate::workload::text_tokens;

/// A part of the text that is never cut: a line, or a stretch of a long one.
const ATOM_BYTES: usize = 256;

/// Fewer tokens than this are no room for a piece: one part that is never cut may have as many.
const LEAST_ROOM: u64 = 2 * ATOM_BYTES as u64;

/// How good a place for a cut is, better ones last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Letter,
    Word,
    Sentence,
    Line,
    Paragraph,
}

#[derive(Clone, Copy, Debug)]
struct Atom {
    end: usize,
    tokens: u64,
    place: Place,
}

/// Pieces of `text` with `room` tokens each at most, by the o200k vocabulary, as ranges of its bytes; absent where the room
/// is too small for any.
///
/// Each ends with a paragraph where one ends in its second half, else with a line, a sentence or a word, and begins with
/// up to `overlap` tokens of the one before, so that nothing is lost where a thought is cut.
pub(super) fn cut(text: &str, room: u64, overlap: u64) -> Option<Vec<Range<usize>>> {
    if room < LEAST_ROOM {
        return None;
    }
    let atoms = atoms(text);
    let begin_of = |atom: usize| if atom == 0 { 0 } else { atoms[atom - 1].end };
    let mut pieces = Vec::new();
    let mut first = 0;
    while first < atoms.len() {
        let range = |last: usize| begin_of(first)..atoms[last - 1].end;
        let mut last = fitting(&atoms, first, room);
        // What parts count together can be a token or two more than what each of them does.
        while text_tokens(&text[range(last)]) > room {
            last -= 1;
        }
        if last < atoms.len() {
            let half = first + (last - first).div_ceil(2);
            let better = (half..=last).max_by_key(|end| (atoms[end - 1].place, *end));
            last = better.expect("the range holds its end");
        }
        pieces.push(range(last));
        if last == atoms.len() {
            break;
        }
        let mut sum = 0;
        let shared = atoms[first + 1..last].iter().rev().take_while(|atom| {
            sum += atom.tokens;
            sum <= overlap
        });
        let earliest = last - shared.count();
        first = (earliest..=last)
            .max_by_key(|begin| (*begin < last, atoms[begin - 1].place, last - begin))
            .expect("the range holds its end");
    }
    Some(pieces)
}

/// The end of the longest run of parts from `first` on, one or more, that counts `room` tokens at most.
fn fitting(atoms: &[Atom], first: usize, room: u64) -> usize {
    let mut sum = 0;
    let run = atoms[first..].iter().take_while(|atom| {
        sum += atom.tokens;
        sum <= room
    });
    first + run.count()
}

/// The parts that are never cut.
fn atoms(text: &str) -> Vec<Atom> {
    let mut ends: Vec<(usize, Place)> = Vec::new();
    let mut begin = 0;
    for line in text.split_inclusive('\n') {
        let end = begin + line.len();
        while end - begin > ATOM_BYTES {
            let (stop, place) = inside(&text[begin..end]);
            begin += stop;
            ends.push((begin, place));
        }
        let before = ends.len().checked_sub(2).map_or(0, |at| ends[at].0);
        match ends.last_mut().filter(|_| line.trim().is_empty() && end - before <= 2 * ATOM_BYTES) {
            // Empty lines belong to the paragraph that they end.
            Some(last) => *last = (end, Place::Paragraph),
            None => ends.push((end, Place::Line)),
        }
        begin = end;
    }
    let mut begin = 0;
    let atom = |(end, place): (usize, Place)| {
        let tokens = text_tokens(&text[begin..end]);
        begin = end;
        Atom { end, tokens, place }
    };
    ends.into_iter().map(atom).collect()
}

/// Where a long line is cut, within its first 256 bytes.
fn inside(line: &str) -> (usize, Place) {
    let end = (1..=ATOM_BYTES).rfind(|at| line.is_char_boundary(*at)).expect("a character has four bytes at most");
    let head = &line[..end];
    let sentence = head.rfind(". ").map(|at| at + 2).filter(|end| *end > ATOM_BYTES / 2);
    let word = head.rfind(' ').map(|at| at + 1);
    match (sentence, word) {
        (Some(end), _) => (end, Place::Sentence),
        (None, Some(end)) => (end, Place::Word),
        (None, None) => (head.len(), Place::Letter),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paragraphs(count: usize) -> String {
        (0..count)
            .map(|index| format!("Paragraph {index} says one thing. Then it says another.\nAnd ends.\n\n"))
            .collect()
    }

    #[test]
    fn pieces_end_with_paragraphs_and_share_one_or_more_with_the_next() {
        let text = paragraphs(200);
        let pieces = cut(&text, 600, 60).unwrap();
        assert!(pieces.len() > 4, "{pieces:?}");
        for pair in pieces.windows(2) {
            let shared = &text[pair[1].start..pair[0].end];
            assert!(shared.starts_with("Paragraph ") && shared.ends_with("ends.\n\n"), "{shared:?}");
            assert!(text_tokens(shared) <= 60);
        }
    }

    #[test]
    fn a_text_that_fits_is_one_piece_and_a_room_too_small_for_any_is_none() {
        assert_eq!(cut("One line.", 512, 51).unwrap(), vec![Range { start: 0, end: 9 }]);
        assert_eq!(cut("One line.", 511, 51), None);
    }

    #[test]
    fn a_paragraph_that_is_too_long_is_cut_at_a_sentence() {
        let text = "It goes on and on, and nobody knows where it will end. ".repeat(300);
        let pieces = cut(&text, 600, 60).unwrap();
        assert!(pieces.len() > 4);
        for piece in &pieces[..pieces.len() - 1] {
            assert!(text[piece.clone()].ends_with(". "));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn every_text_is_covered_in_order_by_pieces_that_fit(
            words in proptest::collection::vec(("[a-zé漢🎉]{1,12}|[x]{300,900}", 0..4_usize), 1..400),
            room in 512_u64..1_500,
        ) {
            let ends = [" ", ". ", "\n", "\n\n"];
            let text: String = words.iter().map(|(word, end)| format!("{word}{}", ends[*end])).collect();
            let pieces = cut(&text, room, room / 10).unwrap();
            prop_assert_eq!((pieces[0].start, pieces.last().unwrap().end), (0, text.len()));
            for piece in &pieces {
                prop_assert!(text.get(piece.clone()).is_some(), "whole characters");
                prop_assert!(text_tokens(&text[piece.clone()]) <= room);
            }
            for pair in pieces.windows(2) {
                prop_assert!(pair[0].start < pair[1].start && pair[1].start <= pair[0].end && pair[0].end < pair[1].end);
            }
        }
    }
}
