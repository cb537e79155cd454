//! What a workload holds, in figures.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::workload::read::shown;
use crate::workload::request::{Prompt, Request, Workload};
use crate::workload::tokens::prompt_tokens;

/// The figures of a workload. Counts by name are in alphabetical order.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The workload's name.
    pub name: String,
    /// Where it came from.
    pub source: String,
    /// SHA-256 of the file's bytes, in lower-case hex.
    pub sha256: String,
    /// Good lines.
    pub requests: usize,
    /// Lines that were left out.
    pub bad_lines: usize,
    /// Different prompts: bodies that are written differently, or lengths whose text will differ.
    pub distinct_prompts: usize,
    /// Requests of lengths alone, whose text is made when they are sent.
    pub synthetic: usize,
    /// Prefix blocks of those requests, and how many different ones there are; absent where no line names one.
    pub blocks: Option<Blocks>,
    /// Conversations.
    pub sessions: usize,
    /// Images over all requests.
    pub images: u64,
    /// Requests of each class; those without one are not counted.
    pub classes: BTreeMap<String, usize>,
    /// Requests from each region; those without one are not counted.
    pub origins: BTreeMap<String, usize>,
    /// Requests labelled with each tier.
    pub tiers: BTreeMap<u8, usize>,
    /// Prompt tokens, estimated by the tokeniser; absent without requests.
    pub prompt_tokens: Option<Spread>,
    /// The limits of the answers; absent where no line has one.
    pub max_tokens: Option<Spread>,
    /// Milliseconds from the earliest to the latest request; absent without timestamps.
    pub span_ms: Option<u64>,
    /// Requests a second over that time; absent where it is zero or unknown.
    pub arrivals_per_s: Option<f64>,
}

/// The prefix blocks that lines of lengths name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// All of them, each as often as it is named.
    pub named: usize,
    /// Different ones.
    pub different: usize,
}

/// The middle and the end of a set of counts, by nearest rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The median.
    pub p50: u64,
    /// The 90th percentile.
    pub p90: u64,
    /// The largest.
    pub max: u64,
}

/// Counts what `workload` holds. Loads the tokeniser where a line has text, which takes about 150 ms.
pub fn inspect(workload: &Workload) -> Figures {
    let requests = &workload.requests;
    let times: Vec<u64> = requests.iter().filter_map(|request| request.timestamp_ms).collect();
    let span_ms = times.iter().max().zip(times.iter().min()).map(|(last, first)| last - first);
    let sessions: BTreeSet<&str> = requests.iter().filter_map(|request| request.session_id.as_deref()).collect();
    let distinct: BTreeSet<String> = requests.iter().map(identity).collect();
    Figures {
        name: workload.name.clone(),
        source: workload.source.clone(),
        sha256: workload.sha256.clone(),
        requests: requests.len(),
        bad_lines: workload.bad_lines.len(),
        distinct_prompts: distinct.len(),
        synthetic: requests.iter().filter(|request| request.is_synthetic()).count(),
        blocks: blocks(requests),
        sessions: sessions.len(),
        images: requests.iter().map(|request| images(&request.prompt)).sum(),
        classes: counts(requests, |request| request.class.clone()),
        origins: counts(requests, |request| request.origin.clone()),
        tiers: counts(requests, |request| request.expect.as_ref().and_then(|expect| expect.tier)),
        prompt_tokens: spread(requests.iter().map(|request| prompt_tokens(&request.prompt)).collect()),
        max_tokens: spread(requests.iter().filter_map(|request| answer_limit(&request.prompt)).collect()),
        span_ms,
        // The first request opens the time that the others arrive in.
        arrivals_per_s: span_ms.filter(|span| *span > 0).map(|span| (times.len() - 1) as f64 * 1e3 / span as f64),
    }
}

/// The figures as aligned lines of plain text, each ended by a newline. What does not apply is left out.
pub fn inspect_text(figures: &Figures) -> String {
    let mut rows: Vec<(&str, String)> = vec![
        ("workload", format!("{} ({})", figures.name, figures.source)),
        ("sha256", figures.sha256.clone()),
        ("requests", figures.requests.to_string()),
    ];
    if figures.bad_lines > 0 {
        rows.push(("bad lines", figures.bad_lines.to_string()));
    }
    rows.push(("distinct prompts", figures.distinct_prompts.to_string()));
    if figures.synthetic > 0 {
        rows.push((
            "synthetic",
            format!("{}, of lengths alone: their text is made when they are sent", figures.synthetic),
        ));
    }
    let blocks = figures.blocks.map(|blocks| format!("{}, {} different", blocks.named, blocks.different));
    rows.extend(blocks.map(|blocks| ("prefix blocks", blocks)));
    if figures.sessions > 0 {
        rows.push(("sessions", figures.sessions.to_string()));
    }
    if figures.images > 0 {
        rows.push(("images", figures.images.to_string()));
    }
    rows.extend(listed("classes", &figures.classes));
    rows.extend(listed("origins", &figures.origins));
    rows.extend(listed("labelled tiers", &figures.tiers));
    rows.extend(figures.prompt_tokens.map(|spread| ("prompt tokens", in_words(spread))));
    rows.extend(figures.max_tokens.map(|spread| ("max_tokens", in_words(spread))));
    rows.extend(figures.span_ms.map(|span| ("recorded over", format!("{}.{:03} s", span / 1_000, span % 1_000))));
    rows.extend(figures.arrivals_per_s.map(|rate| ("arrivals", format!("{rate:.2} a second"))));
    let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    rows.iter().map(|(label, value)| format!("{label:width$}  {value}\n")).collect()
}

/// What a check of `workload` says: one line if all is well, else one more for each bad line, twenty at most.
pub fn check_text(workload: &Workload) -> String {
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let requests = count(workload.requests.len(), "request");
    if workload.bad_lines.is_empty() {
        return format!("{}: {requests}, no bad line\n", workload.source);
    }
    let bad = count(workload.bad_lines.len(), "bad line");
    format!("{}: {requests}, {bad}\n{}\n", workload.source, shown(&workload.source, &workload.bad_lines))
}

/// What makes a prompt the same as another.
fn identity(request: &Request) -> String {
    match &request.prompt {
        Prompt::Body(body) => {
            let messages = body.fields.iter().filter(|(key, _)| key == "messages" || key == "tools");
            messages.map(|(_, value)| value.get()).collect::<Vec<_>>().join("\n")
        }
        Prompt::Lengths(lengths) => {
            let own = if lengths.is_covered() { None } else { Some(request.line) };
            format!("{} {} {:?} {own:?}", lengths.input_length, lengths.block_size, lengths.hash_ids)
        }
    }
}

fn blocks(requests: &[Request]) -> Option<Blocks> {
    let lengths = requests.iter().filter_map(|request| match &request.prompt {
        Prompt::Body(_) => None,
        Prompt::Lengths(lengths) => Some(lengths),
    });
    let named: Vec<u64> = lengths.flat_map(|lengths| lengths.hash_ids.iter().copied()).collect();
    let different: HashSet<u64> = named.iter().copied().collect();
    (!named.is_empty()).then_some(Blocks { named: named.len(), different: different.len() })
}

fn images(prompt: &Prompt) -> u64 {
    match prompt {
        Prompt::Body(body) => body.images.into(),
        Prompt::Lengths(_) => 0,
    }
}

fn answer_limit(prompt: &Prompt) -> Option<u64> {
    match prompt {
        Prompt::Body(body) => body.max_tokens,
        Prompt::Lengths(lengths) => Some(lengths.max_tokens()),
    }
}

/// How many requests have each value of `key`.
fn counts<K: Ord>(requests: &[Request], key: impl Fn(&Request) -> Option<K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for key in requests.iter().filter_map(key) {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

fn spread(mut values: Vec<u64>) -> Option<Spread> {
    values.sort_unstable();
    let rank = |percent: usize| values[(values.len() * percent).div_ceil(100) - 1];
    (!values.is_empty()).then(|| Spread { p50: rank(50), p90: rank(90), max: rank(100) })
}

fn in_words(spread: Spread) -> String {
    format!("p50 {}, p90 {}, max {}", spread.p50, spread.p90, spread.max)
}

/// A row of names with their counts; absent where there are none.
fn listed<K: ToString>(label: &'static str, counts: &BTreeMap<K, usize>) -> Option<(&'static str, String)> {
    let named: Vec<String> = counts.iter().map(|(name, count)| format!("{} {count}", name.to_string())).collect();
    (!named.is_empty()).then(|| (label, named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::BadLines;

    const LINES: &str = r#"{"custom_id":"a","body":{"messages":[{"role":"user","content":"hello world"}],"max_tokens":50},"timestamp":500,"class":"chat","session_id":"s","expect":{"tier":1}}
{"custom_id":"b","body":{"messages":[{"role":"user","content":"hello world"}],"max_tokens":60},"timestamp":4500,"class":"chat","session_id":"s","origin":"eu-west-1"}
oops
{"custom_id":"c","body":{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]},"timestamp":2500,"class":"bill","expect":{"tier":0}}"#;

    fn workload(lines: &str) -> Workload {
        Workload::parse("mixed", "mixed.jsonl", lines.as_bytes(), BadLines::Skip).unwrap()
    }

    #[test]
    fn every_figure_is_shown_in_aligned_lines() {
        let mut figures = inspect(&workload(LINES));
        figures.sha256 = "e3b0".to_owned();
        assert_eq!(
            inspect_text(&figures),
            "workload          mixed (mixed.jsonl)\n\
             sha256            e3b0\n\
             requests          3\n\
             bad lines         1\n\
             distinct prompts  2\n\
             sessions          1\n\
             images            1\n\
             classes           bill 1, chat 2\n\
             origins           eu-west-1 1\n\
             labelled tiers    0 1, 1 1\n\
             prompt tokens     p50 10, p90 2008, max 2008\n\
             max_tokens        p50 50, p90 60, max 60\n\
             recorded over     4.000 s\n\
             arrivals          0.50 a second\n"
        );
    }

    #[test]
    fn what_was_not_recorded_is_left_out_and_never_zero() {
        let figures = inspect(&workload(r#"{"custom_id":"a","body":{"messages":[{"role":"user","content":"x"}]}}"#));
        assert_eq!((figures.max_tokens, figures.span_ms, figures.arrivals_per_s), (None, None, None));
        let labels: Vec<String> = inspect_text(&figures).lines().map(|line| line[..16].trim_end().to_owned()).collect();
        assert_eq!(labels, ["workload", "sha256", "requests", "distinct prompts", "prompt tokens"]);
    }

    #[test]
    fn requests_of_one_moment_have_no_rate() {
        let line = |id| format!(r#"{{"custom_id":"{id}","input_length":9,"output_length":4,"timestamp":7}}"#);
        let figures = inspect(&workload(&format!("{}\n{}", line("a"), line("b"))));
        assert_eq!((figures.span_ms, figures.arrivals_per_s, figures.distinct_prompts), (Some(0), None, 2));
        assert_eq!(figures.prompt_tokens, Some(Spread { p50: 9, p90: 9, max: 9 }));
    }

    #[test]
    fn lines_of_lengths_are_shown_as_what_they_are() {
        let line = |id, ids| format!(r#"{{"custom_id":"{id}","input_length":600,"output_length":0,"hash_ids":{ids}}}"#);
        let mut figures = inspect(&workload(&[line("a", "[1,2]"), line("b", "[1,3]"), line("c", "[1,2]")].join("\n")));
        figures.sha256 = "e3b0".to_owned();
        assert_eq!(
            inspect_text(&figures),
            "workload          mixed (mixed.jsonl)\n\
             sha256            e3b0\n\
             requests          3\n\
             distinct prompts  2\n\
             synthetic         3, of lengths alone: their text is made when they are sent\n\
             prefix blocks     6, 3 different\n\
             prompt tokens     p50 600, p90 600, max 600\n\
             max_tokens        p50 1, p90 1, max 1\n"
        );
    }

    #[test]
    fn a_check_says_that_all_is_well_or_lists_what_is_not() {
        assert_eq!(
            check_text(&workload(LINES)),
            "mixed.jsonl: 3 requests, 1 bad line\nmixed.jsonl:3: is not JSON at column 1: expected value\n"
        );
        let good = r#"{"custom_id":"a","input_length":9,"output_length":4}"#;
        assert_eq!(check_text(&workload(good)), "mixed.jsonl: 1 request, no bad line\n");
    }
}
