//! What goes wrong when: outages and degradations of the simulated provider, by the clock.

use std::time::Duration;

use serde::Deserialize;

/// The outages and degradations that concern one endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timetable {
    outages: Vec<Outage>,
    degradations: Vec<Degradation>,
}

/// A stretch of time in which requests fail.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "RawOutage")]
pub struct Outage {
    place: Place,
    error_ratio: f64,
}

/// A stretch of time in which answers are slower.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "RawDegradation")]
pub struct Degradation {
    place: Place,
    factor: f64,
}

impl Timetable {
    /// Those of `outages` and `degradations` that name `model` in `region`.
    pub fn of(model: &str, region: &str, outages: &[Outage], degradations: &[Degradation]) -> Self {
        let here = |place: &Place| matches(&place.model, model) && matches(&place.region, region);
        Self {
            outages: outages.iter().filter(|outage| here(&outage.place)).cloned().collect(),
            degradations: degradations.iter().filter(|slower| here(&slower.place)).cloned().collect(),
        }
    }

    /// The share of requests that fail at `since_start` on top of the endpoint's own, 0 to 1.
    pub fn error_ratio_at(&self, since_start: Duration) -> f64 {
        let now = self.outages.iter().filter(|outage| outage.place.covers(since_start));
        now.fold(0.0, |ratio, outage| ratio.max(outage.error_ratio))
    }

    /// How many times longer everything takes at `since_start`; degradations at the same time multiply.
    pub fn factor_at(&self, since_start: Duration) -> f64 {
        self.degradations.iter().filter(|slower| slower.place.covers(since_start)).map(|slower| slower.factor).product()
    }
}

/// Where and when: globs of model and region, and seconds since the simulator started.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    model: String,
    region: String,
    from_s: f64,
    until_s: f64,
}

impl Place {
    fn new(model: String, region: String, from_s: f64, until_s: f64) -> Result<Self, String> {
        if from_s >= 0.0 && from_s < until_s {
            return Ok(Self { model, region, from_s, until_s });
        }
        Err(format!("`from_s` is {from_s} and `until_s` is {until_s}, must be 0 or more and later"))
    }

    fn covers(&self, since_start: Duration) -> bool {
        (self.from_s..self.until_s).contains(&since_start.as_secs_f64())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutage {
    #[serde(default = "everything")]
    model: String,
    #[serde(default = "everything")]
    region: String,
    from_s: f64,
    until_s: f64,
    #[serde(default = "whole")]
    error_ratio: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDegradation {
    #[serde(default = "everything")]
    model: String,
    #[serde(default = "everything")]
    region: String,
    from_s: f64,
    until_s: f64,
    factor: f64,
}

impl TryFrom<RawOutage> for Outage {
    type Error = String;
    fn try_from(raw: RawOutage) -> Result<Self, String> {
        if !(0.0..=1.0).contains(&raw.error_ratio) {
            return Err(format!("`error_ratio` is {}, must be 0 to 1", raw.error_ratio));
        }
        let place = Place::new(raw.model, raw.region, raw.from_s, raw.until_s)?;
        Ok(Self { place, error_ratio: raw.error_ratio })
    }
}

impl TryFrom<RawDegradation> for Degradation {
    type Error = String;
    fn try_from(raw: RawDegradation) -> Result<Self, String> {
        if !(raw.factor > 0.0 && raw.factor.is_finite()) {
            return Err(format!("`factor` is {}, must be over 0", raw.factor));
        }
        let place = Place::new(raw.model, raw.region, raw.from_s, raw.until_s)?;
        Ok(Self { place, factor: raw.factor })
    }
}

fn everything() -> String {
    "*".to_owned()
}

fn whole() -> f64 {
    1.0
}

/// Whether `name` is `glob`, or starts with what stands before a closing `*`.
pub(super) fn matches(glob: &str, name: &str) -> bool {
    glob.strip_suffix('*').map_or(glob == name, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outage(text: &str) -> Result<Outage, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn an_outage_holds_from_its_first_second_until_its_last() {
        let outages = [outage("region = \"us-*\"\nfrom_s = 10\nuntil_s = 20.5\nerror_ratio = 0.25").unwrap()];
        let here = Timetable::of("any", "us-east-1", &outages, &[]);
        let at = |ms| here.error_ratio_at(Duration::from_millis(ms)).to_string();
        assert_eq!([9_999, 10_000, 20_499, 20_500].map(at), ["0", "0.25", "0.25", "0"]);
        let elsewhere = Timetable::of("any", "eu-west-1", &outages, &[]);
        assert_eq!(elsewhere, Timetable::default());
    }

    #[test]
    fn degradations_at_the_same_time_multiply() {
        let slower = |text: &str| toml::from_str::<Degradation>(text).unwrap();
        let both = [slower("from_s = 0\nuntil_s = 9\nfactor = 2"), slower("from_s = 5\nuntil_s = 9\nfactor = 1.5")];
        let table = Timetable::of("m", "r", &[], &both);
        assert_eq!([1, 6, 9].map(|s| table.factor_at(Duration::from_secs(s)).to_string()), ["2", "3", "1"]);
    }

    #[test]
    fn an_outage_that_ends_before_it_begins_is_refused() {
        let error = outage("from_s = 10\nuntil_s = 10").unwrap_err();
        assert!(error.contains("`from_s` is 10 and `until_s` is 10, must be 0 or more and later"), "{error}");
        let error = outage("from_s = 1\nuntil_s = 2\nerror_ratio = 2").unwrap_err();
        assert!(error.contains("`error_ratio` is 2, must be 0 to 1"), "{error}");
    }

    #[test]
    fn a_glob_is_a_name_or_a_beginning() {
        assert!(matches("*", "glm-4-9b") && matches("glm-*", "glm-4-9b") && matches("glm-4-9b", "glm-4-9b"));
        assert!(!matches("glm-4", "glm-4-9b") && !matches("qwen*", "glm-4-9b"));
    }
}
