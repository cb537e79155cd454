//! The sign-flip permutation test over rounds, exact.

/// Rounds above which neighbours are added up: 2^30 sign patterns are still counted exactly and at once.
const MOST_ROUNDS: usize = 30;

/// The one-sided p-value of "the differences are above 0": the share of all sign patterns whose sum is at least that of
/// `differences` as they are, which is one of them. 1 where there is none.
///
/// Under the hypothesis that each round's difference is as likely to have the other sign, every pattern is equally likely
/// (Canay, Romano and Shaikh, Randomization tests under an approximate symmetry assumption, Econometrica 85, 2017). The
/// patterns of either half are listed and sorted, and pairs are counted by walking through both lists. Where there are more
/// than 30 rounds, neighbours are added up first, which keeps the symmetry and loses power alone.
pub fn sign_flip(differences: &[f64]) -> f64 {
    p_of(&grouped(differences))
}

/// The least p-value that so many rounds can give, `2^−rounds`.
pub fn least_p(rounds: usize) -> f64 {
    0.5_f64.powi(i32::try_from(rounds.min(MOST_ROUNDS)).expect("30 is few"))
}

/// The one-sided bounds of the common shift of `differences`, each with confidence `1 − alpha`: the shifts that the test
/// does not reject in either direction. Absent ends are those that so few rounds cannot give.
pub fn shift_bounds(differences: &[f64], alpha: f64) -> (Option<f64>, Option<f64>) {
    let differences = grouped(differences);
    let negated: Vec<f64> = differences.iter().map(|difference| -difference).collect();
    (lower_bound(&differences, alpha), lower_bound(&negated, alpha).map(|bound| -bound))
}

/// The greatest shift that is surely exceeded: where the test of what is left turns from rejecting to not.
fn lower_bound(differences: &[f64], alpha: f64) -> Option<f64> {
    let least = differences.iter().copied().fold(f64::MAX, f64::min);
    let most = differences.iter().copied().fold(f64::MIN, f64::max);
    let p = |shift: f64| p_of(&differences.iter().map(|difference| difference - shift).collect::<Vec<_>>());
    // Below the least difference all are positive, and no other pattern has as great a sum.
    if differences.is_empty() || least_p(differences.len()) > alpha {
        return None;
    }
    let (mut low, mut high) = (least - (most - least).abs().max(1e-9), most);
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(low, high);
        if p(middle) <= alpha { low = middle } else { high = middle }
    }
    Some(low)
}

/// Halvings of the range of the differences: to a millionth of a millionth of it.
const BISECTIONS: usize = 45;

/// At most [`MOST_ROUNDS`] differences, each the sum of neighbours.
fn grouped(differences: &[f64]) -> Vec<f64> {
    let count = differences.len().min(MOST_ROUNDS);
    let mut groups = vec![0.0; count];
    for (index, difference) in differences.iter().enumerate() {
        groups[index * count / differences.len()] += difference;
    }
    groups
}

fn p_of(differences: &[f64]) -> f64 {
    if differences.is_empty() {
        return 1.0;
    }
    let (left, right) = differences.split_at(differences.len() / 2);
    let (left, right) = (sums(left), sums(right));
    let seen: f64 = differences.iter().sum();
    // Sums that are equal on paper may differ in their last digits, and each counts as at least as great.
    let slack = 1e-12 * differences.iter().map(|difference| difference.abs()).sum::<f64>();
    let mut from = right.len();
    let mut count = 0_u64;
    for one in &left {
        while from > 0 && one + right[from - 1] >= seen - slack {
            from -= 1;
        }
        count += (right.len() - from) as u64;
    }
    count as f64 / (left.len() as f64 * right.len() as f64)
}

/// The sums of all sign patterns of `differences`, ascending.
fn sums(differences: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    for difference in differences {
        let size = difference.abs();
        // Two ascending lists, a step down and a step up, merged into one.
        let mut merged = Vec::with_capacity(2 * sums.len());
        let (mut down, mut up) =
            (sums.iter().map(|sum| sum - size).peekable(), sums.iter().map(|sum| sum + size).peekable());
        while let (Some(lower), Some(upper)) = (down.peek(), up.peek()) {
            let next = if lower <= upper { down.next() } else { up.next() };
            merged.extend(next);
        }
        merged.extend(down);
        merged.extend(up);
        sums = merged;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pattern, one by one.
    fn by_force(differences: &[f64]) -> f64 {
        let seen: f64 = differences.iter().sum();
        let patterns = 1_u32 << differences.len();
        let reach = |pattern: &u32| {
            let sum: f64 = differences
                .iter()
                .enumerate()
                .map(|(index, difference)| if pattern >> index & 1 == 1 { -difference } else { *difference })
                .sum();
            sum >= seen - 1e-9
        };
        (0..patterns).filter(reach).count() as f64 / f64::from(patterns)
    }

    #[test]
    fn counting_by_halves_is_counting_one_by_one() {
        let mut rng = crate::rng::seeded(7, "sign flips");
        for rounds in 1..=12 {
            for _ in 0..40 {
                // Whole numbers have ties, which must count alike.
                let differences: Vec<f64> = (0..rounds)
                    .map(|_| (rng.f64() * 9.0 - 3.5).round() + if rng.bool() { 0.25 } else { 0.0 })
                    .collect();
                let (found, expected) = (sign_flip(&differences), by_force(&differences));
                assert!((found - expected).abs() < 1e-12, "{differences:?}: {found} {expected}");
            }
        }
    }

    #[test]
    fn the_least_p_is_that_of_rounds_that_all_agree() {
        for rounds in [5, 10, 20, 30] {
            let found = sign_flip(&vec![0.3; rounds]);
            assert!((found / least_p(rounds) - 1.0).abs() < 1e-9, "{rounds}: {found}");
        }
        assert!((sign_flip(&[0.0; 8]) - 1.0).abs() < 1e-12 && (sign_flip(&[]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_textbook_example_has_its_p_value() {
        // Darwin's fifteen pairs of plants (Fisher, The Design of Experiments, 1935, section 21): 863 of 32,768 patterns have
        // a sum as great as 314 in eighths of an inch.
        let darwin = [49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0, -48.0];
        assert!((sign_flip(&darwin) * 32_768.0 - 863.0).abs() < 1e-6, "{}", sign_flip(&darwin) * 32_768.0);
    }

    #[test]
    fn bounds_are_where_the_test_turns() {
        let differences = [0.12, 0.05, 0.2, 0.15, 0.08, 0.11, 0.02, 0.17, 0.09, 0.13];
        let (low, high) = shift_bounds(&differences, 0.05);
        let (low, high) = (low.unwrap(), high.unwrap());
        let mean = differences.iter().sum::<f64>() / 10.0;
        assert!(low < mean && mean < high, "{low} {high}");
        let shifted = |shift: f64| sign_flip(&differences.map(|difference| difference - shift));
        assert!(shifted(low - 1e-9) <= 0.05 && shifted(low + 1e-6) > 0.05);
        assert_eq!(shift_bounds(&differences[..4], 0.05), (None, None), "2^-4 is more than 5 %");
    }

    #[test]
    fn more_rounds_than_can_be_counted_are_added_up_to_those_that_can() {
        let differences: Vec<f64> = (0..1_000).map(|round| 0.01 + f64::from(round % 7) / 100.0).collect();
        assert!((sign_flip(&differences) / least_p(30) - 1.0).abs() < 1e-9);
    }
}
