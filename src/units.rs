//! Units that are too easily mixed up to be left as bare numbers.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;
use std::time::Duration;

/// Picodollars in a dollar.
const PICOS_PER_USD: i128 = 1_000_000_000_000;

/// An amount of US dollars, held as whole picodollars (1e-12) so that sums are exact.
///
/// Sums and products beyond 1e26 dollars, which nothing but a provider's wild token count makes, stay there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(i128);

impl Usd {
    /// Nothing at all: what a request with free prices costs, not an unknown cost.
    pub const ZERO: Self = Self(0);

    /// The amount of `picos` picodollars.
    pub const fn from_picos(picos: i128) -> Self {
        Self(picos)
    }

    /// Whole picodollars.
    pub const fn picos(self) -> i128 {
        self.0
    }

    /// So many times the amount.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count as i128))
    }

    /// The amount rounded half up to `places` decimal places, for people; files hold the exact form of `Display`.
    pub fn rounded(self, places: u32) -> String {
        let unit = 10_i128.pow(12_u32.saturating_sub(places));
        let whole = self.0.saturating_abs().saturating_add(unit / 2) / unit * unit;
        let sign = if self.0 < 0 && whole != 0 { "-" } else { "" };
        let fraction = format!("{:012}", whole % PICOS_PER_USD);
        let fraction = &fraction[..places.min(12) as usize];
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{}{point}{fraction}", whole / PICOS_PER_USD)
    }

    /// The amount as a float, for axes and ratios only; never add these up.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / PICOS_PER_USD as f64
    }
}

/// The exact decimal, with no trailing zeros: `0.000669`.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = self.rounded(12);
        f.write_str(full.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// A decimal string that cannot be held as money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits with at most one point.
    #[error("is not a decimal number, write it like \"0.25\"")]
    NotDecimal,
    /// Below zero.
    #[error("is negative, must be 0 or more")]
    Negative,
    /// More decimal places than a whole picodollar can hold.
    #[error("has more than {0} decimal places")]
    TooFine(u32),
    /// Beyond what the program can add up without overflow.
    #[error("is too large, must be below 1,000,000,000")]
    TooLarge,
}

/// Digits before the point that a person may write.
const MOST_DIGITS: usize = 9;

/// Reads a non-negative decimal with at most `places` decimals, and `most` digits before them, as an integer of
/// `10^-places`.
fn parse_decimal(text: &str, places: u32, most: usize) -> Result<i128, MoneyError> {
    if text.starts_with('-') {
        return Err(MoneyError::Negative);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return Err(MoneyError::NotDecimal);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > places as usize {
        return Err(MoneyError::TooFine(places));
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > most {
        return Err(MoneyError::TooLarge);
    }
    let digits = format!("{whole}{fraction:0<width$}", width = places as usize);
    digits.parse().map_err(|_| MoneyError::TooLarge)
}

impl FromStr for Usd {
    type Err = MoneyError;

    /// Reads `5.00` as five dollars.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text, 12, MOST_DIGITS).map(Self)
    }
}

/// A price in US dollars per million tokens, held as whole picodollars a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsdPerMtok(i128);

impl UsdPerMtok {
    /// What `tokens` cost at this price.
    pub const fn of(self, tokens: u64) -> Usd {
        Usd(self.0).times(tokens)
    }

    /// Whole picodollars a token: $0.25/M is 250,000.
    pub const fn picos_per_token(self) -> i128 {
        self.0
    }

    /// The price of `picos` picodollars a token.
    pub const fn from_picos_per_token(picos: i128) -> Self {
        Self(picos)
    }

    /// Dollars per million tokens as a float, for axes and sorting.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl FromStr for UsdPerMtok {
    type Err = MoneyError;

    /// Reads `0.25` as 25 cents a million tokens.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text, 6, MOST_DIGITS).map(Self)
    }
}

/// The exact decimal with at least two places: `0.80`, `0.125`.
impl fmt::Display for UsdPerMtok {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = Usd(self.0).times(1_000_000).to_string();
        let places = exact.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        match places {
            0 => write!(f, "{exact}.00"),
            1 => write!(f, "{exact}0"),
            _ => f.write_str(&exact),
        }
    }
}

/// A length of time in whole microseconds, as files and histograms keep it: at most 71 minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u32);

impl Micros {
    /// Milliseconds, for display and arithmetic on figures.
    pub fn as_ms(self) -> f64 {
        f64::from(self.0) / 1e3
    }
}

/// Milliseconds with three decimals, as every CSV column ending in `_ms` holds them.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A latency as a figure: a time, or infinite where failures or a small n leave it open.
///
/// Written as milliseconds with three decimals, or `inf`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Latency {
    /// A measured time.
    Finite(Micros),
    /// Beyond every measured time.
    Infinite,
}

impl Latency {
    /// Milliseconds; absent when infinite.
    pub fn finite_ms(self) -> Option<f64> {
        match self {
            Self::Finite(time) => Some(time.as_ms()),
            Self::Infinite => None,
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finite(time) => time.fmt(f),
            Self::Infinite => f.write_str("inf"),
        }
    }
}

/// Text that is neither milliseconds nor `inf`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not milliseconds with at most three decimals, nor `inf`")]
pub struct NotALatency;

impl FromStr for Latency {
    type Err = NotALatency;
    fn from_str(text: &str) -> Result<Self, NotALatency> {
        if text == "inf" {
            return Ok(Self::Infinite);
        }
        let micros = parse_decimal(text, 3, MOST_DIGITS).map_err(|_| NotALatency)?;
        Ok(Self::Finite(Micros(u32::try_from(micros).map_err(|_| NotALatency)?)))
    }
}

/// Writes and reads a unit through its text form, so that CSV and JSON hold the same exact decimals.
macro_rules! serde_as_text {
    ($($unit:ty),+) => {$(
        impl serde::Serialize for $unit {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $unit {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                <$unit>::from_file(&text).map_err(|error| serde::de::Error::custom(format!("`{text}` {error}")))
            }
        }
    )+};
}

serde_as_text!(Usd, UsdPerMtok, Latency);

/// What a file of a run holds may be larger than what a person may write: it was multiplied and added up.
impl Usd {
    /// Reads the exact decimal of a file that this program wrote: `5.00` as five dollars, and any amount above.
    ///
    /// # Errors
    /// It is no decimal of at most 12 places, negative, or more than can be counted.
    pub fn from_file(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text, 12, usize::MAX).map(Self)
    }
}

impl UsdPerMtok {
    fn from_file(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text, 6, usize::MAX).map(Self)
    }
}

impl Latency {
    fn from_file(text: &str) -> Result<Self, NotALatency> {
        text.parse()
    }
}

/// Whole digits with a comma before every third from the right: `128,000`.
pub fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A moment of the run, in whole microseconds since the run started, from a monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// The moment `time` later, in whole microseconds.
    pub fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)))
    }

    /// The time from `earlier` to this moment; zero if the two are the wrong way round, and capped at 71 minutes.
    pub fn since(self, earlier: Self) -> Micros {
        Micros(u32::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(u32::MAX))
    }
}

/// Milliseconds with three decimals.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A number from a millionth to a million: a rate, a speed or another factor.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Positive(f64);

impl Positive {
    /// One.
    pub const ONE: Self = Self(1.0);

    /// The number; absent when it is not within the bounds, or not a number.
    pub fn new(number: f64) -> Option<Self> {
        (1e-6..=1e6).contains(&number).then_some(Self(number))
    }

    /// The number itself.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// The shortest decimal that reads back the same: `200`, `0.5`.
impl fmt::Display for Positive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is no number above zero, or too large or small a one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number from 0.000001 to 1000000")]
pub struct NotPositive;

impl FromStr for Positive {
    type Err = NotPositive;
    fn from_str(text: &str) -> Result<Self, NotPositive> {
        text.parse().ok().and_then(Self::new).ok_or(NotPositive)
    }
}

#[cfg(test)]
mod tests;
