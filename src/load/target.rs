//! Requests to one destination: all that is the same in each is made once.

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};

use crate::load::outgoing::Outgoing;
use crate::load::{Destination, LoadError, Prepared};

/// What every request to a destination carries.
#[derive(Debug)]
pub(crate) struct Target {
    uri: Uri,
    for_stream: HeaderMap,
    for_document: HeaderMap,
}

impl Target {
    /// Prepares requests to `destination`; its own headers come before the usual ones.
    ///
    /// # Errors
    ///
    /// Host, port and path make no URL.
    pub(crate) fn new(destination: &Destination, http2: bool) -> Result<Self, LoadError> {
        let bad = || LoadError::BadAddress { host: destination.host.clone(), path: destination.path.clone() };
        let Destination { tls, host, port, path, .. } = destination;
        let standard = *port == if *tls { 443 } else { 80 };
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.clone() };
        let authority = if standard { host } else { format!("{host}:{port}") };
        let scheme = if *tls { "https" } else { "http" };
        let uri = if http2 { format!("{scheme}://{authority}{path}") } else { path.clone() };

        let mut headers = HeaderMap::new();
        // HTTP/2 says the host in the URL.
        if !http2 {
            headers.insert(HOST, authority.parse().map_err(|_| bad())?);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // A compressed stream would reach the clock in lumps of the compressor's making.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("tollmark/", env!("CARGO_PKG_VERSION"))));
        let with = |accept| {
            let mut headers = headers.clone();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            headers.extend(destination.headers.clone());
            headers
        };
        Ok(Self {
            uri: uri.parse().map_err(|_| bad())?,
            for_stream: with("text/event-stream"),
            for_document: with("application/json"),
        })
    }

    /// The request that sends `prepared` with `body`.
    pub(crate) fn request(&self, prepared: &Prepared, body: Outgoing) -> Request<Outgoing> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = if prepared.stream { &self.for_stream } else { &self.for_document }.clone();
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(tls: bool, host: &str, port: u16) -> Destination {
        let headers = [("x-region", "eu"), ("user-agent", "mine")];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        let headers = HeaderMap::from_iter(headers);
        Destination { tls, host: host.into(), port, address: None, path: "/v1/chat/completions".into(), headers }
    }

    #[test]
    fn the_host_names_a_port_only_where_it_is_not_the_usual_one() {
        for (tls, host, port, expected) in [
            (true, "api.example", 443, "api.example"),
            (false, "api.example", 443, "api.example:443"),
            (false, "::1", 80, "[::1]"),
            (false, "127.0.0.1", 8080, "127.0.0.1:8080"),
        ] {
            let target = Target::new(&destination(tls, host, port), false).unwrap();
            assert_eq!(target.for_stream[HOST], expected);
            assert_eq!(target.uri, "/v1/chat/completions");
        }
    }

    #[test]
    fn over_http2_the_url_names_the_host() {
        let target = Target::new(&destination(true, "api.example", 443), true).unwrap();
        assert_eq!(target.uri, "https://api.example/v1/chat/completions");
        assert!(!target.for_stream.contains_key(HOST));
    }

    #[test]
    fn the_destinations_own_headers_replace_the_usual_ones() {
        let target = Target::new(&destination(true, "api.example", 443), false).unwrap();
        assert_eq!(target.for_stream["x-region"], "eu");
        assert_eq!(target.for_stream.get_all(USER_AGENT).iter().collect::<Vec<_>>(), ["mine"]);
        assert_eq!(
            (&target.for_stream[ACCEPT], &target.for_document[ACCEPT]),
            (&"text/event-stream".parse().unwrap(), &"application/json".parse().unwrap())
        );
    }
}
