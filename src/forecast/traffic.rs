//! The share of each kind of request: as in the workloads, or as a policy says by route or class.

use std::collections::BTreeSet;

use crate::forecast::ForecastError;
use crate::forecast::flows::Routing;
use crate::forecast::kinds::Kind;
use crate::forecast::measured::Measured;
use crate::forecast::sender::Sender;
use crate::forecast::table::Setting;
use crate::gate::Traffic;

/// Passes of [`fit`]: shares of routes that a classifier mixes need many, others one.
const PASSES: usize = 300;

/// By how much a route's share may miss the policy's before that is said.
const SLACK: f64 = 0.01;

/// How the traffic is shared among kinds of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct TrafficShares {
    /// The share of each of the measured kinds, 0 to 1; with those of `unreached` they are 1 together.
    pub shares: Vec<f64>,
    /// Routes that a policy gives a share to, and that no request of the runs is meant for.
    pub unreached: Vec<(String, f64)>,
    /// Routes whose share is not what a policy says, since a classifier sends other requests there, or theirs elsewhere.
    pub missed: Vec<Missed>,
}

/// A route whose share does not come out.
#[derive(Clone, Debug, PartialEq)]
pub struct Missed {
    /// The route's name.
    pub name: String,
    /// The share that a policy gives it, 0 to 1.
    pub wanted: f64,
    /// The share that it gets, 0 to 1.
    pub found: f64,
}

impl TrafficShares {
    /// These shares of the measured kinds, and nothing else.
    pub const fn of_kinds(shares: Vec<f64>) -> Self {
        Self { shares, unreached: Vec::new(), missed: Vec::new() }
    }

    /// What is to be said of it, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let told = |Missed { name, wanted, found }: &Missed| {
            format!(
                "`{name}` gets {:.1} % of the traffic and not the policy's {:.1} %, as labels are not always right",
                found * 100.0,
                wanted * 100.0
            )
        };
        self.missed.iter().map(told).collect()
    }
}

/// The share of each of the kinds in `measured` so that routes of the table, or classes, have the shares that `traffic` gives
/// them; what it does not name has none. Without shares they are those of the workloads.
///
/// A route's share is made up of the requests that are meant for it: by their recorded tier, else by the label that they most
/// often get. Where a classifier sends some of them elsewhere the kinds are fitted so that the routes' shares come out as near
/// as can be.
///
/// # Errors
/// A name is no route and no class, or two names are about the same requests.
pub fn traffic_shares(
    measured: &Measured,
    routing: Routing<'_>,
    traffic: Option<&Traffic>,
    (policy, setting): (&str, &Setting),
) -> Result<TrafficShares, ForecastError> {
    let Some(traffic) = traffic.filter(|traffic| !traffic.shares.is_empty()) else {
        return Ok(TrafficShares::of_kinds(measured.kinds.iter().map(|kind| kind.share).collect()));
    };
    let known = Known::new(measured, routing, setting);
    let groups: Vec<Group<'_>> = traffic
        .shares
        .iter()
        .map(|(name, share)| known.group(name, *share).ok_or_else(|| known.unknown(name, (policy, traffic.line))))
        .collect::<Result<_, _>>()?;
    for (place, kind) in measured.kinds.iter().enumerate() {
        let mut holding = groups.iter().filter(|group| group.share > 0.0 && group.holds[place]);
        if let (Some(one), Some(other)) = (holding.next(), holding.next()) {
            return Err(ForecastError::SharedTwice {
                policy: policy.to_owned(),
                line: traffic.line,
                names: [one.name.to_owned(), other.name.to_owned()],
                kind: kind.in_words(),
            });
        }
    }
    let reaches = |group: &&Group<'_>| group.holds.iter().any(|holds| *holds);
    let named = |group: &Group<'_>| (group.name.to_owned(), group.share);
    let unreached = groups.iter().filter(|group| !reaches(group) && group.share > 0.0).map(named).collect();
    let reached: Vec<&Group<'_>> = groups.iter().filter(reaches).collect();
    let mut shares = vec![0.0; measured.kinds.len()];
    for group in &reached {
        let of_it = || (0..shares.len()).filter(|kind| group.holds[*kind]);
        let all: f64 = of_it().map(|kind| measured.kinds[kind].share).sum();
        let each: Vec<(usize, f64)> =
            of_it().map(|kind| (kind, group.share * measured.kinds[kind].share / all)).collect();
        each.into_iter().for_each(|(kind, share)| shares[kind] = share);
    }
    let wanted: Vec<(&[f64], f64)> = reached.iter().map(|group| (group.members.as_slice(), group.share)).collect();
    fit(&mut shares, &wanted);
    let missed = reached.iter().filter_map(|group| {
        let found: f64 = shares.iter().enumerate().map(|(kind, share)| share * known.part(kind, group)).sum();
        ((found - group.share).abs() > SLACK).then(|| Missed {
            name: group.name.to_owned(),
            wanted: group.share,
            found,
        })
    });
    Ok(TrafficShares { missed: missed.collect(), unreached, shares })
}

/// What a policy gives a share to.
struct Group<'a> {
    name: &'a str,
    share: f64,
    /// Index into the table's routes; absent: it is a class.
    route: Option<usize>,
    /// Whether it is about each kind of request.
    holds: Vec<bool>,
    /// How much of each kind counts for its share, 0 to 1.
    members: Vec<f64>,
}

/// Where each kind of request goes.
struct Known<'a> {
    kinds: &'a [Kind],
    routing: Routing<'a>,
    /// The routes of each kind, with their shares of it.
    routes: Vec<Vec<(Option<usize>, f64)>>,
    /// The route that each kind is meant for.
    meant: Vec<Option<usize>>,
}

impl<'a> Known<'a> {
    fn new(measured: &'a Measured, routing: Routing<'a>, setting: &Setting) -> Self {
        let mut sender = Sender::new(measured, routing, setting.day, setting.seed);
        let routes: Vec<_> = measured.kinds.iter().map(|kind| sender.routes(kind)).collect();
        let likeliest = |routes: &[(Option<usize>, f64)]| {
            let share = |route| routes.iter().filter(|(to, _)| *to == route).map(|(_, share)| share).sum::<f64>();
            routes.iter().map(|(route, _)| *route).max_by(|a, b| share(*a).total_cmp(&share(*b))).flatten()
        };
        let meant = measured.kinds.iter().zip(&routes).map(|(kind, routes)| match kind.tier {
            Some(_) => routing.route(kind, kind.tier),
            None => likeliest(routes),
        });
        Self { kinds: &measured.kinds, routing, meant: meant.collect(), routes }
    }

    /// What `name` is; absent where it is no route and no class.
    fn group<'n>(&self, name: &'n str, share: f64) -> Option<Group<'n>> {
        let route = self.routing.table.routes.iter().position(|route| *route.name == *name);
        let is_of_class = |kind: &Kind| kind.class.as_deref() == Some(name);
        if route.is_none() && !self.kinds.iter().any(is_of_class) {
            return None;
        }
        let holds = self.kinds.iter().zip(&self.meant).map(|(kind, meant)| match route {
            Some(_) => *meant == route,
            None => is_of_class(kind),
        });
        let mut group = Group { name, share, route, holds: holds.collect(), members: Vec::new() };
        group.members = (0..self.kinds.len()).map(|kind| self.part(kind, &group)).collect();
        Some(group)
    }

    /// How much of a kind goes to the route of `group`, or is of its class; 0 to 1.
    fn part(&self, kind: usize, group: &Group<'_>) -> f64 {
        match group.route {
            Some(_) => self.routes[kind].iter().filter(|(to, _)| *to == group.route).map(|(_, share)| share).sum(),
            None => f64::from(u8::from(group.holds[kind])),
        }
    }

    fn unknown(&self, name: &str, (policy, line): (&str, usize)) -> ForecastError {
        let routes = self.routing.table.routes.iter().map(|route| route.name.text.as_str());
        let classes = self.kinds.iter().filter_map(|kind| kind.class.as_deref());
        let known: BTreeSet<&str> = routes.chain(classes).collect();
        let known: Vec<String> = known.into_iter().map(|name| format!("`{name}`")).collect();
        ForecastError::UnknownShare { policy: policy.to_owned(), line, name: name.to_owned(), known: known.join(", ") }
    }
}

/// Moves `shares` until the `groups`, each of so much of every kind, have their own shares, or as nearly so as can be: by
/// likelihood, and with the sum of all unchanged (Dempster, Laird and Rubin, Journal of the Royal Statistical Society B 39, 1977).
///
/// What has no share gets none.
fn fit(shares: &mut [f64], groups: &[(&[f64], f64)]) {
    let all: f64 = shares.iter().sum();
    for _ in 0..PASSES {
        let factors: Vec<f64> = groups
            .iter()
            .map(|(members, wanted)| {
                let found: f64 = members.iter().zip(shares.iter()).map(|(member, share)| member * share).sum();
                if found > 0.0 { wanted / found } else { 0.0 }
            })
            .collect();
        for (kind, share) in shares.iter_mut().enumerate() {
            *share *= groups.iter().zip(&factors).map(|((members, _), factor)| members[kind] * factor).sum::<f64>();
        }
        let now: f64 = shares.iter().sum();
        shares.iter_mut().filter(|_| now > 0.0).for_each(|share| *share *= all / now);
    }
}

impl Sender<'_> {
    /// The routes that take requests of `kind`, with their shares; absent is none.
    pub(in crate::forecast) fn routes(&mut self, kind: &Kind) -> Vec<(Option<usize>, f64)> {
        let labels = self.labels(kind);
        labels.into_iter().map(|label| (self.routing.route(kind, label.tier), label.share)).collect()
    }
}

#[cfg(test)]
mod tests;
