//! What failed in a run and why, kept once for each cell and outcome, so that a message costs nothing a request.

use std::collections::{BTreeMap, BTreeSet};

use crate::rundir::{CellNote, FailureNote};
use crate::sample::{Outcome, Phase, Sample};

/// The failures so far.
#[derive(Default)]
pub(super) struct Failures {
    kinds: BTreeMap<(u32, Outcome), Kind>,
    /// Cells in which a request was refused because of its `stream_options`.
    refuse_options: BTreeSet<u32>,
}

#[derive(Debug)]
struct Kind {
    requests: u64,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
}

impl Failures {
    /// Takes note of `sample` if it is a measured failure. What a saturated schedule drops is counted elsewhere, and what is
    /// handed to a person is none.
    ///
    /// What the provider said must hold no key any more.
    pub(super) fn note(&mut self, sample: &Sample) {
        if refuses_options(sample) {
            self.refuse_options.insert(sample.cell);
        }
        let is_none = matches!(sample.outcome, Outcome::Ok | Outcome::NotSent | Outcome::HandedOff);
        if is_none || sample.phase != Phase::Measured {
            return;
        }
        let first = || Kind {
            requests: 0,
            status: sample.status,
            code: sample.error.as_ref().and_then(|error| error.code.clone()),
            message: sample.error.as_ref().map(|error| error.message.clone()).filter(|text| !text.is_empty()),
        };
        self.kinds.entry((sample.cell, sample.outcome)).or_insert_with(first).requests += 1;
    }

    /// What to do about what failed, a line for each provider that it concerns.
    pub(super) fn advice(&self, cells: &[CellNote]) -> Vec<String> {
        let refusing = self.refuse_options.iter().map(|cell| cells[*cell as usize].provider.as_str());
        let advice = |provider: &str| {
            let who = match provider {
                "" => "a provider of the routing table".to_owned(),
                provider => format!("provider `{provider}`"),
            };
            format!(
                "{who} refuses `stream_options`: go on without by `--no-stream-options`, or by \
                 `stream_options = false` in its `[[provider]]`; a stream's tokens are then estimated unless it \
                 reports them unasked"
            )
        };
        refusing.collect::<BTreeSet<_>>().into_iter().map(advice).collect()
    }

    /// One note for each cell and outcome, in the order of `cells` and of outcomes.
    pub(super) fn notes(self, cells: &[CellNote]) -> Vec<FailureNote> {
        let note = |((cell, outcome), kind): ((u32, Outcome), Kind)| FailureNote {
            cell: cells[cell as usize].cell.clone(),
            outcome: outcome.name().to_owned(),
            requests: kind.requests,
            status: kind.status,
            code: kind.code,
            message: kind.message,
        };
        self.kinds.into_iter().map(note).collect()
    }
}

/// Whether the provider turned `sample` away for asking a stream for its usage, as far as its own words tell.
fn refuses_options(sample: &Sample) -> bool {
    // Some servers say 422 of a body whose fields they do not accept.
    let Some((400 | 422, error)) = sample.status.zip(sample.error.as_ref()) else { return false };
    let said = |text: &str| text.contains("stream_options") || text.contains("include_usage");
    said(&error.message) || error.code.as_deref().is_some_and(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{ErrorReply, Moments};

    /// A measured failure of the first cell.
    fn failed(status: u16, code: Option<&str>, message: &str) -> Sample {
        let error = ErrorReply { code: code.map(str::to_owned), message: message.to_owned(), retry_after: None };
        Sample {
            phase: Phase::Measured,
            round: 0,
            cycle: 0,
            cell: 0,
            index: 0,
            line: 0,
            outcome: Outcome::Http4xx,
            simulated: false,
            reused: true,
            http_version: None,
            moments: Moments::default(),
            chunks: 0,
            usage: None,
            usage_contradicts: false,
            raw_usage: None,
            stated_cost: None,
            words: None,
            service_tier: None,
            finish_reason: None,
            status: Some(status),
            request_id: None,
            model_answered: None,
            answer_hash: None,
            greedy: false,
            right: None,
            error: Some(Box::new(error)),
            route: None,
            tries: None,
            passed: None,
        }
    }

    #[test]
    fn a_refusal_of_stream_options_is_known_by_its_status_and_words() {
        for (status, code, message, expected) in [
            (400, None, "Unrecognized request argument supplied: stream_options", true),
            (422, None, r#"[{"loc":["body","stream_options"],"msg":"extra fields not permitted"}]"#, true),
            (400, Some("include_usage_not_supported"), "bad request", true),
            (400, None, "`max_tokens` is too large", false),
            (500, None, "stream_options broke the server", false),
        ] {
            assert_eq!(refuses_options(&failed(status, code, message)), expected, "{status} {message}");
        }
        assert!(!refuses_options(&Sample { error: None, ..failed(400, None, "") }));
    }

    #[test]
    fn a_refusal_in_warm_up_counts_and_a_provider_is_told_of_once() {
        let note = |cell: &str, provider: &str| -> CellNote {
            let note = serde_json::json!({
                "cell": cell, "provider": provider, "model": "m", "label": "m", "region": null, "tier": null,
                "quality": null, "workload": "w", "load": "closed", "concurrency": 1, "requests": 1,
                "distinct_prompts": 1, "price": null,
            });
            serde_json::from_value(note).unwrap()
        };
        let cells = [note("a", "acme"), note("b", "acme"), note("c", "other")];
        let mut failures = Failures::default();
        let refused = failed(400, None, "unknown field `stream_options`");
        failures.note(&Sample { phase: Phase::Warmup, ..refused.clone() });
        failures.note(&Sample { cell: 1, ..refused });
        failures.note(&Sample { cell: 2, ..failed(400, None, "no") });
        let advice = failures.advice(&cells);
        assert_eq!(advice.len(), 1);
        assert!(advice[0].starts_with("provider `acme` refuses `stream_options`: "), "{advice:?}");
        let notes: Vec<_> = failures.notes(&cells).into_iter().map(|note| (note.cell, note.requests)).collect();
        assert_eq!(notes, [("b".to_owned(), 1), ("c".to_owned(), 1)]);
    }
}
