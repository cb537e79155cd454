//! One line of a workload: every check that does not need the lines around it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::workload::body::parse_body;
use crate::workload::expect::parse_expect;
use crate::workload::fields::{Fields, excerpt, listed};
use crate::workload::request::{Lengths, Prompt, Request};

/// Every key that a line may hold.
const KEYS: [&str; 14] = [
    "custom_id",
    "method",
    "url",
    "body",
    "timestamp",
    "session_id",
    "delay",
    "class",
    "origin",
    "expect",
    "input_length",
    "output_length",
    "hash_ids",
    "block_size",
];

/// Tokens of a prefix block, where the line does not say.
const BLOCK_SIZE: u64 = 512;

/// A prompt or answer of more tokens is a mistake, and its text would take the memory of the machine.
const MOST_TOKENS: u64 = 10_000_000;

/// Reads line number `line`; all that is wrong with it where it is no request.
pub(super) fn parse_line(line: usize, text: &str) -> Result<Request, Vec<String>> {
    let fields = Fields::parse(text).map_err(|problem| vec![problem])?;
    let mut reading = Reading { problems: fields.unwanted(&KEYS, "the line"), fields: &fields };
    let custom_id = reading.text("custom_id");
    if custom_id.is_none() && reading.find("custom_id").is_none() {
        reading.problems.push("`custom_id` is missing, must be a name of its own for each line".to_owned());
    }
    reading.must_be("method", "POST");
    reading.must_be("url", "/v1/chat/completions");
    let timestamp_ms = reading.whole_number("timestamp", "milliseconds, 0 or more");
    let session_id = reading.text("session_id");
    let delay_ms = reading.whole_number("delay", "milliseconds, 0 or more");
    if delay_ms.is_some() && reading.find("session_id").is_none() {
        reading
            .problems
            .push("`delay` is given without `session_id`, must follow a turn of the same session".to_owned());
    }
    let class = reading.text("class");
    let origin = reading.text("origin");
    let expect = match reading.find("expect").map(parse_expect) {
        None => None,
        Some(Ok(expect)) => Some(expect),
        Some(Err(problems)) => {
            reading.problems.extend(problems);
            None
        }
    };
    let prompt = reading.prompt();
    match (custom_id, prompt) {
        (Some(custom_id), Some(prompt)) if reading.problems.is_empty() => {
            Ok(Request { line, custom_id, timestamp_ms, session_id, delay_ms, class, origin, expect, prompt })
        }
        _ => Err(reading.problems),
    }
}

/// A line's fields, and what was found wrong with them so far.
struct Reading<'a> {
    fields: &'a Fields<'a>,
    problems: Vec<String>,
}

impl<'a> Reading<'a> {
    /// The value of `key`; absent where it is not given, or null, as exporters write what they do not know.
    fn find(&self, key: &str) -> Option<&'a RawValue> {
        let field = self.fields.0.iter().find(|(name, _)| name == key);
        field.map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    /// The value of `key` as a `T`; a problem that says what it must be when it is none.
    fn read<T: Deserialize<'a>>(&mut self, key: &str, wanted: &str) -> Option<T> {
        let value = self.find(key)?.get();
        let read = serde_json::from_str(value).ok();
        if read.is_none() {
            self.problems.push(format!("`{key}` is {}, must be {wanted}", excerpt(value)));
        }
        read
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let text: String = self.read(key, "text")?;
        if text.is_empty() {
            self.problems.push(format!("`{key}` is empty, must be text"));
        }
        Some(text)
    }

    fn whole_number(&mut self, key: &str, of_what: &str) -> Option<u64> {
        self.read(key, &format!("a whole number of {of_what}"))
    }

    fn must_be(&mut self, key: &str, wanted: &str) {
        if let Some(value) = self.find(key)
            && serde_json::from_str::<String>(value.get()).ok().as_deref() != Some(wanted)
        {
            self.problems.push(format!("`{key}` is {}, must be \"{wanted}\"", excerpt(value.get())));
        }
    }

    /// What the line sends: a body or lengths, one of the two.
    fn prompt(&mut self) -> Option<Prompt> {
        let lengths = ["input_length", "output_length", "hash_ids", "block_size"];
        let given: Vec<&str> = lengths.into_iter().filter(|key| self.find(key).is_some()).collect();
        match (self.find("body"), given.is_empty()) {
            (None, true) => {
                self.problems.push("holds neither `body` nor `input_length` and `output_length`".to_owned());
                None
            }
            (Some(_), false) => {
                self.problems.push(format!("holds both `body` and {}, must hold one of the two", listed(&given)));
                None
            }
            (Some(body), true) => match parse_body(body) {
                Ok(body) => Some(Prompt::Body(body)),
                Err(problems) => {
                    self.problems.extend(problems);
                    None
                }
            },
            (None, false) => self.lengths(),
        }
    }

    fn lengths(&mut self) -> Option<Prompt> {
        for key in ["input_length", "output_length"] {
            if self.find(key).is_none() {
                self.problems.push(format!("`{key}` is missing, must stand beside the other length"));
            }
        }
        let input_length = self.tokens("input_length", 1);
        let output_length = self.tokens("output_length", 0);
        let block_size = self.tokens("block_size", 1);
        if block_size.is_some() && self.find("hash_ids").is_none() {
            self.problems.push("`block_size` is given without `hash_ids`, must stand beside them".to_owned());
        }
        let block_size = block_size.unwrap_or(BLOCK_SIZE);
        let hash_ids: Vec<u64> = self.read("hash_ids", "a list of whole numbers").unwrap_or_default();
        let (input_length, output_length) = (input_length?, output_length?);
        let blocks = input_length.div_ceil(block_size.max(1));
        if hash_ids.len() as u64 > blocks {
            let problem = format!(
                "`hash_ids` holds {} blocks of {block_size} tokens, must hold at most {blocks} for an `input_length` of \
                 {input_length}",
                hash_ids.len()
            );
            self.problems.push(problem);
        }
        Some(Prompt::Lengths(Lengths { input_length, output_length, hash_ids: hash_ids.into(), block_size }))
    }

    /// A number of tokens, `least` or more.
    fn tokens(&mut self, key: &str, least: u64) -> Option<u64> {
        let tokens = self.whole_number(key, &format!("tokens, {least} or more"))?;
        if tokens < least {
            self.problems.push(format!("`{key}` is {tokens}, must be at least {least}"));
        }
        if tokens > MOST_TOKENS {
            self.problems.push(format!("`{key}` is {tokens}, must be at most {MOST_TOKENS}"));
        }
        Some(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#""body":{"messages":[{"role":"user","content":"x"}]}"#;

    fn problems(line: &str) -> Vec<String> {
        parse_line(1, line).err().unwrap()
    }

    #[test]
    fn a_full_line_is_read_with_every_optional_key() {
        let line = format!(
            r#"{{"custom_id":"a","method":"POST","url":"/v1/chat/completions",{BODY},"timestamp":1250,"session_id":"s",
               "delay":800,"class":"support","origin":"eu-west-1","expect":{{"tier":1,"contains":"refund"}}}}"#
        );
        let request = parse_line(14, &line).unwrap();
        assert_eq!((request.line, request.custom_id.as_str()), (14, "a"));
        assert_eq!((request.timestamp_ms, request.delay_ms), (Some(1250), Some(800)));
        let words = [request.session_id, request.class, request.origin].map(Option::unwrap);
        assert_eq!(words, ["s", "support", "eu-west-1"]);
        let expect = request.expect.unwrap();
        assert_eq!((expect.tier, expect.contains.as_deref()), (Some(1), Some("refund")));
    }

    #[test]
    fn a_line_of_lengths_is_a_request_too() {
        let line = r#"{"custom_id":"a","timestamp":0,"input_length":6758,"output_length":500,"hash_ids":[0,1,2],"class":null}"#;
        let Prompt::Lengths(lengths) = parse_line(1, line).unwrap().prompt else {
            panic!("read as a body");
        };
        let expected = Lengths { input_length: 6758, output_length: 500, hash_ids: [0, 1, 2].into(), block_size: 512 };
        assert_eq!(lengths, expected);
    }

    #[test]
    fn every_problem_of_a_line_is_named_with_what_would_be_right() {
        for (line, expected) in [
            (format!(r#"{{"custom_id":"a",{BODY},"clas":"x"}}"#), vec!["unknown key `clas`, did you mean `class`?"]),
            (
                format!(r#"{{{BODY},"method":"GET","url":"/v1/completions"}}"#),
                vec![
                    "`custom_id` is missing, must be a name of its own for each line",
                    "`method` is \"GET\", must be \"POST\"",
                    "`url` is \"/v1/completions\", must be \"/v1/chat/completions\"",
                ],
            ),
            (
                format!(r#"{{"custom_id":"a",{BODY},"timestamp":-1,"delay":0.5}}"#),
                vec![
                    "`timestamp` is -1, must be a whole number of milliseconds, 0 or more",
                    "`delay` is 0.5, must be a whole number of milliseconds, 0 or more",
                ],
            ),
            (
                format!(r#"{{"custom_id":"a",{BODY},"delay":5}}"#),
                vec!["`delay` is given without `session_id`, must follow a turn of the same session"],
            ),
            (r#"{"custom_id":"a"}"#.to_owned(), vec!["holds neither `body` nor `input_length` and `output_length`"]),
            (
                format!(r#"{{"custom_id":"a",{BODY},"input_length":3}}"#),
                vec!["holds both `body` and `input_length`, must hold one of the two"],
            ),
            (
                r#"{"custom_id":"a","input_length":0}"#.to_owned(),
                vec![
                    "`output_length` is missing, must stand beside the other length",
                    "`input_length` is 0, must be at least 1",
                ],
            ),
            (
                format!(r#"{{"custom_id":"a","custom_id":"b",{BODY}}}"#),
                vec!["`custom_id` is given twice, must be given once"],
            ),
            (format!(r#"{{"custom_id":7,{BODY}}}"#), vec!["`custom_id` is 7, must be text"]),
        ] {
            assert_eq!(problems(&line), expected, "{line}");
        }
    }
}
