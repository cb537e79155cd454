//! Requests, read with the least effort that keeps connections in step.

use std::io;

use memchr::memmem;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Bytes read and not yet taken as part of a request.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
}

/// All that is told of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Whether its body asks for a streamed reply.
    pub(super) streamed: bool,
}

/// Room for a read.
const READ: usize = 16 << 10;

/// A head or body over this many bytes ends the connection.
const CAP: usize = 16 << 20;

impl Inbox {
    /// The next request, once it has been read whole; absent when the client has closed the connection.
    pub(super) async fn next(&mut self, socket: &mut TcpStream) -> io::Result<Option<Request>> {
        loop {
            if let Some((request, length)) = whole(&self.bytes)? {
                self.bytes.drain(..length);
                return Ok(Some(request));
            }
            self.bytes.reserve(READ);
            if socket.read_buf(&mut self.bytes).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// The first request of `bytes` with its length, if it is all there.
fn whole(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidData, "the request is too long");
    let Some(head) = memmem::find(bytes, b"\r\n\r\n") else {
        return if bytes.len() > CAP { Err(too_long()) } else { Ok(None) };
    };
    let body = body_length(&bytes[..head]);
    if body > CAP {
        return Err(too_long());
    }
    let (begin, end) = (head + 4, head + 4 + body);
    let request = |body: &[u8]| Request { streamed: memmem::find(body, br#""stream":true"#).is_some() };
    Ok(bytes.get(begin..end).map(|body| (request(body), end)))
}

/// What `content-length` says; 0 without one.
fn body_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length:";
    let named = |line: &&[u8]| line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME);
    let line = head.split(|byte| *byte == b'\n').find(named);
    let digits = line.map_or(&[][..], |line| line[NAME.len()..].trim_ascii());
    digits
        .iter()
        .fold(0_usize, |length, digit| length.saturating_mul(10).saturating_add(usize::from(digit.wrapping_sub(b'0'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_taken_when_all_of_its_body_is_there_and_not_before() {
        let bytes = b"POST / HTTP/1.1\r\nContent-Length: 15\r\n\r\n{\"stream\":true}GET";
        for cut in 0..bytes.len() - 3 {
            assert_eq!(whole(&bytes[..cut]).unwrap(), None, "{cut}");
        }
        assert_eq!(whole(bytes).unwrap(), Some((Request { streamed: true }, bytes.len() - 3)));
    }

    #[test]
    fn a_request_without_a_body_asks_for_a_document() {
        let bytes = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n";
        assert_eq!(whole(bytes).unwrap(), Some((Request { streamed: false }, bytes.len())));
    }

    #[test]
    fn a_length_beyond_reason_is_refused() {
        let head = b"POST / HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n";
        assert!(whole(head).is_err());
    }
}
