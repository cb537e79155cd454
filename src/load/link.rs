//! One open connection, driven by the very task that waits for its reply.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::client::conn::{http1, http2};

use crate::load::alarm::Alarm;
use crate::load::outgoing::Outgoing;
use crate::load::stamp::Stamps;
use crate::load::stop::{LocalStop, Stop};

/// A connection with at most one request on it.
///
/// The slot's task polls the connection itself. So no other task has to be woken between the socket and the parser,
/// and the connection cannot read ahead of the frame that the slot is looking at.
pub(crate) struct Link {
    sender: Sender,
    driver: Driver,
    pub(crate) stamps: Rc<Stamps>,
}

/// The request side of a connection.
pub(crate) enum Sender {
    Http1(http1::SendRequest<Outgoing>),
    Http2(http2::SendRequest<Outgoing>),
}

/// The I/O side of a connection; absent once the connection is over.
pub(crate) struct Driver(Option<Pin<Box<dyn Future<Output = hyper::Result<()>>>>>);

/// What every wait for a reply listens for besides.
pub(crate) struct Watch {
    pub(crate) alarm: Alarm,
    pub(crate) stop: Rc<LocalStop>,
}

/// Why a wait ended without what it waited for.
#[derive(Debug)]
pub(crate) enum Interrupt {
    /// The connection or the protocol on it broke.
    Broken(hyper::Error),
    /// The deadline passed.
    Late,
    /// The run was stopped at once.
    Stopped,
}

impl Link {
    pub(crate) fn new(
        sender: Sender,
        driver: impl Future<Output = hyper::Result<()>> + 'static,
        stamps: Rc<Stamps>,
    ) -> Self {
        Self { sender, driver: Driver(Some(Box::pin(driver))), stamps }
    }

    /// Whether a request can be sent on it now. A connection that the peer has closed meanwhile is noticed here.
    pub(crate) async fn is_ready(&mut self) -> bool {
        poll_fn(|cx| {
            self.driver.poll(cx);
            let ready = match &mut self.sender {
                Sender::Http1(sender) => sender.poll_ready(cx),
                Sender::Http2(sender) => sender.poll_ready(cx),
            };
            // Pending means that the last reply is not over, which a slot waits out or gives up before it asks.
            Poll::Ready(self.driver.0.is_some() && matches!(ready, Poll::Ready(Ok(()))))
        })
        .await
    }

    /// Sends `request` and waits for the head of its reply.
    pub(crate) async fn send(
        &mut self,
        request: Request<Outgoing>,
        watch: &mut Watch,
        deadline: Instant,
    ) -> Result<Response<Incoming>, Interrupt> {
        match &mut self.sender {
            Sender::Http1(sender) => {
                let mut reply = pin!(sender.send_request(request));
                self.driver.until(watch, deadline, |cx| reply.as_mut().poll(cx)).await
            }
            Sender::Http2(sender) => {
                let mut reply = pin!(sender.send_request(request));
                self.driver.until(watch, deadline, |cx| reply.as_mut().poll(cx)).await
            }
        }
    }

    /// Waits for the next piece of `body`; absent at its end.
    pub(crate) async fn piece(
        &mut self,
        body: &mut Incoming,
        watch: &mut Watch,
        deadline: Instant,
    ) -> Result<Option<Bytes>, Interrupt> {
        let next = |cx: &mut Context<'_>| {
            loop {
                match Pin::new(&mut *body).poll_frame(cx) {
                    Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                        Ok(data) => return Poll::Ready(Ok(Some(data))),
                        // Trailers say nothing that is measured.
                        Err(_) => continue,
                    },
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                    Poll::Ready(None) => return Poll::Ready(Ok(None)),
                    Poll::Pending => return Poll::Pending,
                }
            }
        };
        self.driver.until(watch, deadline, next).await
    }
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) {
        // An error of the connection reaches the request that it concerns, so it is not kept here.
        if self.0.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
            self.0 = None;
        }
    }

    /// Drives the connection until `answer` is ready, the deadline passes or the run stops.
    async fn until<T>(
        &mut self,
        watch: &mut Watch,
        deadline: Instant,
        mut answer: impl FnMut(&mut Context<'_>) -> Poll<hyper::Result<T>>,
    ) -> Result<T, Interrupt> {
        poll_fn(|cx| {
            if watch.stop.get() == Stop::Now {
                return Poll::Ready(Err(Interrupt::Stopped));
            }
            // What has been read already goes first: the socket must not be read again before it is taken.
            let mut answered = answer(cx);
            if answered.is_pending() {
                self.poll(cx);
                answered = answer(cx);
            }
            if let Poll::Ready(answer) = answered {
                return Poll::Ready(answer.map_err(Interrupt::Broken));
            }
            watch.alarm.poll(cx, deadline).map(|()| Err(Interrupt::Late))
        })
        .await
    }
}

impl Watch {
    /// Waits for `work` until `deadline`.
    pub(crate) async fn limit<T>(&mut self, deadline: Instant, work: impl Future<Output = T>) -> Result<T, Interrupt> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(result) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(result));
            }
            if self.stop.get() == Stop::Now {
                return Poll::Ready(Err(Interrupt::Stopped));
            }
            self.alarm.poll(cx, deadline).map(|()| Err(Interrupt::Late))
        })
        .await
    }
}
