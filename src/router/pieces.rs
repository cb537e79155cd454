//! A prompt that is too large, as pieces that are not, and the call that makes one answer of theirs.

use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::router::cut::cut;
use crate::workload::{
    Body, Prompt, Request, Rest, Synthetic, prompt_tokens, prompt_tokens_at_most, text_offset, text_tokens,
};

/// The share of a window that is kept free, as its 20th part: the vocabulary that counts is not the model's own.
const MARGIN: u64 = 20;

/// The first and the last paragraph of a long text are taken for instructions, and repeated with each piece, up to this.
const EDGE_BYTES: usize = 2_000;

/// Bytes, and so tokens at most, of what is said around a piece or the answers.
const NOTE_BYTES: u64 = 160;

/// The same around each answer.
const PART_BYTES: u64 = 32;

/// An answer with fewer tokens than this says nothing worth stitching.
const LEAST_ANSWER: u64 = 16;

/// The pieces of a prompt, and what is needed to stitch the answers to them.
///
/// The longest text of the messages is cut; everything else is sent with each piece as recorded, and so are that text's
/// first and last paragraph where they are short, since that is where instructions stand.
#[derive(Debug)]
pub(super) struct Pieces {
    /// The body of each piece behind its opening, 2 or more.
    pub(super) bodies: Vec<Rest>,
    shell: Shell,
    edges: [String; 2],
    /// Tokens of the answer to a piece at most.
    share: u64,
    /// The body without the answers.
    base: Rest,
}

impl Pieces {
    /// Cuts `request`, a line of the workload of that name with `overlay` over its body, for a model with a `window` of
    /// so many tokens.
    ///
    /// Absent where it cannot be cut: it holds images, or what is not the longest text leaves no room. Where nothing limits
    /// the answer a quarter of the window is kept for it. The answers to pieces are limited so that all of them fit the
    /// last call.
    pub(super) fn new(workload: &str, request: &Request, overlay: &[(String, Value)], window: u64) -> Option<Self> {
        let body = match &request.prompt {
            Prompt::Body(body) => body.with(overlay),
            Prompt::Lengths(_) => made(workload, request)?.with(overlay),
        };
        if body.images > 0 {
            return None;
        }
        let shell = Shell::new(&body)?;
        let [head, middle, tail] = parts(&shell.text);
        let usable = window - window / MARGIN;
        let answer = body.max_tokens.unwrap_or(window / 4);
        let prompt = Prompt::Body(body);
        let edges = text_tokens(head) + text_tokens(tail);
        let fixed = prompt_tokens(&prompt).saturating_sub(text_tokens(&shell.text)) + edges + NOTE_BYTES;
        let room = usable.checked_sub(fixed + answer)?;
        let ranges = cut(middle, room, room / 10)?;
        let share = room.checked_div(ranges.len() as u64)?.checked_sub(PART_BYTES)?.min(answer);
        if share < LEAST_ANSWER {
            return None;
        }
        let Prompt::Body(body) = &prompt else { return None };
        let recorded = Rest::new(workload, &Request { prompt: prompt.clone(), ..request.clone() }, &[]);
        let other = prompt_tokens_at_most(&prompt) - shell.text.len() as u64;
        let edge_bytes = (head.len() + tail.len()) as u64;
        let base = Rest { input_bound: other + edge_bytes + NOTE_BYTES, text_at: shell.text_at, ..recorded };
        let limits = [("max_tokens".to_owned(), json!(share)), ("n".to_owned(), json!(1))];
        let piece_shell = Shell::new(&body.with(&limits))?;
        let of = ranges.len();
        let piece = |(index, range): (usize, Range<usize>)| {
            let text = &middle[range];
            let filled = format!("{head}[Part {} of {of} of a longer text]\n\n{text}\n\n{tail}", index + 1);
            Rest {
                bytes: piece_shell.fill(&filled),
                text_at: piece_shell.text_at,
                input_bound: base.input_bound + text.len() as u64,
                max_tokens: Some(share),
                answer_bound: Some(share),
                answers: 1,
                streamed: Some(false),
                expects: false,
                ..base.clone()
            }
        };
        let bodies = ranges.into_iter().enumerate().map(piece).collect();
        Some(Self { bodies, edges: [head.to_owned(), tail.to_owned()], shell, share, base })
    }

    /// The body, behind its opening, of the call that makes one answer of the `answers` to all pieces.
    pub(super) fn stitch(&self, answers: &[String]) -> Rest {
        let [head, tail] = &self.edges;
        let mut text =
            format!("{head}[The text was read in {} parts. The answers to them, in order:]\n\n", answers.len());
        for (index, answer) in answers.iter().enumerate() {
            text.push_str(&format!("[Part {}]\n{answer}\n\n", index + 1));
        }
        text.push_str(tail);
        text.push_str("\n\n[Make one answer of them.]");
        // The same model that wrote an answer within so many tokens reads it back.
        let read = answers.iter().map(|answer| (answer.len() as u64).min(self.share) + PART_BYTES).sum::<u64>();
        Rest { bytes: self.shell.fill(&text), input_bound: self.base.input_bound + read, ..self.base.clone() }
    }

    /// The same before any answer is known, as large as it can be; without its text.
    pub(super) fn largest_stitch(&self) -> Rest {
        let read = (self.share + PART_BYTES) * self.bodies.len() as u64;
        Rest { input_bound: self.base.input_bound + read, ..self.base.clone() }
    }
}

/// A text's first paragraph, with the empty line behind it, what is between, and its last; empty where they are long or
/// leave nothing between them.
fn parts(text: &str) -> [&str; 3] {
    let first = text.find("\n\n").map_or(0, |at| at + 2);
    let (head, rest) = text.split_at(if first <= EDGE_BYTES { first } else { 0 });
    let last = rest.trim_end().rfind("\n\n").map_or(rest.len(), |at| at + 2);
    let last = if rest.len() - last <= EDGE_BYTES { last } else { rest.len() };
    let (middle, tail) = rest.split_at(last);
    if middle.trim().is_empty() { ["", text, ""] } else { [head, middle, tail] }
}

/// The body of a request of which only lengths were recorded, with its text made.
fn made(workload: &str, request: &Request) -> Option<Body> {
    let Prompt::Lengths(lengths) = &request.prompt else { return None };
    let text = String::from_utf8(Synthetic::new(workload, request.line, lengths).text(0)).ok()?;
    let raw = |value: &Value| serde_json::value::to_raw_value(value).ok();
    let messages = raw(&json!([{"role": "user", "content": text}]))?;
    let limit = lengths.max_tokens();
    Some(Body {
        fields: vec![("messages".to_owned(), messages), ("max_tokens".to_owned(), raw(&json!(limit))?)],
        stream: None,
        max_tokens: Some(limit),
        most_tokens: Some(limit),
        answers: 1,
        messages: 1,
        images: 0,
        other_bytes: 0,
        text: text.into(),
    })
}

/// A body behind its opening, with a place for another text where its longest one stood.
#[derive(Debug)]
struct Shell {
    json: String,
    /// Between the quotes of the text.
    at: usize,
    /// The text that stood there.
    text: String,
    text_at: Option<usize>,
}

impl Shell {
    /// Absent where no message of `body` holds text.
    fn new(body: &Body) -> Option<Self> {
        let (mut json, mut found) = (String::new(), None);
        for (key, value) in &body.fields {
            json.push_str(&format!(",{}:", Value::from(key.as_str())));
            let value = value.get();
            match longest_text(value).filter(|_| key == "messages") {
                None => json.push_str(value),
                Some(range) => {
                    let text: String = serde_json::from_str(&value[range.clone()]).ok()?;
                    let text_at = text_offset(value).map(|offset| json.len() + offset);
                    found = Some((json.len() + range.start + 1, text, text_at));
                    json.push_str(&value[..=range.start]);
                    json.push_str(&value[range.end - 1..]);
                }
            }
        }
        json.push('}');
        found.map(|(at, text, text_at)| Self { json, at, text, text_at })
    }

    /// The body with `text` in its place.
    fn fill(&self, text: &str) -> Bytes {
        let quoted = Value::from(text).to_string();
        let (before, after) = self.json.split_at(self.at);
        Bytes::from([before, &quoted[1..quoted.len() - 1], after].concat())
    }
}

/// Where the longest text of `messages` stands, its quotes included; absent where there is none.
fn longest_text(messages: &str) -> Option<Range<usize>> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        content: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Part<'a> {
        #[serde(borrow)]
        text: Option<&'a RawValue>,
    }
    let list: Vec<Message<'_>> = serde_json::from_str(messages).ok()?;
    let mut texts: Vec<&str> = Vec::new();
    for content in list.into_iter().filter_map(|message| message.content) {
        match serde_json::from_str::<Vec<Part<'_>>>(content.get()) {
            Ok(parts) => texts.extend(parts.into_iter().filter_map(|part| part.text).map(RawValue::get)),
            Err(_) => texts.push(content.get()),
        }
    }
    let text = texts.into_iter().filter(|text| text.starts_with('"')).max_by_key(|text| text.len())?;
    // Both borrow from `messages`, so the distance of their addresses is the offset.
    let start = text.as_ptr().addr() - messages.as_ptr().addr();
    Some(start..start + text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{BadLines, Workload};

    fn request(line: &Value) -> Request {
        Workload::parse("x", "x", line.to_string().as_bytes(), BadLines::Stop).unwrap().requests.remove(0)
    }

    fn long() -> String {
        (0..400).map(|index| format!("Entry {index}: a crate was moved from one shelf to another.\n\n")).collect()
    }

    fn body(rest: &Rest) -> Value {
        serde_json::from_slice(&[&br#"{"model":"m""#[..], &rest.bytes].concat()).unwrap()
    }

    fn documents() -> Request {
        let text = format!("<log> of a day\n\n{}Which \"crate\" was lost?", long());
        request(&json!({"custom_id": "a", "body": {"temperature": 0, "max_tokens": 300, "n": 1, "messages": [
            {"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]}}))
    }

    #[test]
    fn each_piece_carries_the_instructions_and_fits_the_window_with_its_answer() {
        let pieces = Pieces::new("x", &documents(), &[], 2_000).unwrap();
        let of = pieces.bodies.len();
        assert!(of > 3, "{of}");
        for (index, rest) in pieces.bodies.iter().enumerate() {
            let body = body(rest);
            let text = body["messages"][1]["content"].as_str().unwrap();
            assert_eq!(body["messages"][0]["content"], "Be brief.");
            assert!(
                text.starts_with(&format!("<log> of a day\n\n[Part {} of {of} of a longer text]\n\nEntry ", index + 1))
            );
            assert!(text.ends_with("shelf to another.\n\n\n\nWhich \"crate\" was lost?"), "{text}");
            assert_eq!((&body["max_tokens"], &body["temperature"]), (&json!(pieces.share), &json!(0)));
            assert!(text_tokens(text) + 32 + pieces.share <= 1_900);
            assert!(rest.input_bound >= text.len() as u64 && rest.answer_bound == Some(pieces.share));
        }
    }

    #[test]
    fn the_last_call_holds_every_answer_in_order_and_the_recorded_limits() {
        let pieces = Pieces::new("x", &documents(), &[], 2_000).unwrap();
        let answers: Vec<String> = (0..pieces.bodies.len()).map(|index| format!("none in \"{index}\"")).collect();
        let rest = pieces.stitch(&answers);
        let body = body(&rest);
        let text = body["messages"][1]["content"].as_str().unwrap();
        let begin =
            format!("<log> of a day\n\n[The text was read in {} parts. The answers to them, in order:]", answers.len());
        assert!(
            text.starts_with(&format!("{begin}\n\n[Part 1]\nnone in \"0\"\n\n[Part 2]\nnone in \"1\"\n\n")),
            "{text}"
        );
        assert!(text.ends_with("Which \"crate\" was lost?\n\n[Make one answer of them.]"));
        assert_eq!(body["max_tokens"], 300);
        assert!(rest.input_bound >= text_tokens(text) + 16 && rest.input_bound <= pieces.largest_stitch().input_bound);
        assert!(pieces.share * answers.len() as u64 + 300 < 2_000, "even the longest answers fit");
    }

    #[test]
    fn what_cannot_be_cut_has_no_pieces() {
        let image = json!({"type": "image_url", "image_url": {"url": "x"}});
        let seen = json!({"custom_id": "a", "body": {"messages": [{"role": "user", "content":
            [{"type": "text", "text": long()}, image]}], "max_tokens": 9}});
        assert!(Pieces::new("x", &request(&seen), &[], 2_000).is_none(), "an image would be lost");
        assert!(
            Pieces::new("x", &documents(), &[], 900).is_none(),
            "300 for the answer and 160 around leave too little"
        );
        let twice = json!({"custom_id": "a", "body": {"messages": [{"role": "user", "content": long()},
            {"role": "user", "content": long()}], "max_tokens": 9}});
        assert!(Pieces::new("x", &request(&twice), &[], 2_000).is_none(), "only one text is cut");
    }

    #[test]
    fn lengths_alone_are_cut_as_the_text_that_would_be_made() {
        let line = json!({"custom_id": "a", "input_length": 5_000, "output_length": 40});
        let pieces = Pieces::new("x", &request(&line), &[], 2_000).unwrap();
        assert!(pieces.bodies.len() > 2);
        let words: usize = pieces.bodies.iter().map(|rest| body(rest).to_string().split(' ').count()).sum();
        assert!(words > 5_000, "{words}");
    }

    #[test]
    fn parts_of_a_text_are_its_short_first_and_last_paragraph_and_what_is_between() {
        assert_eq!(parts("a\n\nb\n\nc\n"), ["a\n\n", "b\n\n", "c\n"]);
        assert_eq!(parts("a\n\nb"), ["a\n\n", "b", ""]);
        assert_eq!(parts("a\n\n"), ["", "a\n\n", ""]);
        let long = "x".repeat(3_000);
        let text = format!("{long}\n\nb\n\n{long}");
        assert_eq!(parts(&text), ["", &text, ""]);
    }
}
