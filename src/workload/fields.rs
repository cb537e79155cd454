//! A JSON object as it was written: its keys in order, its values untouched.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::conf::nearest;

/// The fields of a JSON object in their order, a key that is written twice included twice.
pub(super) struct Fields<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads `text` as an object; the error says whether it is no JSON at all, with the column, or not an object.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => "is not a JSON object".to_owned(),
            _ => format!("is not JSON at column {}: {}", error.column(), without_place(&error)),
        })
    }

    /// A problem for each key that is not in `known` or stands there twice; `place` is what holds them, in words.
    pub(super) fn unwanted(&self, known: &[&str], place: &str) -> Vec<String> {
        let unknown = self.0.iter().map(|(key, _)| key.as_str()).filter(|key| !known.contains(key));
        let mut problems: Vec<String> = unknown
            .map(|key| match nearest(key, known.iter().copied()) {
                Some(meant) => format!("unknown key `{}`, did you mean `{meant}`?", excerpt(key)),
                None => format!("unknown key `{}`, {place} may hold {}", excerpt(key), listed(known)),
            })
            .collect();
        problems
            .extend(self.repeated().iter().map(|key| format!("`{}` is given twice, must be given once", excerpt(key))));
        problems
    }

    /// The keys that stand in the object more than once, each named once, in order.
    pub(super) fn repeated(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let mut repeated = Vec::new();
        for (key, _) in &self.0 {
            if !seen.insert(key) && !repeated.contains(&key.as_str()) {
                repeated.push(key.as_str());
            }
        }
        repeated
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

/// Collects an object's fields without looking into them.
struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

/// A value short enough for a message.
pub(super) fn excerpt(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(40) {
        None => value.into(),
        Some((end, _)) => format!("{}...", &value[..end]).into(),
    }
}

/// Names in backticks, separated by commas.
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// What the parser found wrong, without the place that it appends: its line is always 1 here.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(problem, _)| problem).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_their_text() {
        let fields = Fields::parse(r#"{"b": 1.50, "a":{"x" : [ ]}, "b":2}"#).unwrap();
        let shown: Vec<_> = fields.0.iter().map(|(key, value)| (key.as_str(), value.get())).collect();
        assert_eq!(shown, [("b", "1.50"), ("a", r#"{"x" : [ ]}"#), ("b", "2")]);
        assert_eq!(fields.repeated(), ["b"]);
    }

    #[test]
    fn a_broken_line_is_named_with_its_column_and_a_list_is_no_object() {
        assert_eq!(Fields::parse(r#"{"a":1,}"#).err().unwrap(), "is not JSON at column 8: trailing comma");
        assert_eq!(Fields::parse("[1]").err().unwrap(), "is not a JSON object");
    }
}
