use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::workload::{Body, Expect, Prompt, Request, Workload};

/// A law whose replies take a few milliseconds, with more lines in its default.
fn quick(more: &str) -> Law {
    let text = format!(
        "schema = 1\nclient = \"here\"\n[default]\n{more}\nttft = {{ kind = \"constant\", median_ms = 4 }}\n\
         ms_per_token = {{ kind = \"constant\", median_ms = 0.25 }}\nanswer_tokens = {{ median = 20, p99 = 60 }}\n"
    );
    Law::parse("test", &text).unwrap()
}

fn start(law: Law) -> Simulator {
    Simulator::start(SimConfig { law, ..SimConfig::default() }).unwrap()
}

struct Received {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Received {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The events of a stream. The simulator never cuts one in two, so the sizes of HTTP chunks stand on their own.
    fn events(&self) -> Vec<&str> {
        self.body.lines().filter_map(|line| line.strip_prefix("data: ")).collect()
    }

    fn answer(&self) -> String {
        let events = self.events().into_iter().filter(|event| *event != "[DONE]");
        let deltas = events.map(|event| serde_json::from_str::<Value>(event).unwrap());
        deltas.filter_map(|event| Some(event["choices"][0]["delta"]["content"].as_str()?.to_owned())).collect()
    }
}

fn send(simulator: &Simulator, method: &str, path: &str, headers: &str, body: &str) -> Received {
    let mut stream = TcpStream::connect(simulator.address()).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Received { status, headers, body: body.to_owned() }
}

fn ask(simulator: &Simulator, body: &Value) -> Received {
    send(simulator, "POST", "/v1/chat/completions", "X-Region: there\r\n", &body.to_string())
}

fn prompt(text: &str, max_tokens: u32) -> Value {
    json!({ "model": "m", "stream": true, "stream_options": { "include_usage": true }, "max_tokens": max_tokens,
        "messages": [{ "role": "user", "content": text }] })
}

fn truth(path: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

#[test]
fn a_streamed_reply_has_role_tokens_finish_usage_and_done() {
    let simulator = start(quick(""));
    let reply = ask(&simulator, &prompt("How long is a short answer?", 12));
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/event-stream");
    assert_eq!(reply.headers["x-tollmark-simulated"], "1");
    assert_eq!(reply.headers["x-request-id"], "sim-1");
    let events = reply.events();
    let parsed: Vec<Value> = events[..events.len() - 1].iter().map(|e| serde_json::from_str(e).unwrap()).collect();
    assert_eq!(parsed[0]["choices"][0]["delta"], json!({ "role": "assistant", "content": "" }));
    let [.., finish, usage] = &parsed[..] else { panic!("{events:?}") };
    let tokens = reply.answer().split(' ').count();
    assert_eq!(finish["choices"][0]["finish_reason"], if tokens == 12 { "length" } else { "stop" });
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["completion_tokens"], tokens);
    assert_eq!(usage["usage"]["prompt_tokens"], 7);
    assert_eq!(events.last(), Some(&"[DONE]"));
}

#[test]
fn a_reply_that_is_not_streamed_has_the_same_answer_as_the_stream() {
    let simulator = start(quick(""));
    let streamed = ask(&simulator, &prompt("Same words?", 30)).answer();
    let mut body = prompt("Same words?", 30);
    body["stream"] = json!(false);
    let whole = ask(&simulator, &body);
    assert_eq!(whole.headers["content-type"], "application/json");
    assert_eq!(whole.headers["x-tollmark-simulated"], "1");
    assert_eq!(whole.json()["choices"][0]["message"]["content"], streamed);
    assert_eq!(whole.json()["usage"]["completion_tokens"], streamed.split(' ').count());
}

#[test]
fn the_same_seed_gives_the_same_replies_over_the_wire() {
    let replies = |seed| {
        let law = quick("varied_ratio = 0.5\nerror_ratio = 0.3");
        let simulator = Simulator::start(SimConfig { law, seed, ..SimConfig::default() }).unwrap();
        let reply = |index: u32| ask(&simulator, &prompt(&format!("prompt {}", index % 3), 20));
        let said = |reply: Received| (reply.status, reply.answer());
        (0..12).map(reply).map(said).collect::<Vec<_>>()
    };
    let first = replies(5);
    assert_eq!(first, replies(5));
    assert_ne!(first, replies(6));
    assert!(first.iter().any(|(status, _)| *status >= 500) && first.iter().any(|(status, _)| *status == 200));
}

#[test]
fn a_request_that_makes_no_sense_is_refused_as_json() {
    let simulator = start(quick(""));
    let broken = send(&simulator, "POST", "/v1/chat/completions", "", "{\"model\":");
    assert_eq!(broken.status, 400);
    assert_eq!(broken.json()["error"]["type"], "invalid_request_error");
    assert_eq!(broken.headers["x-tollmark-simulated"], "1");
    let elsewhere = send(&simulator, "GET", "/v1/embeddings", "", "");
    assert_eq!((elsewhere.status, elsewhere.json()["error"]["code"].as_str()), (404, Some("not_found")));
    assert_eq!(elsewhere.json()["error"]["message"], "there is no `GET /v1/embeddings` here");
}

#[test]
fn only_when_models_are_named_an_unknown_one_is_refused() {
    assert_eq!(ask(&start(quick("")), &prompt("hi", 1)).status, 200);
    let models = vec!["other".to_owned()];
    let simulator = Simulator::start(SimConfig { models, ..SimConfig::default() }).unwrap();
    let refused = ask(&simulator, &prompt("hi", 1));
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (404, Some("model_not_found")));
    let list = send(&simulator, "GET", "/v1/models", "", "").json();
    let names: Vec<&str> = list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert!(names.contains(&"other") && names.contains(&"step-3.5-flash") && names.len() == 11, "{names:?}");
}

#[test]
fn the_truth_has_a_row_for_each_reply_with_what_was_sent() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("truth.csv");
    let law = quick("error_ratio = 0.3");
    let simulator = Simulator::start(SimConfig { law, truth: Some(path.clone()), ..SimConfig::default() }).unwrap();
    let mut replies: Vec<Received> = (0..20).map(|i| ask(&simulator, &prompt(&format!("prompt {i}"), 20))).collect();
    let mut whole = prompt("whole", 20);
    whole["stream"] = json!(false);
    replies.push(ask(&simulator, &whole));
    replies.push(send(&simulator, "POST", "/v1/chat/completions", "", "[]"));
    simulator.stop().unwrap();
    let rows = truth(&path);
    assert_eq!(rows.len(), replies.len());
    for (row, reply) in rows.iter().zip(&replies) {
        assert_eq!(row["request_id"], reply.headers["x-request-id"]);
        assert_eq!(row["status"], reply.status.to_string());
        let outcome = match reply.status {
            200 => "ok",
            400 => "http_4xx",
            _ => "http_5xx",
        };
        assert_eq!(row["outcome"], outcome);
        let number = |column: &str| row[column].parse::<f64>().unwrap();
        if row["outcome"] == "ok" && row["stream"] == "true" {
            let tokens = reply.answer().split(' ').count();
            assert_eq!(row["output_tokens"], tokens.to_string());
            assert_eq!((&*row["model"], &*row["region"]), ("m", "there"));
            // Nothing is written before it is due.
            assert!(number("ttft_ms") >= 4.0 && number("e2e_ms") >= 4.0 + 0.25 * (tokens - 1) as f64, "{row:?}");
            assert!(number("end_at_ms") >= number("last_token_at_ms"));
        } else if row["outcome"] == "ok" {
            assert!(row["first_token_at_ms"].is_empty() && number("e2e_ms") >= 4.0);
        } else {
            assert!(row["first_token_at_ms"].is_empty() && row["ttft_ms"].is_empty() && row["e2e_ms"].is_empty());
        }
    }
    let failed = rows.iter().filter(|row| row["outcome"] == "http_5xx").count();
    assert!((1..=19).contains(&failed), "{failed}");
}

#[test]
fn a_request_cut_off_by_the_end_has_a_cancelled_row() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("truth.csv");
    let law = "schema = 1\nclient = \"here\"\n[default]\nttft = { kind = \"constant\", median_ms = 1 }\n\
        ms_per_token = { kind = \"constant\", median_ms = 60_000 }\nanswer_tokens = { median = 50, p99 = 50 }\n";
    let law = Law::parse("test", law).unwrap();
    let simulator = Simulator::start(SimConfig { law, truth: Some(path.clone()), ..SimConfig::default() }).unwrap();
    let body = prompt("a long story", 50).to_string();
    let mut stream = TcpStream::connect(simulator.address()).unwrap();
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    assert_ne!(stream.read(&mut [0; 64]).unwrap(), 0, "the reply has begun");
    simulator.stop().unwrap();
    let rows = truth(&path);
    assert_eq!((rows.len(), &*rows[0]["outcome"], &*rows[0]["last_token_at_ms"]), (1, "cancelled", ""));
}

#[test]
fn a_rate_limit_answers_429_with_the_seconds_to_wait() {
    let simulator = start(quick("rate_limit = { requests_per_minute = 1 }"));
    assert_eq!(ask(&simulator, &prompt("hi", 1)).status, 200);
    let limited = ask(&simulator, &prompt("hi", 1));
    assert_eq!((limited.status, &*limited.headers["retry-after"]), (429, "60"));
    assert_eq!(limited.json()["error"]["type"], "rate_limit_error");
}

#[test]
fn about_nine_in_ten_labelled_prompts_are_classified_right() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("truth.csv");
    let lines: Vec<(String, u8)> = (0..60).map(|i| (format!("Request \"{i}\"\nof many"), (i % 5) as u8)).collect();
    let requests = lines.iter().map(|(text, tier)| classification(text, *tier)).collect();
    let (name, source, sha256) = ("classify".to_owned(), "built-in".to_owned(), String::new());
    let labels = Labels::from_workloads(&[Workload { name, source, sha256, requests, bad_lines: Vec::new() }]);
    let config = SimConfig { law: quick(""), labels, truth: Some(path.clone()), ..SimConfig::default() };
    let simulator = Simulator::start(config).unwrap();
    let mut right = 0;
    for (text, tier) in &lines {
        let reply =
            ask(&simulator, &json!({ "model": "m", "stream": true, "max_tokens": 10, "messages": messages(text) }));
        let answer = reply.answer();
        assert!(["0", "1", "2", "3", "4"].contains(&&*answer), "{answer}");
        right += u32::from(answer == tier.to_string());
    }
    // Four standard errors below 54 and all: 60 × 0.9 ± 4 √(60 × 0.9 × 0.1).
    assert!((45..=60).contains(&right), "{right}");
    simulator.stop().unwrap();
    let rows = truth(&path);
    let agreed = rows.iter().filter(|row| row["tier_answered"] == row["tier_labelled"]).count();
    assert_eq!(agreed, right as usize);
    assert!(rows.iter().zip(&lines).all(|(row, (_, tier))| row["tier_labelled"] == tier.to_string()));
}

fn messages(text: &str) -> Value {
    json!([{ "role": "system", "content": "You sort.\n\nClassify this request into tier 0-4. Answer with the digit alone." },
        { "role": "user", "content": text }])
}

fn classification(text: &str, tier: u8) -> Request {
    let fields = vec![("messages".to_owned(), serde_json::value::to_raw_value(&messages(text)).unwrap())];
    Request {
        line: 1,
        custom_id: text.to_owned(),
        timestamp_ms: None,
        session_id: None,
        delay_ms: None,
        class: None,
        origin: None,
        expect: Some(Expect { tier: Some(tier), ..Expect::default() }),
        prompt: Prompt::Body(Body {
            most_tokens: None,
            answers: 1,
            fields,
            stream: None,
            max_tokens: Some(10),
            images: 0,
            messages: 1,
            other_bytes: 0,
            text: text.into(),
        }),
    }
}

#[test]
fn two_threads_serve_one_address_until_the_simulator_is_stopped() {
    let simulator = Simulator::start(SimConfig { law: quick(""), threads: 2, ..SimConfig::default() }).unwrap();
    assert_eq!(simulator.base_url(), format!("http://{}/v1", simulator.address()));
    let mut open: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(simulator.address()).unwrap()).collect();
    for _ in 0..8 {
        assert_eq!(ask(&simulator, &prompt("hi", 3)).status, 200);
    }
    simulator.stop().unwrap();
    for stream in &mut open {
        assert!(matches!(stream.read(&mut [0; 1]), Ok(0) | Err(_)), "an open connection is cut");
    }
}

#[test]
fn a_truth_file_that_cannot_be_written_stops_the_start() {
    let truth = Some("no/such/directory/truth.csv".into());
    let error = Simulator::start(SimConfig { truth, ..SimConfig::default() }).unwrap_err();
    assert_eq!(error.to_string(), "cannot write the truth to `no/such/directory/truth.csv`");
}
