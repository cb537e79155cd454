//! How much traffic there is, and of what kinds: what turns dollars a request into dollars a month.

use crate::conf::Table;

/// `[traffic]` of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// Requests of a month; absent: not said.
    pub requests_per_month: Option<u64>,
    /// Shares of the traffic by the names of routes or classes, in the file's order, 1 together; empty: as in the workload.
    pub shares: Vec<(String, f64)>,
    /// The line of the file that it begins at, from 1.
    pub line: usize,
}

/// Shares that add up to 1 within this are taken to be rounded.
const SLACK: f64 = 0.001;

pub(in crate::gate) fn read_traffic(table: Table<'_>) -> Traffic {
    let line = table.line();
    let requests = table.optional("requests_per_month").and_then(|field| field.integer(1..=1_000_000_000_000_000));
    let field = table.optional("share");
    let mut shares: Vec<(String, f64)> = Vec::new();
    if let Some(keys) = field.and_then(|field| field.table("traffic.share")) {
        shares = keys
            .entries()
            .into_iter()
            .filter_map(|(name, field)| field.ratio().map(|share| (name.to_owned(), share)))
            .collect();
    }
    let all: f64 = shares.iter().map(|(_, share)| share).sum();
    if let Some(field) = field.filter(|_| !shares.is_empty() && (all - 1.0).abs() > SLACK) {
        field.fault(&format!("adds up to {all:.4}, must add up to 1"));
    }
    shares.iter_mut().for_each(|(_, share)| *share /= all);
    table.finish();
    Traffic { requests_per_month: requests, shares, line }
}

#[cfg(test)]
mod tests {
    use crate::gate::Policy;

    #[test]
    fn shares_add_up_to_one_and_name_what_they_are_of() {
        let text =
            "schema = 1\n[traffic]\nrequests_per_month = 40_000_000\nshare = { everyday = 0.6, autocomplete = 0.4 }\n";
        let traffic = Policy::parse("gate.toml", text).unwrap().traffic.unwrap();
        assert_eq!((traffic.requests_per_month, traffic.line), (Some(40_000_000), 2));
        let names: Vec<&str> = traffic.shares.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), 2);
        let wrong = Policy::parse("gate.toml", &text.replace("0.4", "0.3")).unwrap_err();
        let told: Vec<&str> = wrong.iter().map(crate::conf::Fault::message).collect();
        assert!(told.len() == 1 && told[0].contains("adds up to 0.9000, must add up to 1"), "{told:?}");
        assert!(Policy::parse("gate.toml", &text.replace("0.4", "1.4")).is_err());
        assert!(Policy::parse("gate.toml", "schema = 1\n[traffic]\nrequests_per_day = 4\n").is_err());
    }
}
