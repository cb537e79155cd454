use super::*;

#[test]
fn a_price_of_a_quarter_a_million_is_250_000_picodollars_a_token() {
    let price: UsdPerMtok = "0.25".parse().unwrap();
    assert_eq!(price.picos_per_token(), 250_000);
    assert_eq!(price.of(2_000).to_string(), "0.0005");
    assert_eq!((0..1_000_000).map(|_| price.of(2_000)).sum::<Usd>().to_string(), "500");
}

#[test]
fn money_is_printed_exactly_and_rounded_only_when_asked() {
    let amount = Usd::from_picos(669_000_000);
    assert_eq!(amount.to_string(), "0.000669");
    assert_eq!(amount.rounded(4), "0.0007");
    assert_eq!(amount.rounded(0), "0");
    assert_eq!("0.8".parse::<UsdPerMtok>().unwrap().to_string(), "0.80");
    assert_eq!("3".parse::<UsdPerMtok>().unwrap().to_string(), "3.00");
}

#[test]
fn a_bad_decimal_is_refused_with_the_reason() {
    for (text, error) in [
        ("-1", MoneyError::Negative),
        ("", MoneyError::NotDecimal),
        ("1e-6", MoneyError::NotDecimal),
        ("1.", MoneyError::NotDecimal),
        ("0.0000001", MoneyError::TooFine(6)),
        ("12345678901", MoneyError::TooLarge),
    ] {
        assert_eq!(text.parse::<UsdPerMtok>(), Err(error), "{text}");
    }
}

#[test]
fn amounts_beyond_what_can_be_counted_stay_at_the_top_and_are_read_back() {
    let dear = UsdPerMtok::from_picos_per_token(i128::MAX / 2).of(u64::MAX);
    assert_eq!(dear.picos(), i128::MAX);
    assert_eq!((dear + dear, [dear; 3].into_iter().sum::<Usd>()), (dear, dear));
    let read: Usd = serde_json::from_str(&serde_json::to_string(&dear).unwrap()).unwrap();
    assert_eq!(read, dear);
    assert_eq!(dear.to_string(), "170141183460469231731687303.715884105727");
    let more = "\"170141183460469231731687303.715884105728\"";
    assert!(serde_json::from_str::<Usd>(more).unwrap_err().to_string().contains("is too large"));
    assert_eq!("1000000000".parse::<Usd>(), Err(MoneyError::TooLarge), "a person writes no such price");
}

#[test]
fn thousands_are_set_apart() {
    for (digits, shown) in [("7", "7"), ("999", "999"), ("1000", "1,000"), ("1234567", "1,234,567")] {
        assert_eq!(grouped(digits), shown);
    }
}

#[test]
fn times_are_printed_as_milliseconds_with_three_decimals() {
    assert_eq!(Micros(180_042).to_string(), "180.042");
    assert_eq!(Moment(7).to_string(), "0.007");
}
