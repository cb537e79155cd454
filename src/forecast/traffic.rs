//! The share of each kind of request: as in the workloads, or as a policy says by route or class.

use std::collections::BTreeSet;

use crate::forecast::ForecastError;
use crate::forecast::flows::Routing;
use crate::forecast::kinds::Kind;
use crate::forecast::measured::Measured;
use crate::forecast::sender::Sender;
use crate::forecast::table::Setting;
use crate::gate::Traffic;

/// Passes of raking: shares of routes that a classifier mixes need a few, others one.
const PASSES: usize = 60;

/// The share of each of the kinds in `measured`, 1 together, so that routes of the table, or classes, have the shares that
/// `traffic` gives them; what it does not name has none. Without shares they are those of the workloads.
///
/// Where a classifier mixes routes, kinds are raked until the routes' shares come out (Deming and Stephan, Annals of
/// Mathematical Statistics 11, 1940).
///
/// # Errors
/// A name is no route and no class.
pub fn traffic_shares(
    measured: &Measured,
    routing: Routing<'_>,
    traffic: Option<&Traffic>,
    (policy, setting): (&str, &Setting),
) -> Result<TrafficShares, ForecastError> {
    let mut shares: Vec<f64> = measured.kinds.iter().map(|kind| kind.share).collect();
    let Some(traffic) = traffic.filter(|traffic| !traffic.shares.is_empty()) else {
        return Ok(TrafficShares { shares, unreached: Vec::new() });
    };
    let mut sender = Sender::new(measured, routing, setting.day, setting.seed);
    let routes: Vec<Vec<(Option<usize>, f64)>> = measured.kinds.iter().map(|kind| sender.routes(kind)).collect();
    let mut groups: Vec<(Vec<f64>, f64)> = Vec::new();
    for (name, share) in &traffic.shares {
        let route = routing.table.routes.iter().position(|route| *route.name == **name);
        let is_class = measured.kinds.iter().any(|kind| kind.class.as_deref() == Some(name));
        let belongs = |(kind, routes): (&Kind, &Vec<(Option<usize>, f64)>)| match route {
            Some(_) => routes.iter().filter(|(to, _)| *to == route).map(|(_, share)| share).sum(),
            None => f64::from(u8::from(kind.class.as_deref() == Some(name))),
        };
        if route.is_none() && !is_class {
            let routes = routing.table.routes.iter().map(|route| route.name.text.as_str());
            let classes = measured.kinds.iter().filter_map(|kind| kind.class.as_deref());
            let known: BTreeSet<&str> = routes.chain(classes).collect();
            let known: Vec<String> = known.into_iter().map(|name| format!("`{name}`")).collect();
            return Err(ForecastError::UnknownShare {
                policy: policy.to_owned(),
                line: traffic.line,
                name: name.clone(),
                known: known.join(", "),
            });
        }
        groups.push((measured.kinds.iter().zip(&routes).map(belongs).collect(), *share));
    }
    let none = |(members, share): &(Vec<f64>, f64)| *share > 0.0 && members.iter().all(|member| *member <= 0.0);
    let named = groups.iter().zip(&traffic.shares);
    let unreached = named.filter(|(group, _)| none(group)).map(|(_, named)| named.clone()).collect();
    rake(&mut shares, &groups);
    Ok(TrafficShares { shares, unreached })
}

/// How the traffic is shared among kinds of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct TrafficShares {
    /// The share of each of the measured kinds, 1 together.
    pub shares: Vec<f64>,
    /// What a policy gives a share to, and no request of the runs belongs to: it is not in the forecast.
    pub unreached: Vec<(String, f64)>,
}

impl TrafficShares {
    /// What is to be said of it, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let told = |(name, share): &(String, f64)| {
            format!(
                "not in the forecast: `{name}`, {:.1} % of the traffic by the policy, as no request of the runs goes there",
                share * 100.0
            )
        };
        self.unreached.iter().map(told).collect()
    }
}

/// Scales `shares` until each group, of so much of every kind, has its own share.
fn rake(shares: &mut [f64], groups: &[(Vec<f64>, f64)]) {
    // What no group holds any of is not in the traffic.
    for (kind, share) in shares.iter_mut().enumerate() {
        if groups.iter().all(|(members, _)| members[kind] <= 0.0) {
            *share = 0.0;
        }
    }
    for _ in 0..PASSES {
        let factors: Vec<f64> = groups
            .iter()
            .map(|(members, wanted)| {
                let found: f64 = members.iter().zip(shares.iter()).map(|(member, share)| member * share).sum();
                if found > 0.0 { wanted / found } else { 1.0 }
            })
            .collect();
        for (kind, share) in shares.iter_mut().enumerate() {
            let member: f64 = groups.iter().map(|(members, _)| members[kind]).sum();
            let scaled: f64 = groups.iter().zip(&factors).map(|((members, _), factor)| members[kind] * factor).sum();
            if member > 0.0 {
                *share *= scaled / member;
            }
        }
    }
    let all: f64 = shares.iter().sum();
    shares.iter_mut().filter(|_| all > 0.0).for_each(|share| *share /= all);
}

impl Sender<'_> {
    /// The routes that take requests of `kind`, with their shares; absent is none.
    pub(in crate::forecast) fn routes(&mut self, kind: &Kind) -> Vec<(Option<usize>, f64)> {
        let labels = self.labels(kind);
        labels.into_iter().map(|label| (self.routing.route(kind, label.tier), label.share)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_groups_come_out_and_what_is_in_none_goes() {
        let mut shares = [0.25; 4];
        rake(&mut shares, &[(vec![1.0, 1.0, 0.0, 0.0], 0.9), (vec![0.0, 0.0, 1.0, 0.0], 0.1)]);
        assert_eq!(shares.map(|share| (share * 1e6).round() as u32), [450_000, 450_000, 100_000, 0]);
    }

    #[test]
    fn routes_that_a_classifier_mixes_get_their_shares_too() {
        let mut shares = [0.5, 0.5];
        rake(&mut shares, &[(vec![0.9, 0.2], 0.6), (vec![0.1, 0.8], 0.4)]);
        let first = 0.9 * shares[0] + 0.2 * shares[1];
        assert!((first - 0.6).abs() < 1e-3, "{shares:?}");
    }
}
