//! An upstream that costs next to nothing, so that what is measured against it is the client.

mod canned;
mod inbox;

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep_until;

use crate::serve::{Listener, ServeError};
use crate::sim::SimError;
use crate::sim::null::canned::{Canned, paced_head};
use crate::sim::null::inbox::{Inbox, Request};
use crate::units::{Micros, Moment};

/// When the bytes of a reply are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tempo {
    /// All of it in one write, as soon as the request has been read.
    AtOnce,
    /// The head at once, then streamed content on a schedule, as a model would; a reply that is not streamed waits
    /// for its end.
    ///
    /// Streams must not go on in step, or what is measured is how fast a crowd can be served. So the first reply on
    /// each connection is held back by up to its own length, and the content after the first of every reply by up
    /// to a gap, differently for each.
    Paced {
        /// From the request read to the first content.
        ttft: Duration,
        /// From one piece of content to the next.
        gap: Duration,
    },
}

/// What a paced upstream did for one request, by its own clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrueTimes {
    /// The id that the reply carried in `x-request-id`.
    pub request_id: String,
    /// From the request read whole to the write of the first content.
    pub ttft: Micros,
    /// From the request read whole to the write of the last content.
    pub e2e: Micros,
    /// Whether it was the first on its connection, and held back so that streams do not go on in step.
    pub held_back: bool,
}

/// A server on one thread that answers every request with the same words. Dropping it cuts every connection.
#[derive(Debug)]
pub struct NullUpstream {
    address: SocketAddr,
    /// The thread ends when this is dropped.
    asks: UnboundedSender<SyncSender<Duration>>,
    thread: JoinHandle<Vec<TrueTimes>>,
}

impl NullUpstream {
    /// Listens on `listen`, where port 0 takes a free one, and answers in `tempo`.
    ///
    /// # Errors
    /// The address cannot be bound, or the system gives no thread.
    pub fn start(listen: SocketAddr, tempo: Tempo) -> Result<Self, SimError> {
        let listener = Listener::bind(listen)?;
        let address = listener.address();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(SimError::Thread)?;
        let registered = {
            let _entered = runtime.enter();
            TcpListener::from_std(listener.into_socket())
        };
        let socket = registered.map_err(|source| ServeError::Bind { address, source })?;
        let (asks, asked) = unbounded_channel();
        let thread = thread::Builder::new().name("null-upstream".to_owned());
        let thread = thread.spawn(move || LocalSet::new().block_on(&runtime, serve(socket, tempo, asked)));
        Ok(Self { address, asks, thread: thread.map_err(SimError::Thread)? })
    }

    /// The URL that takes the place of a provider's: `http://127.0.0.1:4000/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The processor time that its thread has used so far.
    pub fn cpu(&self) -> Duration {
        let (answer, answered) = sync_channel(1);
        self.asks.send(answer).expect("the thread serves until it is told to stop");
        answered.recv().expect("the thread answers whoever asked before it was told to stop")
    }

    /// Cuts every connection and returns what was done for each request; nothing where it answered at once.
    pub fn stop(self) -> Vec<TrueTimes> {
        drop(self.asks);
        self.thread.join().expect("the null upstream does not panic")
    }
}

/// What all connections share.
struct Floor {
    tempo: Tempo,
    canned: Canned,
    next_request: Cell<u64>,
    truth: RefCell<Vec<TrueTimes>>,
}

async fn serve(
    listener: TcpListener,
    tempo: Tempo,
    mut asked: UnboundedReceiver<SyncSender<Duration>>,
) -> Vec<TrueTimes> {
    let floor = Rc::new(Floor { tempo, canned: Canned::new(), next_request: Cell::new(1), truth: RefCell::default() });
    let mut connections = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    connections += 1;
                    let floor = Rc::clone(&floor);
                    // The set of local tasks ends them all when this function has returned.
                    spawn_local(async move {
                        // A client that leaves is not this side's concern.
                        let _ = Connection { socket, floor, inbox: Inbox::default() }.serve(connections).await;
                    });
                }
                // Too few files: the next one to close makes room.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            ask = asked.recv() => match ask {
                // Whoever asked may have given up.
                Some(answer) => drop(answer.send(thread_cpu())),
                None => return floor.truth.take(),
            },
        }
    }
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

struct Connection {
    socket: TcpStream,
    floor: Rc<Floor>,
    inbox: Inbox,
}

impl Connection {
    async fn serve(mut self, number: u64) -> io::Result<()> {
        self.socket.set_nodelay(true)?;
        let mut held_back = Some(self.stagger(number));
        while let Some(request) = self.inbox.next(&mut self.socket).await? {
            match (self.floor.tempo, request.streamed) {
                (Tempo::AtOnce, true) => self.socket.write_all(&self.floor.canned.streamed).await?,
                (Tempo::AtOnce, false) => self.socket.write_all(&self.floor.canned.plain).await?,
                (Tempo::Paced { ttft, gap }, _) => self.answer(request, (ttft, gap), held_back.take()).await?,
            }
        }
        Ok(())
    }

    async fn answer(
        &mut self,
        request: Request,
        (ttft, gap): (Duration, Duration),
        held_back: Option<Duration>,
    ) -> io::Result<()> {
        let Self { socket, floor, .. } = self;
        let ttft = ttft + held_back.unwrap_or_default();
        let received = Instant::now();
        let since = |instant: Instant| Moment(instant.duration_since(received).as_micros() as u64).since(Moment(0));
        let last = ttft + gap * (floor.canned.content.len() as u32 - 1);
        if !request.streamed {
            sleep_until((received + last).into()).await;
            return socket.write_all(&floor.canned.plain).await;
        }
        let number = floor.next_request.replace(floor.next_request.get() + 1);
        let request_id = format!("null-{number}");
        socket.write_all(paced_head(&request_id).as_bytes()).await?;
        let (mut first_written, mut last_written) = (None, received);
        let later = gap.mul_f64(turn(number));
        for (index, piece) in (0..).zip(&floor.canned.content) {
            let later = if index == 0 { Duration::ZERO } else { later };
            sleep_until((received + ttft + gap * index + later).into()).await;
            // Before the write, since the client may have read the bytes before it returns.
            last_written = Instant::now();
            first_written.get_or_insert(last_written);
            socket.write_all(piece).await?;
        }
        let ttft = since(first_written.unwrap_or(received));
        // Before the end is written, so that whoever has read the end finds it here.
        floor.truth.borrow_mut().push(TrueTimes {
            request_id,
            ttft,
            e2e: since(last_written),
            held_back: held_back.is_some(),
        });
        socket.write_all(&floor.canned.end).await
    }

    /// How much later the first reply of the connection `number` is.
    fn stagger(&self, number: u64) -> Duration {
        let Tempo::Paced { ttft, gap } = self.floor.tempo else { return Duration::ZERO };
        let length = ttft + gap * (self.floor.canned.content.len() as u32);
        length.mul_f64(turn(number))
    }
}

/// A place on a circle, 0..1: multiples of the golden ratio spread evenly over it, however many there are.
fn turn(number: u64) -> f64 {
    (number as f64 * 0.618_033_988_749_894_9).fract()
}

#[cfg(test)]
mod tests;
