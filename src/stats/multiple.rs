//! Many tests at once.

/// The p-values adjusted by Holm's step-down method: those within alpha are rejected with a family-wise error of alpha at
/// most, whatever the tests have to do with each other (Holm, Scandinavian Journal of Statistics 6, 1979).
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let mut adjusted = vec![0.0; p_values.len()];
    let mut so_far = 0.0_f64;
    for (rank, index) in order.iter().enumerate() {
        so_far = so_far.max(p_values[*index] * (p_values.len() - rank) as f64).min(1.0);
        adjusted[*index] = so_far;
    }
    adjusted
}

/// The p-values adjusted by the method of Benjamini and Hochberg (Journal of the Royal Statistical Society B 57, 1995):
/// among those within alpha no more than the share alpha is expected to be false, where the tests are independent.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let mut adjusted = vec![0.0; p_values.len()];
    let mut so_far = 1.0_f64;
    for (rank, index) in order.iter().enumerate().rev() {
        so_far = so_far.min(p_values[*index] * p_values.len() as f64 / (rank + 1) as f64);
        adjusted[*index] = so_far;
    }
    adjusted
}

fn ascending(p_values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn holm_multiplies_the_least_by_all_and_never_descends() {
        // The example of the encyclopaedias: four tests, of which the two smallest are rejected at 5 %.
        assert_near(&holm(&[0.01, 0.04, 0.03, 0.005]), &[0.03, 0.06, 0.06, 0.02]);
        assert_near(&holm(&[0.6, 0.9]), &[1.0, 1.0]);
        assert_near(&holm(&[]), &[]);
    }

    #[test]
    fn the_false_discovery_rate_of_the_original_example_is_the_published_one() {
        // Fifteen tests of Benjamini and Hochberg's own example: at 5 % the first four are rejected.
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0000,
        ];
        let adjusted = benjamini_hochberg(&p);
        assert_eq!(adjusted.iter().filter(|p| **p <= 0.05).count(), 4);
        assert_eq!(holm(&p).iter().filter(|p| **p <= 0.05).count(), 3);
        assert!(adjusted.is_sorted());
    }
}
