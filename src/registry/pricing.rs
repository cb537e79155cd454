//! What an endpoint charges, in dollars, for any moment.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::registry::exchange::ExchangeRate;
use crate::registry::model::{Endpoint, Registry};
use crate::registry::price::{Asked, Override, Price, Rates};

/// The prices of one endpoint in dollars, oldest first.
///
/// A row in another currency stands here once for each exchange rate in force while it holds; where none is, its
/// figures are unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pricing {
    rows: Vec<PricedFrom>,
}

/// A price row in dollars, and since when.
#[derive(Clone, Debug, PartialEq)]
pub struct PricedFrom {
    /// The first day, in UTC: of the row, or of the exchange rate where that is later.
    pub since: Date,
    /// The row; its figures are in dollars whatever its `currency` is, which stays the listed one.
    pub price: Price,
    /// Dollars for one unit of the listed currency; absent for dollars and where no rate is known.
    pub exchange_rate: Option<ExchangeRate>,
}

impl Registry {
    /// What `endpoint` charges.
    pub fn pricing(&self, endpoint: Endpoint) -> Pricing {
        let listed = &self.offer(endpoint).prices;
        let ends = listed.iter().skip(1).map(|next| Some(next.from)).chain([None]);
        let rows = listed.iter().zip(ends).flat_map(|(price, end)| self.in_dollars(price, end)).collect();
        Pricing { rows }
    }

    /// `price` in dollars, which the next row replaces on the day `end`.
    fn in_dollars(&self, price: &Price, end: Option<Date>) -> Vec<PricedFrom> {
        if price.currency == "USD" {
            return vec![PricedFrom { since: price.from, price: price.clone(), exchange_rate: None }];
        }
        let known = || self.exchange_rates.iter().filter(|rate| rate.currency == price.currency);
        let first = known().rfind(|rate| rate.from <= price.from);
        let later = known().filter(|rate| rate.from > price.from && end.is_none_or(|end| rate.from < end));
        let at_first = PricedFrom {
            since: price.from,
            price: first.map_or_else(|| unknown(price), |rate| converted(price, rate)),
            exchange_rate: first.cloned(),
        };
        let then = later.map(|rate| PricedFrom {
            since: rate.from,
            price: converted(price, rate),
            exchange_rate: Some(rate.clone()),
        });
        std::iter::once(at_first).chain(then).collect()
    }
}

impl Pricing {
    /// The row in force on `day`: the newest that begins no later. Absent: no price is known.
    pub fn on(&self, day: Date) -> Option<&PricedFrom> {
        self.rows.iter().rfind(|row| row.since <= day)
    }

    /// The first day after `day` on which a row begins; absent: none does.
    pub fn begins_after(&self, day: Date) -> Option<Date> {
        self.rows.iter().map(|row| row.since).find(|since| *since > day)
    }

    /// What a request is charged by; absent: no price is known.
    pub fn rates_for(&self, asked: &Asked<'_>) -> Option<Cow<'_, Rates>> {
        self.on(asked.at.date()).map(|row| row.price.rates_for(asked))
    }

    /// The rates that a request between `first` and `last` may be charged by, each of its figures by one of these; empty
    /// where no price is known.
    pub fn all_rates(&self, first: Date, last: Date) -> impl Iterator<Item = Rates> + '_ {
        let begin = self.rows.iter().rposition(|row| row.since <= first).unwrap_or(0);
        let rows = self.rows.iter().skip(begin).take_while(move |row| row.since <= last);
        rows.flat_map(|row| row.price.all_rates())
    }
}

fn converted(price: &Price, rate: &ExchangeRate) -> Price {
    let change = |change: &Override| Override { when: change.when.clone(), rates: change.rates.times(rate.usd) };
    Price {
        rates: price.rates.times(rate.usd),
        overrides: price.overrides.iter().map(change).collect(),
        ..price.clone()
    }
}

fn unknown(price: &Price) -> Price {
    Price { rates: Rates::default(), overrides: Vec::new(), ..price.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
schema = 1
[[exchange_rate]]
currency = "CNY"
from = "2026-05-01"
usd = "0.14"
[[exchange_rate]]
currency = "CNY"
from = "2026-09-01"
usd = "0.15"
[[provider]]
id = "p"
base_url = "https://p.example/v1"
[[model]]
id = "m"
[[model.at]]
provider = "p"
[[model.at.price]]
from = "2026-03-01"
currency = "CNY"
input = "1"
output = "2"
[[model.at.price]]
from = "2026-10-01"
input = "0.10"
output = "0.20"
[[model.at.price.override]]
utc = ["00:30-08:30"]
output = "0.10"
"#;

    fn output_at(at: &str) -> Option<String> {
        let registry = Registry::parse("r.toml", FILE).unwrap();
        let pricing = registry.pricing(registry.endpoints().next().unwrap());
        let asked = Asked { input_tokens: 1, at: at.parse().unwrap(), service_tier: None };
        let rates = pricing.rates_for(&asked);
        rates.map(|rates| rates.output.map_or_else(|| "unknown".to_owned(), |price| price.to_string()))
    }

    #[test]
    fn the_newest_row_and_the_newest_exchange_rate_in_force_decide() {
        assert_eq!(output_at("2026-02-28T12:00"), None);
        assert_eq!(output_at("2026-03-01T00:00").unwrap(), "unknown", "no rate is known before May");
        assert_eq!(output_at("2026-05-01T00:00").unwrap(), "0.28");
        assert_eq!(output_at("2026-08-31T23:59:59").unwrap(), "0.28");
        assert_eq!(output_at("2026-09-01T00:00").unwrap(), "0.30");
        assert_eq!(output_at("2026-10-01T12:00").unwrap(), "0.20");
        assert_eq!(output_at("2026-10-01T08:29").unwrap(), "0.10", "off-peak");
    }

    #[test]
    fn the_dearest_of_a_run_is_among_all_its_rates() {
        let registry = Registry::parse("r.toml", FILE).unwrap();
        let pricing = registry.pricing(registry.endpoints().next().unwrap());
        let (first, last) = ("2026-09-30".parse().unwrap(), "2026-10-01".parse().unwrap());
        let outputs: Vec<String> =
            pricing.all_rates(first, last).map(|rates| rates.output.unwrap().to_string()).collect();
        assert_eq!(outputs, ["0.30", "0.20", "0.10"]);
    }
}
