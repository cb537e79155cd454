//! A routing table held against a registry: names become endpoints.

use std::ops::Range;

use crate::conf::{Faults, Review};
use crate::registry::{Endpoint, Registry};
use crate::routes::check::examine;
use crate::routes::name::Name;
use crate::routes::table::{Action, OnOverflow, Route, Table, Target};

/// A routing table whose names are endpoints of a registry. Lists stand in the table's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// Where the classifier answers; absent: the table has none.
    pub classifier: Option<Vec<Endpoint>>,
    /// One for each of [`Table::routes`].
    pub routes: Vec<ResolvedRoute>,
}

/// Whom a route calls; all is empty for one that hands over to a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResolvedRoute {
    /// One for each primary target.
    pub primary: Vec<Destination>,
    /// One for each target of `fallback`.
    pub fallback: Vec<Destination>,
    /// Where a prompt over the window is escalated to; empty where it is not.
    pub escalation: Vec<Endpoint>,
    /// Where its pieces are sent; empty where it is not cut.
    pub chunking: Vec<Endpoint>,
}

/// A target: one model at one provider, in one region or more.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// Index into [`Registry::models`].
    pub model: usize,
    /// In the order of the target's `regions`, else of the registry; never empty.
    pub endpoints: Vec<Endpoint>,
    /// Its share against the other primaries', 0 or more.
    pub weight: f64,
    /// The line of the table that the target stands on, from 1.
    pub line: usize,
}

/// Holds `table` against `registry`.
///
/// # Errors
/// Everything at once that is wrong with the table: a name that is not in the registry, a request that has no route, a
/// route that no request reaches, a window or an image that no target takes.
pub fn resolve(table: &Table, registry: &Registry) -> Result<Resolved, Faults> {
    let mut review = Review::new(&table.source, &table.text);
    let resolved = examine(table, registry, &mut review);
    match review.finish() {
        (Some(mistakes), _) => Err(mistakes),
        (None, _) => Ok(resolved),
    }
}

/// The endpoints of every name in `table`. What is not in the registry is noted, and left out.
pub(super) fn endpoints(table: &Table, registry: &Registry, review: &mut Review<'_>) -> Resolved {
    let mut finder = Finder { registry, review };
    Resolved {
        classifier: table.classifier.as_ref().map(|classifier| finder.everywhere(&classifier.model)),
        routes: table.routes.iter().map(|route| finder.route(route)).collect(),
    }
}

struct Finder<'f, 't> {
    registry: &'f Registry,
    review: &'f mut Review<'t>,
}

impl Finder<'_, '_> {
    fn route(&mut self, route: &Route) -> ResolvedRoute {
        let Action::Send { primary, fallback, on_overflow, .. } = &route.action else {
            return ResolvedRoute::default();
        };
        ResolvedRoute {
            primary: primary.iter().filter_map(|target| self.destination(target)).collect(),
            fallback: fallback.iter().filter_map(|target| self.destination(target)).collect(),
            escalation: match on_overflow {
                OnOverflow::Escalate { to } => self.everywhere(to),
                _ => Vec::new(),
            },
            chunking: match on_overflow {
                OnOverflow::Chunk { with } => self.everywhere(with),
                _ => Vec::new(),
            },
        }
    }

    /// Every endpoint of the model `name` at the first provider that offers it.
    fn everywhere(&mut self, name: &Name) -> Vec<Endpoint> {
        let Some(model) = self.model(name) else { return Vec::new() };
        let provider = self.registry.models[model].offers[0].provider;
        self.offered(model, provider)
    }

    fn destination(&mut self, target: &Target) -> Option<Destination> {
        let model = self.model(&target.model)?;
        let provider = match &target.provider {
            Some(name) => self.provider(model, name)?,
            None => self.registry.models[model].offers[0].provider,
        };
        let offered = self.offered(model, provider);
        let endpoints = match &target.regions {
            Some(regions) => self.within(&offered, regions, target),
            None => offered,
        };
        (!endpoints.is_empty()).then_some(Destination { model, endpoints, weight: target.weight, line: target.line })
    }

    fn model(&mut self, name: &Name) -> Option<usize> {
        let models = &self.registry.models;
        let found = models.iter().position(|model| model.id == **name);
        if found.is_none() {
            let known = models.iter().map(|model| model.id.as_str());
            self.review.unknown_name(name.span.clone(), name, "is no model of the registry", known);
        }
        found
    }

    /// The provider `name`, which must offer `model`.
    fn provider(&mut self, model: usize, name: &Name) -> Option<usize> {
        let registry = self.registry;
        let offers = registry.models[model].offers.iter();
        let found = offers.clone().map(|offer| offer.provider).find(|&at| registry.providers[at].id == **name);
        if found.is_none() {
            let known = offers.map(|offer| registry.providers[offer.provider].id.as_str());
            let problem = format!("is no provider of `{}` in the registry", registry.models[model].id);
            self.review.unknown_name(name.span.clone(), name, &problem, known);
        }
        found
    }

    fn offered(&self, model: usize, provider: usize) -> Vec<Endpoint> {
        let registry = self.registry;
        let at = |endpoint: &Endpoint| endpoint.model == model && registry.offer(*endpoint).provider == provider;
        registry.endpoints().filter(at).collect()
    }

    /// Those of `offered` that are in `regions`, in the order of these.
    fn within(&mut self, offered: &[Endpoint], regions: &[Name], target: &Target) -> Vec<Endpoint> {
        let registry = self.registry;
        let mut found = Vec::new();
        let mut elsewhere: Vec<&Name> = Vec::new();
        let mut all_known = true;
        for name in regions {
            if !registry.regions.iter().any(|region| region.id == **name) {
                let known = registry.regions.iter().map(|region| region.id.as_str());
                self.review.unknown_name(name.span.clone(), name, "is no region of the registry", known);
                all_known = false;
                continue;
            }
            let is_here = |endpoint: &&Endpoint| registry.region(**endpoint).is_some_and(|region| region.id == **name);
            match offered.iter().find(is_here) {
                Some(endpoint) => found.push(*endpoint),
                None => elsewhere.push(name),
            }
        }
        for name in elsewhere {
            let problem = format!("`{}` is not offered in `{name}`", target.model);
            let ids = offered.iter().filter_map(|endpoint| registry.region(*endpoint));
            let hint = match ids.map(|region| format!("`{}`", region.id)).collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => "it is offered without a region: leave `regions` out".to_owned(),
                regions => format!("it is offered in {regions}"),
            };
            let span: Range<usize> = name.span.clone();
            if found.is_empty() && all_known {
                self.review.mistake(span, format!("{problem}, so that nobody would be called"), Some(hint));
            } else {
                self.review.warning(span, format!("{problem}, which is passed over"), Some(hint));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
