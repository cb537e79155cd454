//! Keys that must not reach a file, even when a provider's error repeats one.

use crate::load::Job;
use crate::sample::ErrorReply;

/// The least number of a key's first bytes that is taken for a part of it, where a capped message ends with them.
const LEAST_PART: usize = 4;

/// The keys that a job sends.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Every header value of `job` that is marked as sensitive, without its scheme.
    pub(super) fn of(job: &Job) -> Self {
        let outlets = job.lanes.iter().flat_map(|lane| &lane.arms).flat_map(|arm| &arm.outlets);
        let headers = outlets.flat_map(|outlet| outlet.destination.headers.values());
        let values = headers.filter(|value| value.is_sensitive()).filter_map(|value| value.to_str().ok());
        let mut keys: Vec<String> =
            values.map(|value| value.strip_prefix("Bearer ").unwrap_or(value).to_owned()).collect();
        keys.sort();
        keys.dedup();
        Self(keys)
    }

    /// Takes every key out of what a provider said.
    pub(super) fn clean(&self, error: &mut ErrorReply) {
        error.message = self.hide(&error.message);
        error.code = error.code.take().map(|code| self.hide(&code));
    }

    /// `text` with each key, or what a cap at its end has left of one, replaced.
    fn hide(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for key in self.0.iter().filter(|key| !key.is_empty()) {
            shown = shown.replace(key.as_str(), HIDDEN);
            let cut = shown.trim_end_matches('…').to_owned();
            let part =
                (LEAST_PART..key.len()).rev().filter_map(|length| key.get(..length)).find(|part| cut.ends_with(part));
            if let Some(part) = part {
                shown = format!("{}{HIDDEN}", &cut[..cut.len() - part.len()]);
            }
        }
        shown
    }
}

const HIDDEN: &str = "[key]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_hidden_whole_and_where_the_message_was_cut() {
        let secrets = Secrets(vec!["sk-test-12345".to_owned()]);
        assert_eq!(secrets.hide("bad key `sk-test-12345`, try again"), "bad key `[key]`, try again");
        assert_eq!(secrets.hide("incorrect API key: sk-test-1…"), "incorrect API key: [key]");
        assert_eq!(secrets.hide("the model is busy"), "the model is busy");
    }
}
