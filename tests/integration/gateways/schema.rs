//! As much of JSON Schema as the fixtures use; a keyword beyond that is a mistake of the fixture.

use serde_json::Value;

/// Everything in which `value` is not what `schema` says, each with its place.
pub(super) fn mistakes(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, wanted) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "description" | "$defs" | "properties" => {}
            "$ref" => {
                let pointer = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                check(root, root.pointer(pointer).unwrap(), value, at, found);
            }
            "type" => {
                if !is_type(wanted.as_str().unwrap(), value) {
                    found.push(format!("{at}: {value} is no {wanted}"));
                }
            }
            "enum" => {
                if !wanted.as_array().unwrap().contains(value) {
                    found.push(format!("{at}: {value} is none of {wanted}"));
                }
            }
            "minimum" => {
                if value.as_f64().is_some_and(|number| number < wanted.as_f64().unwrap()) {
                    found.push(format!("{at}: {value} is under {wanted}"));
                }
            }
            "minItems" => {
                if value.as_array().is_some_and(|list| (list.len() as u64) < wanted.as_u64().unwrap()) {
                    found.push(format!("{at}: fewer than {wanted} items"));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, item, &format!("{at}/{index}"), found);
                }
            }
            "required" => {
                for key in wanted.as_array().unwrap() {
                    if value.as_object().is_some_and(|map| !map.contains_key(key.as_str().unwrap())) {
                        found.push(format!("{at}: lacks {key}"));
                    }
                }
            }
            "additionalProperties" => further(root, schema, wanted, value, at, found),
            "anyOf" => {
                let tries: Vec<Vec<String>> = wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| {
                        let mut found = Vec::new();
                        check(root, one, value, at, &mut found);
                        found
                    })
                    .collect();
                if tries.iter().all(|found| !found.is_empty()) {
                    found.push(format!("{at}: fits none of {tries:?}"));
                }
            }
            other => panic!("the schema has `{other}`, which is not understood here"),
        }
    }
    if let (Some(known), Some(map)) = (schema.get("properties"), value.as_object()) {
        for (key, schema) in known.as_object().unwrap() {
            if let Some(value) = map.get(key) {
                check(root, schema, value, &format!("{at}/{key}"), found);
            }
        }
    }
}

/// Keys that `properties` does not name: `wanted` is whether they may be, or what they must be.
fn further(root: &Value, schema: &Value, wanted: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let known = schema.get("properties").and_then(Value::as_object);
    for (key, value) in value.as_object().into_iter().flatten() {
        if known.is_some_and(|known| known.contains_key(key)) {
            continue;
        }
        match wanted.as_bool() {
            Some(true) => {}
            Some(false) => found.push(format!("{at}: `{key}` is not documented")),
            None => check(root, wanted, value, &format!("{at}/{key}"), found),
        }
    }
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("the schema has the type `{other}`, which is not understood here"),
    }
}
