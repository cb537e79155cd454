use super::*;
use crate::rng::seeded;

const fn share(of: u64, all: u64) -> Share {
    Share { of, all }
}

/// The chance of at least the seen score, pair by pair, at the worst of 2,000 shares of the whole range.
fn by_force(candidate: Share, baseline: Share, margin: f64) -> f64 {
    let seen = score(candidate, baseline, margin).unwrap();
    let (n1, n2) = (candidate.all, baseline.all);
    let reaching: Vec<(u64, u64)> = (0..=n1)
        .flat_map(|one| (0..=n2).map(move |other| (one, other)))
        .filter(|(one, other)| score(share(*one, n1), share(*other, n2), margin).unwrap() >= seen - 1e-6)
        .collect();
    let all = |n: u64, p: f64| -> Vec<f64> {
        let (from, weights) = weights(n, p, 0.0);
        assert_eq!((from, weights.len() as u64), (0, n + 1));
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    };
    let (low, high) = ((-margin).max(0.0), (1.0 - margin).min(1.0));
    (1..2_000)
        .map(|step| {
            let p = low + (high - low) * f64::from(step) / 2_000.0;
            let (one, other) = (all(n1, p + margin), all(n2, p));
            reaching.iter().map(|(x, y)| one[*x as usize] * other[*y as usize]).sum::<f64>()
        })
        .fold(0.0, f64::max)
}

#[test]
fn it_is_the_worst_chance_over_all_pairs_and_shares() {
    for (candidate, baseline, margin) in [
        (share(3, 30), share(1, 25), 0.05),
        (share(5, 40), share(0, 40), 0.02),
        (share(1, 20), share(4, 25), -0.3),
        (share(22, 24), share(17, 24), 0.0),
    ] {
        let (found, expected) =
            (exceeds_by(candidate, baseline, margin).unwrap(), by_force(candidate, baseline, margin));
        // The whole range of shares may have a greater chance far from what was seen, and its 2,000 shares miss the greatest by
        // a little.
        assert!(
            found <= expected + OUTSIDE + 1e-5 && found > 0.8 * expected,
            "{candidate:?} {baseline:?}: {found} {expected}"
        );
    }
}

#[test]
fn the_textbook_example_of_an_exact_unconditional_test_comes_out() {
    // Barnard, Biometrika 34 (1947), as scipy's documentation of `barnard_exact` has it: 7 of 15 against 12 of 15 vaccinated,
    // whose pooled score −1.894 has a one-sided p-value of 0.0341, here with the mirror image, 3 of 15 against 8 of 15.
    let found = exceeds_by(share(12, 15), share(7, 15), 0.0).unwrap();
    assert!((score(share(12, 15), share(7, 15), 0.0).unwrap() - 1.894).abs() < 5e-4);
    assert!((found - 0.0341).abs() < 5e-5, "{found}");
}

#[test]
fn what_lies_at_the_margin_is_found_beyond_it_no_more_often_than_the_level_says() {
    let (n, margin) = (300, 0.01);
    for (level, share_of_baseline) in
        [(0.05, 0.0), (0.05, 0.002), (0.05, 0.01), (0.05, 0.04), (0.005, 0.002), (0.005, 0.02)]
    {
        let (_, of_baseline) = weights(n, share_of_baseline, 1e-9);
        let (first, of_candidate) = weights(n, share_of_baseline + margin, 1e-9);
        let (from, _) = weights(n, share_of_baseline, 1e-9);
        let mut found = 0.0;
        for (other, chance) in (from..).zip(&of_baseline) {
            let rejected = |one: u64| exceeds_by(share(one, n), share(other, n), margin).unwrap() <= level;
            let chances = (first..).zip(&of_candidate);
            found += chance * chances.filter(|(one, _)| rejected(*one)).map(|(_, chance)| chance).sum::<f64>();
        }
        found /= of_baseline.iter().sum::<f64>() * of_candidate.iter().sum::<f64>();
        assert!(found <= level && found > level / 5.0, "{level} at {share_of_baseline}: {found}");
    }
}

#[test]
fn it_falls_with_each_event_of_the_candidate_and_rises_with_each_of_the_baseline() {
    let mut rng = seeded(11, "pairs of shares");
    for _ in 0..60 {
        let (n1, n2) = (rng.u64(20..400), rng.u64(20..400));
        let (one, other) = (rng.u64(0..n1 / 8), rng.u64(0..n2 / 8));
        let margin = [-0.05, 0.0, 0.005, 0.05][rng.usize(0..4)];
        let p = |one: u64, other: u64| exceeds_by(share(one, n1), share(other, n2), margin).unwrap();
        assert!(p(one + 1, other) <= p(one, other) + OUTSIDE, "{one} of {n1}, {other} of {n2}, {margin}");
    }
}

#[test]
fn where_the_score_test_takes_over_both_say_the_same() {
    // Each has just under 10,000 events to be expected of one, and is therefore counted.
    for (candidate, baseline, margin) in [
        (share(10_900, 200_000), share(9_500, 200_000), 0.005),
        (share(11_500, 100_000), share(9_300, 100_000), 0.02),
        (share(10_060, 20_000), share(9_900, 20_000), 0.0),
        (share(9_950, 40_000), share(42_200, 160_000), -0.02),
    ] {
        let (exact, normal) = (exceeds_by(candidate, baseline, margin), score_test(candidate, baseline, margin));
        let (exact, normal) = (exact.unwrap(), normal.unwrap());
        let events = expected_events(candidate, baseline, margin).unwrap();
        assert!(events < MANY_EVENTS && events > 0.8 * MANY_EVENTS, "{events}");
        assert!((exact - OUTSIDE - normal).abs() < 0.02 * normal && exact > 1e-5 && exact < 0.2, "{exact} {normal}");
    }
    let (candidate, baseline) = (share(50_500, 1_000_000), share(45_000, 1_000_000));
    assert_eq!(exceeds_by(candidate, baseline, 0.005), score_test(candidate, baseline, 0.005));
}

#[test]
fn without_an_event_nothing_is_worse_and_an_increase_is_ruled_out_by_the_chance_of_none() {
    let none = share(0, 1_000);
    assert_eq!(exceeds_by(none, none, 0.005), Some(1.0));
    // The baseline can have no less than 2 % here, of which none is seen with a chance of 0.98^149.
    let found = exceeds_by(share(0, 149), share(0, 149), -0.02).unwrap();
    assert!((found - OUTSIDE - 0.98_f64.powi(149)).abs() < 1e-9, "{found}");
    assert_eq!(exceeds_by(share(0, 1_000_000), share(0, 1_000_000), -0.02), Some(OUTSIDE));
    assert_eq!(exceeds_by(share(0, 0), share(1, 2), 0.01), None);
}

#[test]
fn shares_differ_by_no_more_than_all() {
    let (some, all, none) = (share(3, 20), share(20, 20), share(0, 20));
    assert_eq!([1.0, 1.5, 40.0].map(|margin| exceeds_by(all, none, margin)), [Some(1.0); 3]);
    assert_eq!([-1.0, -1.5, -40.0].map(|margin| exceeds_by(some, all, margin)), [Some(0.0); 3]);
    assert_eq!([-1.0, -1.5].map(|margin| exceeds_by(none, all, margin)), [Some(1.0), Some(0.0)]);
    assert_eq!(exceeds_by(share(0, 0), all, 2.0), None);
}

#[test]
fn shares_of_all_have_a_p_value_too() {
    let all = share(20, 20);
    assert!(exceeds_by(all, all, 0.1).unwrap() > 0.99);
    assert!(exceeds_by(all, share(0, 20), 0.1).unwrap() < 1e-4);
    assert!(exceeds_by(share(0, 20), all, -0.1).unwrap() > 0.99);
}
