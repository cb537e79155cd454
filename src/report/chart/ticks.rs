//! Ticks of axes, and how money and time are written beside them.

/// Round numbers inside `range`: the densest of 1-to-9, 1-2-3-5, 1-2-5, 1-3, decades and every few decades whose
/// neighbours are at least `gap` of the range's `pixels` apart.
///
/// Both ends must be above 0. Where the range holds no round number, there is none.
pub(crate) fn log_ticks(range: (f64, f64), pixels: f64, gap: f64) -> Vec<f64> {
    // The digits in a decade, the decades from one to the next, and the least factor between neighbours.
    let sets: [(&[u32], i32, f64); 7] = [
        (&[1, 2, 3, 4, 5, 6, 7, 8, 9], 1, 10.0 / 9.0),
        (&[1, 2, 3, 5], 1, 1.5),
        (&[1, 2, 5], 1, 2.0),
        (&[1, 3], 1, 3.0),
        (&[1], 1, 1e1),
        (&[1], 2, 1e2),
        (&[1], 4, 1e4),
    ];
    let a_factor = pixels / (range.1 / range.0).ln();
    let (digits, step, _) =
        sets.into_iter().find(|(_, _, least)| least.ln() * a_factor >= gap).unwrap_or((&[1], 8, 1e8));
    let decades = (range.0.log10().floor() as i32)..=(range.1.log10().ceil() as i32);
    decades
        .filter(|decade| decade.rem_euclid(step) == 0)
        .flat_map(|decade| digits.iter().map(move |digit| decimal(*digit, decade)))
        .filter(|value| (range.0..=range.1).contains(value))
        .collect()
}

/// The multiples of 1, 2 or 5 times a power of ten from 0 up to `most`, at least `gap` of `pixels` apart.
pub(crate) fn linear_ticks(most: f64, pixels: f64, gap: f64) -> Vec<f64> {
    let least = most / pixels * gap;
    let decade = least.log10().floor() as i32;
    let steps = [(1, decade), (2, decade), (5, decade), (1, decade + 1)].map(|(digit, decade)| decimal(digit, decade));
    let step = steps.into_iter().find(|step| *step >= least).unwrap_or(steps[3]);
    // Counted, because sums of fractions would drift.
    (0..).map(|count| f64::from(count) * step).take_while(|value| *value <= most).collect()
}

/// Dollars as an axis or a bracket names them: `$0`, `$0.01`, `$0.50`, `$2`, `$2.50`.
pub(crate) fn money(dollars: f64) -> String {
    if (dollars <= 0.0 || dollars >= 1.0) && (dollars - dollars.round()).abs() < 1e-9 {
        return format!("${dollars:.0}");
    }
    let exact = format!("{dollars:.6}");
    let digits = exact.trim_end_matches('0');
    let places = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    format!("${dollars:.*}", places.max(2))
}

/// Milliseconds as an axis or a tooltip names them: `0.5 ms`, `200 ms`, `1 s`, `2.5 s`.
pub(crate) fn time(ms: f64) -> String {
    let (value, unit) = if ms < 999.5 { (ms, "ms") } else { (ms / 1e3, "s") };
    let places = if value < 1.0 {
        3
    } else if value < 10.0 {
        2
    } else {
        usize::from(value < 100.0)
    };
    let text = format!("{value:.places$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} {unit}")
}

/// `digit` times ten to the `decade`, without the noise of multiplying.
fn decimal(digit: u32, decade: i32) -> f64 {
    format!("{digit}e{decade}").parse().expect("a digit and an exponent are a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decade_has_ticks_inside() {
        assert_eq!(log_ticks((0.008, 1.2), 500.0, 50.0), [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]);
        assert_eq!(log_ticks((90.0, 450.0), 300.0, 19.0), [90.0, 100.0, 200.0, 300.0, 400.0]);
    }

    #[test]
    fn a_wide_range_has_fewer_ticks_a_decade_so_that_their_labels_stay_apart() {
        assert_eq!(log_ticks((0.01, 10.0), 330.0, 50.0), [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]);
        assert_eq!(log_ticks((0.01, 10.0), 200.0, 50.0), [0.01, 0.1, 1.0, 10.0]);
        for (pixels, gap) in [(100.0, 20.0), (500.0, 44.0), (1100.0, 44.0)] {
            let ticks = log_ticks((0.003, 40.0), pixels, gap);
            let apart = |pair: &[f64]| (pair[1] / pair[0]).ln() / (40.0 / 0.003_f64).ln() * pixels;
            assert!(ticks.len() > 1 && ticks.windows(2).all(|pair| apart(pair) >= gap), "{ticks:?}");
        }
    }

    #[test]
    fn a_linear_axis_starts_at_0_and_steps_in_round_numbers() {
        assert_eq!(linear_ticks(88.0, 150.0, 24.0), [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(linear_ticks(0.9, 150.0, 24.0), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8]);
        assert_eq!(linear_ticks(250.0, 100.0, 40.0), [0.0, 100.0, 200.0]);
    }

    #[test]
    fn money_keeps_its_cents_and_time_changes_to_seconds() {
        let money: Vec<String> = [0.0, 0.005, 0.01, 0.5, 0.125, 1.0, 2.5, 10.0].map(money).into();
        assert_eq!(money, ["$0", "$0.005", "$0.01", "$0.50", "$0.125", "$1", "$2.50", "$10"]);
        let time: Vec<String> = [0.5, 9.0, 42.25, 200.0, 999.9, 1000.0, 2500.0, 12_340.0].map(time).into();
        assert_eq!(time, ["0.5 ms", "9 ms", "42.2 ms", "200 ms", "1 s", "1 s", "2.5 s", "12.3 s"]);
    }
}
