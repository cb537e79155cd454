//! A reader of block YAML whose scalars are JSON, which is all that an export writes.

use serde_json::{Map, Value};

/// The document in `text`.
pub(super) fn parse(text: &str) -> Value {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty())
        .map(|line| (line.len() - line.trim_start().len(), line.trim_start()))
        .collect();
    let mut at = 0;
    let value = block(&lines, &mut at, 0);
    assert_eq!(at, lines.len(), "line `{}` belongs to nothing", lines[at.min(lines.len() - 1)].1);
    value
}

/// The list, map or scalar whose lines are indented by `indent`.
fn block(lines: &[(usize, &str)], at: &mut usize, indent: usize) -> Value {
    if lines[*at].1.starts_with("- ") {
        let mut list = Vec::new();
        while *at < lines.len() && lines[*at].0 == indent && lines[*at].1.starts_with("- ") {
            // What follows the dash is the first line of a block that is two columns further in.
            let mut inner = vec![(indent + 2, &lines[*at].1[2..])];
            *at += 1;
            while *at < lines.len() && lines[*at].0 > indent {
                inner.push(lines[*at]);
                *at += 1;
            }
            let mut within = 0;
            list.push(block(&inner, &mut within, indent + 2));
            assert_eq!(within, inner.len(), "below `{}`", inner[0].1);
        }
        return Value::Array(list);
    }
    let Some((_, _)) = key_of(lines[*at].1) else {
        *at += 1;
        return serde_json::from_str(lines[*at - 1].1).unwrap_or_else(|error| panic!("{}: {error}", lines[*at - 1].1));
    };
    let mut map = Map::new();
    while *at < lines.len() && lines[*at].0 == indent {
        let (key, rest) = key_of(lines[*at].1).unwrap_or_else(|| panic!("no key in `{}`", lines[*at].1));
        *at += 1;
        let value = if rest.is_empty() {
            let deeper = lines[*at].0;
            assert!(deeper > indent, "`{key}` has no value");
            block(lines, at, deeper)
        } else {
            serde_json::from_str(rest).unwrap_or_else(|error| panic!("`{key}`: {error}"))
        };
        assert!(map.insert(key.clone(), value).is_none(), "`{key}` twice");
    }
    Value::Object(map)
}

/// The key that a line begins with, and what follows its colon.
fn key_of(line: &str) -> Option<(String, &str)> {
    if !line.starts_with('"') {
        let (key, rest) = line.split_once(':')?;
        return key
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            .then(|| (key.to_owned(), rest.trim_start()));
    }
    let mut keys = serde_json::Deserializer::from_str(line).into_iter::<String>();
    let key = keys.next()?.ok()?;
    let rest = line[keys.byte_offset()..].strip_prefix(':')?;
    Some((key, rest.trim_start()))
}
