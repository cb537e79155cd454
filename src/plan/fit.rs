//! Which of a workload's requests a model can take.

use std::cell::OnceCell;

use crate::registry::{Capability, Model};
use crate::units::grouped;
use crate::workload::{Prompt, Workload, prompt_tokens, prompt_tokens_at_most};

/// A workload's requests and their sizes, the dear ones counted once at most.
pub(super) struct Sizes<'w> {
    workload: &'w Workload,
    counted: Vec<OnceCell<u64>>,
}

/// What a model can take of a workload.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// Indices of the requests that fit, in file order.
    pub(super) lines: Vec<u32>,
    /// How many do not, by reason.
    pub(super) refused: Vec<(u32, String)>,
}

impl<'w> Sizes<'w> {
    pub(super) fn new(workload: &'w Workload) -> Self {
        Self { workload, counted: vec![OnceCell::new(); workload.requests.len()] }
    }

    /// The requests that `model` can take, and why not the others.
    pub(super) fn fit(&self, model: &Model) -> Fit {
        let mut fit = Fit { lines: Vec::new(), refused: Vec::new() };
        for index in 0..self.counted.len() {
            match self.obstacle(index, model) {
                None => fit.lines.push(u32::try_from(index).expect("a workload holds fewer than 2^32 lines")),
                Some(reason) => match fit.refused.iter_mut().find(|(_, known)| *known == reason) {
                    Some((count, _)) => *count += 1,
                    None => fit.refused.push((1, reason)),
                },
            }
        }
        fit
    }

    /// Why `model` cannot take request `index`; absent: it can.
    fn obstacle(&self, index: usize, model: &Model) -> Option<String> {
        let (images, answer) = match &self.workload.requests[index].prompt {
            // An answer without a limit ends where the window does, so it rules nothing out.
            Prompt::Body(body) => (body.images, body.max_tokens.unwrap_or(0)),
            Prompt::Lengths(lengths) => (0, lengths.max_tokens()),
        };
        if images > 0 && !model.capabilities.contains(&Capability::Vision) {
            return Some("images, which the model does not read".to_owned());
        }
        let window = model.context?;
        let room = window.saturating_sub(answer);
        let over = self.tokens_over(index, room);
        over.then(|| format!("prompt and answer over the model's window of {} tokens", grouped(&window.to_string())))
    }

    /// Whether the prompt has more than `room` tokens. It is only tokenised where its bytes leave that open.
    fn tokens_over(&self, index: usize, room: u64) -> bool {
        let prompt = &self.workload.requests[index].prompt;
        prompt_tokens_at_most(prompt) > room && *self.counted[index].get_or_init(|| prompt_tokens(prompt)) > room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::samples::{model, workload};

    #[test]
    fn a_request_fits_up_to_the_last_token_of_the_window() {
        // Two tokens of text, eight of framing and the answer's twenty.
        let workload = workload("chat", &[r#"{"messages":[{"role":"user","content":"hello world"}],"max_tokens":20}"#]);
        let sizes = Sizes::new(&workload);
        assert_eq!(sizes.fit(&model("m", Some(30))), Fit { lines: vec![0], refused: vec![] });
        let reason = "prompt and answer over the model's window of 29 tokens".to_owned();
        assert_eq!(sizes.fit(&model("m", Some(29))), Fit { lines: vec![], refused: vec![(1, reason)] });
        assert_eq!(sizes.fit(&model("m", None)).lines, [0]);
    }

    #[test]
    fn the_tokeniser_is_left_alone_where_bytes_settle_the_question() {
        let workload = workload("chat", &[r#"{"messages":[{"role":"user","content":"hello world"}]}"#]);
        let sizes = Sizes::new(&workload);
        sizes.fit(&model("m", Some(19)));
        assert_eq!(sizes.counted[0].get(), None);
        sizes.fit(&model("m", Some(18)));
        assert_eq!(sizes.counted[0].get(), Some(&10));
    }

    #[test]
    fn images_need_a_model_with_vision() {
        let image = r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}"#;
        let text = r#"{"messages":[{"role":"user","content":"x"}]}"#;
        let workload = workload("documents", &[text, image]);
        let sizes = Sizes::new(&workload);
        let blind = sizes.fit(&model("m", Some(32_000)));
        let reason = "images, which the model does not read".to_owned();
        assert_eq!(blind, Fit { lines: vec![0], refused: vec![(1, reason)] });
        let mut seeing = model("v", Some(32_000));
        seeing.capabilities.insert(Capability::Vision);
        assert_eq!(sizes.fit(&seeing).lines, [0, 1]);
    }

    #[test]
    fn twelve_of_the_long_documents_overflow_a_window_of_32_000_tokens_and_all_fit_128_000() {
        let workload = Workload::built_in("long-context").unwrap();
        let sizes = Sizes::new(&workload);
        assert_eq!(sizes.fit(&model("m", Some(32_000))).lines.len(), 18);
        assert_eq!(sizes.fit(&model("m", Some(128_000))).lines.len(), 30);
    }
}
