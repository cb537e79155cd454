//! A server that gives everybody the same reply and remembers what it was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The request line and the headers, one a line, names in lower case.
    pub(crate) head: Vec<String>,
    /// The body.
    pub(crate) body: String,
}

/// The server; its threads end with the test's process.
pub(crate) struct Canned {
    /// The URL to call, up to and including `/v1`.
    pub(crate) base_url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A streamed answer of two tokens with its usage.
pub(crate) const STREAM: &str = "\
data: {\"id\":\"1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Yes\"}}]}\n\n\
data: {\"id\":\"1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\".\"},\"finish_reason\":\"stop\"}]}\n\n\
data: {\"id\":\"1\",\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n\
data: [DONE]\n\n";

impl Canned {
    /// Answers every POST and every GET of `/v1/catalogue?…` with `body` as `content_type` and `header`, and every other
    /// GET with 404.
    pub(crate) fn start(content_type: &'static str, header: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let reply: Arc<str> = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n{header}content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into();
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (reply, seen) = (Arc::clone(&reply), Arc::clone(&seen));
                thread::spawn(move || converse(connection, &reply, &seen));
            }
        });
        Self { base_url, asked }
    }

    /// A streamed answer, not marked as simulated.
    pub(crate) fn streaming() -> Self {
        Self::start("text/event-stream", "", STREAM)
    }

    /// Every request so far, in the order in which they came.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The requests that asked for an answer.
    pub(crate) fn posts(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.head[0].starts_with("post /v1/chat/completions ")).collect()
    }
}

impl Asked {
    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The text of the first message.
    pub(crate) fn prompt(&self) -> String {
        self.json()["messages"][0]["content"].as_str().unwrap().to_owned()
    }

    /// The value of the header `name`.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Answers requests until the caller hangs up.
fn converse(connection: TcpStream, reply: &str, seen: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut writer = connection;
    while let Some(asked) = receive(&mut reader) {
        let is_get = asked.head[0].starts_with("get ") && !asked.head[0].starts_with("get /v1/catalogue?");
        seen.lock().unwrap().push(asked);
        let reply = if is_get { "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n" } else { reply };
        if writer.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}

/// The next request; absent when the caller has hung up.
pub(crate) fn receive(reader: &mut impl BufRead) -> Option<Asked> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            // A header's name is compared without regard to case, its value is not.
            line => head.push(match line.split_once(':') {
                Some((name, value)) if !head.is_empty() => format!("{}:{value}", name.to_lowercase()),
                _ => line.replacen("POST", "post", 1).replacen("GET", "get", 1),
            }),
        }
    }
    let length = head.iter().find_map(|line: &String| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { head, body: String::from_utf8(body).ok()? })
}
