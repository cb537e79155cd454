//! A run of the real program against a simulator that obeys a law and keeps a record of its own.

use std::collections::BTreeMap;

use crate::sandbox::{Row, Sandbox, rows};

/// What a run reported, and what the server did.
pub(crate) struct Measured {
    /// The measured rows of `samples.csv`.
    pub(crate) samples: Vec<Row>,
    /// The rows of the truth file by request id.
    pub(crate) truth: BTreeMap<String, Row>,
    /// The one row of `cells.csv`.
    pub(crate) cell: Row,
}

/// A run of `arguments` against a simulator of `law`.
pub(crate) fn measure(law: &str, arguments: &[&str]) -> Measured {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", law);
    let simulated = sandbox.simulate(&["--law", "law.toml", "--truth", "truth.csv"]);
    let url = ["run", "--base-url", &simulated.base_url, "--model", "m", "--rounds", "2", "--warmup", "4"];
    sandbox.run(&[&url[..], arguments].concat()).measures();
    simulated.interrupt();
    let samples = rows(&sandbox.read("reports/latest/samples.csv"));
    let truth = rows(&sandbox.read("truth.csv")).into_iter().map(|row| (row["request_id"].clone(), row)).collect();
    let cell = rows(&sandbox.read("reports/latest/cells.csv")).remove(0);
    Measured { samples: samples.into_iter().filter(|row| row["phase"] == "measured").collect(), truth, cell }
}

impl Measured {
    pub(crate) fn truth_of(&self, sample: &Row) -> &Row {
        &self.truth[&sample["request_id"]]
    }

    /// Every sample's `column` with what the server says of it.
    pub(crate) fn pairs(&self, column: &str) -> Vec<(f64, f64)> {
        self.samples.iter().map(|row| (number(row, column), number(self.truth_of(row), column))).collect()
    }

    /// Every time reported is the server's own or longer, request by request.
    #[track_caller]
    pub(crate) fn is_never_below_the_truth(&self, column: &str) {
        for (reported, real) in self.pairs(column) {
            // Both are rounded to a microsecond at either end.
            assert!(reported + 0.002 >= real, "{column}: {reported} ms reported, {real} ms is the truth");
        }
    }

    /// The figures of `cells.csv` are the quantiles of `samples.csv`.
    #[track_caller]
    pub(crate) fn adds_up(&self, column: &str) {
        let name = column.trim_end_matches("_ms");
        let ok = self.samples.iter().filter(|row| row["outcome"] == "ok");
        let times: Vec<f64> = ok.filter(|row| !row[column].is_empty()).map(|row| number(row, column)).collect();
        for (q, label) in [(0.5, "p50"), (0.99, "p99")] {
            let expected = format!("{:.3}", quantile(times.clone(), q));
            assert_eq!(self.cell[&format!("{name}_{label}_ms")], expected, "{name}_{label}_ms");
        }
        let most = times.into_iter().fold(0.0, f64::max);
        assert_eq!(self.cell[&format!("{name}_max_ms")], format!("{most:.3}"), "{name}_max_ms");
    }
}

pub(crate) fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("`{column}` is `{}`", row[column]))
}

/// The nearest-rank quantile, written again here so that the program is not its own witness.
pub(crate) fn quantile(mut values: Vec<f64>, q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(q * values.len() as f64).ceil() as usize - 1]
}
