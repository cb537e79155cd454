//! The one limit that a report shows of each cell, of all that a policy has.

use std::cmp::Reverse;

use crate::gate::matching::Match;
use crate::gate::named::Named;
use crate::gate::policy::{Policy, Promise, Slo, Timed};
use crate::rundir::Promised;

impl Policy {
    /// What is promised of the cell that is called so.
    ///
    /// Where several SLOs are about the same of a cell, that shown is the most specific: one that names the workload before
    /// one that does not, then the one that names more, then the stricter. Those about a window of history are none of
    /// a run's.
    pub fn promised(&self, names: &Named<'_>) -> Promised {
        let about = || self.slos.iter().filter(|slo| slo.window_days.is_none() && slo.matches.takes(names));
        let limit = |slo: &Slo| match slo.promise {
            Promise::Quantile { latency: Timed::E2e, q, max } if (q - 0.99).abs() < 1e-9 => Some(max),
            _ => None,
        };
        let floor = |slo: &Slo| match slo.promise {
            Promise::Availability { min } => Some(min),
            _ => None,
        };
        let limits = about().filter_map(|slo| Some((specificity(&slo.matches), Reverse(limit(slo)?))));
        let floors = about().filter_map(|slo| Some((specificity(&slo.matches), floor(slo)?)));
        Promised {
            e2e_p99_ms: limits.max().map(|(_, Reverse(limit))| limit.as_ms()),
            availability: floors.max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))).map(|(_, floor)| floor),
        }
    }
}

/// Whether the workload is named, and how many names there are in all.
fn specificity(matches: &Match) -> (bool, usize) {
    let globs =
        [&matches.provider, &matches.model, &matches.region, &matches.route, &matches.workload, &matches.variant];
    let named = globs.iter().filter(|glob| glob.is_some()).count() + usize::from(matches.tier.is_some());
    (matches.workload.is_some(), named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promised(rules: &[&str]) -> Promised {
        let slos: String = rules.iter().map(|rule| format!("[[slo]]\nname = \"x\"\n{rule}\n")).collect();
        let policy = Policy::parse("gate.toml", &format!("schema = 1\n{slos}")).unwrap();
        policy.promised(&Named { model: "m", tier: Some(1), workload: "chat", ..Named::default() })
    }

    #[test]
    fn the_most_specific_of_several_limits_is_shown() {
        let limit = |max: u32, names: &str| format!("match = {{ {names} }}\nmetric = \"e2e_p99_ms\"\nmax = {max}");
        let shown = |rules: &[(u32, &str)]| {
            let rules: Vec<String> = rules.iter().map(|(max, names)| limit(*max, names)).collect();
            promised(&rules.iter().map(String::as_str).collect::<Vec<_>>()).e2e_p99_ms
        };
        assert_eq!(shown(&[(900, "workload = \"chat\""), (500, "tier = 1, model = \"m\"")]), Some(900.0));
        assert_eq!(shown(&[(500, "tier = 1"), (900, "tier = 1, model = \"*\"")]), Some(900.0));
        assert_eq!(shown(&[(900, "tier = 1"), (500, "model = \"m\"")]), Some(500.0));
        assert_eq!(shown(&[(900, "tier = 2"), (500, "model = \"n\"")]), None);
    }

    #[test]
    fn other_quantiles_and_windows_of_history_are_no_limit_of_a_runs_p99() {
        let none = ["metric = \"e2e_p95_ms\"\nmax = 5", "metric = \"e2e_p99_ms\"\nmax = 5\nwindow = \"30d\""];
        assert_eq!(promised(&none), Promised::default());
        let floors = ["metric = \"availability\"\nmin = 0.9", "metric = \"availability\"\nmin = 0.95"];
        assert_eq!(promised(&floors).availability, Some(0.95));
    }
}
