//! Whether an answer is what its line expects.

use regex::Regex;

use crate::workload::request::Expect;
use crate::workload::schema::Schema;

/// An expectation made ready: patterns and schemas are compiled once, for every answer to the line.
#[derive(Debug)]
pub struct Check {
    tier: Option<u8>,
    equals: Option<String>,
    contains: Option<String>,
    regex: Option<Regex>,
    json_schema: Option<Schema>,
}

impl Check {
    /// Makes `expect` ready.
    ///
    /// A tier is held against the answer only where nothing else is expected: beside another part it says which tier the
    /// request belongs to, for whoever routes it, and nothing of the answer.
    ///
    /// # Errors
    /// The pattern or the schema is none; all that is wrong, in words.
    pub fn new(expect: &Expect) -> Result<Self, Vec<String>> {
        let Expect { tier, equals, contains, regex, json_schema } = expect;
        let mut problems = Vec::new();
        let regex = regex.as_ref().and_then(|pattern| match Regex::new(pattern) {
            Ok(regex) => Some(regex),
            Err(error) => {
                problems
                    .push(format!("`expect.regex` is `{pattern}`, must be a regular expression: {}", fault(&error)));
                None
            }
        });
        let json_schema = json_schema.as_ref().and_then(|schema| match Schema::new(schema) {
            Ok(schema) => Some(schema),
            Err(error) => {
                problems.push(format!("`expect.json_schema` must be a JSON schema: {error}"));
                None
            }
        });
        let only_tier = equals.is_none() && contains.is_none() && regex.is_none() && json_schema.is_none();
        let tier = tier.filter(|_| only_tier);
        let check = Self { tier, equals: equals.clone(), contains: contains.clone(), regex, json_schema };
        if problems.is_empty() { Ok(check) } else { Err(problems) }
    }

    /// Whether `answer` is as expected: every part of the expectation holds.
    pub fn holds(&self, answer: &str) -> bool {
        self.tier.is_none_or(|tier| tier_named(answer) == Some(tier))
            && self.equals.as_ref().is_none_or(|whole| answer.trim() == whole.trim())
            && self.contains.as_ref().is_none_or(|part| answer.contains(part.as_str()))
            && self.regex.as_ref().is_none_or(|regex| regex.is_match(answer))
            && self.json_schema.as_ref().is_none_or(|schema| {
                serde_json::from_str(answer).is_ok_and(|answer: serde_json::Value| schema.allows(&answer))
            })
    }
}

/// The tier, 0 to 4, that `answer` names: as a digit that stands alone, part of no word and no longer number.
///
/// Absent where it names none, and where it names two, which is no decision.
pub fn tier_named(answer: &str) -> Option<u8> {
    let symbols: Vec<char> = answer.chars().collect();
    let at = |index: Option<usize>| index.and_then(|index| symbols.get(index)).copied();
    let is_point = |symbol: Option<char>| matches!(symbol, Some('.' | ','));
    let is_digit = |symbol: Option<char>| symbol.is_some_and(|symbol| symbol.is_ascii_digit());
    let is_word = |symbol: Option<char>| symbol.is_some_and(|symbol| symbol.is_alphanumeric() || symbol == '_');
    let mut named = None;
    for (index, symbol) in symbols.iter().enumerate() {
        let Some(tier) = symbol.to_digit(5) else { continue };
        let (before, after) = (index.checked_sub(1), Some(index + 1));
        let is_fraction = is_point(at(before)) && is_digit(at(index.checked_sub(2)));
        let has_fraction = is_point(at(after)) && is_digit(at(Some(index + 2)));
        if is_word(at(before)) || is_word(at(after)) || is_fraction || has_fraction {
            continue;
        }
        let tier = tier as u8;
        if named.is_some_and(|other| other != tier) {
            return None;
        }
        named = Some(tier);
    }
    named
}

/// What is wrong with a pattern, in one line.
fn fault(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expect: &serde_json::Value) -> Check {
        let text = |key: &str| expect.get(key).and_then(|value| value.as_str()).map(str::to_owned);
        let tier = expect.get("tier").and_then(serde_json::Value::as_u64).map(|tier| tier as u8);
        let json_schema = expect.get("json_schema").cloned();
        let expect =
            Expect { tier, equals: text("equals"), contains: text("contains"), regex: text("regex"), json_schema };
        Check::new(&expect).unwrap()
    }

    #[test]
    fn each_part_holds_for_right_answers_and_for_no_wrong_ones() {
        let schema =
            serde_json::json!({"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}});
        for (expect, right, wrong) in [
            (serde_json::json!({"equals": "yes"}), vec!["yes", " yes\n"], vec!["Yes", "yes.", ""]),
            (serde_json::json!({"contains": "44.66"}), vec!["$44.66 in all", "44.66"], vec!["44,66", "44.6"]),
            (
                serde_json::json!({"regex": "(?i)^refund|4[.,]50"}),
                vec!["Refund it", "it is 4,50"],
                vec!["a refund", "4 50"],
            ),
            (
                serde_json::json!({"json_schema": schema}),
                vec![r#"{"total":1.5}"#, " {\"total\":0,\"more\":null}\n"],
                vec![r#"{"total":"1.5"}"#, "{}", "total: 1", r#"```json {"total":1}```"#, r#"{"total":1} as asked"#],
            ),
        ] {
            let check = check(&expect);
            for (answers, expected) in [(right, true), (wrong, false)] {
                for answer in answers {
                    assert_eq!(check.holds(answer), expected, "{expect} of {answer}");
                }
            }
        }
    }

    #[test]
    fn all_parts_must_hold_but_for_a_tier_beside_them_which_is_about_the_request() {
        let both = check(&serde_json::json!({"tier": 1, "contains": "depot", "regex": "today"}));
        assert!(both.holds("It leaves the depot today"));
        assert!(!both.holds("It leaves the depot") && !both.holds("today"));
        let alone = check(&serde_json::json!({"tier": 1}));
        assert!(alone.holds("1") && !alone.holds("2") && !alone.holds(""));
    }

    #[test]
    fn a_tier_is_a_digit_that_stands_alone_and_two_of_them_are_none() {
        for answer in ["3", " 3\n", "Tier 3.", "**3**", "tier: 3, since 3 fits", "\"3\"", "(3)"] {
            assert_eq!(tier_named(answer), Some(3), "{answer}");
        }
        for answer in ["", "three", "13", "3rd", "tier_3", "3.5", "3,000", "1.3", "5", "2 or 3", "-"] {
            assert_eq!(tier_named(answer), None, "{answer}");
        }
    }

    #[test]
    fn a_pattern_or_schema_that_is_none_is_refused_with_the_reason() {
        let schema = serde_json::json!({"type": "objekt"});
        let expect = Expect { regex: Some("(4".to_owned()), json_schema: Some(schema), ..Expect::default() };
        let problems = Check::new(&expect).unwrap_err();
        assert_eq!(problems[0], "`expect.regex` is `(4`, must be a regular expression: unclosed group");
        assert!(problems[1].starts_with("`expect.json_schema` must be a JSON schema: "), "{problems:?}");
        assert_eq!(problems.len(), 2);
        let huge = Expect { regex: Some("(a{1000}){1000}".to_owned()), ..Expect::default() };
        assert!(Check::new(&huge).unwrap_err()[0].contains("size limit"));
    }
}
