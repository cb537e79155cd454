use std::collections::BTreeSet;

use super::*;
use crate::registry::{Price, PriceKey};

/// A small registry, into which mistakes are put by replacing a piece of it.
const SMALL: &str = r#"schema = 1
[[provider]]
id = "acme"
base_url = "https://acme.example/v1/"
api_key_env = "ACME_KEY"
headers = { X-Title = "tollmark" }
limits = { requests_per_minute = 6_000 }
[[region]]
id = "north"
near = ["south"]
[[region]]
id = "south"
base_url = "http://127.0.0.1:8080/v1"
[[model]]
id = "big"
tier = 2
context = 32_000
capabilities = ["vision", "json"]
quality = 0.86
[[model.at]]
provider = "acme"
regions = ["south", "north"]
[[model.at.price]]
from = "2026-05-01"
input = "0.39"
output = "0.80"
cached_input = "0.1"
per_request = "0.001"
assumed = ["input"]
[[model.at.price]]
from = "2025-01-01"
currency = "USD"
output = "1"
"#;

/// The messages of the mistakes in the small registry with `piece` replaced, each with its hint in brackets.
fn mistakes(piece: &str, with: &str) -> Vec<String> {
    assert!(SMALL.contains(piece), "{piece}");
    let Err(faults) = Registry::parse("registry.toml", &SMALL.replacen(piece, with, 1)) else { return Vec::new() };
    let shown = |fault: &crate::conf::Fault| {
        let hint = fault.hint().map_or(String::new(), |hint| format!(" ({hint})"));
        format!("{} {}{hint}", fault.line(), fault.message())
    };
    faults.iter().map(shown).collect()
}

#[test]
fn the_built_in_registry_holds_ten_models_and_39_endpoints() {
    let registry = Registry::built_in();
    assert_eq!(registry.source, "built-in");
    assert_eq!(registry.endpoints().count(), 39);
    let regions: Vec<&str> = registry.regions.iter().map(|region| region.id.as_str()).collect();
    assert_eq!(regions, ["us-east-1", "us-west-2", "eu-west-1", "ap-southeast-1"]);
    assert!(registry.regions.iter().all(|region| region.near.len() == 3));
    let lines: Vec<String> = registry.models.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "qwen3-8b qwen3-8b 0 ~0.01 0.01 Some(32000) 4",
            "glm-4-9b glm-4-9b 0 ~0.01 0.01 None 4",
            "qwen2.5-7b qwen2.5-7b 0 ~0.01 0.01 None 4",
            "deepseek-v4-flash deepseek-v4-flash 1 0.18 0.25 Some(128000) 3",
            "qwen3-32b qwen3-32b 1 0.18 0.28 Some(32000) 4",
            "step-3.5-flash step-3.5-flash 1 0.13 0.15 Some(32000) 4",
            "hunyuan-turbo hunyuan-turbo 2 ~0.57 0.57 Some(32000) 4",
            "glm-4-32b glm-4-32b 2 ~0.56 0.56 None 4",
            "glm-4.6v glm-4-6v 2 0.39 0.80 Some(32000) 4",
            "deepseek-v4-pro deepseek-v4-pro 3 0.57 0.78 Some(128000) 4",
        ]
    );
    let seeing: Vec<&str> = registry
        .models
        .iter()
        .filter(|model| model.capabilities.contains(&Capability::Vision))
        .map(|model| model.id.as_str())
        .collect();
    assert_eq!(seeing, ["glm-4.6v"]);
}

fn line(model: &Model) -> String {
    let offer = &model.offers[0];
    let price = &offer.prices[0];
    assert_eq!(price.from.to_string(), "2026-05-01");
    assert_eq!(price.source.as_deref(), Some("Global API catalogue, May 2026"));
    let mark = if price.rates.assumed.contains(&PriceKey::Input) { "~" } else { "" };
    let (input, output) = (price.rates.input.unwrap(), price.rates.output.unwrap());
    let tier = model.tier.unwrap();
    format!("{} {} {tier} {mark}{input} {output} {:?} {}", model.id, offer.send_as, model.context, offer.regions.len())
}

#[test]
fn every_key_of_a_registry_is_read() {
    let registry = Registry::parse("registry.toml", SMALL).unwrap();
    let provider = &registry.providers[0];
    assert_eq!(provider.base_url, "https://acme.example/v1");
    assert_eq!(provider.api_key_env.as_deref(), Some("ACME_KEY"));
    assert_eq!(provider.headers["X-Title"], "tollmark");
    assert_eq!(provider.limits.requests_per_minute, Some(6000));
    assert_eq!(provider.limits.tokens_per_minute, None);
    assert_eq!(registry.regions[1].base_url.as_deref(), Some("http://127.0.0.1:8080/v1"));
    let model = &registry.models[0];
    assert_eq!((model.tier, model.context, model.quality), (Some(2), Some(32_000), Some(0.86)));
    assert_eq!(model.capabilities, BTreeSet::from([Capability::Vision, Capability::Json]));
    let offer = &model.offers[0];
    assert_eq!((offer.send_as.as_str(), offer.regions.as_slice()), ("big", [1, 0].as_slice()));
    let newest: &Price = offer.prices.last().unwrap();
    assert_eq!(newest.rates.cached_input.unwrap().to_string(), "0.10");
    assert_eq!(newest.rates.per_request.unwrap().to_string(), "0.001");
    assert_eq!(newest.rates.assumed, BTreeSet::from([PriceKey::Input]));
}

#[test]
fn the_price_in_force_is_the_newest_that_has_begun() {
    let registry = Registry::parse("registry.toml", SMALL).unwrap();
    let output = |day: &str| {
        let pricing = registry.pricing(registry.endpoints().next().unwrap());
        let row = pricing.on(day.parse().unwrap());
        row.and_then(|row| row.price.rates.output).map(|output| output.to_string())
    };
    assert_eq!(output("2024-12-31"), None);
    assert_eq!(output("2025-01-01").as_deref(), Some("1.00"));
    assert_eq!(output("2026-04-30").as_deref(), Some("1.00"));
    assert_eq!(output("2026-05-01").as_deref(), Some("0.80"));
}

#[test]
fn a_name_that_leads_nowhere_is_refused_with_the_one_that_was_meant() {
    assert_eq!(
        mistakes("provider = \"acme\"", "provider = \"acne\""),
        ["21 `acne` is not a `[[provider]]` of this file (did you mean `acme`?)"]
    );
    assert_eq!(
        mistakes("[\"south\", \"north\"]", "[\"souht\", \"west\"]"),
        [
            "22 `souht` is not a `[[region]]` of this file (did you mean `south`?)",
            "22 `west` is not a `[[region]]` of this file (known: `north`, `south`)"
        ]
    );
    assert_eq!(
        mistakes("near = [\"south\"]", "near = [\"north\", \"soth\"]"),
        [
            "10 `near` names `north` itself, must name other regions",
            "10 `soth` is not a `[[region]]` of this file (did you mean `south`?)"
        ]
    );
}

#[test]
fn a_value_that_cannot_be_is_refused() {
    for (piece, with, mistake) in [
        ("tier = 2", "tier = 5", "16 `tier` is 5, must be 0 to 4"),
        ("quality = 0.86", "quality = 86", "19 `quality` is 86, must be 0 to 1"),
        ("context = 32_000", "context = 0", "17 `context` is 0, must be at least 1"),
        ("context = 32_000", "output_limit = 0", "17 `output_limit` is 0, must be at least 1"),
        ("\"0.39\"", "\"-0.39\"", "25 `input` is `-0.39`, which is negative, must be 0 or more"),
        ("\"0.39\"", "\"39 ct\"", "25 `input` is `39 ct`, which is not a decimal number, write it like \"0.25\""),
        ("\"0.39\"", "0.39", "25 `input` is a number with a point, must be a decimal in quotes, such as \"0.25\""),
        ("\"json\"", "\"jason\"", "18 `jason` is not a value of `capabilities` (did you mean `json`?)"),
        (
            "tier = 2",
            "dialect = 2",
            "16 `dialect` is not a key of `[[model]]` (known here: `at`, `capabilities`, `context`, `id`, `label`, `output_limit`, `quality`, `tier`)",
        ),
        (
            "[\"input\"]",
            "[\"reasoning\"]",
            "29 `assumed` names `reasoning`, which is not given here: give the assumed price",
        ),
        (
            "https://acme",
            "ftp://acme",
            "4 `base_url` is not a URL to call, must be like \"https://global-apis.com/v1\"",
        ),
        (
            "\"big\"",
            "\"big, and good\"",
            "15 `id` has ',' in it, must be free of white space, commas and control characters",
        ),
        ("\"big\"", "\"\"", "15 `id` is empty, must be a text"),
        (
            "\"2025-01-01\"",
            "\"2026-05-01\"",
            "31 `from` is `2026-05-01` a second time, must be different from the other prices here",
        ),
        ("\"south\"\nbase", "\"north\"\nbase", "12 `id` is `north` a second time, must be different from all others"),
        (
            "[\"south\", \"north\"]",
            "[\"south\", \"south\"]",
            "22 `regions` names `south` a second time for this provider, must name it once",
        ),
    ] {
        let found = mistakes(piece, with);
        assert!(found.iter().any(|found| found == mistake), "{mistake}\n{found:#?}");
    }
}

#[test]
fn another_currency_needs_its_rate() {
    assert_eq!(
        mistakes("\"USD\"", "\"EUR\""),
        ["32 `currency` is `EUR`, which has no `[[exchange_rate]]` in this file \
          (add one: `[[exchange_rate]]` with `currency = \"EUR\"`, `from` and `usd`)"]
    );
    assert_eq!(
        mistakes("\"USD\"", "\"usd\""),
        ["32 `currency` is `usd`, must be three capitals such as \"USD\" or \"CNY\""]
    );
}

#[test]
fn an_exchange_rate_is_a_positive_decimal_of_another_currency() {
    for (piece, with, mistake) in [
        ("\"CNY\"", "\"USD\"", "3 `currency` is \"USD\", which all figures are in already, must be another currency"),
        ("\"0.14\"", "\"0\"", "5 `usd` is 0, must be what one unit of the currency costs in dollars"),
        ("\"0.14\"", "\"-1\"", "5 `usd` is `-1`, which is negative, must be 0 or more"),
        ("\"0.14\"", "\"100000\"", "5 `usd` is too large, must be below 100,000 dollars for one unit"),
    ] {
        let text = "schema = 1\n[[exchange_rate]]\ncurrency = \"CNY\"\nfrom = \"2026-05-01\"\nusd = \"0.14\"\n";
        let faults = Registry::parse("registry.toml", &text.replacen(piece, with, 1)).unwrap_err();
        let found: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.line(), fault.message())).collect();
        assert!(found.iter().any(|found| found == mistake), "{mistake}\n{found:#?}");
    }
}

/// The mistakes of a price whose overrides are `overrides`, each with its line counted from the price's own.
fn mistakes_of(overrides: &str) -> Vec<String> {
    let before = "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"https://p.example/v1\"\n\
                  [[model]]\nid = \"m\"\n[[model.at]]\nprovider = \"p\"\n";
    let text = format!("{before}[[model.at.price]]\nfrom = \"2026-05-01\"\n{overrides}");
    let first = before.lines().count();
    let Err(faults) = Registry::parse("registry.toml", &text) else { return Vec::new() };
    faults.iter().map(|fault| format!("{} {}", fault.line() - first, fault.message())).collect()
}

#[test]
fn overrides_of_different_kinds_and_rising_cliffs_may_stand_together() {
    let faults = mistakes_of(
        "[[model.at.price.override]]\ninput_tokens_over = 128000\ninput = \"1\"\n\
         [[model.at.price.override]]\ninput_tokens_over = 256000\ninput = \"2\"\n\
         [[model.at.price.override]]\nutc = [\"22:00-24:00\", \"00:00-04:00\"]\ninput = \"0.5\"\n\
         [[model.at.price.override]]\nutc = [\"04:00-05:00\"]\ninput = \"0.6\"\n\
         [[model.at.price.override]]\nservice_tier = \"batch\"\ninput = \"0.25\"\n\
         [[model.at.price.override]]\nservice_tier = \"flex\"\ninput = \"0.25\"\n",
    );
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn overrides_that_would_both_decide_a_figure_are_refused() {
    let told = |before: &str| {
        format!(
            "overlaps with override {before} of this price, and both give `input`: a request could be charged by \
             either; must differ in time, service tier or a higher `input_tokens_over`"
        )
    };
    let nights = mistakes_of(
        "[[model.at.price.override]]\nutc = [\"22:00-02:00\"]\ninput = \"1\"\n\
         [[model.at.price.override]]\nutc = [\"01:00-04:00\"]\ninput = \"2\"\n",
    );
    assert_eq!(nights.len(), 1);
    assert!(nights[0].starts_with("6 ") && nights[0].ends_with(&told("1")), "{nights:?}");
    let cliffs = mistakes_of(
        "[[model.at.price.override]]\ninput_tokens_over = 256000\ninput = \"2\"\n\
         [[model.at.price.override]]\ninput_tokens_over = 128000\ninput = \"1\"\n",
    );
    assert!(cliffs.len() == 1 && cliffs[0].ends_with(&told("1")), "a lower cliff would hide the higher: {cliffs:?}");
}

#[test]
fn an_override_needs_a_condition_that_can_be_read_and_a_price() {
    for (overrides, mistake) in [
        ("input = \"1\"", "has no condition, must have `input_tokens_over`, `utc`, `weekdays` or `service_tier`"),
        ("weekdays = [1]", "gives no price, must give at least one, such as `input = \"0.60\"`"),
        ("weekdays = [0]\ninput = \"1\"", "`weekdays` is 0"),
        ("weekdays = [1, 1]\ninput = \"1\"", "`weekdays` names day 1 a second time"),
        ("utc = [\"9-10\"]\ninput = \"1\"", "`utc` is `9-10`, must be two times of day in UTC such as"),
        ("utc = [\"01:00-25:00\"]\ninput = \"1\"", "`utc` is `01:00-25:00`, must be two times of day in UTC"),
        ("weekdays = [1]\ninput = \"-1\"", "`input` is `-1`, which is negative, must be 0 or more"),
        ("weekdays = [1]\nwhen = 2\ninput = \"1\"", "`when` is not a key of"),
    ] {
        let found = mistakes_of(&format!("[[model.at.price.override]]\n{overrides}\n"));
        assert!(found.iter().any(|found| found.contains(mistake)), "{mistake}\n{found:#?}");
    }
}

#[test]
fn a_model_that_is_offered_nowhere_is_refused() {
    let text = "schema = 1\n[[model]]\nid = \"big\"\n";
    let faults = Registry::parse("registry.toml", text).unwrap_err();
    assert_eq!(
        faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["registry.toml:2:1: `big` is offered nowhere, must have a `[[model.at]]` with its provider"]
    );
}

#[test]
fn secrets_are_refused_and_not_shown() {
    for (piece, with) in [
        ("X-Title = \"tollmark\"", "X-Title = \"sk-77\", Authorization = \"Bearer sk-77\""),
        ("X-Title = \"tollmark\"", "X-Api-Key = \"sk-77\""),
        ("\"ACME_KEY\"", "\"sk-77\""),
        ("https://acme", "https://user:sk-77@acme"),
        ("https://acme.example/v1/", "https://acme.example/v1?key=sk-77"),
        ("base_url = \"https", "api_key = \"sk-77\"\nbase_url = \"https"),
    ] {
        let faults = Registry::parse("registry.toml", &SMALL.replacen(piece, with, 1)).unwrap_err();
        let shown = format!("{}{faults:?}", faults.drawn(false, 120));
        assert_eq!(faults.iter().count(), 1, "{shown}");
        assert!(!shown.contains("sk-77"), "{shown}");
    }
    assert_eq!(
        mistakes("X-Title = \"tollmark\"", "X-Api-Key = \"a\""),
        ["6 `X-Api-Key` looks like a secret, must not stand in a file \
          (name the environment variable that holds the key: `api_key_env = \"GLOBAL_API_KEY\"`)"]
    );
}

#[test]
fn a_file_that_cannot_be_read_is_told_apart_from_one_with_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.toml");
    let error = Registry::read(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read registry `{}`", path.display()));
    assert!(std::error::Error::source(&error).is_some());
    fs::write(&path, "schema = 1\n").unwrap();
    let error = Registry::read(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("`{}` has 1 mistake", path.display()));
}

#[test]
fn a_registry_of_184_models_in_four_regions_is_read_whole() {
    let mut text = SMALL.to_owned();
    for n in 0..183 {
        text.push_str(&format!(
            "[[model]]\nid = \"m{n}\"\n[[model.at]]\nprovider = \"acme\"\nregions = [\"north\", \"south\"]\n"
        ));
    }
    let registry = Registry::parse("registry.toml", &text).unwrap();
    assert_eq!((registry.models.len(), registry.endpoints().count()), (184, 368));
}
