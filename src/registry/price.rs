//! What a model at a provider costs: dated rows, and what overrides them for some requests.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{Date, DateTime, Time};

use crate::units::{Usd, UsdPerMtok, grouped};

/// What tokens cost from a date on.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// The first day of this price, in UTC.
    pub from: Date,
    /// The ISO 4217 code of the currency that all its figures are in.
    pub currency: String,
    /// What holds for every request that no override speaks of.
    pub rates: Rates,
    /// What holds for some requests instead, in the file's order; where several apply, the later wins.
    pub overrides: Vec<Override>,
    /// Who says so.
    pub source: Option<String>,
}

impl Price {
    /// The rates for one request: each figure from the last override that applies to it and gives it, or else the
    /// row's own.
    pub fn rates_for(&self, asked: &Asked<'_>) -> Cow<'_, Rates> {
        let mut rates = Cow::Borrowed(&self.rates);
        for applying in self.overrides.iter().filter(|change| change.when.holds(asked)) {
            rates.to_mut().take_over(&applying.rates);
        }
        rates
    }

    /// The row's own rates, then what each override alone makes of them. Where several apply to a request, each of its
    /// figures is that of one of these.
    pub fn all_rates(&self) -> impl Iterator<Item = Rates> + '_ {
        let changed = self.overrides.iter().map(|change| {
            let mut rates = self.rates.clone();
            rates.take_over(&change.rates);
            rates
        });
        std::iter::once(self.rates.clone()).chain(changed)
    }
}

/// The figures of a price, in one currency.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// Prompt tokens; absent: unknown.
    pub input: Option<UsdPerMtok>,
    /// Generated tokens; absent: unknown.
    pub output: Option<UsdPerMtok>,
    /// Prompt tokens read from the provider's cache; absent: the input price.
    pub cached_input: Option<UsdPerMtok>,
    /// Prompt tokens written to the provider's cache; absent: the input price.
    pub cache_write: Option<UsdPerMtok>,
    /// Generated tokens spent on reasoning; absent: the output price.
    pub reasoning: Option<UsdPerMtok>,
    /// What each request costs besides its tokens; absent: nothing.
    pub per_request: Option<Usd>,
    /// What each image of a prompt costs besides its tokens; absent: nothing.
    pub per_image: Option<Usd>,
    /// Which of the above are assumptions and no published figure.
    pub assumed: BTreeSet<PriceKey>,
}

impl Rates {
    /// The figure `key` in this price's currency: for a million tokens, or for each request or image. Absent where it
    /// is not given.
    pub fn figure(&self, key: PriceKey) -> Option<Usd> {
        const MILLION: u64 = 1_000_000;
        match key {
            PriceKey::Input => self.input.map(|price| price.of(MILLION)),
            PriceKey::Output => self.output.map(|price| price.of(MILLION)),
            PriceKey::CachedInput => self.cached_input.map(|price| price.of(MILLION)),
            PriceKey::CacheWrite => self.cache_write.map(|price| price.of(MILLION)),
            PriceKey::Reasoning => self.reasoning.map(|price| price.of(MILLION)),
            PriceKey::PerRequest => self.per_request,
            PriceKey::PerImage => self.per_image,
        }
    }

    /// Replaces every figure that `other` gives, and with it whether it is assumed.
    fn take_over(&mut self, other: &Self) {
        for (_, key) in PriceKey::NAMED.into_iter().filter(|(_, key)| other.figure(*key).is_some()) {
            self.assumed.remove(&key);
        }
        self.assumed.extend(&other.assumed);
        self.input = other.input.or(self.input);
        self.output = other.output.or(self.output);
        self.cached_input = other.cached_input.or(self.cached_input);
        self.cache_write = other.cache_write.or(self.cache_write);
        self.reasoning = other.reasoning.or(self.reasoning);
        self.per_request = other.per_request.or(self.per_request);
        self.per_image = other.per_image.or(self.per_image);
    }

    /// The same figures, each times `factor`.
    ///
    /// Rounded half up to a picodollar a token, a request or an image: that is the only rounding of a price.
    #[must_use]
    pub fn times(&self, factor: Usd) -> Self {
        let per_mtok = |price: UsdPerMtok| UsdPerMtok::from_picos_per_token(scaled(price.picos_per_token(), factor));
        let amount = |price: Usd| Usd::from_picos(scaled(price.picos(), factor));
        Self {
            input: self.input.map(per_mtok),
            output: self.output.map(per_mtok),
            cached_input: self.cached_input.map(per_mtok),
            cache_write: self.cache_write.map(per_mtok),
            reasoning: self.reasoning.map(per_mtok),
            per_request: self.per_request.map(amount),
            per_image: self.per_image.map(amount),
            assumed: self.assumed.clone(),
        }
    }
}

/// `picos` times `factor`, rounded half up.
fn scaled(picos: i128, factor: Usd) -> i128 {
    const ONE: i128 = 1_000_000_000_000;
    picos.saturating_mul(factor.picos()).saturating_add(ONE / 2).div_euclid(ONE)
}

/// Figures that hold for the requests that a condition speaks of.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Which requests.
    pub when: Condition,
    /// What they cost; an absent figure is inherited.
    pub rates: Rates,
}

/// What must all be true of a request; an absent part is true of every request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// The whole request is charged so where its prompt tokens, cached ones included, are more than this.
    pub input_tokens_over: Option<u64>,
    /// The request starts within one of these; empty: at any time.
    pub utc: Vec<UtcWindow>,
    /// The request starts on one of these days in UTC, 1 is Monday and 7 Sunday; empty: on any day.
    pub weekdays: BTreeSet<u8>,
    /// The provider answered in this service tier.
    pub service_tier: Option<String>,
}

impl Condition {
    /// Whether it is true of `asked`.
    pub fn holds(&self, asked: &Asked<'_>) -> bool {
        let weekday = asked.at.weekday().to_monday_one_offset().unsigned_abs();
        self.input_tokens_over.is_none_or(|limit| asked.input_tokens > limit)
            && (self.utc.is_empty() || self.utc.iter().any(|window| window.contains(asked.at.time())))
            && (self.weekdays.is_empty() || self.weekdays.contains(&weekday))
            && self.service_tier.as_deref().is_none_or(|tier| asked.service_tier == Some(tier))
    }

    /// Whether a request may start at a time that both speak of.
    pub fn meets(&self, other: &Self) -> bool {
        let days = self.weekdays.is_empty()
            || other.weekdays.is_empty()
            || self.weekdays.intersection(&other.weekdays).next().is_some();
        let times = self.utc.is_empty()
            || other.utc.is_empty()
            || self.utc.iter().any(|window| other.utc.iter().any(|against| window.meets(*against)));
        days && times
    }
}

/// In words, `over 32,000 input tokens, 01:00-04:00 UTC, weekdays 1 5, tier batch`; empty for every request.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spaced = |words: Vec<String>| words.join(" ");
        let over = self.input_tokens_over.map(|over| format!("over {} input tokens", grouped(&over.to_string())));
        let utc = spaced(self.utc.iter().map(ToString::to_string).collect());
        let days = spaced(self.weekdays.iter().map(ToString::to_string).collect());
        let parts = [
            over,
            (!utc.is_empty()).then(|| format!("{utc} UTC")),
            (!days.is_empty()).then(|| format!("weekdays {days}")),
            self.service_tier.as_ref().map(|tier| format!("tier {tier}")),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// A time of day in UTC, from `start` to before `end`; it goes over midnight where `end` is not after `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtcWindow {
    /// The first moment inside.
    pub start: Time,
    /// The first moment outside.
    pub end: Time,
}

impl UtcWindow {
    /// The window written as `01:00-04:00`; absent where `text` is none.
    pub fn parse(text: &str) -> Option<Self> {
        let read = |part: &str| part.parse::<Time>().ok().filter(|time| time.strftime("%H:%M").to_string() == part);
        let (start, end) = text.split_once('-')?;
        // Midnight as an end is also written 24:00.
        let end = if end == "24:00" { "00:00" } else { end };
        Some(Self { start: read(start)?, end: read(end)? })
    }

    /// Whether `time` lies inside.
    pub fn contains(self, time: Time) -> bool {
        if self.start < self.end {
            (self.start..self.end).contains(&time)
        } else {
            time >= self.start || time < self.end
        }
    }

    /// Whether some moment lies inside both.
    fn meets(self, other: Self) -> bool {
        self.contains(other.start) || other.contains(self.start)
    }
}

/// As files write it: `01:00-04:00`.
impl fmt::Display for UtcWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start.strftime("%H:%M"), self.end.strftime("%H:%M"))
    }
}

/// What the price of a request depends on besides its tokens' classes.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its prompt tokens, cached ones included.
    pub input_tokens: u64,
    /// When it started, in UTC.
    pub at: DateTime,
    /// The service tier that the provider named in its answer; absent where it named none.
    pub service_tier: Option<&'a str>,
}

/// Names one figure of [`Rates`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PriceKey {
    /// Prompt tokens.
    Input,
    /// Generated tokens.
    Output,
    /// Prompt tokens read from the provider's cache.
    CachedInput,
    /// Prompt tokens written to the provider's cache.
    CacheWrite,
    /// Generated tokens spent on reasoning.
    Reasoning,
    /// Each request.
    PerRequest,
    /// Each image of a prompt.
    PerImage,
}

impl PriceKey {
    /// Every figure with the name that files use.
    pub const NAMED: [(&'static str, Self); 7] = [
        ("input", Self::Input),
        ("output", Self::Output),
        ("cached_input", Self::CachedInput),
        ("cache_write", Self::CacheWrite),
        ("reasoning", Self::Reasoning),
        ("per_request", Self::PerRequest),
        ("per_image", Self::PerImage),
    ];

    /// Whether it is for a million tokens, and not for each request or image.
    pub const fn is_per_mtok(self) -> bool {
        !matches!(self, Self::PerRequest | Self::PerImage)
    }

    /// The name that files use.
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(_, key)| *key == self).expect("every figure has a name").0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: i8, end: i8) -> UtcWindow {
        UtcWindow { start: Time::constant(start, 0, 0, 0), end: Time::constant(end, 0, 0, 0) }
    }

    fn per_mtok(text: &str) -> Option<UsdPerMtok> {
        Some(text.parse().unwrap())
    }

    fn asked(input_tokens: u64, at: &str) -> Asked<'static> {
        Asked { input_tokens, at: at.parse().unwrap(), service_tier: None }
    }

    fn price(overrides: Vec<Override>) -> Price {
        Price {
            from: Date::constant(2026, 5, 1),
            currency: "USD".to_owned(),
            rates: Rates { input: per_mtok("1"), output: per_mtok("2"), ..Rates::default() },
            overrides,
            source: None,
        }
    }

    #[test]
    fn a_window_holds_its_start_and_not_its_end_and_may_go_over_midnight() {
        let day = window(1, 4);
        assert!(day.contains(Time::constant(1, 0, 0, 0)) && day.contains(Time::constant(3, 59, 59, 999_999_999)));
        assert!(!day.contains(Time::constant(4, 0, 0, 0)) && !day.contains(Time::constant(0, 59, 0, 0)));
        let night = window(22, 2);
        assert!(night.contains(Time::constant(22, 0, 0, 0)) && night.contains(Time::constant(0, 0, 0, 0)));
        assert!(!night.contains(Time::constant(2, 0, 0, 0)) && !night.contains(Time::constant(12, 0, 0, 0)));
        assert!(window(6, 6).contains(Time::constant(5, 0, 0, 0)), "from six to six is all day");
    }

    #[test]
    fn a_cliff_is_strictly_over_its_limit_and_bears_on_the_whole_request() {
        let when = Condition { input_tokens_over: Some(200_000), ..Condition::default() };
        let dear = Rates { input: per_mtok("3"), ..Rates::default() };
        let price = price(vec![Override { when, rates: dear }]);
        assert_eq!(price.rates_for(&asked(200_000, "2026-11-23T12:00")).input, per_mtok("1"));
        let over = price.rates_for(&asked(200_001, "2026-11-23T12:00"));
        assert_eq!((over.input, over.output), (per_mtok("3"), per_mtok("2")), "what is not given is inherited");
    }

    #[test]
    fn all_conditions_must_hold_and_the_later_override_wins_for_each_figure() {
        let night = Condition { utc: vec![window(1, 4)], weekdays: BTreeSet::from([1]), ..Condition::default() };
        let tier = Condition { service_tier: Some("batch".to_owned()), ..Condition::default() };
        let rates = |input, output| Rates { input, output, ..Rates::default() };
        let price = price(vec![
            Override { when: night, rates: rates(per_mtok("5"), per_mtok("6")) },
            Override { when: tier, rates: rates(per_mtok("0.5"), None) },
        ]);
        // The 23rd of November 2026 is a Monday.
        let monday = Asked { service_tier: Some("batch"), ..asked(1, "2026-11-23T01:00") };
        let found = price.rates_for(&monday);
        assert_eq!((found.input, found.output), (per_mtok("0.5"), per_mtok("6")));
        assert_eq!(price.rates_for(&asked(1, "2026-11-24T01:00")).output, per_mtok("2"), "not on a Tuesday");
        assert_eq!(price.rates_for(&asked(1, "2026-11-23T04:00")).output, per_mtok("2"), "not at four");
    }

    #[test]
    fn an_override_decides_anew_whether_its_figure_is_assumed() {
        let mut guess = price(Vec::new());
        guess.rates.assumed = BTreeSet::from([PriceKey::Input]);
        let when = Condition { input_tokens_over: Some(10), ..Condition::default() };
        guess.overrides = vec![Override { when, rates: Rates { input: per_mtok("3"), ..Rates::default() } }];
        assert!(guess.rates_for(&asked(1, "2026-11-23T00:00")).assumed.contains(&PriceKey::Input));
        assert!(guess.rates_for(&asked(11, "2026-11-23T00:00")).assumed.is_empty());
    }

    #[test]
    fn another_currency_is_rounded_once_and_half_up() {
        let rates = Rates { input: per_mtok("4"), per_request: Some("0.01".parse().unwrap()), ..Rates::default() };
        let dollars = rates.times("0.138512".parse().unwrap());
        assert_eq!(dollars.input, per_mtok("0.554048"));
        assert_eq!(dollars.per_request.unwrap().to_string(), "0.00138512");
        let odd = Rates { input: per_mtok("0.000001"), ..Rates::default() }.times("0.5".parse().unwrap());
        assert_eq!(odd.input.unwrap().picos_per_token(), 1);
    }
}
