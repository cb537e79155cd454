//! The names in a policy held against those that there are.

use glob::Pattern;

use crate::conf::{Document, Faults};
use crate::gate::matching::OPTIONS;
use crate::registry::Registry;

/// Every name that a policy can be about before anything was measured.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    /// Providers of the registry.
    pub providers: Vec<String>,
    /// Models of the registry.
    pub models: Vec<String>,
    /// Regions of the registry; empty where it has none.
    pub regions: Vec<String>,
    /// Routes of the routing table; empty where there is no table.
    pub routes: Vec<String>,
}

impl KnownNames {
    /// All names of `registries`, in alphabetical order.
    pub fn of<'a>(registries: impl IntoIterator<Item = &'a Registry>) -> Self {
        let mut known = Self::default();
        for registry in registries {
            known.providers.extend(registry.providers.iter().map(|provider| provider.id.clone()));
            known.models.extend(registry.models.iter().map(|model| model.id.clone()));
            known.regions.extend(registry.regions.iter().map(|region| region.id.clone()));
        }
        for names in [&mut known.providers, &mut known.models, &mut known.regions] {
            names.sort_unstable();
            names.dedup();
        }
        known
    }
}

/// Finds every glob in the `match` of a rule that no name in `known` matches; `source` is the file's name in messages.
///
/// Where there are no names of a kind, as where nothing is routed, rules about them are about nothing, and no mistake.
pub(in crate::gate) fn check_names(source: &str, text: &str, known: &KnownNames) -> Result<(), Faults> {
    let document = Document::parse(source, text);
    let root = document.root();
    let kinds: [(&str, &str, &[String]); 4] = [
        ("provider", "is no provider of the registry", &known.providers),
        ("model", "is no model of the registry", &known.models),
        ("region", "is no region of the registry", &known.regions),
        ("route", "is no route of the routing table", &known.routes),
    ];
    for rule in ["slo", "regression"].into_iter().flat_map(|key| root.tables(key)) {
        let Some(wanted) = rule.table("match") else { continue };
        for (key, problem, names) in kinds.iter().filter(|(.., names)| !names.is_empty()) {
            let Some(field) = wanted.optional(key) else { continue };
            let pattern = field.string().and_then(|text| Pattern::new(text).ok());
            if pattern.is_some_and(|pattern| !names.iter().any(|name| pattern.matches_with(name, OPTIONS))) {
                field.unknown_name(problem, names.iter().map(String::as_str));
            }
        }
    }
    document.finish(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_there_is_not_is_told_with_its_line_and_what_was_probably_meant() {
        let text = "schema = 1\n[[slo]]\nname = \"x\"\nmatch = { model = \"step-3.5-flsh\", region = \"eu-*\" }\n\
                    [[regression]]\nmatch = { provider = \"acme*\", route = \"everyday\", model = \"step-*\" }\n";
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let known = KnownNames {
            providers: names(&["global-apis"]),
            models: names(&["qwen3-8b", "step-3.5-flash"]),
            regions: names(&["eu-west-1"]),
            routes: Vec::new(),
        };
        let faults = check_names("gate.toml", text, &known).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.line(), fault.message(), fault.hint().unwrap())).collect();
        assert_eq!(
            told,
            [
                (4, "`step-3.5-flsh` is no model of the registry", "did you mean `step-3.5-flash`?"),
                (6, "`acme*` is no provider of the registry", "known: `global-apis`"),
            ]
        );
    }
}
