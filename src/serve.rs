//! The HTTP listener that serves the simulator.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Connections that may wait to be accepted. The standard library's 128 would make a client that opens some
/// hundreds at once wait a second for its second attempt.
const BACKLOG: u32 = 4096;

/// How long accepting pauses after an error such as too many open files, which would come back at once.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(10);

/// Work on a bare connection in place of an HTTP reply, for what no HTTP server would send.
pub struct Takeover(Box<dyn FnOnce(TcpStream) -> Acting + Send>);

/// What a takeover does once it has the connection.
type Acting = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Takeover {
    /// Hands the connection to `act`, which closes it by dropping it. Nothing of a reply has been written then, and
    /// of the request all that was asked for has been read.
    pub fn new<A: Future<Output = ()> + Send + 'static>(act: impl FnOnce(TcpStream) -> A + Send + 'static) -> Self {
        Self(Box::new(move |stream| Box::pin(act(stream))))
    }
}

/// A bound address, ready to be served.
#[derive(Debug)]
pub struct Listener {
    socket: std::net::TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// The address is in use, is not this machine's, or may not be bound.
    pub fn bind(address: SocketAddr) -> Result<Self, ServeError> {
        let refused = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ServeError::InUse { address, source },
            _ => ServeError::Bind { address, source },
        };
        // A socket that is given a backlog can be made on a runtime alone; it outlives this one.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(refused)?;
        let _entered = runtime.enter();
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(refused)?;
        socket.set_reuseaddr(true).map_err(refused)?;
        socket.bind(address).map_err(refused)?;
        let socket = socket.listen(BACKLOG).and_then(TcpListener::into_std).map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        Ok(Self { socket, address })
    }

    /// The address that was bound, with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A second handle on the same queue of connections, for another thread.
    ///
    /// # Errors
    /// The process has no file descriptor left.
    pub fn try_clone(&self) -> Result<Self, ServeError> {
        let address = self.address;
        let socket = self.socket.try_clone().map_err(|source| ServeError::Bind { address, source })?;
        Ok(Self { socket, address })
    }

    /// Answers HTTP/1.1 requests, or lets a [`Takeover`] do what it wants, until `stop` turns true or its sender is gone;
    /// connections still open are then cut.
    ///
    /// # Errors
    /// The listener cannot be registered with the runtime.
    pub async fn serve<F, A, B>(self, answer: F, mut stop: watch::Receiver<bool>) -> Result<(), ServeError>
    where
        F: Fn(Request<Incoming>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Result<Response<B>, Takeover>> + Send + 'static,
        B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
    {
        let address = self.address;
        let listener = TcpListener::from_std(self.socket).map_err(|source| ServeError::Bind { address, source })?;
        // Owns every connection: dropping it when this function returns ends them.
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => { connections.spawn(connection(stream, answer.clone())); }
                    Err(_) => tokio::time::sleep(PAUSE_AFTER_ERROR).await,
                },
                Some(_) = connections.join_next() => {}
                _ = stop.wait_for(|stopped| *stopped) => return Ok(()),
            }
        }
    }
}

/// Why a listener cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else listens there.
    #[error("`{address}` is already in use, choose another port or 0 for any free one")]
    InUse {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The address cannot be bound for another reason.
    #[error("cannot listen on `{address}`")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Serves one connection to its end. A peer that breaks it off is that peer's business.
async fn connection<F, A, B>(mut stream: TcpStream, answer: F)
where
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Result<Response<B>, Takeover>>,
    B: Body<Data = Bytes, Error = Infallible> + 'static,
{
    // A chunk that waits for the acknowledgement of the one before would be late by its round trip.
    let _ = stream.set_nodelay(true);
    let taken = Mutex::new(None);
    let keep = |takeover| {
        *taken.lock().expect("nothing panics while it is held") = Some(takeover);
        TakenOver
    };
    let service = service_fn(|request| {
        let reply = answer(request);
        async { reply.await.map_err(&keep) }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(&mut stream), service).await;
    if let Some(Takeover(act)) = taken.into_inner().expect("nothing panicked while it was held") {
        act(stream).await;
    }
}

/// Makes the HTTP server let go of the connection without another byte.
#[derive(Debug, thiserror::Error)]
#[error("the connection is taken over")]
struct TakenOver;

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::thread;

    use http_body_util::Full;
    use tokio::io::AsyncWriteExt;

    use super::*;

    const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    #[test]
    fn a_port_in_use_is_named_with_the_remedy() {
        let first = Listener::bind(LOOPBACK).unwrap();
        let error = Listener::bind(first.address()).unwrap_err();
        let expected = format!("`{}` is already in use, choose another port or 0 for any free one", first.address());
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_takeover_has_the_connection_to_itself() {
        let listener = Listener::bind(LOOPBACK).unwrap();
        let address = listener.address();
        let (stop, stopped) = watch::channel(false);
        let server = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let act = |mut stream: tokio::net::TcpStream| async move { stream.write_all(b"not HTTP").await.unwrap() };
            let take = move |_| async move { Err::<Response<Full<Bytes>>, _>(Takeover::new(act)) };
            runtime.block_on(listener.serve(take, stopped)).unwrap();
        });
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert_eq!(reply, "not HTTP");
        stop.send(true).unwrap();
        server.join().unwrap();
    }

    #[test]
    fn connections_are_answered_until_the_listener_is_stopped() {
        let listener = Listener::bind(LOOPBACK).unwrap();
        let address = listener.address();
        let (stop, stopped) = watch::channel(false);
        let server = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let hello = |_| async { Ok(Response::new(Full::new(Bytes::from_static(b"hello")))) };
            runtime.block_on(listener.serve(hello, stopped)).unwrap();
        });
        let mut stream = TcpStream::connect(address).unwrap();
        for _ in 0..2 {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
            let mut reply = Vec::new();
            while !reply.ends_with(b"hello") {
                let mut some = [0; 512];
                let length = stream.read(&mut some).unwrap();
                assert_ne!(length, 0);
                reply.extend_from_slice(&some[..length]);
            }
        }
        stop.send(true).unwrap();
        server.join().unwrap();
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "an open connection is cut");
    }
}
