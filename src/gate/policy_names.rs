//! The names in a policy held against those that there are.

use std::collections::BTreeSet;

use glob::Pattern;

use crate::conf::Field;
use crate::gate::matching::OPTIONS;
use crate::registry::Registry;
use crate::routes::Table;
use crate::rundir::Manifest;
use crate::workload::Workload;

/// Every name that a policy can be about.
///
/// Where there are no names of a kind, as no routes where nothing is routed, rules about them are about nothing, and no mistake.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    /// Providers.
    pub providers: BTreeSet<String>,
    /// Models.
    pub models: BTreeSet<String>,
    /// Regions; empty where no registry has any.
    pub regions: BTreeSet<String>,
    /// Routes; empty where there is no routing table.
    pub routes: BTreeSet<String>,
    /// Workloads.
    pub workloads: BTreeSet<String>,
    /// What is compared; empty where nothing is.
    pub variants: BTreeSet<String>,
    /// Why a registry may have more names than these: `no registry was found at ...`; absent: none has.
    pub doubt: Option<String>,
}

impl KnownNames {
    /// The names of `registries`, and of the workloads in the program itself.
    pub fn of<'a>(registries: impl IntoIterator<Item = &'a Registry>) -> Self {
        let mut known = Self::default();
        registries.into_iter().for_each(|registry| known.add_registry(registry));
        known.workloads.extend(Workload::built_in_names().map(str::to_owned));
        known
    }

    /// Adds the providers, models and regions of `registry`.
    pub fn add_registry(&mut self, registry: &Registry) {
        self.providers.extend(registry.providers.iter().map(|provider| provider.id.clone()));
        self.models.extend(registry.models.iter().map(|model| model.id.clone()));
        self.regions.extend(registry.regions.iter().map(|region| region.id.clone()));
    }

    /// Adds the routes of `table`.
    pub fn add_table(&mut self, table: &Table) {
        self.routes.extend(table.routes.iter().map(|route| route.name.text.clone()));
    }

    /// Adds whatever a run measured, as its `manifest` says: also what stands in no registry, as the models of a single URL do.
    pub fn add_measured(&mut self, manifest: &Manifest) {
        for cell in &manifest.cells {
            // A routing table as a whole has no provider and no model.
            self.providers.extend(Some(cell.provider.clone()).filter(|name| !name.is_empty()));
            self.models.extend(Some(cell.model.clone()).filter(|name| !name.is_empty()));
            self.regions.extend(cell.region.clone());
            self.routes.extend(cell.route.clone());
            self.workloads.insert(cell.workload.clone());
        }
        for table in &manifest.tables {
            self.routes.extend(table.routes.iter().map(|route| route.route.clone()));
        }
        self.workloads.extend(manifest.workloads.iter().map(|workload| workload.name.clone()));
        self.variants.extend(manifest.variants.iter().cloned());
    }

    /// Notes at `field`, a key of a `match`, that its `pattern` is like no name of that kind.
    pub(in crate::gate) fn check(&self, field: Field<'_>, pattern: &Pattern) {
        let (names, kind, place) = match field.key() {
            "provider" => (&self.providers, "provider", None),
            "model" => (&self.models, "model", None),
            "region" => (&self.regions, "region", None),
            "route" => (&self.routes, "route", Some("is no route of the routing table")),
            "workload" => (&self.workloads, "workload", Some("is no workload that was measured or is built in")),
            _ => (&self.variants, "variant", Some("is no variant of the run")),
        };
        if names.is_empty() || names.iter().any(|name| pattern.matches_with(name, OPTIONS)) {
            return;
        }
        let problem = match (place, &self.doubt) {
            (Some(problem), _) => problem.to_owned(),
            (None, None) => format!("is no {kind} of the registry"),
            (None, Some(doubt)) => {
                format!("is no {kind} that was measured, and {doubt}: name it with `--registry`")
            }
        };
        field.unknown_name(&problem, names.iter().map(String::as_str));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Policy;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn told(text: &str, known: &KnownNames) -> Vec<String> {
        let Err(faults) = Policy::parse_for("gate.toml", text, known) else { return Vec::new() };
        let told = faults.iter().map(|fault| {
            let hint = fault.hint().map_or_else(String::new, |hint| format!(" ({hint})"));
            format!("{} {}{hint}", fault.line(), fault.message())
        });
        told.collect()
    }

    const RULES: &str = "schema = 1\n[[slo]]\nname = \"x\"\nmetric = \"availability\"\nmin = 0.5\n\
                         match = { model = \"step-3.5-flsh\", region = \"eu-*\", workload = \"chta\", variant = \"candidat\" }\n\
                         [[regression]]\nmetric = \"ttft_p50_ms\"\nmargin = \"10%\"\n\
                         match = { provider = \"acme*\", route = \"everyday\", model = \"step-*\" }\n";

    fn known() -> KnownNames {
        KnownNames {
            providers: names(&["global-apis"]),
            models: names(&["qwen3-8b", "step-3.5-flash"]),
            regions: names(&["eu-west-1"]),
            workloads: names(&["chat"]),
            variants: names(&["baseline", "candidate"]),
            ..KnownNames::default()
        }
    }

    #[test]
    fn a_name_that_there_is_not_is_told_with_its_line_and_what_was_probably_meant() {
        assert_eq!(
            told(RULES, &known()),
            [
                "6 `step-3.5-flsh` is no model of the registry (did you mean `step-3.5-flash`?)",
                "6 `chta` is no workload that was measured or is built in (did you mean `chat`?)",
                "6 `candidat` is no variant of the run (did you mean `candidate`?)",
                "10 `acme*` is no provider of the registry (known: `global-apis`)",
            ]
        );
        assert_eq!(told(RULES, &KnownNames::default()), Vec::<String>::new(), "nothing is known, and nothing refused");
    }

    #[test]
    fn a_name_that_only_a_lost_registry_may_have_is_told_with_how_to_name_that() {
        let doubt = Some("no registry was found at `registry.toml`".to_owned());
        let told = told(RULES, &KnownNames { doubt, ..known() });
        assert_eq!(
            told[0],
            "6 `step-3.5-flsh` is no model that was measured, and no registry was found at `registry.toml`: name it with \
             `--registry` (did you mean `step-3.5-flash`?)"
        );
    }

    #[test]
    fn unknown_names_come_together_with_all_other_mistakes_in_the_order_of_lines() {
        let text =
            RULES.replace("\"availability\"", "\"availabilty\"").replace("10%", "ten") + "pool = \"all\"\npol = 1\n";
        let lines: Vec<String> =
            told(&text, &known()).iter().map(|told| told.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(lines, ["4", "6", "6", "6", "9", "10", "12"]);
    }

    #[test]
    fn a_policy_without_a_rule_is_a_mistake_where_it_must_judge() {
        let text = "schema = 1\n[traffic]\nrequests_per_month = 1000\n";
        assert_eq!(told(text, &known()), ["1 has no rule, must have an `[[slo]]` or a `[[regression]]`"]);
        assert!(Policy::parse("gate.toml", text).is_ok(), "a forecast needs its traffic alone");
    }
}
