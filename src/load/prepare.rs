//! Recorded requests made ready for the socket.

use std::sync::Arc;

use crate::load::job::Prepared;
use crate::plan::{NONCE_LEN, StreamOptions, Streaming};
use crate::workload::{Rest, Workload, opening};

/// A workload's bodies without what differs between cells: made once, and shared by all of them.
#[derive(Clone, Debug)]
pub struct Rests {
    rests: Vec<Rest>,
}

impl Rests {
    /// The bodies of all requests, those of lengths alone without their text.
    pub fn new(workload: &Workload) -> Self {
        let rest = |request| Rest::new(&workload.name, request, &[]);
        Self { rests: workload.requests.iter().map(rest).collect() }
    }

    /// The workload's requests as they are sent to the model called `wire_model`, whose answers have `answer_limit` tokens
    /// at most where that is known.
    ///
    /// Entries match [`Workload::requests`].
    pub fn with_model(
        &self,
        wire_model: &str,
        answer_limit: Option<u64>,
        streaming: Streaming,
        options: StreamOptions,
    ) -> Vec<Arc<Prepared>> {
        let usage = options == StreamOptions::Sent;
        let (whole, streamed) = (opening(wire_model, false, usage), opening(wire_model, true, usage));
        let prepare = |(line, rest): (usize, &Rest)| {
            let stream = match streaming {
                Streaming::On => true,
                Streaming::Off => false,
                Streaming::AsRecorded => rest.streamed.unwrap_or(true),
            };
            let input_bound = rest.input_bound.saturating_add(rest.text_at.map_or(0, |_| NONCE_LEN as u64));
            let by_model = || answer_limit.map(|limit| limit.saturating_mul(rest.answers));
            Arc::new(Prepared {
                line: u32::try_from(line).expect("a workload holds fewer than 2^32 lines"),
                head: if stream { streamed.clone() } else { whole.clone() },
                rest: rest.bytes.clone(),
                stream,
                expects: rest.expects,
                greedy: rest.greedy,
                input_bound,
                output_bound: rest.answer_bound.or_else(by_model).unwrap_or(u64::MAX),
                images: rest.images,
                paced_tokens: input_bound.saturating_add(rest.answer_bound.unwrap_or(0)),
                text_at: rest.text_at,
                synthetic: rest.synthetic.clone(),
            })
        };
        self.rests.iter().enumerate().map(prepare).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::BadLines;

    fn rests(bodies: &[&str]) -> Rests {
        let lines =
            bodies.iter().enumerate().map(|(index, body)| format!(r#"{{"custom_id":"{index}","body":{body}}}"#));
        let text = lines.collect::<Vec<_>>().join("\n");
        Rests::new(&Workload::parse("x", "x", text.as_bytes(), BadLines::Stop).unwrap())
    }

    /// What is sent when `nonce` is put where the request says.
    fn sent(prepared: &Prepared, nonce: &str) -> serde_json::Value {
        let mut bytes = prepared.head.to_vec();
        let at = prepared.text_at.unwrap_or(0);
        bytes.extend(&prepared.rest[..at]);
        bytes.extend(nonce.as_bytes());
        bytes.extend(&prepared.rest[at..]);
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn the_recorded_model_and_stream_give_way_and_all_else_is_sent_as_recorded() {
        let rests = rests(&[
            r#"{"model":"old","temperature":0.10,"stream":false,"messages":[{"role":"user","content":"a\u00e9"}],
                "max_tokens":50}"#
                .replace('\n', "")
                .as_str(),
        ]);
        let prepared = rests.with_model("new\"er", None, Streaming::On, StreamOptions::Sent).remove(0);
        assert_eq!(prepared.head, r#"{"model":"new\"er","stream":true,"stream_options":{"include_usage":true}"#);
        let rest = r#","temperature":0.10,"messages":[{"role":"user","content":"a\u00e9"}],"max_tokens":50}"#;
        assert_eq!(prepared.rest, rest);
        assert_eq!((prepared.line, prepared.stream), (0, true));
        assert_eq!(sent(&prepared, "")["messages"][0]["content"], "aé");
    }

    #[test]
    fn a_request_knows_whether_its_answer_will_be_judged_and_whether_chance_has_a_part_in_it() {
        let line = |index: usize, more: &str, expect: &str| {
            let body = format!(r#"{{"messages":[{{"role":"user","content":"x"}}]{more}}}"#);
            format!(r#"{{"custom_id":"{index}","body":{body}{expect}}}"#)
        };
        let lines = [
            line(0, r#","temperature":0"#, r#","expect":{"contains":"y"}"#),
            line(1, r#","temperature":0.0"#, ""),
            line(2, r#","temperature":0.2"#, ""),
            line(3, "", ""),
        ];
        let workload = Workload::parse("x", "x", lines.join("\n").as_bytes(), BadLines::Stop).unwrap();
        let prepared = Rests::new(&workload).with_model("m", None, Streaming::On, StreamOptions::Sent);
        assert_eq!(prepared.iter().map(|one| one.expects).collect::<Vec<_>>(), [true, false, false, false]);
        assert_eq!(prepared.iter().map(|one| one.greedy).collect::<Vec<_>>(), [true, true, false, false]);
    }

    #[test]
    fn a_reply_is_streamed_as_recorded_where_that_is_asked_for() {
        let rests = rests(&[
            r#"{"messages":[{"role":"user","content":"x"}],"stream":false}"#,
            r#"{"messages":[{"role":"user","content":"x"}]}"#,
        ]);
        let streamed = |streaming| -> Vec<bool> {
            rests.with_model("m", None, streaming, StreamOptions::Sent).iter().map(|prepared| prepared.stream).collect()
        };
        assert_eq!(streamed(Streaming::AsRecorded), [false, true]);
        assert_eq!(streamed(Streaming::On), [true, true]);
        assert_eq!(streamed(Streaming::Off), [false, false]);
        let whole = rests.with_model("m", None, Streaming::Off, StreamOptions::Sent).remove(0);
        assert_eq!(whole.head, r#"{"model":"m","stream":false"#);
    }

    #[test]
    fn a_provider_that_refuses_stream_options_is_sent_none() {
        let rests = rests(&[r#"{"messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true}}"#]);
        let prepared = rests.with_model("m", None, Streaming::On, StreamOptions::LeftOut).remove(0);
        assert_eq!(prepared.head, r#"{"model":"m","stream":true"#);
        assert!(sent(&prepared, "").get("stream_options").is_none());
    }

    #[test]
    fn cells_share_the_bytes_of_a_body() {
        let rests = rests(&[r#"{"messages":[{"role":"user","content":"x"}]}"#]);
        let one = rests.with_model("a", None, Streaming::On, StreamOptions::Sent).remove(0);
        let other = rests.with_model("b", None, Streaming::Off, StreamOptions::Sent).remove(0);
        assert_eq!(one.rest.as_ptr(), other.rest.as_ptr());
    }

    #[test]
    fn a_nonce_stands_before_the_text_of_the_first_message() {
        let rests = rests(&[
            r#"{"temperature":0,"messages":[ {"content" : "\"hi\"","role":"system"},{"role":"user","content":"x"}]}"#,
            r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}},{"type":"text","text":"see"}]}]}"#,
        ]);
        let prepared = rests.with_model("m", None, Streaming::On, StreamOptions::Sent);
        let contents = ["/messages/0/content", "/messages/0/content/1/text"];
        for ((prepared, content), recorded) in prepared.iter().zip(contents).zip(["\"hi\"", "see"]) {
            assert_eq!(sent(prepared, "0123 ").pointer(content).unwrap(), &format!("0123 {recorded}"));
        }
    }

    #[test]
    fn a_first_message_without_text_takes_no_nonce() {
        let rests = rests(&[
            r#"{"messages":[{"role":"assistant","content":null,"tool_calls":[]},{"role":"user","content":"x"}]}"#,
            r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}"#,
        ]);
        assert!(
            rests
                .with_model("m", None, Streaming::On, StreamOptions::Sent)
                .iter()
                .all(|prepared| prepared.text_at.is_none())
        );
    }

    #[test]
    fn the_bounds_on_tokens_hold_prompt_nonce_and_every_answer() {
        let rests = rests(&[
            r#"{"messages":[{"role":"user","content":"four"}],"max_tokens":50}"#,
            r#"{"messages":[{"role":"user","content":"four"}],"n":2}"#,
        ]);
        let bounds = |answer_limit| -> Vec<_> {
            let prepared = rests.with_model("m", answer_limit, Streaming::On, StreamOptions::Sent);
            prepared.iter().map(|each| (each.input_bound, each.output_bound, each.paced_tokens)).collect()
        };
        assert_eq!(bounds(Some(100)), [(25, 50, 75), (25, 200, 25)], "4 bytes, 8 of framing, 13 of nonce");
        assert_eq!(bounds(None), [(25, 50, 75), (25, u64::MAX, 25)]);
    }

    #[test]
    fn an_image_has_2000_tokens_and_its_bytes_count_for_nothing() {
        let url = format!("data:image/png;base64,{}", "A".repeat(100_000));
        let body = format!(
            r#"{{"messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{url}"}}}},
            {{"type":"image_url","image_url":{{"url":"{url}"}}}}]}}],"max_tokens":1}}"#
        );
        let prepared =
            rests(&[&body.replace('\n', "")]).with_model("m", None, Streaming::On, StreamOptions::Sent).remove(0);
        assert_eq!((prepared.input_bound, prepared.images), (2 * 2_000 + 8, 2));
    }

    #[test]
    fn a_request_of_lengths_alone_is_a_message_of_text_to_come_and_a_limit() {
        let lines = br#"{"custom_id":"a","input_length":3,"output_length":4}
{"custom_id":"b","input_length":3,"output_length":0}"#;
        let workload = Workload::parse("x", "x", lines, BadLines::Stop).unwrap();
        let prepared = Rests::new(&workload).with_model("m", None, Streaming::On, StreamOptions::Sent);
        let text = String::from_utf8(prepared[0].synthetic.as_ref().unwrap().text(1)).unwrap();
        let sent = [sent(&prepared[0], &text), sent(&prepared[1], "")];
        let messages = serde_json::json!([{"role": "user", "content": text}]);
        assert_eq!((&sent[0]["messages"], &sent[0]["max_tokens"]), (&messages, &4.into()));
        // No answer at all cannot be asked for.
        assert_eq!(sent[1]["max_tokens"], 1);
        assert!(prepared[0].input_bound >= 3 && prepared[0].output_bound == 4);
    }

    #[test]
    fn every_built_in_request_with_a_nonce_is_sound_json() {
        for name in ["autocomplete", "documents", "support"] {
            let workload = Workload::built_in(name).unwrap();
            let prepared = Rests::new(&workload).with_model("m", None, Streaming::On, StreamOptions::Sent);
            for prepared in &prepared {
                assert!(prepared.text_at.is_some(), "{name}");
                assert_eq!(sent(prepared, "0123456789ab ")["model"], "m");
            }
        }
    }
}
