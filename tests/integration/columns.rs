//! Names that scripts of others rely on.

use crate::sandbox::Sandbox;

const CELLS: &str = "\
run_id started_at cell variant provider model region tier route workload load concurrency rate_rps simulated valid \
requests ok failed arrivals dropped availability attempt_error_ratio rate_limited in_flight_mean distinct_prompts \
cached_ratio \
ttft_p50_ms ttft_p50_low_ms ttft_p50_high_ms ttft_p90_ms ttft_p95_ms ttft_p99_ms ttft_p99_low_ms ttft_p99_high_ms \
ttft_max_ms \
e2e_p50_ms e2e_p50_low_ms e2e_p50_high_ms e2e_p90_ms e2e_p95_ms e2e_p99_ms e2e_p99_low_ms e2e_p99_high_ms e2e_max_ms \
e2e_p50_with_failures_ms e2e_p95_with_failures_ms e2e_p99_with_failures_ms \
e2e_from_due_p50_ms e2e_from_due_p95_ms e2e_from_due_p99_ms e2e_from_due_p99_low_ms e2e_from_due_p99_high_ms \
e2e_from_due_max_ms send_lag_p50_ms send_lag_p99_ms tpot_p50_ms tpot_p99_ms itl_p99_ms connect_p50_ms \
throughput_rps output_tokens_per_s input_tokens cached_input_tokens output_tokens reasoning_tokens \
requests_without_usage \
cost_usd all_prices_known cost_per_1k_requests_usd list_input_usd_per_mtok list_output_usd_per_mtok \
effective_output_usd_per_mtok price_from \
quality_ratio answer_variants outcomes synthetic_prompts requests_estimated requests_checked";

const SAMPLES: &str = "\
phase round cycle variant cell index custom_id workload class origin provider model region route simulated outcome \
attempts reused \
due_at_ms sent_at_ms headers_at_ms first_token_at_ms first_answer_at_ms last_token_at_ms end_at_ms dns_ms connect_ms \
tls_ms \
ttft_ms e2e_ms e2e_from_due_ms tpot_ms chunks input_tokens cached_input_tokens output_tokens reasoning_tokens \
usage_source cost_usd \
finish_reason status request_id model_answered answer_hash quality synthetic session_id turn cache_write_tokens \
stated_cost_usd service_tier greedy failed_attempts tier tier_by failed_over";

const ATTEMPTS: &str = "\
phase cell index attempt provider model region simulated outcome reused http_version \
sent_at_ms headers_at_ms first_event_at_ms first_token_at_ms first_answer_at_ms last_token_at_ms end_at_ms \
dns_ms connect_ms tls_ms \
input_tokens cached_input_tokens output_tokens reasoning_tokens usage_source cost_usd \
status request_id error_code error_message retry_after_ms raw_usage purpose";

#[test]
fn the_csv_files_have_the_columns_that_others_rely_on_in_their_order() {
    let sandbox = Sandbox::new();
    let small = ["--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "2", "--rounds", "1"];
    sandbox.run(&[&["run"], &small[..]].concat()).measures();
    for (file, expected) in [("cells.csv", CELLS), ("samples.csv", SAMPLES), ("attempts.csv", ATTEMPTS)] {
        let text = sandbox.read(&format!("reports/latest/{file}"));
        let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        assert_eq!(header, expected.split(' ').collect::<Vec<_>>(), "{file}");
        assert_eq!(text.lines().filter(|line| line.starts_with(header[0])).count(), 1, "{file} has one header");
    }
}
