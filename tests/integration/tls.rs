//! TLS, to a server with a certificate made for the occasion.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::canned::STREAM;
use crate::sandbox::{Ran, Row, Sandbox, rows};

/// A certificate for this machine's own name, which nobody has signed but itself.
fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// A server that speaks HTTP/1.1 and HTTP/2 over TLS and gives every POST the same stream; it ends with the test's process.
fn serve(own: &CertifiedKey<KeyPair>) -> SocketAddr {
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (tell, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust the certificate leaves in the middle of the handshake.
                    let Ok(socket) = acceptor.accept(socket).await else { return };
                    let two = socket.get_ref().1.alpn_protocol() == Some(b"h2");
                    let io = TokioIo::new(socket);
                    // That the client leaves is how every connection ends.
                    if two {
                        let _ =
                            http2::Builder::new(TokioExecutor::new()).serve_connection(io, service_fn(answer)).await;
                    } else {
                        let _ = http1::Builder::new().serve_connection(io, service_fn(answer)).await;
                    }
                });
            }
        });
    });
    address.recv().unwrap()
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let asked = request.method() == Method::POST;
    let whole = request.into_body().collect().await.is_ok();
    let reply = Response::builder().status(if asked && whole { 200 } else { 404 });
    let text = if asked { STREAM } else { "" };
    Ok(reply.header("content-type", "text/event-stream").body(Full::new(Bytes::from(text))).unwrap())
}

/// Makes `trusted` the only certificate that a client in `sandbox` trusts when told where it lies.
fn trust(sandbox: &Sandbox, trusted: &CertifiedKey<KeyPair>) {
    let text = STANDARD.encode(trusted.cert.der());
    sandbox.write("trusted.pem", &format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"));
}

/// Sends 6 requests to port `port` of this machine, over TLS, where `trusted` is whom the system trusts.
fn run(sandbox: &Sandbox, port: u16, trusted: &CertifiedKey<KeyPair>, more: &[&str]) -> Ran {
    trust(sandbox, trusted);
    sandbox.write(
        "registry.toml",
        &format!(
            "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"https://localhost:{port}/v1\"\n[[model]]\nid = \"m\"\n\
             [[model.at]]\nprovider = \"p\"\n[[model.at.price]]\nfrom = \"2020-01-01\"\ncurrency = \"USD\"\n\
             input = \"1\"\noutput = \"1\"\n"
        ),
    );
    let live = ["run", "--live", "--registry", "registry.toml", "--max-cost-usd", "1"];
    let small = ["--requests-per-cell", "6", "--warmup", "0", "--rounds", "1", "--concurrency", "2"];
    let mut command = sandbox.command(&[&live[..], &small[..], more].concat());
    sandbox.finish(command.env("SSL_CERT_FILE", sandbox.path("trusted.pem")))
}

fn attempts(sandbox: &Sandbox) -> Vec<Row> {
    rows(&sandbox.read("reports/latest/attempts.csv"))
}

#[test]
fn a_reply_over_tls_is_read_and_the_opening_of_its_connection_is_timed() {
    let own = certificate();
    let port = serve(&own).port();
    for (more, version) in [(&[][..], "HTTP/1.1"), (&["--http2"][..], "HTTP/2")] {
        let sandbox = Sandbox::new();
        let ran = run(&sandbox, port, &own, more).measures();
        let attempts = attempts(&sandbox);
        assert_eq!(attempts.len(), 6, "{ran}");
        for row in &attempts {
            let told = (&*row["outcome"], &*row["http_version"], &*row["output_tokens"], &*row["reused"]);
            assert_eq!(told, ("ok", version, "2", "true"), "{ran}");
            let moments = ["sent", "headers", "first_event", "first_token", "first_answer", "last_token", "end"];
            let moments: Vec<f64> = moments.iter().map(|name| row[&format!("{name}_at_ms")].parse().unwrap()).collect();
            assert!(moments.is_sorted(), "{row:?}");
        }
        // Two connections, opened beforehand, and each step belongs to the first request over one of them.
        for step in ["dns_ms", "connect_ms", "tls_ms"] {
            let told: Vec<&str> = attempts.iter().map(|row| &*row[step]).filter(|time| !time.is_empty()).collect();
            assert!((1..=2).contains(&told.len()), "{step}: {told:?}");
        }
        assert!(attempts.iter().filter_map(|row| row["tls_ms"].parse::<f64>().ok()).all(|time| time > 0.0), "{ran}");
        assert_eq!(rows(&sandbox.read("reports/latest/cells.csv"))[0]["outcomes"], "ok=6");
    }
}

#[test]
fn a_url_over_tls_is_looked_at_and_measured() {
    let own = certificate();
    let port = serve(&own).port();
    let sandbox = Sandbox::new();
    let url = format!("https://localhost:{port}/v1");
    let small = ["--model", "m", "--requests-per-cell", "4", "--rounds", "1"];
    trust(&sandbox, &own);
    let mut command = sandbox.command(&[&["run", "--base-url", &url], &small[..]].concat());
    sandbox.finish(command.env("SSL_CERT_FILE", sandbox.path("trusted.pem"))).measures();
    assert_eq!(rows(&sandbox.read("reports/latest/cells.csv"))[0]["outcomes"], "ok=4");
}

#[test]
fn a_certificate_that_nobody_known_has_signed_is_refused() {
    let port = serve(&certificate()).port();
    let sandbox = Sandbox::new();
    let ran = run(&sandbox, port, &certificate(), &[]).exits_with(5);
    let attempts = attempts(&sandbox);
    assert_eq!(attempts.len(), 6, "{ran}");
    for row in &attempts {
        assert_eq!((&*row["outcome"], &*row["sent_at_ms"], &*row["status"]), ("tls", "", ""), "{ran}");
        assert!(row["error_message"].contains("invalid peer certificate"), "{row:?}");
    }
    assert_eq!(rows(&sandbox.read("reports/latest/cells.csv"))[0]["outcomes"], "tls=6", "{ran}");
}

#[test]
fn a_server_that_never_shakes_hands_runs_into_the_limit_for_the_connection() {
    let sandbox = Sandbox::new();
    // The system accepts for it, and that is all that ever happens.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    let ran = run(&sandbox, port, &certificate(), &["--timeout-connect", "50ms"]).exits_with(5);
    let attempts = attempts(&sandbox);
    assert_eq!(attempts.len(), 6, "{ran}");
    for row in &attempts {
        let told = (&*row["outcome"], &*row["error_message"], &*row["http_version"]);
        assert_eq!(told, ("timeout_connect", "no connection within 50ms", ""), "{ran}");
    }
}
