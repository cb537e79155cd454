//! The endpoints that globs over models and regions name.

use glob::{MatchOptions, Pattern};

use crate::conf::nearest;
use crate::plan::cell::LeftOut;
use crate::registry::{Endpoint, Registry};

/// The endpoints whose model matches one of `models` and whose region matches one of `regions`, in the
/// registry's order, each once.
///
/// Without any glob all models, or all regions, are taken. An endpoint without a region matches `*`. Case counts.
///
/// # Errors
/// A glob that is malformed or matches nothing, and globs that match but share no endpoint.
pub fn select<G: AsRef<str>>(registry: &Registry, models: &[G], regions: &[G]) -> Result<Vec<Endpoint>, SelectError> {
    let model_globs = compile(models)?;
    let region_globs = compile(regions)?;
    let model_ids: Vec<&str> = registry.models.iter().map(|model| model.id.as_str()).collect();
    let mut region_ids: Vec<&str> = registry.regions.iter().map(|region| region.id.as_str()).collect();
    if let Some(glob) = unmatched(&model_globs, &model_ids) {
        return Err(SelectError::UnknownModel(Unknown::new(glob, &model_ids)));
    }
    if registry.endpoints().any(|endpoint| endpoint.region.is_none()) {
        region_ids.push(NAMELESS);
    }
    if let Some(glob) = unmatched(&region_globs, &region_ids) {
        region_ids.retain(|id| *id != NAMELESS);
        return Err(SelectError::UnknownRegion(Unknown::new(glob, &region_ids)));
    }
    let selected: Vec<Endpoint> = registry
        .endpoints()
        .filter(|endpoint| matches_any(&model_globs, &registry.model(*endpoint).id))
        .filter(|endpoint| {
            matches_any(&region_globs, registry.region(*endpoint).map_or(NAMELESS, |region| region.id.as_str()))
        })
        .collect();
    if selected.is_empty() {
        return Err(SelectError::NoEndpoint { models: quoted(models), regions: quoted(regions) });
    }
    Ok(selected)
}

/// The pairs of a model and a region that match and do not go together, in the registry's order.
///
/// A model that is offered without a region is offered everywhere.
///
/// # Errors
/// A glob that is malformed.
pub fn not_offered<G: AsRef<str>>(
    registry: &Registry,
    models: &[G],
    regions: &[G],
) -> Result<Vec<LeftOut>, SelectError> {
    let (model_globs, region_globs) = (compile(models)?, compile(regions)?);
    let mut missing = Vec::new();
    for model in registry.models.iter().filter(|model| matches_any(&model_globs, &model.id)) {
        for (index, region) in registry.regions.iter().enumerate() {
            let offered = model.offers.iter().any(|offer| offer.regions.is_empty() || offer.regions.contains(&index));
            if !offered && matches_any(&region_globs, &region.id) {
                missing.push(LeftOut {
                    variant: None,
                    model: model.id.clone(),
                    region: Some(region.id.clone()),
                    workload: None,
                    requests: None,
                    reason: "the model is not offered there".to_owned(),
                });
            }
        }
    }
    Ok(missing)
}

/// Why globs select nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// The text is no glob.
    #[error("`{glob}` is not a glob: {problem}")]
    Malformed {
        /// What was given.
        glob: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// No model matches.
    #[error("model {0}")]
    UnknownModel(Unknown),
    /// No region matches.
    #[error("region {0}")]
    UnknownRegion(Unknown),
    /// Models and regions match, and none of the models is offered in any of the regions.
    #[error("none of the models {models} is offered in {regions}")]
    NoEndpoint {
        /// The globs of models.
        models: String,
        /// The globs of regions.
        regions: String,
    },
}

impl SelectError {
    /// What to do about it; absent where the message says it all.
    pub fn hint(&self) -> Option<String> {
        let meant = |unknown: &Unknown| unknown.meant.as_ref().map(|meant| format!("did you mean `{meant}`?"));
        match self {
            Self::UnknownModel(unknown) => {
                let add = "add it to a file and pass `--registry <FILE>`";
                Some(meant(unknown).map_or_else(|| add.to_owned(), |meant| format!("{meant} Or {add}")))
            }
            Self::UnknownRegion(unknown) => meant(unknown),
            Self::Malformed { .. } | Self::NoEndpoint { .. } => None,
        }
    }
}

/// A glob that matches nothing, and what it could have matched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{glob}` is not in the registry (known: {known})")]
pub struct Unknown {
    glob: String,
    known: String,
    meant: Option<String>,
}

impl Unknown {
    fn new(glob: &Pattern, ids: &[&str]) -> Self {
        let mut known = quoted(&ids[..ids.len().min(SHOWN)]);
        match ids.len() {
            0 => known = "none".to_owned(),
            all if all > SHOWN => known.push_str(&format!(" and {} more", all - SHOWN)),
            _ => {}
        }
        let meant = nearest(glob.as_str(), ids.iter().copied()).map(str::to_owned);
        Self { glob: glob.as_str().to_owned(), known, meant }
    }
}

/// Names shown of a long list: the built-in registry's all fit.
const SHOWN: usize = 10;

/// What stands for the region of an endpoint that has none; no region has an empty id.
const NAMELESS: &str = "";

/// Ids are no paths: `*` takes a `/` too, and a leading point is a letter like any other.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: false, require_literal_leading_dot: false };

fn compile<G: AsRef<str>>(globs: &[G]) -> Result<Vec<Pattern>, SelectError> {
    let compile = |glob: &G| {
        let glob = glob.as_ref();
        Pattern::new(glob).map_err(|error| SelectError::Malformed { glob: glob.to_owned(), problem: error.msg })
    };
    globs.iter().map(compile).collect()
}

fn unmatched<'g>(globs: &'g [Pattern], ids: &[&str]) -> Option<&'g Pattern> {
    globs.iter().find(|glob| !ids.iter().any(|id| glob.matches_with(id, OPTIONS)))
}

fn matches_any(globs: &[Pattern], id: &str) -> bool {
    globs.is_empty() || globs.iter().any(|glob| glob.matches_with(id, OPTIONS))
}

fn quoted<G: AsRef<str>>(names: &[G]) -> String {
    match names {
        [] => "`*`".to_owned(),
        names => names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The selected endpoints as `model@region`.
    fn selected(models: &[&str], regions: &[&str]) -> Vec<String> {
        let registry = Registry::built_in();
        let shown = |endpoint: Endpoint| {
            let region = registry.region(endpoint).map_or("", |region| region.id.as_str());
            format!("{}@{region}", registry.model(endpoint).id)
        };
        select(&registry, models, regions).unwrap().into_iter().map(shown).collect()
    }

    fn refusal(models: &[&str], regions: &[&str]) -> (String, Option<String>) {
        let error = select(&Registry::built_in(), models, regions).unwrap_err();
        (error.to_string(), error.hint())
    }

    #[test]
    fn without_globs_every_endpoint_is_selected() {
        assert_eq!(selected(&[], &[]).len(), 39);
        assert_eq!(selected(&["*"], &["*"]).len(), 39);
    }

    #[test]
    fn endpoints_come_in_the_order_of_the_registry_and_once() {
        assert_eq!(
            selected(&["glm-4.6v", "qwen3-*", "qwen3-8b"], &["eu-*", "us-west-2"]),
            [
                "qwen3-8b@us-west-2",
                "qwen3-8b@eu-west-1",
                "qwen3-32b@us-west-2",
                "qwen3-32b@eu-west-1",
                "glm-4.6v@us-west-2",
                "glm-4.6v@eu-west-1"
            ]
        );
    }

    #[test]
    fn a_model_that_is_not_there_is_refused_with_the_one_that_was_meant() {
        let (message, hint) = refusal(&["qwen-8b"], &[]);
        assert!(
            message.starts_with("model `qwen-8b` is not in the registry (known: `qwen3-8b`, `glm-4-9b`, "),
            "{message}"
        );
        assert!(message.ends_with("`deepseek-v4-pro`)"), "{message}");
        assert_eq!(hint.as_deref(), Some("did you mean `qwen3-8b`? Or add it to a file and pass `--registry <FILE>`"));
        assert_eq!(refusal(&["claude*"], &[]).1.as_deref(), Some("add it to a file and pass `--registry <FILE>`"));
        assert!(refusal(&["QWEN3-8B"], &[]).0.starts_with("model `QWEN3-8B` is not in the registry"));
    }

    #[test]
    fn a_region_that_is_not_there_is_refused() {
        assert_eq!(
            refusal(&[], &["us-est-1"]),
            (
                "region `us-est-1` is not in the registry \
                 (known: `us-east-1`, `us-west-2`, `eu-west-1`, `ap-southeast-1`)"
                    .to_owned(),
                Some("did you mean `us-east-1`?".to_owned())
            )
        );
    }

    #[test]
    fn globs_that_share_no_endpoint_are_refused() {
        assert_eq!(
            refusal(&["deepseek-v4-flash"], &["us-west-2"]).0,
            "none of the models `deepseek-v4-flash` is offered in `us-west-2`"
        );
    }

    #[test]
    fn a_malformed_glob_is_refused() {
        assert_eq!(refusal(&["qwen[3"], &[]).0, "`qwen[3` is not a glob: invalid range pattern");
    }

    #[test]
    fn an_endpoint_without_a_region_matches_the_star() {
        let text = "schema = 1\n[[provider]]\nid = \"a\"\nbase_url = \"http://a\"\n\
                    [[model]]\nid = \"m\"\n[[model.at]]\nprovider = \"a\"\n";
        let registry = Registry::parse("r.toml", text).unwrap();
        let nameless = vec![Endpoint { model: 0, offer: 0, region: None }];
        assert_eq!(select(&registry, &["m"], &[]), Ok(nameless.clone()));
        assert_eq!(select(&registry, &["m"], &["*"]), Ok(nameless));
        let error = select(&registry, &["m"], &["north"]).unwrap_err();
        assert_eq!(error.to_string(), "region `north` is not in the registry (known: none)");
    }

    #[test]
    fn of_a_long_registry_the_first_names_are_shown() {
        let ids: Vec<String> = (0..184).map(|n| format!("m{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let unknown = Unknown::new(&Pattern::new("x").unwrap(), &ids);
        assert!(unknown.to_string().ends_with("`m8`, `m9` and 174 more)"), "{unknown}");
    }
}
