use super::*;

const SMALL: &str = r#"
schema = 1
client = "here"
[distance.here]
here = 2
there = 62.5
[region.there]
factor = 1.5
error_ratio = 0.01
[default]
ttft = { kind = "constant", median_ms = 40 }
ms_per_token = { median_ms = 2, p99_ms = 3 }
answer_tokens = { median = 100, p99 = 400 }
[model.fast]
ttft = { median_ms = 20, p99_ms = 60, slow = { ratio = 0.02, factor = 4 } }
ms_per_token = { kind = "constant", median_ms = 1 }
answer_tokens = { median = 10, p99 = 40 }
error_ratio = 0.002
quality = 0.8
capacity = 32
rate_limit = { requests_per_minute = 600 }
[model.fast.region.there]
factor = 2
error_ratio = 0.5
"#;

fn small() -> Law {
    Law::parse("law.toml", SMALL).unwrap()
}

fn refused(change: (&str, &str)) -> String {
    let (before, after) = change;
    assert!(SMALL.contains(before), "{before}");
    match Law::parse("law.toml", &SMALL.replacen(before, after, 1)).unwrap_err() {
        LawError::Faulty(faults) => faults.iter().next().unwrap().to_string(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_region_multiplies_the_model_and_the_nearest_error_ratio_holds() {
    let law = small();
    let there = law.endpoint("fast", "there");
    assert_eq!((there.distance_ms, there.factor, there.error_ratio), (62.5, 3.0, 0.5));
    assert_eq!((there.quality, there.capacity, there.requests_per_minute), (0.8, Some(32), Some(600)));
    let here = law.endpoint("fast", "here");
    assert_eq!((here.distance_ms, here.factor, here.error_ratio), (2.0, 1.0, 0.002));
}

#[test]
fn an_unknown_model_takes_the_default_and_an_unknown_region_the_clients_distance() {
    let law = small();
    let unknown = law.endpoint("never-heard", "nowhere");
    assert_eq!(unknown.ttft_ms, Spread::constant(40.0).unwrap());
    assert_eq!((unknown.distance_ms, unknown.factor, unknown.quality), (2.0, 1.0, 0.9));
    assert_eq!(law.endpoint("never-heard", "there").error_ratio.to_string(), "0.01");
}

#[test]
fn a_distance_may_be_given_from_the_other_end() {
    let text = SMALL.replace("client = \"here\"", "client = \"there\"");
    let here = Law::parse("law.toml", &text).unwrap().endpoint("fast", "here");
    assert_eq!(here.distance_ms.to_string(), "62.5");
}

#[test]
fn a_mistake_is_shown_with_its_line_and_what_would_be_right() {
    for (change, line, problem) in [
        (("schema = 1", "schema = 2"), "law.toml:2:", "`schema` is 2, must be 1"),
        (("quality = 0.8", "quality = 80"), "law.toml:19:", "is 80, must be 0 to 1"),
        (("quality = 0.8", "qualty = 0.8"), "law.toml:19:", "unknown field `qualty`"),
        (("median_ms = 20, p99_ms = 60", "median_ms = 20, p99_ms = 6"), "law.toml:15:", "p99 is 6, must be at least"),
        (("kind = \"constant\", ", ""), "law.toml:11:", "missing field `p99_ms`"),
        (("capacity = 32", "capacity = 0"), "law.toml:20:", "is 0, must be at least 1"),
        (("factor = 1.5", "factor = 0"), "law.toml:8:", "is 0, must be over 0"),
    ] {
        let message = refused(change);
        assert!(message.contains(line) && message.contains(problem), "{change:?}: {message}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = Law::read(Path::new("no/such/law.toml")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read the law `no/such/law.toml`");
}

#[test]
fn a_model_charges_what_its_own_law_says_and_others_state_nothing() {
    let charging = SMALL.replace("capacity = 32", "capacity = 32\ncharges = { input = \"0.30\", output = \"0.5\" }");
    let law = Law::parse("law.toml", &charging).unwrap();
    let charges = law.endpoint("fast", "here").charges.unwrap();
    assert_eq!(charges.of(10, 4).to_string(), "0.000005");
    assert_eq!(law.endpoint("other", "here").charges, None);
    let bad = refused(("capacity = 32", "charges = { input = \"0.30\", output = \"0,5\" }"));
    assert!(bad.contains("is not a decimal number, write it like \"0.25\""), "{bad}");
}
