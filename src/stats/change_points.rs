//! Where the level of a series changes.

/// The places at which a new level of `values` begins, ascending: those that make the squared distances to each stretch's mean
/// plus `penalty` for each change the least, among all ways to cut it into stretches of `least` values or more.
///
/// PELT: dynamic programming over the last change, with those places left out that can never be the last one again (Killick,
/// Fearnhead, Eckley, Journal of the American Statistical Association 107, 2012). Values are in units of their own noise, so that
/// squares and penalty are on one scale.
pub fn change_points(values: &[f64], penalty: f64, least: usize) -> Vec<usize> {
    let (n, least) = (values.len(), least.max(1));
    if n < 2 * least {
        return Vec::new();
    }
    let squares = Squares::of(values);
    // The least cost of what ends before each place, with the place at which its last stretch begins.
    let mut best = vec![(f64::INFINITY, 0); n + 1];
    best[0] = (-penalty, 0);
    let mut candidates = vec![0];
    for end in least..=n {
        let cost = |from: usize| best[from].0 + squares.between(from, end) + penalty;
        let costs = candidates.iter().map(|from| (cost(*from), *from));
        best[end] = costs.min_by(|a, b| a.0.total_cmp(&b.0)).expect("0 is never left out before another is found");
        // A place can stop being the last change only once a later one is far enough from the end to be it instead.
        let Some(rival) = (end + 1).checked_sub(least).filter(|rival| *rival >= least) else { continue };
        candidates.retain(|from| best[*from].0 + squares.between(*from, rival) <= best[rival].0);
        candidates.push(rival);
    }
    let mut places = Vec::new();
    let mut end = n;
    while best[end].1 > 0 {
        end = best[end].1;
        places.push(end);
    }
    places.reverse();
    places
}

/// Sums from the beginning, from which the squares of any stretch follow.
struct Squares {
    sums: Vec<(f64, f64)>,
}

impl Squares {
    fn of(values: &[f64]) -> Self {
        // About the first value, so that little is lost where squares are taken from each other.
        let first = values.first().copied().unwrap_or(0.0);
        let mut sums = vec![(0.0, 0.0)];
        for value in values.iter().map(|value| value - first) {
            let (sum, squares) = sums[sums.len() - 1];
            sums.push((sum + value, squares + value * value));
        }
        Self { sums }
    }

    /// The squared distances of the values `from` up to before `to` from their mean.
    fn between(&self, from: usize, to: usize) -> f64 {
        let (sum, squares) = (self.sums[to].0 - self.sums[from].0, self.sums[to].1 - self.sums[from].1);
        (squares - sum * sum / (to - from).max(1) as f64).max(0.0)
    }
}

/// The spread of the noise of `values` as a standard deviation, whatever their level does: from the steps between neighbours,
/// without those far beyond the median one, which are changes of level. 0 for values that are all the same; absent with fewer
/// than three.
///
/// A step of normal values has √2 of their deviation, and its median size is 0.67449 of its own (von Neumann and others, Annals of
/// Mathematical Statistics 12, 1941).
pub fn noise(values: &[f64]) -> Option<f64> {
    if values.len() < 3 {
        return None;
    }
    let mut steps: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    steps.sort_by(f64::total_cmp);
    let middle = f64::midpoint(steps[(steps.len() - 1) / 2], steps[steps.len() / 2]);
    // The median alone would be too rough a guess: with few values it is often much too small. Where more than half of the
    // values repeat the one before it is 0, and what steps there are must do.
    let far = if middle > 0.0 { FAR * middle / 0.674_49 } else { f64::INFINITY };
    let near = &steps[..steps.partition_point(|step| *step <= far)];
    Some((near.iter().map(|step| step * step).sum::<f64>() / near.len() as f64 / 2.0).sqrt())
}

/// Deviations beyond which a step is no noise: of normal ones 1 in 2,000 is.
const FAR: f64 = 3.5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::seeded;

    /// The least cost of any way to cut `values`, by trying every place for the last change.
    fn optimal(values: &[f64], penalty: f64, least: usize) -> Vec<usize> {
        let n = values.len();
        let mut best: Vec<Option<(f64, Vec<usize>)>> = vec![None; n + 1];
        best[0] = Some((-penalty, Vec::new()));
        for end in least..=n {
            for from in 0..=end - least {
                let Some((before, places)) = best[from].clone() else { continue };
                let stretch = &values[from..end];
                let mean = stretch.iter().sum::<f64>() / stretch.len() as f64;
                let cost = before + penalty + stretch.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
                if best[end].as_ref().is_none_or(|(known, _)| cost < *known - 1e-9) {
                    let more = if from > 0 { vec![from] } else { Vec::new() };
                    best[end] = Some((cost, [places, more].concat()));
                }
            }
        }
        best[n].clone().map_or_else(Vec::new, |(_, places)| places)
    }

    #[test]
    fn pruning_finds_what_trying_everything_finds() {
        let mut rng = seeded(7, "change points");
        for round in 0..300 {
            let n = rng.usize(1..70);
            let least = rng.usize(1..6);
            let mut level = 0.0;
            let values: Vec<f64> = (0..n)
                .map(|_| {
                    if rng.f64() < 0.08 {
                        level += rng.f64() * 12.0 - 6.0;
                    }
                    level + rng.f64() * 3.0 - 1.5
                })
                .collect();
            let penalty = rng.f64() * 12.0;
            if n >= 2 * least {
                let found = change_points(&values, penalty, least);
                assert_eq!(found, optimal(&values, penalty, least), "round {round}: {n} values, {least}, {penalty}");
                let ends = [&[0], &found[..], &[n]].concat();
                assert!(ends.windows(2).all(|pair| pair[1] - pair[0] >= least));
            }
        }
    }

    #[test]
    fn the_nile_falls_once_in_1899() {
        // The annual flow at Aswan, 1871 to 1970, with its one accepted change (Cobb, Biometrika 65, 1978).
        let nile = [
            1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958,
            1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020,
            1050, 969, 831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796,
            1040, 759, 781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848,
            890, 744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
        ];
        let values: Vec<f64> = nile.map(f64::from).to_vec();
        let unit = noise(&values).unwrap();
        let scaled: Vec<f64> = values.iter().map(|value| value / unit).collect();
        assert_eq!(change_points(&scaled, 3.0 * 100_f64.ln(), 3), [28]);
    }

    #[test]
    fn too_short_a_series_and_one_without_noise_have_no_change() {
        assert_eq!(change_points(&[1.0, 9.0], 1.0, 2), Vec::<usize>::new());
        assert_eq!(change_points(&[], 1.0, 1), Vec::<usize>::new());
        assert_eq!(change_points(&[3.0; 50], 1.0, 3), Vec::<usize>::new());
        assert_eq!(change_points(&[1.0, 1.0, 9.0, 9.0], 1.0, 2), [2]);
    }

    #[test]
    fn noise_is_that_of_the_values_and_not_of_their_level() {
        let mut rng = seeded(3, "noise");
        let mut normal = || (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
        let calm: Vec<f64> = (0..400).map(|_| normal() * 0.5).collect();
        let stepped: Vec<f64> = calm.iter().enumerate().map(|(at, value)| value + (at / 100) as f64 * 20.0).collect();
        for values in [calm, stepped] {
            let found = noise(&values).unwrap();
            assert!((found - 0.5).abs() < 0.06, "{found}");
        }
        assert_eq!(noise(&[1.0, 2.0]), None);
        assert_eq!(noise(&[2.0, 2.0, 2.0]), Some(0.0));
        assert!(noise(&[1.0, 1.0, 1.0, 9.0, 9.0]).unwrap() > 1.0);
    }
}
