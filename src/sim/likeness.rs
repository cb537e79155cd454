//! Text that a pattern finds and values that a schema allows: one of each, always the same.
//!
//! What is made is a guess at what most patterns and schemas mean. Whoever needs it to fit checks that it does.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};
use serde_json::{Map, Value, json};

/// Characters that are taken from a class which holds them, the first one first.
const PLAIN: [char; 4] = ['a', '0', ' ', '-'];

/// How deep a schema is followed.
const DEEPEST: usize = 32;

/// A text in which `pattern` is found; absent where it is no pattern, or finds nothing at all.
pub(super) fn text_like(pattern: &str) -> Option<String> {
    let mut text = String::new();
    push_like(&mut text, &regex_syntax::parse(pattern).ok()?).then_some(text)
}

/// A value that `schema` allows, as far as its usual keywords say.
pub(super) fn value_like(schema: &Value) -> Value {
    like(schema, DEEPEST)
}

/// Adds what `hir` finds; false where it finds nothing.
fn push_like(text: &mut String, hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).map(|piece| text.push_str(piece)).is_ok(),
        HirKind::Class(Class::Unicode(class)) => plain_of(class).map(|symbol| text.push(symbol)).is_some(),
        HirKind::Class(Class::Bytes(class)) => {
            let first = class.ranges().first().map(|range| char::from(range.start()));
            first.filter(char::is_ascii).map(|symbol| text.push(symbol)).is_some()
        }
        HirKind::Repetition(repetition) => (0..repetition.min).all(|_| push_like(text, &repetition.sub)),
        HirKind::Capture(capture) => push_like(text, &capture.sub),
        HirKind::Concat(all) => all.iter().all(|one| push_like(text, one)),
        HirKind::Alternation(any) => any.iter().any(|one| {
            let length = text.len();
            let found = push_like(text, one);
            if !found {
                text.truncate(length);
            }
            found
        }),
    }
}

fn plain_of(class: &ClassUnicode) -> Option<char> {
    let holds = |symbol: &char| class.ranges().iter().any(|range| range.start() <= *symbol && *symbol <= range.end());
    PLAIN.into_iter().find(holds).or_else(|| class.ranges().first().map(ClassUnicodeRange::start))
}

fn like(schema: &Value, depth: usize) -> Value {
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    if let Some(first) = schema.get("enum").and_then(|values| values.get(0)) {
        return first.clone();
    }
    let Some(depth) = depth.checked_sub(1) else { return Value::Null };
    for key in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema.get(key).and_then(|schemas| schemas.get(0)) {
            return like(first, depth);
        }
    }
    let number = |key: &str| schema.get(key).and_then(Value::as_u64);
    let kind = schema.get("type").map_or_else(|| kind_of(schema), |kind| kind.get(0).unwrap_or(kind).as_str());
    match kind {
        Some("object") => object(schema, depth),
        Some("array") => {
            let item = schema.get("items").map_or(Value::Null, |items| like(items, depth));
            vec![item; number("minItems").unwrap_or(0) as usize].into()
        }
        Some("number" | "integer") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("boolean") => true.into(),
        Some("null") => Value::Null,
        _ => {
            let pattern = schema.get("pattern").and_then(Value::as_str).and_then(text_like);
            pattern.unwrap_or_else(|| "a".repeat(number("minLength").unwrap_or(1) as usize)).into()
        }
    }
}

/// What a schema without a type is about.
fn kind_of(schema: &Value) -> Option<&'static str> {
    let about = [("properties", "object"), ("required", "object"), ("items", "array"), ("minimum", "number")];
    about.into_iter().find(|(key, _)| schema.get(key).is_some()).map(|(_, kind)| kind)
}

/// An object with the properties that are required, and no others.
fn object(schema: &Value, depth: usize) -> Value {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let unsaid = json!({});
    let value = |name: &str| like(schema.get("properties").and_then(|all| all.get(name)).unwrap_or(&unsaid), depth);
    required.map(|name| (name.to_owned(), value(name))).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_finds_the_text_that_is_made_for_it() {
        for (pattern, text) in [
            ("1,?981\\.81", "1981.81"),
            ("4[.,]50", "4,50"),
            ("^\\d{4}-\\d{2}$", "0000-00"),
            ("(?:x|y)+z?", "x"),
            ("off.by.one|w < extra", "offabyaone"),
            ("[^\\x00-\\x{10FFFF}]|b", "b"),
            ("\\bpaid\\b", "paid"),
        ] {
            assert_eq!(text_like(pattern).as_deref(), Some(text), "{pattern}");
            assert!(regex::Regex::new(pattern).unwrap().is_match(text), "{pattern}");
        }
        assert_eq!((text_like("("), text_like("[^\\x00-\\x{10FFFF}]")), (None, None));
    }

    #[test]
    fn a_value_has_what_is_required_in_the_form_that_is_asked_for() {
        let schema = json!({
            "type": "object", "required": ["id", "kind", "day", "net", "lines", "paid", "more"], "properties": {
                "id": {"const": "BJ-2291"}, "kind": {"enum": ["full", "half"]},
                "day": {"type": "string", "pattern": "^\\d{2}$"}, "net": {"type": ["number", "null"], "minimum": 3},
                "lines": {"type": "array", "minItems": 2, "items": {"required": ["n"], "properties": {"n": {"type": "integer"}}}},
                "paid": {"type": "boolean"}, "more": {"anyOf": [{"type": "null"}]}, "unasked": {"type": "string"} } });
        let value = json!({ "id": "BJ-2291", "kind": "full", "day": "00", "net": 3, "lines": [{"n": 1}, {"n": 1}],
            "paid": true, "more": null });
        assert_eq!(value_like(&schema), value);
        assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&value));
    }
}
