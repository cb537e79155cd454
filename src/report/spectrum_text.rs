//! `percentiles.hgrm`: each cell's whole distribution in the four columns that HdrHistogram's plotters read.

use std::fmt::Write;

use hdrhistogram::Histogram;

use crate::report::headline::origin;
use crate::report::plain_text::visible;
use crate::report::support::{has_upper_end, highest_supported};
use crate::rundir::{CellRow, Run, Spectra};
use crate::tally::{SparseCounts, histogram};
use crate::units::{Latency, Micros};

/// A section for each cell in the order of `cells.csv`: end-to-end latency of successes in milliseconds.
///
/// Lines that start with `#` are no rows. Each section says above its table from which percentile on its requests
/// no longer support a figure, because the format has no column for that.
pub fn spectrum_text(run: &Run, spectra: &Spectra) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("# tollmark {}, run {}", run.manifest.tool_version, visible(&run.manifest.run_id)));
    line(
        &mut text,
        format_args!("# End-to-end latency of successes in milliseconds, {}, to three digits", origin(run)),
    );
    for warning in &spectra.warnings {
        line(&mut text, format_args!("# Not whole: {}", visible(warning)));
    }
    let mut scratch = histogram();
    for row in &run.cells {
        section(&mut text, row, spectra.of(&row.cell), &mut scratch);
    }
    text
}

/// Rows of the table between one halving of the distance to 100 % and the next, as the format's own tools print.
const ROWS_A_HALVING: u32 = 5;

fn section(text: &mut String, row: &CellRow, counts: Option<&SparseCounts>, scratch: &mut Histogram<u64>) {
    line(text, format_args!("\n# Cell {}", visible(&row.cell)));
    let Some(counts) = counts.filter(|counts| counts.total() > 0) else {
        line(text, format_args!("# No success, so no percentiles; {} failed", row.failed));
        return;
    };
    line(text, format_args!("# {}", support(counts.total(), row.failed)));
    scratch.reset();
    for (value, times) in counts.values() {
        scratch.record_n(value, times).expect("the value comes from a histogram of these bounds");
    }
    // A bucket's upper end may lie beyond anything that was measured.
    let most = match row.e2e_max_ms {
        Some(Latency::Finite(Micros(most))) => u64::from(most).min(scratch.max()),
        _ => scratch.max(),
    };
    line(text, format_args!("{:>12} {:>14} {:>10} {:>14}\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)"));
    let mut passed = 0;
    for step in scratch.iter_quantiles(ROWS_A_HALVING) {
        passed += step.count_since_last_iteration();
        let (value, quantile) = (ms(step.value_iterated_to().min(most) as f64), step.quantile_iterated_to());
        if quantile < 1.0 {
            line(text, format_args!("{value:>12.3} {quantile:>2.12} {passed:>10} {:>14.2}", 1.0 / (1.0 - quantile)));
        } else {
            line(text, format_args!("{value:>12.3} {quantile:>2.12} {passed:>10}"));
        }
    }
    let (mean, deviation) = (ms(scratch.mean()), ms(scratch.stdev()));
    line(text, format_args!("#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]"));
    line(text, format_args!("#[Max     = {:>12.3}, Total count    = {:>12}]", ms(most as f64), scratch.len()));
    let half_buckets = 2 * 10_u64.pow(scratch.sigfig().into());
    let (buckets, subs) = (scratch.buckets(), half_buckets.next_power_of_two());
    line(text, format_args!("#[Buckets = {buckets:>12}, SubBuckets     = {subs:>12}]"));
}

/// How far the requests of a cell carry.
fn support(n: u64, failed: u64) -> String {
    let failures = if failed > 0 { format!("; {failed} failures are left out") } else { String::new() };
    let highest = percent(highest_supported(n));
    let sure = [0.999, 0.99, 0.95, 0.9, 0.5].into_iter().find(|q| has_upper_end(*q, n, failed));
    let sure = sure.map_or_else(
        || "no percentile has an upper bound at 95 % confidence".to_owned(),
        |q| format!("upper bounds at 95 % confidence up to {}", percent(q)),
    );
    format!("n = {n}{failures}; above {highest} the value is the maximum; {sure}")
}

/// `99.9 %`, `99.8333 %`.
fn percent(q: f64) -> String {
    let text = format!("{:.4}", q * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn ms(micros: f64) -> f64 {
    micros / 1e3
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    writeln!(text, "{words}").expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sketch;

    fn one_cell(values: &[(u64, u64)]) -> (Run, Spectra) {
        let mut row = sketch::row("glm-4-9b", Some(0), "autocomplete");
        row.e2e_max_ms = Some(Latency::Finite(Micros(3_000)));
        let mut counts = SparseCounts::default();
        values.iter().for_each(|(value, times)| counts.add(*value, *times));
        let cells = [(row.cell.clone(), counts)];
        (sketch::of_rows(vec![(row, false)]), Spectra::of_cells(cells))
    }

    #[test]
    fn a_section_is_the_four_columns_between_comments() {
        let (run, spectra) = one_cell(&[(1_000, 50), (2_000, 49), (3_001, 1)]);
        let text = spectrum_text(&run, &spectra);
        let section = text.split_once("\n\n").unwrap().1;
        let expected = "\
# Cell global-apis/glm-4-9b/autocomplete/c16
# n = 100; above 99 % the value is the maximum; upper bounds at 95 % confidence up to 95 %
       Value     Percentile TotalCount 1/(1-Percentile)

       1.000 0.000000000000         50           1.00
";
        assert_eq!(&section[..expected.len()], expected);
        assert!(section.contains("       2.000 0.989062500000         99          91.43\n"), "{section}");
        let end = "       3.000 1.000000000000        100\n\
#[Mean    =        1.510, StdDeviation   =        0.520]\n\
#[Max     =        3.000, Total count    =          100]\n\
#[Buckets =           22, SubBuckets     =         2048]\n";
        assert!(section.ends_with(end), "{section}");
    }

    #[test]
    fn a_cell_without_success_has_a_section_that_says_so() {
        let (mut run, _) = one_cell(&[]);
        run.cells[0].failed = 600;
        let text = spectrum_text(&run, &Spectra::default());
        assert!(
            text.ends_with(
                "# Cell global-apis/glm-4-9b/autocomplete/c16\n# No success, so no percentiles; 600 failed\n"
            )
        );
    }

    #[test]
    fn a_section_says_how_far_its_requests_carry() {
        assert_eq!(
            support(600, 0),
            "n = 600; above 99.8333 % the value is the maximum; upper bounds at 95 % confidence up to 99 %"
        );
        assert_eq!(
            support(597, 3),
            "n = 597; 3 failures are left out; above 99.8325 % the value is the maximum; upper bounds at 95 % \
             confidence up to 95 %"
        );
        assert_eq!(
            support(3, 0),
            "n = 3; above 66.6667 % the value is the maximum; no percentile has an upper bound at 95 % confidence"
        );
    }
}
