use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream as Client};

use super::*;
use crate::sample::{Outcome, Usage};
use crate::wire::{EventParser, Reply};

const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// Sends `body` and reads as many bytes of the reply as `expected` has.
fn ask(client: &mut Client, body: &str, expected: usize) -> Vec<u8> {
    write!(client, "POST /v1/chat/completions HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut reply = vec![0; expected];
    client.read_exact(&mut reply).unwrap();
    reply
}

#[test]
fn it_answers_in_the_form_that_was_asked_for_on_one_connection() {
    let upstream = NullUpstream::start(ANY_PORT.into(), Tempo::AtOnce).unwrap();
    let canned = Canned::new();
    let mut client = Client::connect(upstream.address).unwrap();
    assert_eq!(ask(&mut client, r#"{"stream":true}"#, canned.streamed.len()), canned.streamed);
    assert_eq!(ask(&mut client, "{}", canned.plain.len()), canned.plain);
    assert!(upstream.cpu() > Duration::ZERO);
    assert_eq!(upstream.stop(), []);
    assert_eq!(client.read(&mut [0]).unwrap_or(0), 0, "stopping cuts the connection");
}

#[test]
fn a_streamed_reply_is_19_events_of_which_16_have_content() {
    let canned = Canned::new();
    let (mut parser, mut reply) = (EventParser::default(), Reply::default());
    let (mut events, mut with_content) = (0, 0);
    let chunks = [canned.content.concat(), canned.end].concat();
    let text = String::from_utf8(chunks).unwrap();
    // Each event is an HTTP chunk: its length, its text and an empty line.
    for line in text.split("\r\n").filter(|line| line.starts_with("data:")) {
        parser
            .feed(line.as_bytes(), |event| {
                events += 1;
                with_content += u32::from(reply.event(event).token);
            })
            .unwrap();
    }
    assert_eq!((events, with_content), (19, 16));
    let (outcome, answered) = reply.end();
    assert_eq!(outcome, Outcome::Ok);
    assert_eq!(answered.usage, Some(Usage { input: 100, cached_input: 0, cache_write: 0, output: 16, reasoning: 0 }));
}

#[test]
fn a_paced_reply_keeps_its_times_and_tells_them_under_the_id_it_was_sent_with() {
    let tempo = Tempo::Paced { ttft: Duration::from_millis(2), gap: Duration::from_millis(1) };
    let upstream = NullUpstream::start(ANY_PORT.into(), tempo).unwrap();
    let canned = Canned::new();
    let mut client = Client::connect(upstream.address).unwrap();
    let length = paced_head("null-1").len() + canned.content.concat().len() + canned.end.len();
    for id in ["null-1", "null-2"] {
        let reply = ask(&mut client, r#"{"stream":true}"#, length);
        assert!(reply.starts_with(paced_head(id).as_bytes()));
    }
    let truth = upstream.stop();
    let told: Vec<_> = truth.iter().map(|times| (times.request_id.as_str(), times.held_back)).collect();
    assert_eq!(told, [("null-1", true), ("null-2", false)], "the first on a connection is held back");
    for times in &truth {
        assert!(times.ttft >= Micros(2_000) && times.e2e >= Micros(12_000), "{truth:?}");
    }
}
