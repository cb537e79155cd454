use proptest::prelude::*;

use super::*;
use crate::cost::Reconciled;
use crate::sample::{Moments, Outcome, Usage, UsageSource};
use crate::units::Latency;

/// A success that was sent at `sent` ms and took `e2e` ms, its first token at a tenth of that.
fn success(cell: u32, round: u32, sent: u64, e2e: u64) -> Sample {
    let at = |ms_tenths: u64| Some(Moment(ms_tenths * 100));
    Sample {
        phase: Phase::Measured,
        round,
        cycle: 0,
        cell,
        index: 0,
        line: 0,
        outcome: Outcome::Ok,
        simulated: true,
        reused: true,
        http_version: None,
        moments: Moments {
            sent: at(sent * 10),
            headers: at(sent * 10 + e2e / 2),
            first_token: at(sent * 10 + e2e),
            first_answer: at(sent * 10 + e2e),
            last_token: at(sent * 10 + e2e * 10),
            end: at(sent * 10 + e2e * 10),
            ..Moments::default()
        },
        chunks: 5,
        usage: Some((
            Usage { input: 40, cached_input: 10, cache_write: 0, output: 11, reasoning: 0 },
            UsageSource::Provider,
        )),
        usage_contradicts: false,
        raw_usage: None,
        stated_cost: None,
        words: None,
        service_tier: None,
        finish_reason: Some("stop".into()),
        status: Some(200),
        request_id: None,
        model_answered: None,
        answer_hash: Some(7),
        greedy: true,
        right: None,
        error: None,
        route: None,
        tries: None,
        passed: None,
    }
}

fn failure(cell: u32, round: u32, sent: u64, outcome: Outcome) -> Sample {
    let sample = success(cell, round, sent, 100);
    let moments = Moments { sent: sample.moments.sent, end: sample.moments.end, ..Moments::default() };
    Sample { outcome, moments, usage: None, answer_hash: None, status: None, ..sample }
}

fn tally(shares: &[u32]) -> Tally {
    Tally::new(&[CellShape { shares: shares.to_vec() }], 1)
}

fn ms(ms: u32) -> Latency {
    Latency::Finite(Micros(ms * 1_000))
}

#[test]
fn a_round_is_done_with_its_last_request_whatever_the_order() {
    let mut tally = tally(&[2, 1]);
    assert_eq!(tally.record(&success(0, 0, 0, 10), None), None);
    assert_eq!(tally.record(&success(0, 1, 0, 10), None), Some(RoundDone { cell: 0, round: 1 }));
    let warmup = Sample { phase: Phase::Warmup, ..success(0, 0, 0, 10) };
    assert_eq!(tally.record(&warmup, None), None);
    assert_eq!(tally.record(&failure(0, 0, 0, Outcome::Cancelled), None), Some(RoundDone { cell: 0, round: 0 }));
}

#[test]
fn quantiles_of_successes_are_exact_and_those_with_failures_count_them_as_infinite() {
    let mut tally = tally(&[50, 50]);
    for e2e in 1..=98 {
        tally.record(&success(0, u32::from(e2e > 48), 0, e2e), None);
    }
    tally.record(&failure(0, 0, 0, Outcome::TimeoutIdle), None);
    tally.record(&failure(0, 0, 0, Outcome::Http5xx), None);
    let figures = tally.figures(0);
    let e2e = figures.e2e.unwrap();
    assert_eq!((e2e.p50, e2e.p90, e2e.p95, e2e.p99, e2e.max), (ms(49), ms(89), ms(94), ms(98), ms(98)));
    let all = figures.e2e_with_failures.unwrap();
    assert_eq!((all.p50, all.p95, all.p99), (ms(50), ms(95), Latency::Infinite));
    assert_eq!(e2e.p99_interval.high, Latency::Infinite);
    // The two rounds differ wholly, so the bootstrap reaches past the ranks 40 and 61.
    assert_eq!((e2e.p50_interval.low, e2e.p50_interval.high), (Some(ms(25)), ms(73)));
    assert_eq!(figures.ttft.unwrap().p50, Latency::Finite(Micros(4_900)));
    assert_eq!(figures.tpot_p99, Some(Latency::Finite(Micros(8_820))));
}

#[test]
fn a_cell_without_a_success_has_no_quantile_but_the_infinite_ones() {
    let mut tally = tally(&[3]);
    assert_eq!(tally.figures(0).e2e_with_failures, None);
    tally.record(&failure(0, 0, 0, Outcome::Connect), None);
    let figures = tally.figures(0);
    assert_eq!((figures.ttft, figures.e2e, figures.usage, figures.cost), (None, None, None, None));
    assert_eq!(figures.e2e_with_failures.unwrap().p50, Latency::Infinite);
    assert_eq!(figures.all_prices_known, None);
}

#[test]
fn what_the_client_held_back_is_no_failure_of_the_provider() {
    let mut tally = tally(&[3]);
    tally.record(&success(0, 0, 0, 10), None);
    tally.record(&failure(0, 0, 0, Outcome::NotSent), None);
    tally.record(&failure(0, 0, 0, Outcome::Cancelled), None);
    let figures = tally.figures(0);
    assert_eq!((figures.outcomes.requests(), figures.outcomes.failed()), (1, 0));
    assert_eq!(figures.e2e_with_failures.unwrap().p99, ms(10));
}

/// A request that was due and sent at `due` milliseconds and ended `e2e` later.
fn scheduled(round: u32, due: u64, e2e: u64) -> Sample {
    let mut sample = success(0, round, due, e2e);
    sample.moments.due = sample.moments.sent;
    sample
}

#[test]
fn in_open_load_requests_end_at_the_rate_that_they_are_sent_at_however_seldom_that_is() {
    // One a second of 180 ms each, in two rounds: nothing is in flight for most of the time.
    let mut tally = tally(&[20, 20]);
    for (round, number) in (0..2).flat_map(|round| (0..20).map(move |number| (round, number))) {
        tally.record(&scheduled(round, u64::from(round) * 60_000 + number * 1_000, 180), None);
    }
    let figures = tally.figures(0);
    assert!((figures.active_seconds.unwrap() - 40.0).abs() < 1e-9, "{:?}", figures.active_seconds);
    // A hundred a second for a second; half a second of waiting at the end, and one straggler, are no part of the rate.
    let mut tally = self::tally(&[100]);
    for number in 0..100 {
        tally.record(&scheduled(0, number * 10, if number == 99 { 9_000 } else { 500 }), None);
    }
    assert!((tally.figures(0).active_seconds.unwrap() - 1.0).abs() < 1e-9);
    // A provider that ends fifty a second of these.
    let mut tally = self::tally(&[100]);
    for number in 0..100 {
        tally.record(&scheduled(0, number * 10, 20 + number * 10), None);
    }
    assert!((tally.figures(0).active_seconds.unwrap() - 2.0).abs() < 1e-9);
    let mut single = self::tally(&[1]);
    single.record(&scheduled(0, 0, 20), None);
    assert_eq!(single.figures(0).active_seconds, None);
}

#[test]
fn requests_in_flight_are_counted_over_the_cells_own_turns() {
    let mut tally = tally(&[4]);
    // Two turns of 100 ms with two requests each, and other cells' turns of 800 ms in between.
    for sent in [0, 0, 900, 900] {
        tally.record(&success(0, 0, sent, 100), None);
    }
    let figures = tally.figures(0);
    assert!((figures.active_seconds.unwrap() - 0.2).abs() < 1e-12);
    assert!((figures.request_seconds - 0.4).abs() < 1e-12);
}

#[test]
fn a_cost_that_is_unknown_marks_the_sum_and_adds_nothing() {
    let mut tally = tally(&[4]);
    tally.record(&success(0, 0, 0, 10), Some(Usd::from_picos(5)));
    tally.record(&failure(0, 0, 0, Outcome::Reset), None);
    assert_eq!(tally.figures(0).all_prices_known, Some(true));
    tally.record(&success(0, 0, 0, 10), None);
    let figures = tally.figures(0);
    assert_eq!((figures.cost, figures.all_prices_known), (Some(Usd::from_picos(5)), Some(false)));
}

#[test]
fn a_round_is_encoded_metric_by_metric_and_its_gaps_enter_the_figures() {
    let mut tally = tally(&[1]);
    tally.chunk_gap(0, 0, Micros(1_500));
    tally.chunk_gap(0, 0, Micros(900));
    let done = tally.record(&success(0, 0, 5, 20), None).unwrap();
    assert_eq!(tally.open_rounds(), [done]);
    assert_eq!(tally.round_span(done), Some((Moment(5_000), Moment(25_000))));
    let mut written = vec![];
    let write = |metric: Metric, histogram: &Histogram<u64>| {
        written.push((metric.name(), histogram.len(), histogram.max()));
        Ok::<_, ()>(())
    };
    tally.encode_round(done, write).unwrap();
    assert_eq!(written, [("ttft", 1, 2_000), ("e2e", 1, 20_015), ("tpot", 1, 1_800), ("itl", 2, 1_500)]);
    assert_eq!(tally.open_rounds(), []);
    assert_eq!(tally.figures(0).itl_p99, Some(Latency::Finite(Micros(1_500))));
}

#[test]
fn a_time_beyond_an_hour_is_an_overflow_and_stays_out_of_the_histogram() {
    let mut tally = tally(&[1]);
    let done = tally.record(&success(0, 0, 0, 3_600_001), None).unwrap();
    tally.chunk_gap(0, 0, Micros(3_600_000_001));
    let mut metrics = vec![];
    let write = |metric, _: &Histogram<u64>| {
        metrics.push(metric);
        Ok::<_, ()>(())
    };
    tally.encode_round(done, write).unwrap();
    assert_eq!(metrics, [Metric::Ttft, Metric::Tpot]);
    assert_eq!(tally.figures(0).overflows, 2);
    assert_eq!(tally.figures(0).e2e.unwrap().max, Latency::Finite(Micros(3_600_001_000)));
}

#[test]
fn a_read_lag_is_told_to_within_a_per_cent() {
    let mut tally = tally(&[1]);
    for lag in 1..=100 {
        tally.read_lag(0, Micros(lag * 100));
    }
    let found = tally.figures(0).read_lag_p99.unwrap().0;
    assert!((9_900..=9_999).contains(&found), "{found}");
}

proptest! {
    // Each case works out six bootstraps twice.
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn costs_of_samples_add_up_to_those_of_cells_and_of_the_run_in_any_order(
        requests in prop::collection::vec((0_u32..3, 0_u32..4, 1_u64..5_000, prop::option::of(0_i64..i64::MAX)), 0..120)
            .prop_flat_map(|requests| (Just(requests.clone()), Just(requests).prop_shuffle())),
    ) {
        let (recorded, shuffled) = requests;
        let total = |requests: &[(u32, u32, u64, Option<i64>)]| {
            let mut tally = Tally::new(&vec![CellShape { shares: vec![10; 4] }; 3], 1);
            for (cell, round, e2e, cost) in requests {
                let cost = cost.map(|picos| Usd::from_picos(i128::from(picos)));
                tally.record(&success(*cell, *round, *e2e, *e2e), cost);
            }
            [0, 1, 2].map(|cell| tally.figures(cell))
        };
        let figures = total(&recorded);
        prop_assert_eq!(&figures, &total(&shuffled));
        let of_samples: i128 = recorded.iter().filter_map(|(.., cost)| cost.map(i128::from)).sum();
        let of_run: Usd = figures.iter().filter_map(|figures| figures.cost).sum();
        prop_assert_eq!(of_run, Usd::from_picos(of_samples));
        for (cell, figures) in (0..3).zip(&figures) {
            let mine = recorded.iter().filter(|request| request.0 == cell);
            let costs: Vec<i128> = mine.filter_map(|(.., cost)| cost.map(i128::from)).collect();
            prop_assert_eq!(figures.cost, (!costs.is_empty()).then(|| Usd::from_picos(costs.iter().sum())));
        }
    }
}

#[test]
fn counts_are_told_apart_by_who_made_them_and_only_the_providers_are_reconciled() {
    let (stated, computed): (Usd, Usd) = ("0.02".parse().unwrap(), "0.01".parse().unwrap());
    let counted = |start| Sample { stated_cost: Some(stated), ..success(0, 0, start, 10) };
    let estimated = |sample: Sample| {
        let usage = sample.usage.map(|(usage, _)| (usage, UsageSource::Estimated));
        Sample { usage, usage_contradicts: false, ..sample }
    };
    let mut tally = tally(&[6]);
    tally.record(&counted(0), Some(computed));
    tally.record(&Sample { usage_contradicts: true, ..counted(100) }, Some(computed));
    // Neither without an exact cost, nor where the tokens are a guess, is there anything to compare.
    tally.record(&counted(200), None);
    tally.record(&estimated(counted(300)), Some(computed));
    tally.record(&estimated(Sample { outcome: Outcome::Truncated, ..counted(400) }), Some(computed));
    tally.record(&Sample { usage: None, ..counted(500) }, None);
    let figures = tally.figures(0);
    let sums = Reconciled { requests: 2, stated: "0.04".parse().unwrap(), computed: "0.02".parse().unwrap() };
    assert_eq!(figures.reconciled, Some(sums));
    assert_eq!((figures.requests_counted, figures.requests_contradicting, figures.requests_estimated), (3, 1, 2));
    assert_eq!(figures.requests_without_usage, 2, "successes alone");
}

#[test]
fn quality_is_over_answers_that_were_checked_and_consistency_over_temperature_0() {
    let mut tally = tally(&[6]);
    let answered = |right, greedy, hash| Sample { right, greedy, answer_hash: Some(hash), ..success(0, 0, 0, 10) };
    for sample in [
        answered(Some(true), true, 1),
        answered(Some(false), true, 2),
        answered(Some(true), false, 3),
        answered(None, false, 4),
        failure(0, 0, 0, Outcome::Http5xx),
    ] {
        tally.record(&sample, None);
    }
    let figures = tally.figures(0);
    assert_eq!((figures.requests_checked, figures.requests_right), (3, 2));
    assert_eq!(figures.answer_variants, Some(2));
}
