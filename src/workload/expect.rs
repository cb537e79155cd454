//! What a right answer looks like, as a workload line says it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::workload::check::Check;
use crate::workload::fields::{Fields, excerpt};
use crate::workload::request::Expect;

/// Every key that `expect` may hold.
const KEYS: [&str; 5] = ["tier", "equals", "contains", "regex", "json_schema"];

/// Reads the value of `expect`; all that is wrong with it, be it in a pattern or a schema.
pub(super) fn parse_expect(raw: &RawValue) -> Result<Expect, Vec<String>> {
    let Ok(fields) = Fields::parse(raw.get()) else {
        return Err(vec![format!("`expect` is {}, must be an object", excerpt(raw.get()))]);
    };
    let mut problems = fields.unwanted(&KEYS, "`expect`");
    if fields.0.is_empty() {
        problems.push("`expect` is empty, must say what is expected or be left out".to_owned());
    }
    let expect = Expect {
        tier: read(&fields, "tier", "a tier from 0 to 4", &mut problems),
        equals: read(&fields, "equals", "text", &mut problems),
        contains: read(&fields, "contains", "text", &mut problems),
        regex: read(&fields, "regex", "text", &mut problems),
        json_schema: read(&fields, "json_schema", "a JSON schema", &mut problems),
    };
    if let Some(tier @ 5..) = expect.tier {
        problems.push(format!("`expect.tier` is {tier}, must be a tier from 0 to 4"));
    }
    if expect.json_schema.as_ref().is_some_and(|schema| !schema.is_object()) {
        problems.push("`expect.json_schema` is not an object, must be a JSON schema".to_owned());
    }
    if problems.is_empty()
        && let Err(faults) = Check::new(&expect)
    {
        problems.extend(faults);
    }
    if problems.is_empty() { Ok(expect) } else { Err(problems) }
}

/// The value of `key` as a `T`; a problem where it is given and is none.
fn read<'a, T: Deserialize<'a>>(fields: &Fields<'a>, key: &str, wanted: &str, problems: &mut Vec<String>) -> Option<T> {
    let value = fields.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.get())?;
    let read = serde_json::from_str(value).ok();
    if read.is_none() {
        problems.push(format!("`expect.{key}` is {}, must be {wanted}", excerpt(value)));
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(expect: &str) -> Result<Expect, Vec<String>> {
        parse_expect(serde_json::from_str(expect).unwrap())
    }

    #[test]
    fn every_kind_of_expectation_is_read() {
        let expect = parse(r#"{"tier":4,"equals":"a","contains":"b","regex":"c","json_schema":{"type":"object"}}"#);
        let schema = serde_json::json!({ "type": "object" });
        let text = |text: &str| Some(text.to_owned());
        let expected = Expect {
            tier: Some(4),
            equals: text("a"),
            contains: text("b"),
            regex: text("c"),
            json_schema: Some(schema),
        };
        assert_eq!(expect.unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_expected_is_refused_with_the_reason() {
        for (expect, problem) in [
            (r#"{"tier":5}"#, "`expect.tier` is 5, must be a tier from 0 to 4"),
            (r#"{"tier":"1"}"#, "`expect.tier` is \"1\", must be a tier from 0 to 4"),
            (r#"{"containz":"x"}"#, "unknown key `containz`, did you mean `contains`?"),
            (r#"{"json_schema":[]}"#, "`expect.json_schema` is not an object, must be a JSON schema"),
            (r#"{"regex":"a("}"#, "`expect.regex` is `a(`, must be a regular expression: unclosed group"),
            ("{}", "`expect` is empty, must say what is expected or be left out"),
            ("3", "`expect` is 3, must be an object"),
        ] {
            assert_eq!(parse(expect), Err(vec![problem.to_owned()]), "{expect}");
        }
    }
}
