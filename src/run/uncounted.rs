//! Token counts of replies whose providers gave none, estimated by a tokeniser.

use std::collections::HashMap;

use crate::plan::Cell;
use crate::registry::Endpoint;
use crate::run::inputs::Inputs;
use crate::run::settings::PromptCache;
use crate::sample::{CallKind, Sample, Usage, UsageSource, Words};
use crate::workload::{Prompt, answer_tokens_at_most, prompt_tokens, text_tokens};

/// Tokens of the nonce that makes a recorded prompt fresh, about: twelve hexadecimal digits and a space.
const NONCE_TOKENS: u64 = 8;

/// Estimates, off the measured path. A prompt is counted when it is first needed, and never again.
pub(super) struct Uncounted<'r> {
    inputs: &'r Inputs,
    nonce: u64,
    /// By workload and line.
    prompts: HashMap<(usize, u32), u64>,
}

impl<'r> Uncounted<'r> {
    /// Nothing is counted so far.
    pub(super) fn new(inputs: &'r Inputs, prompt_cache: PromptCache) -> Self {
        let nonce = if prompt_cache == PromptCache::Fresh { NONCE_TOKENS } else { 0 };
        Self { inputs, nonce, prompts: HashMap::new() }
    }

    /// Gives `sample` a usage from its words where its provider gave none; without words it stays without.
    ///
    /// Reasoning that was not streamed cannot be seen, and is not in it.
    pub(super) fn estimate(&mut self, sample: &mut Sample) {
        let cell = &self.inputs.plan.cells[sample.cell as usize];
        let line = sample.line;
        let words = sample.words.take();
        let Some(passed) = &mut sample.passed else {
            let endpoint = cell.target.endpoint();
            if let (Some(words), None, Some(endpoint)) = (words, sample.usage, endpoint) {
                sample.usage = Some(self.of_answer(cell, line, endpoint, &words));
            }
            return;
        };
        // What is asked of classifiers and for pieces is no recorded prompt, and its tokens stay unknown.
        for call in &mut passed.calls {
            let words = call.words.take().filter(|_| call.kind == CallKind::Answer && call.usage.is_none());
            if let Some(words) = words {
                let endpoint = cell.target.endpoints()[call.place as usize];
                call.usage = Some(self.of_answer(cell, line, endpoint, &words));
            }
        }
        let answer = passed.calls.last().filter(|call| call.kind != CallKind::Classify);
        sample.usage = sample.usage.or(answer.and_then(|call| call.usage));
    }

    fn of_answer(&mut self, cell: &Cell, line: u32, endpoint: Endpoint, words: &Words) -> (Usage, UsageSource) {
        let input = self.prompt(cell, line);
        let prompt = &self.inputs.workloads[cell.workload].requests[line as usize].prompt;
        let limit = answer_tokens_at_most(prompt, self.inputs.registry(cell).model(endpoint).answer_limit());
        (estimated(input, words, limit), UsageSource::Estimated)
    }

    fn prompt(&mut self, cell: &Cell, line: u32) -> u64 {
        let prompt = &self.inputs.workloads[cell.workload].requests[line as usize].prompt;
        *self.prompts.entry((cell.workload, line)).or_insert_with(|| match prompt {
            Prompt::Body(_) => prompt_tokens(prompt) + self.nonce,
            // Such text is of the length that the line gives, however fresh.
            Prompt::Lengths(_) => prompt_tokens(prompt),
        })
    }
}

/// Another vocabulary than the model's may find more tokens than it can have generated: they are no more than `limit`.
fn estimated(input: u64, words: &Words, limit: Option<u64>) -> Usage {
    let limit = limit.unwrap_or(u64::MAX);
    let reasoning = text_tokens(&words.reasoning).min(limit);
    let output =
        reasoning.saturating_add(text_tokens(&words.answer)).saturating_add(text_tokens(&words.calls)).min(limit);
    Usage { input, output, reasoning, ..Usage::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasoning_that_was_streamed_is_part_of_the_output() {
        let [answer, reasoning] = ["hello world", "hello world hello"].map(str::to_owned);
        let words = Words { answer, reasoning, calls: String::new() };
        let usage = Usage { input: 7, cached_input: 0, cache_write: 0, output: 5, reasoning: 3 };
        assert_eq!(estimated(7, &words, None), usage);
        assert_eq!(estimated(7, &words, Some(5)), usage);
        assert_eq!(estimated(7, &words, Some(4)).output, 4, "as many as the request allows");
    }
}
