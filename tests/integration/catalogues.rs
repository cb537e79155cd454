//! `registry import` and `registry export`.

use std::fs;
use std::path::{Path, PathBuf};

use tollmark::registry::{PriceKey, Registry};

use crate::canned::Canned;
use crate::sandbox::{Sandbox, rows};

const EXCERPTS: [(&str, &str); 4] = [
    ("litellm", "litellm-excerpt.json"),
    ("models-dev", "models-dev-excerpt.json"),
    ("genai-prices", "genai-prices-excerpt.json"),
    ("openrouter", "openrouter-like.json"),
];

fn excerpt(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/catalogues", name].iter().collect();
    fs::read_to_string(path).unwrap()
}

fn imported(from: &str, name: &str) -> (Sandbox, Registry) {
    let sandbox = Sandbox::new();
    sandbox.write("catalogue.json", &excerpt(name));
    let to = ["--out", "prices.toml", "--list-lost", "lost.csv", "--date", "2026-11-24", "--catalogue-version", "9"];
    sandbox.run(&[&["registry", "import", "--from", from, "catalogue.json"], &to[..]].concat()).exits_with(0);
    let registry = Registry::read(&sandbox.path("prices.toml")).unwrap();
    (sandbox, registry)
}

/// The prices of a model at a provider, each as its day, condition and figures.
fn prices(registry: &Registry, model: &str, provider: &str) -> Vec<String> {
    let model = registry.models.iter().find(|known| known.id == model).unwrap();
    let at = |place: usize| registry.providers[place].id == provider;
    let offer = model.offers.iter().find(|offer| at(offer.provider)).unwrap();
    let figures = |rates: &tollmark::registry::Rates| {
        let told = |(name, key): (&str, PriceKey)| Some(format!("{name} {}", rates.figure(key)?));
        PriceKey::NAMED.into_iter().filter_map(told).collect::<Vec<_>>().join(", ")
    };
    let mut told = Vec::new();
    for price in &offer.prices {
        told.push(format!("{}: {}", price.from, figures(&price.rates)));
        told.extend(price.overrides.iter().map(|change| format!("[{}] {}", change.when, figures(&change.rates))));
    }
    told
}

#[test]
fn each_catalogue_is_imported_exactly_and_exported_again_as_it_was() {
    for (from, name) in EXCERPTS {
        let (sandbox, registry) = imported(from, name);
        let text = sandbox.read("prices.toml");
        let out = sandbox.run(&["registry", "export", "prices.toml"]).exits_with(0).stdout;
        assert_eq!(out, text, "{name}");
        assert_eq!(Registry::parse(&registry.source, &out).unwrap(), registry);
        let sources = registry.models.iter().flat_map(|model| &model.offers).flat_map(|offer| &offer.prices);
        for price in sources {
            assert!(price.source.as_ref().unwrap().contains(" 9, 2026-11-24"), "{:?}", price.source);
        }
    }
}

#[test]
fn litellms_floats_tiers_batches_and_hours_carry_over() {
    let (sandbox, registry) = imported("litellm", "litellm-excerpt.json");
    assert_eq!(
        prices(&registry, "gpt-4o", "openai"),
        [
            "2026-11-24: input 2.5, output 10, cached_input 1.25",
            "[tier batch] input 1.25, output 5",
            "[tier priority] input 4.25, output 17, cached_input 2.125",
        ]
    );
    let gemini = prices(&registry, "gemini-2.5-pro", "gemini");
    assert!(
        gemini.contains(&"[over 200,000 input tokens] input 2.5, output 15, cached_input 0.25".to_owned()),
        "{gemini:?}"
    );
    let priority = "[over 200,000 input tokens, tier priority] input 4.5, output 27, cached_input 0.45";
    assert!(gemini.contains(&priority.to_owned()), "{gemini:?}");
    assert_eq!(
        prices(&registry, "deepseek-flash", "deepseek"),
        [
            "2026-11-24: input 0.3, output 1.2, cached_input 0.006, cache_write 0",
            "[00:00-01:00 04:00-06:00 10:00-00:00 UTC, weekdays 1 2 3 4 5] input 0.15, output 0.6, cached_input 0.003",
            "[00:00-00:00 UTC, weekdays 6 7] input 0.15, output 0.6, cached_input 0.003",
        ]
    );
    assert_eq!(
        prices(&registry, "qwen-plus-2025-07-28", "dashscope"),
        [
            "2026-11-24: input 0.4, output 1.2, reasoning 4",
            "[over 256,000 input tokens] input 1.2, output 3.6, reasoning 12",
        ]
    );
    assert!(prices(&registry, "sonar-small-online", "perplexity")[0].ends_with("per_request 0.005"));
    let lost = rows(&sandbox.read("lost.csv"));
    let why = |entry: &str, field: &str| {
        let row = lost.iter().find(|row| row["entry"] == entry && row["field"] == field);
        row.unwrap_or_else(|| panic!("{entry} {field}"))["why"].clone()
    };
    assert_eq!(why("sample_spec", ""), "not a model that answers in text");
    let hour = why("claude-sonnet-4-5", "cache_creation_input_token_cost_above_1hr");
    assert_eq!(hour, "a price of a kind that the registry does not have");
    assert_eq!(why("gpt-4o", "supports_pdf_input"), "no key of the registry");
}

#[test]
fn the_conditions_of_genai_prices_and_the_steps_of_models_dev_carry_over() {
    let (_, registry) = imported("genai-prices", "genai-prices-excerpt.json");
    assert_eq!(
        prices(&registry, "claude-opus-4-6", "anthropic"),
        [
            "1970-01-01: input 5, output 25, cached_input 0.5, cache_write 6.25",
            "[over 200,000 input tokens] input 10, output 37.5, cached_input 1, cache_write 12.5",
            "2026-03-13: input 5, output 25, cached_input 0.5, cache_write 6.25",
        ]
    );
    assert_eq!(
        prices(&registry, "deepseek-chat", "deepseek"),
        [
            "1970-01-01: input 0.135, output 0.55, cached_input 0.035",
            "[00:30-16:30 UTC] input 0.27, output 1.1, cached_input 0.07",
        ]
    );
    assert_eq!(prices(&registry, "sonar", "perplexity"), ["2026-11-24: input 1, output 1, per_request 0.012"]);
    let (_, registry) = imported("models-dev", "models-dev-excerpt.json");
    assert_eq!(
        prices(&registry, "claude-opus-4-7", "302ai"),
        [
            "2026-11-24: input 5, output 25, cached_input 0.5, cache_write 6.25",
            "[over 200,000 input tokens] input 10, output 37.5, cached_input 1, cache_write 12.5",
        ]
    );
    let provider = &registry.providers[0];
    assert_eq!((provider.id.as_str(), provider.base_url.as_str()), ("302ai", "https://api.302.ai/v1"));
}

#[test]
fn a_list_of_models_is_fetched_and_thoughts_at_zero_are_not_taken_for_free() {
    let sandbox = Sandbox::new();
    let body = excerpt("openrouter-like.json");
    let server = Canned::start("application/json", "", Box::leak(body.into_boxed_str()));
    let url = format!("{}/catalogue?key=hush", server.base_url);
    let ran = sandbox.run(&["registry", "import", "--from", "openrouter", &url, "--out", "prices.toml"]).exits_with(0);
    ran.says("1 of 3 entries imported: 1 models at 1 providers");
    let registry = Registry::read(&sandbox.path("prices.toml")).unwrap();
    let told = prices(&registry, "acme/road-1", "openrouter");
    assert!(
        told[0].ends_with(": input 0.3, output 1.2, cached_input 0.03, per_request 0, per_image 0.000048"),
        "{told:?}"
    );
    assert!(!sandbox.read("prices.toml").contains("hush"));
    let gone = sandbox.run(&["registry", "import", "--from", "openrouter", "http://127.0.0.1:1/models?key=hush"]);
    let gone = gone.exits_with(1).says("error: cannot fetch `http://127.0.0.1:1/models`");
    assert!(!gone.stderr.contains("hush"), "{}", gone.stderr);
}

#[test]
fn a_catalogue_that_is_none_is_refused_and_nothing_is_written() {
    let whole = excerpt("litellm-excerpt.json");
    let negative = whole.replacen("\"input_cost_per_token\": 2.5e-06", "\"input_cost_per_token\": -2.5e-06", 1);
    let dear = whole.replacen("\"input_cost_per_token\": 2.5e-06", "\"input_cost_per_token\": 1e12", 1);
    assert!(negative != whole && dear != whole);
    let bad = |text: &str| whole.replacen("\"input_cost_per_token\": 2.5e-06", text, 1);
    let word = bad("\"input_cost_per_token\": \"cheap\"");
    for (from, text, said) in [
        ("litellm", &whole[..whole.len() / 2], "is no JSON from here on, EOF"),
        ("litellm", "", "catalogue.json:1: is no JSON"),
        ("models-dev", &whole, "is no catalogue of models.dev, but looks like one of LiteLLM: use `--from litellm`"),
        ("openrouter", "[1, 2]", "is no catalogue of OpenRouter\n"),
        ("litellm", &negative, "`input_cost_per_token` of `gpt-4o` is -2.5e-06, which is negative"),
        ("litellm", &dear, "`input_cost_per_token` of `gpt-4o` is 1e12, which is too large"),
        ("litellm", &word, "`input_cost_per_token` of `gpt-4o` is \"cheap\", which is not a decimal number"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("catalogue.json", text);
        let to = ["--out", "prices.toml", "--list-lost", "lost.csv"];
        let ran = sandbox.run(&[&["registry", "import", "--from", from, "catalogue.json"], &to[..]].concat());
        ran.exits_with(2).says(said);
        assert!(!Path::new(&sandbox.path("prices.toml")).exists());
        assert!(!Path::new(&sandbox.path("lost.csv")).exists());
    }
    let sandbox = Sandbox::new();
    sandbox.write("catalogue.json", &whole);
    let nothing = ["registry", "import", "--from", "litellm", "catalogue.json", "--model", "no-such-*"];
    sandbox.run(&nothing).exits_with(2).says("has no model that was asked for");
    sandbox
        .run(&["registry", "import", "--from", "litellm", "absent.json"])
        .exits_with(2)
        .says("cannot read catalogue");
}
