//! A JSON schema made ready for many values.

use std::error::Error;
use std::fmt;

use boon::{CompileError, Compiler, SchemaIndex, Schemas, UrlLoader, ValidationError};
use serde_json::Value;

/// What the schema is called while it is read; nothing is fetched from there.
const NAME: &str = "https://schema.invalid/";

/// A schema of any draft from 4 to 2020-12; the newest one where it names none.
pub(super) struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    /// Makes `schema` ready; the error says in one line what is wrong.
    pub(super) fn new(schema: &Value) -> Result<Self, String> {
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(Nowhere));
        let mut schemas = Schemas::new();
        compiler.add_resource(NAME, schema.clone()).map_err(|error| fault(&error))?;
        let index = compiler.compile(NAME, &mut schemas).map_err(|error| fault(&error))?;
        Ok(Self { schemas, index })
    }

    /// Whether `value` satisfies it.
    pub(super) fn allows(&self, value: &Value) -> bool {
        self.schemas.validate(value, self.index).is_ok()
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}

/// Loads nothing: a schema that needs a file or the network would mean something else on another day.
struct Nowhere;

impl UrlLoader for Nowhere {
    fn load(&self, _: &str) -> Result<Value, Box<dyn Error>> {
        Err("a schema can refer to what it holds itself alone".into())
    }
}

fn fault(error: &CompileError) -> String {
    let told = match error {
        CompileError::ValidationError { src, .. } => {
            let ValidationError { instance_location, kind, .. } = innermost(src);
            format!("at `{instance_location}`: {kind}")
        }
        CompileError::LoadUrlError { url, src } => format!("`{url}`: {src}"),
        other => other.to_string().replace(NAME, ""),
    };
    // A pattern's fault is told over several lines.
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first of the faults that no other one explains.
fn innermost<'e, 's, 'v>(error: &'e ValidationError<'s, 'v>) -> &'e ValidationError<'s, 'v> {
    error.causes.first().map_or(error, innermost)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_allows_what_it_says_and_follows_its_own_references() {
        let schema = json!({ "$defs": { "day": { "type": "string", "pattern": "^\\d{4}-\\d{2}$" } }, "type": "object",
            "required": ["from"], "properties": { "from": { "$ref": "#/$defs/day" } }, "additionalProperties": false });
        let schema = Schema::new(&schema).unwrap();
        assert!(schema.allows(&json!({ "from": "2026-11" })));
        for wrong in [json!({}), json!({ "from": "soon" }), json!({ "from": "2026-11", "to": 1 }), json!("2026-11")] {
            assert!(!schema.allows(&wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_schema_is_told_in_one_line_and_nothing_is_loaded() {
        for (schema, problem) in [
            (json!({ "properties": { "a": { "type": "objekt" } } }), "at `/properties/a/type`: "),
            (json!({ "pattern": "(" }), "pattern"),
            (
                json!({ "$ref": "file:///etc/hostname" }),
                "`file:///etc/hostname`: a schema can refer to what it holds itself",
            ),
            (json!({ "$ref": "https://example.com/a" }), "`https://example.com/a`: "),
            (json!({ "$ref": "#/$defs/none" }), "none"),
        ] {
            let told = Schema::new(&schema).unwrap_err();
            assert!(told.contains(problem) && !told.contains('\n'), "{schema}: {told}");
        }
    }
}
