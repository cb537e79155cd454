//! The same over HTTP/2.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::upstream::{FINISH, TOKEN, cell, destination, job, run};
use crate::load::executor::SameThread;
use crate::sample::{HttpVersion, Outcome};

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    assert_eq!(request.uri().path(), "/v1/chat/completions");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(b"{\"model\":\"m\""));
    let text = format!("data: {TOKEN}\n\ndata: {FINISH}\n\ndata: [DONE]\n\n");
    let reply = Response::builder().header("content-type", "text/event-stream");
    Ok(reply.body(Full::new(Bytes::from(text))).unwrap())
}

/// Serves HTTP/2 without TLS on a thread of its own.
fn serve() -> SocketAddr {
    let (tell, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let server = hyper::server::conn::http2::Builder::new(SameThread);
                tokio::task::spawn_local(server.serve_connection(TokioIo::new(socket), service_fn(answer)));
            }
        });
    });
    address.recv().unwrap()
}

#[test]
fn a_slot_sends_one_request_after_another_over_its_http2_connection() {
    let mut job = job(vec![cell(destination(serve()), 2, 20)]);
    job.http2 = true;
    let samples = run(job);
    assert_eq!(samples.len(), 20);
    for sample in samples {
        assert_eq!((sample.outcome, sample.reused), (Outcome::Ok, true), "{sample:?}");
        let at = sample.moments;
        assert_eq!(sample.http_version, Some(HttpVersion::Http2));
        let order = [at.sent, at.headers, at.first_event, at.first_token, at.last_token, at.end].map(Option::unwrap);
        assert!(order.is_sorted(), "{at:?}");
    }
}
