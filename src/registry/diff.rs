//! What moved between two registries: prices in force on a day, in dollars.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::registry::model::{Endpoint, Registry};
use crate::registry::price::{Condition, Price, PriceKey, Rates};
use crate::registry::pricing::Pricing;
use crate::units::Usd;

/// What moved for one model at one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferChange {
    /// The model's id.
    pub model: String,
    /// The provider's id.
    pub provider: String,
    /// Whether both registries have it.
    pub presence: Presence,
    /// The figures that moved, those that hold for every request first; of an added or removed offer, all of them.
    pub moves: Vec<FigureMove>,
}

/// In which of two registries something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In the second alone.
    Added,
    /// In the first alone.
    Removed,
    /// In both.
    Both,
}

impl Presence {
    /// The word for it in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Both => "moved",
        }
    }
}

/// One figure of a price, before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureMove {
    /// Which figure.
    pub key: PriceKey,
    /// Which requests it holds for; the condition without parts is every request.
    pub when: Condition,
    /// What the first registry says; absent: nothing.
    pub before: Option<Figure>,
    /// What the second registry says; absent: nothing.
    pub after: Option<Figure>,
}

impl FigureMove {
    /// The second figure less the first; absent unless both are there.
    pub fn by(&self) -> Option<Usd> {
        Some(self.after?.amount - self.before?.amount)
    }
}

/// A figure of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Dollars per million tokens, or for each request or image.
    pub amount: Usd,
    /// Whether it is an assumption.
    pub assumed: bool,
}

/// What moved from `before` to `after` as far as it is in force on `day`, by model and provider.
pub fn diff(before: &Registry, after: &Registry, day: Date) -> Vec<OfferChange> {
    let (old, new) = (offers(before), offers(after));
    let names: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
    let change = |name: (&str, &str)| {
        let (was, is) = (old.get(&name), new.get(&name));
        let presence = match (was, is) {
            (None, _) => Presence::Added,
            (_, None) => Presence::Removed,
            _ => Presence::Both,
        };
        let price = |pricing: Option<&Pricing>| pricing.and_then(|pricing| Some(pricing.on(day)?.price.clone()));
        let moves = moves(price(was).as_ref(), price(is).as_ref());
        let told = presence != Presence::Both || !moves.is_empty();
        told.then(|| OfferChange { model: name.0.to_owned(), provider: name.1.to_owned(), presence, moves })
    };
    names.into_iter().filter_map(change).collect()
}

/// The offers that both registries have.
pub fn in_both(before: &Registry, after: &Registry) -> usize {
    let new = offers(after);
    offers(before).keys().filter(|name| new.contains_key(*name)).count()
}

/// The next day after `day` on which a price of `before` or `after` begins; absent: none is announced.
pub fn next_change(before: &Registry, after: &Registry, day: Date) -> Option<Date> {
    let pricings = offers(before).into_values().chain(offers(after).into_values());
    pricings.filter_map(|pricing| pricing.begins_after(day)).min()
}

/// What each model costs at each provider, by both ids.
fn offers(registry: &Registry) -> BTreeMap<(&str, &str), Pricing> {
    let each = registry.models.iter().enumerate().flat_map(|(model, entry)| {
        entry.offers.iter().enumerate().map(move |(offer, at)| {
            let name = (entry.id.as_str(), registry.providers[at.provider].id.as_str());
            (name, registry.pricing(Endpoint { model, offer, region: None }))
        })
    });
    each.collect()
}

fn moves(before: Option<&Price>, after: Option<&Price>) -> Vec<FigureMove> {
    let mut conditions = vec![Condition::default()];
    for change in [before, after].into_iter().flatten().flat_map(|price| &price.overrides) {
        if !conditions.contains(&change.when) {
            conditions.push(change.when.clone());
        }
    }
    let mut found = Vec::new();
    for when in conditions {
        for (_, key) in PriceKey::NAMED {
            let [before, after] = [before, after].map(|price| price.and_then(|price| figure(price, &when, key)));
            if before != after {
                found.push(FigureMove { key, when: when.clone(), before, after });
            }
        }
    }
    found
}

/// The figure that `price` gives for exactly the condition `when`; of several, the last.
fn figure(price: &Price, when: &Condition, key: PriceKey) -> Option<Figure> {
    let own = (*when == Condition::default()).then_some(&price.rates);
    let changed = price.overrides.iter().filter(|change| change.when == *when).map(|change| &change.rates);
    let of = |rates: &Rates| Some(Figure { amount: rates.figure(key)?, assumed: rates.assumed.contains(&key) });
    own.into_iter().chain(changed).filter_map(of).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"https://p.invalid/v1\"\n";

    fn registry(models: &str) -> Registry {
        Registry::parse("registry.toml", &format!("{HEAD}{models}")).unwrap()
    }

    fn model(id: &str, prices: &str) -> String {
        format!("[[model]]\nid = \"{id}\"\n[[model.at]]\nprovider = \"p\"\n{prices}")
    }

    fn row(from: &str, figures: &str) -> String {
        format!("[[model.at.price]]\nfrom = \"{from}\"\ncurrency = \"USD\"\n{figures}\n")
    }

    fn told(before: &str, after: &str, day: &str) -> Vec<String> {
        let shown = |figure: Option<Figure>| {
            let mark = |figure: Figure| format!("{}{}", if figure.assumed { "~" } else { "" }, figure.amount);
            figure.map_or_else(|| "nothing".to_owned(), mark)
        };
        let changes = diff(&registry(before), &registry(after), day.parse().unwrap());
        let lines = changes.iter().flat_map(|change| {
            let head = format!("{} {}", change.presence.name(), change.model);
            change.moves.iter().map(move |each| {
                let (before, after) = (shown(each.before), shown(each.after));
                let by = each.by().map_or_else(|| "?".to_owned(), |by| by.to_string());
                format!("{head}: {} {:?} {before} to {after} by {by}", each.key.name(), each.when.to_string())
            })
        });
        lines.collect()
    }

    #[test]
    fn only_the_figures_that_moved_are_told_in_dollars() {
        let before = model("m", &row("2026-05-01", "input = \"1\"\noutput = \"2\"\nper_request = \"0.01\""));
        let after = model("m", &row("2026-06-01", "input = \"1\"\noutput = \"1.5\"\nper_request = \"0.02\""));
        let expected = ["moved m: output \"\" 2 to 1.5 by -0.5", "moved m: per_request \"\" 0.01 to 0.02 by 0.01"];
        assert_eq!(told(&before, &after, "2026-07-01"), expected);
        assert!(told(&before, &before, "2026-07-01").is_empty());
    }

    #[test]
    fn a_figure_that_comes_or_goes_is_told_without_a_difference() {
        let before = model("m", &row("2026-05-01", "input = \"1\"\noutput = \"2\""));
        let after = model("m", &row("2026-05-01", "output = \"2\"\ncached_input = \"0\""));
        let expected = ["moved m: input \"\" 1 to nothing by ?", "moved m: cached_input \"\" nothing to 0 by ?"];
        assert_eq!(told(&before, &after, "2026-07-01"), expected);
    }

    #[test]
    fn an_assumption_that_becomes_a_published_figure_has_moved() {
        let before = model("m", &row("2026-05-01", "input = \"1\"\nassumed = [\"input\"]"));
        let after = model("m", &row("2026-05-01", "input = \"1\""));
        assert_eq!(told(&before, &after, "2026-07-01"), ["moved m: input \"\" ~1 to 1 by 0"]);
    }

    #[test]
    fn overrides_are_held_against_those_of_the_same_condition() {
        let cliff = |over: u32, input: &str| {
            let price = row("2026-05-01", "input = \"1\"\noutput = \"2\"");
            model(
                "m",
                &format!("{price}[[model.at.price.override]]\ninput_tokens_over = {over}\ninput = \"{input}\"\n"),
            )
        };
        let expected = ["moved m: input \"over 32,000 input tokens\" 2 to 3 by 1"];
        assert_eq!(told(&cliff(32_000, "2"), &cliff(32_000, "3"), "2026-07-01"), expected);
        assert_eq!(told(&cliff(32_000, "2"), &cliff(64_000, "2"), "2026-07-01").len(), 2, "one goes, one comes");
    }

    #[test]
    fn offers_of_one_registry_alone_come_with_all_their_figures() {
        let (a, b) =
            (model("a", &row("2026-05-01", "output = \"2\"")), model("b", &row("2026-05-01", "input = \"1\"")));
        let expected = ["removed a: output \"\" 2 to nothing by ?", "added b: input \"\" nothing to 1 by ?"];
        assert_eq!(told(&a, &b, "2026-07-01"), expected);
    }

    #[test]
    fn a_price_of_a_later_day_is_announced_and_not_in_force() {
        let before = model("m", &row("2026-05-01", "output = \"2\""));
        let after = format!("{before}{}", row("2026-12-01", "output = \"3\""));
        assert!(told(&before, &after, "2026-11-30").is_empty());
        assert_eq!(told(&before, &after, "2026-12-01").len(), 1);
        let next = |day: &str| next_change(&registry(&before), &registry(&after), day.parse().unwrap());
        assert_eq!(next("2026-11-30"), Some(Date::constant(2026, 12, 1)));
        assert_eq!(next("2026-12-01"), None);
    }
}
