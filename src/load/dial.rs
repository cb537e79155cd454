//! Opening a connection, with the time of each step.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use crate::load::Destination;
use crate::load::executor::SameThread;
use crate::load::link::{Link, Sender};
use crate::load::stamp::{Stamped, Stamps};
use crate::sample::Outcome;
use crate::units::{Micros, Moment};

/// How long the steps of opening a connection took; absent for a step that was not needed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Opening {
    pub(crate) dns: Option<Micros>,
    pub(crate) connect: Option<Micros>,
    pub(crate) tls: Option<Micros>,
}

/// Why there is no connection: an outcome, and the system's words.
#[derive(Debug)]
pub(crate) struct Unopened {
    pub(crate) outcome: Outcome,
    pub(crate) message: String,
}

/// Opens a connection to `destination`. The caller sets the limit in time.
pub(crate) async fn dial(
    destination: &Destination,
    tls: Option<&TlsConnector>,
    http2: bool,
) -> Result<(Link, Opening), Unopened> {
    let failed = |outcome| move |error: io::Error| Unopened { outcome, message: causes(&error) };
    let mut opening = Opening::default();
    let addresses = match destination.address {
        Some(address) => vec![address],
        None => {
            let begun = Instant::now();
            let found = lookup_host((destination.host.as_str(), destination.port)).await;
            let found = found.map_err(failed(Outcome::Dns))?.collect();
            opening.dns = Some(elapsed(begun));
            found
        }
    };
    let begun = Instant::now();
    let socket = connect(&addresses).await.map_err(failed(Outcome::Connect))?;
    opening.connect = Some(elapsed(begun));

    let stamps = Rc::new(Stamps::default());
    let socket = Stamped::new(socket, Rc::clone(&stamps));
    let Some(tls) = tls.filter(|_| destination.tls) else {
        return Ok((handshake(socket, stamps, http2).await?, opening));
    };
    let begun = Instant::now();
    let name = ServerName::try_from(destination.host.trim_matches(['[', ']']).to_owned())
        .map_err(|error| Unopened { outcome: Outcome::Tls, message: causes(&error) })?;
    let socket = tls.connect(name, socket).await.map_err(failed(Outcome::Tls))?;
    opening.tls = Some(elapsed(begun));
    Ok((handshake(socket, stamps, http2).await?, opening))
}

/// An error with its causes, joined by colons.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Connects to the first address that answers; the error is the last one's.
async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(socket) => {
                // A request held back by Nagle's algorithm would be our delay, not the provider's.
                socket.set_nodelay(true)?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn handshake<S>(socket: S, stamps: Rc<Stamps>, http2: bool) -> Result<Link, Unopened>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let failed = |error: hyper::Error| Unopened { outcome: Outcome::Connect, message: causes(&error) };
    let io = TokioIo::new(socket);
    if http2 {
        let (sender, driver) = http2::Builder::new(SameThread).handshake(io).await.map_err(failed)?;
        return Ok(Link::new(Sender::Http2(sender), driver, stamps));
    }
    let (sender, driver) = http1::handshake(io).await.map_err(failed)?;
    Ok(Link::new(Sender::Http1(sender), driver, stamps))
}

fn elapsed(begun: Instant) -> Micros {
    Moment(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX)).since(Moment(0))
}
