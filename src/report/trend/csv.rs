//! `trend.csv`: one row a night, cell and figure.

use crate::history::{Point, Series};
use crate::units::Latency;

/// The figures of `series` as `time,cell,metric,value`, by time, then in the order of `series`; a figure that is not known has no
/// row.
///
/// Metrics are named as in `cells.csv`. Where a night's latencies may not be judged it has none here, nor a cost, so that whoever
/// looks for changes finds none that a stopped run made; prices and counts are told of every night. The rows of one cell and
/// metric by themselves are a series as change point detectors such as Apache Otava read it.
pub fn trend_csv(series: &[Series<'_>]) -> String {
    let mut rows: Vec<(usize, usize, &Point<'_>)> = Vec::new();
    for (index, one) in series.iter().enumerate() {
        rows.extend(one.points.iter().map(|point| (point.place, index, point)));
    }
    rows.sort_by_key(|(place, index, _)| (*place, *index));
    let names: Vec<String> = series.iter().map(Series::name).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["time", "cell", "metric", "value"]).expect("writing to memory cannot fail");
    for (_, index, point) in rows {
        let time = point.night.started.to_string();
        for (metric, value) in figures(point) {
            let row = [time.as_str(), &names[index], metric, &value];
            writer.write_record(row).expect("writing to memory cannot fail");
        }
    }
    let bytes = writer.into_inner().expect("writing to memory cannot fail");
    String::from_utf8(bytes).expect("all cells are UTF-8")
}

fn figures(point: &Point<'_>) -> Vec<(&'static str, String)> {
    let row = point.row;
    let open = row.is_open_load();
    let ms = |latency: Option<Latency>| latency.filter(|one| one.finite_ms().is_some()).map(|one| one.to_string());
    let e2e = row.primary_latency();
    let names = match open {
        true => ["e2e_from_due_p50_ms", "e2e_from_due_p95_ms", "e2e_from_due_p99_ms"],
        false => ["e2e_p50_ms", "e2e_p95_ms", "e2e_p99_ms"],
    };
    let judged = [
        (names[0], ms(e2e.p50)),
        (names[1], ms(e2e.p95)),
        (names[2], ms(e2e.p99)),
        ("ttft_p50_ms", ms(row.ttft_p50_ms)),
        ("ttft_p95_ms", ms(row.ttft_p95_ms)),
        ("ttft_p99_ms", ms(row.ttft_p99_ms)),
        ("cost_per_1k_requests_usd", row.cost_per_1k_requests_usd.map(|cost| cost.to_string())),
        ("effective_output_usd_per_mtok", row.effective_output_usd_per_mtok.map(|price| price.to_string())),
    ];
    let counted = [("requests", Some(row.requests)), ("failed", Some(row.failed))];
    let availability = row.availability.filter(|_| point.counts_for_availability()).map(|share| share.to_string());
    let always = [
        ("availability", availability),
        ("list_input_usd_per_mtok", row.list_input_usd_per_mtok.map(|price| price.to_string())),
        ("list_output_usd_per_mtok", row.list_output_usd_per_mtok.map(|price| price.to_string())),
    ];
    let judged = judged.into_iter().filter(|_| point.is_judged());
    let counted = counted.into_iter().map(|(metric, count)| (metric, count.map(|count| count.to_string())));
    judged.chain(counted).chain(always).filter_map(|(metric, value)| Some((metric, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fixture::Clean;
    use crate::history::{History, series};

    fn rows(history: &History) -> Vec<String> {
        trend_csv(&series(history)).lines().map(str::to_owned).collect()
    }

    #[test]
    fn each_figure_of_each_night_has_a_row_under_one_header() {
        let history = Clean { cells: 2, nights: 3, noise: 0.0, ..Clean::default() }.history();
        let rows = rows(&history);
        assert_eq!(rows[0], "time,cell,metric,value");
        let cell = "simulated/acme/model-00/us/chat/c16";
        assert_eq!(
            rows[1..10],
            [
                format!("2026-09-23T02:00:00Z,{cell},e2e_p50_ms,120.000"),
                format!("2026-09-23T02:00:00Z,{cell},e2e_p95_ms,192.000"),
                format!("2026-09-23T02:00:00Z,{cell},e2e_p99_ms,264.000"),
                format!("2026-09-23T02:00:00Z,{cell},cost_per_1k_requests_usd,0.1"),
                format!("2026-09-23T02:00:00Z,{cell},requests,600"),
                format!("2026-09-23T02:00:00Z,{cell},failed,0"),
                format!("2026-09-23T02:00:00Z,{cell},availability,1"),
                format!("2026-09-23T02:00:00Z,{cell},list_input_usd_per_mtok,0.20"),
                format!("2026-09-23T02:00:00Z,{cell},list_output_usd_per_mtok,0.50"),
            ]
        );
        assert_eq!(rows.len(), 1 + 2 * 3 * 9);
        assert!(rows[1..].is_sorted_by_key(|row| row[..20].to_owned()), "{rows:#?}");
    }

    #[test]
    fn a_night_that_may_not_be_judged_has_prices_and_counts_alone() {
        let mut history = Clean { cells: 1, nights: 2, noise: 0.0, ..Clean::default() }.history();
        history.nights[1].partial = true;
        history.nights[1].cells[0].list_input_usd_per_mtok = None;
        let of_second = |row: &&String| row.starts_with("2026-09-24");
        let all = rows(&history);
        let metrics: Vec<&str> = all.iter().filter(of_second).map(|row| row.split(',').nth(2).unwrap()).collect();
        assert_eq!(metrics, ["requests", "failed", "availability", "list_output_usd_per_mtok"]);
    }
}
