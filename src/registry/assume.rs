//! Prices that the user assumes where the registry has none.

use std::str::FromStr;

use jiff::civil::Date;

use crate::registry::model::Registry;
use crate::registry::price::{Price, PriceKey, Rates};
use crate::units::UsdPerMtok;

/// What the user takes a model to cost where nobody has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumedPrice {
    /// The model's id.
    pub model: String,
    /// Prompt tokens.
    pub input: UsdPerMtok,
    /// Generated tokens.
    pub output: UsdPerMtok,
}

/// The source of an assumed price, as the manifest names it.
const SOURCE: &str = "--assume-price";

impl Registry {
    /// Fills the input and output prices that `assumed` speaks of and that are unknown from `today` on, at every
    /// provider of the model, and marks them as assumed. A price that is known stays as it is.
    ///
    /// # Errors
    /// There is no such model, all its prices are known, or its price is listed in another currency.
    pub fn assume(&mut self, assumed: &AssumedPrice, today: Date) -> Result<(), AssumeError> {
        let name = &assumed.model;
        let model = self.models.iter_mut().find(|model| model.id == *name);
        let model = model.ok_or_else(|| AssumeError::UnknownModel { model: name.clone() })?;
        let mut known = None;
        let mut any_filled = false;
        for offer in &mut model.offers {
            if offer.prices.first().is_none_or(|first| first.from > today) {
                offer.prices.insert(0, no_price(today));
            }
            let in_force = offer.prices.iter().rposition(|price| price.from <= today).unwrap_or(0);
            for price in &mut offer.prices[in_force..] {
                if let (Some(input), Some(output)) = (price.rates.input, price.rates.output) {
                    known.get_or_insert((input, output, price.currency.clone()));
                    continue;
                }
                if price.currency != "USD" {
                    let (from, currency) = (price.from, price.currency.clone());
                    return Err(AssumeError::OtherCurrency { model: name.clone(), from, currency });
                }
                fill(price, assumed);
                any_filled = true;
            }
        }
        match known.filter(|_| !any_filled) {
            Some((input, output, currency)) => {
                Err(AssumeError::AllKnown { model: name.clone(), input, output, currency })
            }
            None => Ok(()),
        }
    }
}

fn fill(price: &mut Price, assumed: &AssumedPrice) {
    let rates = &mut price.rates;
    for (figure, key, value) in
        [(&mut rates.input, PriceKey::Input, assumed.input), (&mut rates.output, PriceKey::Output, assumed.output)]
    {
        if figure.is_none() {
            *figure = Some(value);
            rates.assumed.insert(key);
        }
    }
    price.source = Some(price.source.as_ref().map_or_else(|| SOURCE.to_owned(), |said| format!("{said}, {SOURCE}")));
}

fn no_price(from: Date) -> Price {
    Price { from, currency: "USD".to_owned(), rates: Rates::default(), overrides: Vec::new(), source: None }
}

/// Why nothing can be assumed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssumeError {
    /// There is no such model to assume a price of.
    #[error("`--assume-price` names `{model}`, which is not measured here: must be the exact id of a model that is")]
    UnknownModel {
        /// What was named.
        model: String,
    },
    /// Nothing is left to be assumed.
    #[error(
        "`--assume-price` names `{model}`, whose prices are known: {input} for input and {output} for output, in \
         {currency} per million tokens"
    )]
    AllKnown {
        /// The model.
        model: String,
        /// What its prompt tokens cost.
        input: UsdPerMtok,
        /// What its generated tokens cost.
        output: UsdPerMtok,
        /// In which currency.
        currency: String,
    },
    /// A row that has one of the prices in another currency than dollars.
    #[error(
        "`--assume-price` is in dollars, and the price of `{model}` from {from} is in {currency}: must be completed in \
         the registry"
    )]
    OtherCurrency {
        /// The model.
        model: String,
        /// Since when.
        from: Date,
        /// The currency.
        currency: String,
    },
    /// Two prices of one model.
    #[error("`--assume-price` names `{model}` twice, must name it once")]
    Twice {
        /// The model.
        model: String,
    },
}

/// Reads `qwen3-8b=0.10,0.30`: the model's id, then input and output in dollars per million tokens.
impl FromStr for AssumedPrice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('=').and_then(|(model, prices)| Some((model, prices.split_once(',')?)));
        let Some((model, (input, output))) = parts.filter(|(model, _)| !model.is_empty()) else {
            return Err("must be MODEL=IN,OUT in dollars per million tokens, such as qwen3-8b=0.10,0.30".to_owned());
        };
        let price = |which: &str, text: &str| {
            text.parse::<UsdPerMtok>().map_err(|error| format!("the {which} price `{text}` {error}"))
        };
        Ok(Self { model: model.to_owned(), input: price("input", input)?, output: price("output", output)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Asked, Endpoint};

    const FILE: &str = r#"
schema = 1
[[exchange_rate]]
currency = "CNY"
from = "2026-01-01"
usd = "0.14"
[[provider]]
id = "p"
base_url = "https://p.example/v1"
[[model]]
id = "none"
[[model.at]]
provider = "p"
[[model]]
id = "half"
[[model.at]]
provider = "p"
[[model.at.price]]
from = "2026-03-01"
input = "1"
source = "a page"
[[model.at.price]]
from = "2026-12-01"
output = "7"
[[model]]
id = "full"
[[model.at]]
provider = "p"
[[model.at.price]]
from = "2020-01-01"
output = "9"
[[model.at.price]]
from = "2026-03-01"
input = "1"
output = "2.5"
[[model]]
id = "abroad"
[[model.at]]
provider = "p"
[[model.at.price]]
from = "2026-03-01"
currency = "CNY"
input = "1"
"#;

    const TODAY: Date = Date::constant(2026, 11, 24);

    fn assume(text: &str) -> Result<Registry, AssumeError> {
        let mut registry = Registry::parse("r.toml", FILE).unwrap();
        registry.assume(&text.parse().unwrap(), TODAY).map(|()| registry)
    }

    /// Input, output, which of them are assumed, and the source of `model`'s price on `day`.
    fn price(registry: &Registry, model: &str, day: &str) -> String {
        let is_it = |endpoint: &Endpoint| registry.model(*endpoint).id == model;
        let pricing = registry.pricing(registry.endpoints().find(is_it).unwrap());
        let asked = Asked { input_tokens: 1, at: format!("{day}T12:00").parse().unwrap(), service_tier: None };
        let rates = pricing.rates_for(&asked).unwrap();
        let figure = |price: Option<UsdPerMtok>| price.map_or_else(|| "?".to_owned(), |price| price.to_string());
        let assumed: Vec<&str> = rates.assumed.iter().map(|key| key.name()).collect();
        let source = pricing.on(asked.at.date()).unwrap().price.source.clone().unwrap_or_default();
        format!("{} {} {} {source}", figure(rates.input), figure(rates.output), assumed.join("+"))
    }

    #[test]
    fn a_model_without_a_price_has_the_assumed_one_from_today_on() {
        let registry = assume("none=0.10,0.30").unwrap();
        assert_eq!(price(&registry, "none", "2026-11-24"), "0.10 0.30 input+output --assume-price");
        assert_eq!(price(&registry, "half", "2026-11-24"), "1.00 ?  a page", "and no other model");
    }

    #[test]
    fn only_what_is_unknown_is_assumed_now_and_later() {
        let registry = assume("half=5,6").unwrap();
        assert_eq!(price(&registry, "half", "2026-11-24"), "1.00 6.00 output a page, --assume-price");
        assert_eq!(price(&registry, "half", "2026-12-01"), "5.00 7.00 input --assume-price");
    }

    #[test]
    fn a_model_whose_prices_are_known_needs_no_assumption_and_is_said_to_have_them() {
        let error = assume("full=5,6").unwrap_err().to_string();
        assert!(error.ends_with("are known: 1.00 for input and 2.50 for output, in USD per million tokens"), "{error}");
    }

    #[test]
    fn dollars_do_not_complete_a_price_in_another_currency() {
        let error = assume("abroad=5,6").unwrap_err().to_string();
        assert!(error.contains("`abroad` from 2026-03-01 is in CNY"), "{error}");
        assert_eq!(assume("nobody=1,1").unwrap_err(), AssumeError::UnknownModel { model: "nobody".to_owned() });
    }

    #[test]
    fn what_is_no_model_and_two_prices_is_refused() {
        let error = |text: &str| text.parse::<AssumedPrice>().unwrap_err();
        for text in ["", "m", "m=", "m=1", "=1,2", "1,2"] {
            assert!(error(text).starts_with("must be MODEL=IN,OUT"), "{text}");
        }
        assert_eq!(error("m=-1,2"), "the input price `-1` is negative, must be 0 or more");
        assert!(error("m=1,").starts_with("the output price `` is not a decimal number"));
        assert!(error("m=1,2,3").starts_with("the output price `2,3` is not a decimal number"));
        assert!(error("m=1e3,2").starts_with("the input price `1e3` is not a decimal number"));
        assert!(error("m=1,10000000000").contains("is too large"));
        let odd: AssumedPrice = "org/m=7b:free=0,0.125".parse().unwrap();
        assert_eq!((&*odd.model, odd.output.to_string()), ("org/m=7b:free", "0.125".to_owned()));
    }
}
