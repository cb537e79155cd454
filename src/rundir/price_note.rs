//! A price row of a manifest as prices are reckoned with.

use jiff::civil::Date;

use crate::registry::{Condition, Override, Price, PriceKey, Rates, UtcWindow};
use crate::rundir::manifest::{OverrideNote, PriceNote, RatesNote};

impl PriceNote {
    /// The row in dollars. What another program wrote into it that cannot be read is left out.
    pub fn price(&self) -> Price {
        Price {
            from: self.from.parse().unwrap_or(Date::MIN),
            currency: self.currency.clone(),
            rates: self.rates.rates(),
            overrides: self.overrides.iter().map(OverrideNote::change).collect(),
            source: self.source.clone(),
        }
    }
}

impl OverrideNote {
    fn change(&self) -> Override {
        let when = Condition {
            input_tokens_over: self.input_tokens_over,
            utc: self.utc.iter().filter_map(|window| UtcWindow::parse(window)).collect(),
            weekdays: self.weekdays.iter().copied().collect(),
            service_tier: self.service_tier.clone(),
        };
        Override { when, rates: self.rates.rates() }
    }
}

impl RatesNote {
    fn rates(&self) -> Rates {
        let key = |name: &String| PriceKey::NAMED.iter().find(|(known, _)| known == name).map(|(_, key)| *key);
        Rates {
            input: self.input_usd_per_mtok,
            output: self.output_usd_per_mtok,
            cached_input: self.cached_input_usd_per_mtok,
            cache_write: self.cache_write_usd_per_mtok,
            reasoning: self.reasoning_usd_per_mtok,
            per_request: self.per_request_usd,
            per_image: self.per_image_usd,
            assumed: self.assumed.iter().filter_map(key).collect(),
        }
    }
}
