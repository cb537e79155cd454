//! A routing table forecast: every route's figures, and what they rest on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::forecast::figures::{Figures, draws};
use crate::forecast::flows::{Flow, Path, Routing, Way};
use crate::forecast::labels::Label;
use crate::forecast::lengths::Lengths;
use crate::forecast::measured::Measured;
use crate::forecast::outlook::Outlook;
use crate::forecast::remedy::Unmeasured;
use crate::forecast::sender::Sender;
use crate::forecast::traffic::TrafficShares;
use crate::registry::Endpoint;
use crate::routes::{Action, RegionOrder, Route};

/// What a forecast is told beside runs and table.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The day whose prices are used, in UTC.
    pub day: Date,
    /// The seed of all draws.
    pub seed: u64,
    /// Requests of a month; absent: not said, and so no dollars a month are told.
    pub requests_per_month: Option<u64>,
    /// Times that rounds are drawn again for intervals; without any there are none over rounds.
    pub draws: usize,
}

/// Draws with which the ends of an interval are stable.
pub const DRAWS: usize = 1_000;

/// A table's forecast.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// Routes that get any traffic, in the table's order.
    pub routes: Vec<RouteForecast>,
    /// All of them together.
    pub total: RouteForecast,
    /// The share of the traffic that no route takes, and that gets no answer; 0 to 1.
    pub untaken: f64,
    /// What lacks a measurement.
    pub missing: BTreeSet<Unmeasured>,
    /// What was taken for true, in sentences.
    pub assumptions: Vec<String>,
    /// Endpoints that would be called more than twice as often as they were measured: their names, calls a second, and the
    /// rate measured.
    pub extrapolated: Vec<(String, f64, f64)>,
    /// Rounds that it is made of.
    pub rounds: usize,
}

/// A route's forecast, or that of a whole table.
#[derive(Clone, Debug)]
pub struct RouteForecast {
    /// The route's name; absent for the whole table.
    pub name: Option<String>,
    /// The line of the file that it begins at; absent for the whole table.
    pub line: Option<usize>,
    /// The tier that it takes alone; absent where it takes several.
    pub tier: Option<u8>,
    /// Its share of all requests, 0 to 1.
    pub share: f64,
    /// Its figures; absent where a part of it was never measured.
    pub figures: Option<Figures>,
    pub(in crate::forecast) outlook: Outlook,
}

/// Sends every kind of request in `measured`, with its share of the `traffic`, through `routing`.
///
/// Each call is drawn from the stored requests of its endpoint in the same round, so that hosts that fail together do so here
/// too; a call that fails on what the table fails over on adds its time and cost, and the next endpoint is called. The same
/// seed draws the same for every table.
pub fn forecast(measured: &Measured, routing: Routing<'_>, traffic: &TrafficShares, setting: &Setting) -> Forecast {
    let mut sender = Sender::new(measured, routing, setting.day, setting.seed);
    let mut paths: BTreeMap<Path, Flow> = BTreeMap::new();
    let mut notes = Notes::default();
    let lengths = Lengths::new(measured, routing);
    for (kind, share) in measured.kinds.iter().zip(&traffic.shares).filter(|(_, share)| **share > 0.0) {
        let (classifiers, question) = (routing.classifiers(kind), routing.question_tokens(kind));
        let unseen = |endpoint: &Endpoint| measured.unrecorded(&routing.registry.model(*endpoint).id, kind).is_none();
        if kind.tier.is_none() && classifiers.iter().any(unseen) {
            *notes.unlabelled.entry(kind.class.clone().unwrap_or_else(|| kind.workload.clone())).or_default() += share;
        }
        notes.questions_unknown |= !classifiers.is_empty() && question.is_none();
        notes.classifiers.extend(classifiers);
        let size = lengths.of(kind);
        let images = kind.images.unwrap_or(1);
        notes.images_unknown |= kind.images.is_none();
        for Label { asked, tier, share: part } in sender.labels(kind) {
            let route = routing.route(kind, tier);
            let ways = route.map_or_else(|| vec![(Way::Refused, 1.0)], |route| routing.ways(kind, route));
            for (way, of_part) in ways {
                let of_all = share * part * of_part;
                notes.pieces += if matches!(way, Way::Pieces(..)) { of_all } else { 0.0 };
                let path = Path {
                    route,
                    workload: kind.workload.clone(),
                    class: kind.class.clone(),
                    size,
                    images,
                    classifier: asked,
                    way,
                };
                paths.entry(path).or_default().add(of_all, question);
            }
        }
    }
    let mut outlooks: BTreeMap<Option<usize>, Outlook> = BTreeMap::new();
    for (path, flow) in &paths {
        sender.send(path, *flow, outlooks.entry(path.route).or_default());
    }
    let untaken = outlooks.get(&None).map_or(0.0, |outlook| outlook.share);
    for (name, share) in &traffic.unreached {
        let route = routing.table.routes.iter().position(|route| *route.name == **name);
        let outlook = outlooks.entry(route).or_default();
        outlook.share += share;
        outlook.missing.insert(routing.without_requests(name, route));
    }
    let mut total = Outlook::default();
    outlooks.values().for_each(|outlook| total.merge(outlook));
    let draws = draws(measured.rounds, setting.seed, setting.draws);
    let told = |name: Option<usize>, mut outlook: Outlook| {
        outlook.settle(measured);
        let complete = outlook.missing.is_empty() && outlook.share > 0.0;
        let figures = complete.then(|| outlook.figures(routing.registry, &draws, setting.requests_per_month));
        let route = name.map(|route| &routing.table.routes[route]);
        RouteForecast {
            name: route.map(|route| route.name.text.clone()),
            line: route.map(|route| route.line),
            tier: route.and_then(|route| route.matches.tier),
            // Shares of many kinds add up to all but for their last digits.
            share: if outlook.share > 1.0 - 1e-9 { 1.0 } else { outlook.share },
            figures,
            outlook,
        }
    };
    let total = told(None, total);
    let extrapolated = extrapolated(&sender, &total.outlook, setting.requests_per_month);
    let assumptions = notes.told(&mut sender, (&total.outlook, &outlooks));
    // Requests that no route takes are in the total alone.
    let routes =
        outlooks.into_iter().filter_map(|(name, outlook)| name.map(|name| told(Some(name), outlook))).collect();
    Forecast {
        routes,
        untaken,
        missing: total.outlook.missing.clone(),
        total,
        assumptions,
        extrapolated,
        rounds: measured.rounds,
    }
}

impl RouteForecast {
    /// What of it was never measured.
    pub const fn missing(&self) -> &BTreeSet<Unmeasured> {
        &self.outlook.missing
    }
}

impl Forecast {
    /// What is to be said of the table itself, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let told = |share: f64| {
            format!(
                "no route takes {:.1} % of the traffic, which gets no answer: add a last route without `match`, or a `[classifier]`",
                share * 100.0
            )
        };
        Some(self.untaken).filter(|share| *share > 0.0).map(told).into_iter().collect()
    }

    /// Why measured cells that it is made of may not be judged; empty where all may.
    pub fn obstacles(&self) -> impl Iterator<Item = &str> {
        self.total.outlook.obstacles.iter().map(String::as_str)
    }
}

/// What a forecast takes for true and must say.
#[derive(Default)]
struct Notes {
    classifiers: BTreeSet<Endpoint>,
    /// Shares of requests without a recorded tier, by class or workload.
    unlabelled: BTreeMap<String, f64>,
    /// The share of requests whose prompts are cut.
    pieces: f64,
    images_unknown: bool,
    /// Whether it is not known what some requests show a classifier.
    questions_unknown: bool,
}

impl Notes {
    fn told(
        &self,
        sender: &mut Sender<'_>,
        (total, outlooks): (&Outlook, &BTreeMap<Option<usize>, Outlook>),
    ) -> Vec<String> {
        let table = sender.routing.table;
        let mut said = Vec::new();
        let mut say = |sentence: String| said.push(sentence);
        say("latency does not depend on how much traffic an endpoint gets".to_owned());
        if let Some(classifier) = table.classifier.as_ref().filter(|_| !self.classifiers.is_empty()) {
            let known: Vec<f64> = self
                .classifiers
                .iter()
                .filter(|endpoint| sender.knows_accuracy(**endpoint))
                .copied()
                .collect::<Vec<_>>()
                .into_iter()
                .filter_map(|endpoint| sender.labelling(endpoint).map(|labelling| labelling.right))
                .collect();
            if known.len() == self.classifiers.len() {
                let mean = known.iter().sum::<f64>() / known.len() as f64;
                let seen = self.classifiers.iter().all(|endpoint| sender.knows_confusion(*endpoint));
                let wrong = if seen {
                    "wrong ones fall as they did in runs through a table"
                } else {
                    "a wrong one is a tier off, up or down alike"
                };
                say(format!("{:.1} % of the labels are right, as measured; {wrong}", mean * 100.0));
            } else {
                say("every label is right: how often the classifier errs was not measured".to_owned());
            }
            let in_cells = self.classifiers.iter().any(|endpoint| sender.asks_as_in_a_cell(*endpoint));
            match (in_cells, self.questions_unknown) {
                (false, _) => {}
                (true, false) => say("a question for a tier has a token for every four bytes".to_owned()),
                (true, true) => say(
                    "a question for a tier costs what the classifier's own workload did: how much text requests hold is not kept"
                        .to_owned(),
                ),
            }
            for (name, share) in &self.unlabelled {
                say(format!(
                    "requests of `{name}`, which have no recorded tier, are labelled {}: {:.1} % of the traffic",
                    classifier.default_tier,
                    share * 100.0
                ));
            }
        }
        if let Some(rule) = table.failover.breaker {
            say("breakers stay closed: a failing region is called, and failed over from, each time".to_owned());
            for (region, failing) in failing_regions(sender, total) {
                // Shares are sums, and a ratio that is just met must not pass for more by that.
                if failing > rule.attempt_error_ratio + 1e-9 {
                    say(format!(
                        "the breaker of {region} would open: {:.1} % of its calls fail, more than {:.1} %",
                        failing * 100.0,
                        rule.attempt_error_ratio * 100.0
                    ));
                }
            }
        }
        if table.failover.region_order == RegionOrder::Shuffled {
            say("shuffled regions are each first equally often".to_owned());
        }
        if self.pieces > 0.0 {
            say(
                "a prompt that is cut takes one call after the other, each like a stored request of the model that reads it"
                    .to_owned(),
            );
            say(format!(
                "how right an answer is that was made of pieces is not known: {:.1} % of the traffic is in no figure of quality",
                self.pieces * 100.0
            ));
        }
        for (class, model) in &total.of_any_length {
            say(format!(
                "requests of `{class}` that are too long for some window take what others of their class do on `{model}`: none so \
                 long was measured there"
            ));
        }
        for (model, workload) in &total.through_tables {
            say(format!(
                "`{model}` does with all of `{workload}` what it did with the requests that a table sent there"
            ));
        }
        if self.images_unknown && total.called.keys().any(|endpoint| sender.charges_images(*endpoint)) {
            say("a request with images holds one: how many is not kept".to_owned());
        }
        for (route, outlook) in outlooks.iter().filter_map(|(route, outlook)| Some(((*route)?, outlook))) {
            let Route { name, action: Action::Send { max_cost_per_request: Some(cap), .. }, .. } = &table.routes[route]
            else {
                continue;
            };
            let (cap, dearest) = (cap.as_f64(), outlook.dearest);
            if dearest > cap {
                say(format!(
                    "`{name}` answers all requests, though its `max_cost_per_request_usd` of ${cap} would refuse those that \
                     cost ${dearest:.6} as a mean"
                ));
            } else {
                say(format!("no request of `{name}` comes to its `max_cost_per_request_usd`"));
            }
        }
        if sender.measured.runs.iter().any(|run| run.slim) {
            say(
                "a slim run keeps no requests: all classes and lengths of a cell share its times, mean tokens and quality, a timeout takes its limit, \
                 another failure the median time to the first token"
                    .to_owned(),
            );
        }
        for model in &total.unknown {
            say(format!("what `{model}` costs is not known in full, and left out"));
        }
        if !total.assumed.is_empty() {
            let names: Vec<String> =
                total.assumed.iter().map(|(model, key)| format!("{} of `{model}`", key.name())).collect();
            say(format!("prices that the registry assumes: {}", names.join(", ")));
        }
        said
    }
}

/// The share of failed calls for answers in each region of a provider, 0 to 1.
fn failing_regions(sender: &Sender<'_>, total: &Outlook) -> BTreeMap<String, f64> {
    let registry = sender.routing.registry;
    let mut calls: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (endpoint, called) in &total.called {
        let provider = &registry.provider(*endpoint).id;
        let region = registry.region(*endpoint).map_or_else(String::new, |region| format!(" in {}", region.id));
        let sums = calls.entry(format!("`{provider}`{region}")).or_default();
        sums.0 += called;
        sums.1 += total.failed.get(endpoint).copied().unwrap_or(0.0);
    }
    calls.into_iter().map(|(region, (called, failed))| (region, failed / called)).collect()
}

/// Seconds of a month of 30 days.
const MONTH: f64 = 30.0 * 86_400.0;

/// How many times its measured rate an endpoint may be called before that is said.
const FAR: f64 = 2.0;

fn extrapolated(sender: &Sender<'_>, total: &Outlook, requests_per_month: Option<u64>) -> Vec<(String, f64, f64)> {
    let Some(month) = requests_per_month else { return Vec::new() };
    let far = |(endpoint, share): (&Endpoint, &f64)| {
        let rate = month as f64 / MONTH * share;
        let measured = sender.rate(*endpoint)?;
        let registry = sender.routing.registry;
        let region = registry.region(*endpoint).map_or_else(String::new, |region| format!(" in {}", region.id));
        (rate > FAR * measured).then(|| (format!("{}{region}", registry.model(*endpoint).id), rate, measured))
    };
    total.called.iter().filter_map(far).collect()
}

#[cfg(test)]
pub(in crate::forecast) mod fixture;
#[cfg(test)]
mod tests;
