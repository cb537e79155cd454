use proptest::prelude::*;

use super::*;
use crate::registry::Registry;

/// The tariff of one model whose offer holds `prices`, in a run from `started` on.
fn tariff(prices: &str, started: &str) -> Tariff {
    let file = format!(
        "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"https://p.example/v1\"\n\
         [[model]]\nid = \"m\"\n[[model.at]]\nprovider = \"p\"\n{prices}"
    );
    let registry = Registry::parse("r.toml", &file).unwrap();
    Tariff::new(registry.pricing(registry.endpoints().next().unwrap()), started.parse().unwrap())
}

const DEAR_AT_NIGHT: &str = r#"
[[model.at.price]]
from = "2026-05-01"
input = "1"
output = "2"
cache_write = "1.25"
reasoning = "1"
per_image = "0.001"
[[model.at.price.override]]
utc = ["22:00-02:00"]
output = "4"
[[model.at.price.override]]
input_tokens_over = 1000
input = "3"
per_request = "0.01"
[[model.at.price.override]]
service_tier = "priority"
reasoning = "9"
[[model.at.price]]
from = "2026-12-01"
input = "0.5"
output = "1"
per_image = "0.002"
"#;

#[test]
fn the_ceiling_holds_the_dearest_of_each_figure_over_rows_and_overrides_from_the_start_on() {
    let ceiling = |started| tariff(DEAR_AT_NIGHT, started).ceiling().unwrap();
    let all = Ceiling {
        input_picos: 3_000_000,
        output_picos: 9_000_000,
        request_picos: 10_000_000_000,
        image_picos: 2_000_000_000,
    };
    assert_eq!(ceiling("2026-11-30T12:00:00Z"), all);
    let last = Ceiling { input_picos: 500_000, output_picos: 1_000_000, request_picos: 0, image_picos: 2_000_000_000 };
    assert_eq!(ceiling("2026-12-01T00:00:00Z"), last, "what is over counts no more");
}

#[test]
fn a_price_that_is_unknown_at_some_time_of_the_run_is_named() {
    let missing = |prices: &str, started: &str| tariff(prices, started).ceiling().unwrap_err();
    assert_eq!(missing("", "2026-11-30T12:00:00Z"), [PriceKey::Input, PriceKey::Output]);
    assert_eq!(missing(DEAR_AT_NIGHT, "2026-04-30T23:59:59Z"), [PriceKey::Input, PriceKey::Output]);
    let no_output = "[[model.at.price]]\nfrom = \"2026-05-01\"\ninput = \"0\"\n";
    assert_eq!(missing(no_output, "2026-11-30T12:00:00Z"), [PriceKey::Output], "free is known");
}

#[test]
fn a_request_is_charged_by_the_time_it_was_sent_and_the_tier_that_was_named() {
    let tariff = tariff(DEAR_AT_NIGHT, "2026-11-23T21:59:59Z");
    let usage = Usage { output: 1_000, ..Usage::default() };
    let cost = |sent, tier, usage: &Usage| tariff.charge(usage, 0, sent, tier).exact().unwrap().to_string();
    assert_eq!(cost(None, None, &usage), "0.002");
    assert_eq!(cost(Some(Moment(999_999)), None, &usage), "0.002");
    assert_eq!(cost(Some(Moment(1_000_000)), None, &usage), "0.004", "the window has begun");
    let thoughts = Usage { reasoning: 1_000, ..usage };
    assert_eq!(cost(None, None, &thoughts), "0.001");
    assert_eq!(cost(None, Some("priority"), &thoughts), "0.009");
    assert_eq!(cost(None, Some("default"), &thoughts), "0.001");
}

#[test]
fn a_worst_case_beyond_what_can_be_counted_stays_at_the_top() {
    let dear = Ceiling { input_picos: 2, output_picos: u64::MAX, request_picos: 1, image_picos: u64::MAX };
    assert_eq!(dear.worst_case(3, 0, 0), 7);
    assert_eq!(dear.worst_case(u64::MAX, 0, 0), u64::MAX);
    assert_eq!(dear.worst_case(1, 1, 1), u64::MAX);
    let rates = Rates { input: Some(UsdPerMtok::from_picos_per_token(i128::MAX)), ..Rates::default() };
    assert_eq!(Ceiling::of(&rates).input_picos, u64::MAX);
}

proptest! {
    #[test]
    fn no_request_within_its_bounds_is_charged_more_than_its_worst_case(
        (input, output) in (0_u64..5_000, 0_u64..5_000),
        parts in (0_u64..6_000, 0_u64..6_000, 0_u64..6_000),
        images in 0_u32..4,
        seconds in 0_u64..20 * 86_400,
        is_priority: bool,
    ) {
        let tariff = tariff(DEAR_AT_NIGHT, "2026-11-20T00:00:00Z");
        let (cached_input, cache_write, reasoning) = parts;
        let usage = Usage { input, cached_input, cache_write, output, reasoning };
        let sent = Some(Moment(seconds * 1_000_000));
        let cost = tariff.charge(&usage, images, sent, is_priority.then_some("priority")).exact().unwrap();
        let worst = tariff.ceiling().unwrap().worst_case(input, output, images);
        prop_assert!(cost.picos() <= i128::from(worst), "{cost} over {worst}");
    }
}
