//! One place in a lane's concurrency: a connection an arm, and one request after another on them.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Request;
use tokio::sync::mpsc::Receiver;

use crate::load::alarm::Alarm;
use crate::load::dial::{Opening, Unopened, dial};
use crate::load::exchange::{Exchanged, Scratch, Terms, exchange};
use crate::load::link::{Interrupt, Link, Watch};
use crate::load::outgoing::{Outgoing, Place, inserted};
use crate::load::pool::{Bench, Order, Task};
use crate::load::stop::Stop;
use crate::load::stretch::{Errand, Seat, Step};
use crate::load::worker::Crew;
use crate::load::{Arm, LaneJob, Outlet, Prepared};
use crate::plan::{Deadlines, round_of};
use crate::sample::{ErrorReply, Moments, Outcome, Phase, Sample, UsageSource};
use crate::units::Moment;
use crate::wire::{Answered, Sum, capped};

/// A slot's state from request to request.
pub(crate) struct Slot {
    pub(super) crew: Rc<Crew>,
    pub(super) lane: usize,
    /// By arm and outlet.
    connections: Box<[Box<[Connection]>]>,
    /// Connections used so far, over all requests.
    uses: u64,
    watch: Watch,
    scratch: Scratch,
}

/// An exchange that is to be made.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) arm: usize,
    /// Which of the arm's outlets.
    pub(super) outlet: usize,
    pub(super) prepared: &'a Prepared,
    /// The limits of this exchange.
    pub(super) limits: Deadlines,
    /// Whether somebody will read the answer.
    pub(super) keeps_words: bool,
    pub(super) place: (Step, u32),
}

/// What a slot holds for one destination.
#[derive(Default)]
struct Connection {
    /// Absent: not open.
    link: Option<Link>,
    /// How long opening it took, until the first request over it tells.
    opening: Opening,
    /// The number of its last use.
    used: u64,
}

impl Slot {
    /// A slot of `lane`, not yet connected.
    pub(crate) fn new(crew: Rc<Crew>, lane: usize) -> Self {
        let watch = Watch { alarm: Alarm::new(), stop: Rc::clone(&crew.stop) };
        let of_arm = |arm: &Arm| arm.outlets.iter().map(|_| Connection::default()).collect();
        let connections = crew.job().lanes[lane].arms.iter().map(of_arm).collect();
        Self { crew, lane, connections, uses: 0, watch, scratch: Scratch::default() }
    }

    /// Takes part in every stretch that `seats` brings, until the worker closes it.
    pub(crate) async fn run(mut self, mut seats: Receiver<Seat>) {
        self.crew.stop.register().await;
        while let Some(seat) = seats.recv().await {
            if seat.stretch().step == Step::Open {
                self.open_all().await;
                continue;
            }
            while self.may_send().await
                && let Some(errand) = seat.take(self.crew.job().lanes[self.lane].sessions.as_deref())
            {
                self.converse(seat.stretch().step, errand).await;
            }
        }
    }

    /// Carries out the orders of a pool, in which it has `place`, until the pool ends.
    pub(crate) async fn serve(mut self, mut orders: Receiver<Order>, bench: Rc<Bench>, place: usize) {
        self.crew.stop.register().await;
        while let Some(order) = orders.recv().await {
            match &order.task {
                Task::Open => self.open_all().await,
                Task::WarmUp { errand } => self.converse(Step::Warmup, errand.clone()).await,
                Task::Send { errand, due } => {
                    self.carry_out(errand.arm, (Step::Measured, errand.turns.start), Some(*due)).await;
                    bench.answered(errand.rest());
                }
            }
            bench.sit(place);
            drop(order);
        }
    }

    /// Sends the requests of `errand`, each once the one before has ended, however it did, and its delay has passed.
    async fn converse(&mut self, step: Step, Errand { arm, turns }: Errand) {
        for index in turns.clone() {
            if index > turns.start && !(self.think(index).await && self.may_send().await) {
                return;
            }
            self.carry_out(arm, (step, index), None).await;
        }
    }

    /// Waits from now until the turn `index` may follow the one before; false when the run is stopped meanwhile.
    async fn think(&mut self, index: u32) -> bool {
        let sessions = self.crew.job().lanes[self.lane].sessions.as_ref();
        let delay = sessions.map_or(Duration::ZERO, |sessions| sessions.delay(index));
        let Watch { alarm, stop } = &mut self.watch;
        delay.is_zero() || stop.before(Stop::Drain, alarm.wait(Instant::now() + delay)).await.is_some()
    }

    /// Whether one more request may be sent; waits while the receiver of samples is far behind.
    async fn may_send(&self) -> bool {
        let Crew { stop, outbox, .. } = &*self.crew;
        let has_room = stop.before(Stop::Drain, outbox.room()).await.is_some();
        let exhausted = self.crew.job().budget.as_ref().is_some_and(|budget| budget.is_exhausted());
        has_room && !exhausted && self.crew.stopped() == Stop::Run
    }

    /// Carries out the request `index` of `arm`, which was due at `due` where a schedule says so, and hands in its sample.
    ///
    /// This is the one place where a request becomes calls: to one endpoint it is one.
    async fn carry_out(&mut self, arm: usize, (step, index): (Step, u32), due: Option<Moment>) {
        let crew = Rc::clone(&self.crew);
        let lane = &crew.job().lanes[self.lane];
        let carried_out = match &lane.arms[arm].replay {
            None => self.call_once(arm, (step, index)).await,
            // On the heap while it lasts: its way through the table would otherwise be room in every slot.
            Some(replay) => Box::pin(self.replay(arm, replay, (step, index))).await,
        };
        let Some(mut sample) = carried_out else { return };
        sample.moments.due = due;
        let Scratch { gaps, read_lags, .. } = &self.scratch;
        let (gaps, read_lags): (&[_], &[_]) = match sample.phase {
            Phase::Measured if sample.outcome.is_ok() => (gaps, read_lags),
            Phase::Measured => (&[], read_lags),
            Phase::Warmup => (&[], &[]),
        };
        crew.outbox.push(sample, gaps, read_lags);
    }

    /// The request as one call to the arm's only endpoint; absent where it was not let.
    async fn call_once(&mut self, arm: usize, place: (Step, u32)) -> Option<Sample> {
        let crew = Rc::clone(&self.crew);
        let lane = &crew.job().lanes[self.lane];
        let prepared = lane.arms[arm].request(place.1);
        let keeps_words = prepared.expects && place.0 == Step::Measured;
        let ask = Ask { arm, outlet: 0, prepared, limits: crew.job().deadlines, keeps_words, place };
        let called = self.call(ask).await.ok()?;
        Some(sample(&crew, lane, arm, place, called))
    }

    /// Makes one exchange when its provider's pace and the budget let it, and settles what it cost; true if the connection
    /// had been open before.
    ///
    /// # Errors
    /// It was not let: the run is stopped, `cancelled`, or its budget is used up, `over_budget`.
    pub(super) async fn call(&mut self, ask: Ask<'_>) -> Result<(bool, Exchanged), Outcome> {
        let crew = Rc::clone(&self.crew);
        let outlet = &crew.job().lanes[self.lane].arms[ask.arm].outlets[ask.outlet];
        if !self.keep_pace(outlet, ask.prepared).await {
            return Err(Outcome::Cancelled);
        }
        let reserved = match (&crew.job().budget, &outlet.toll) {
            (Some(budget), Some(toll)) => {
                let worst = toll.worst_case(ask.prepared);
                if !budget.reserve(worst) {
                    return Err(Outcome::OverBudget);
                }
                Some((budget, toll, worst))
            }
            _ => None,
        };
        let (reused, exchanged) = self.send(ask).await;
        if let Some((budget, toll, worst)) = reserved {
            budget.settle(worst, toll.bill(ask.prepared, &exchanged));
        }
        Ok((reused, exchanged))
    }

    /// Waits for the place in time that the provider's limits give; false when the run is stopped meanwhile.
    async fn keep_pace(&mut self, outlet: &Outlet, prepared: &Prepared) -> bool {
        let Some(pace) = &outlet.pace else { return true };
        let clock = self.crew.clock;
        let at = pace.reserve(clock.nanos(), prepared.paced_tokens);
        let at = clock.origin + Duration::from_nanos(at);
        if at <= Instant::now() {
            return true;
        }
        let Watch { alarm, stop } = &mut self.watch;
        stop.before(Stop::Drain, alarm.wait(at)).await.is_some()
    }

    /// Makes the exchange, on the open connection where there is one; true if it had been open before.
    async fn send(&mut self, ask: Ask<'_>) -> (bool, Exchanged) {
        let Ask { arm, outlet, prepared, limits, keeps_words, .. } = ask;
        loop {
            let reused = match &mut self.connections[arm][outlet].link {
                Some(link) => link.is_ready().await,
                None => false,
            };
            if !reused && let Err(unopened) = self.open(arm, outlet, limits.connect).await {
                return (false, never_sent(unopened, &self.crew));
            }
            let request = self.make(ask);
            self.uses += 1;
            let connection = &mut self.connections[arm][outlet];
            connection.used = self.uses;
            let terms = Terms {
                link: connection.link.as_mut().expect("it was open or has been opened"),
                watch: &mut self.watch,
                scratch: &mut self.scratch,
                clock: self.crew.clock,
                limits,
                asked_stream: prepared.stream,
                keeps_words,
            };
            let mut exchanged = exchange(request, terms).await;
            if !exchanged.reusable {
                connection.link = None;
            }
            // The peer closed the idle connection before a byte of the request was written: it has not been asked.
            if reused && exchanged.outcome == Outcome::Reset && exchanged.moments.sent.is_none() {
                continue;
            }
            let Opening { dns, connect, tls } = std::mem::take(&mut connection.opening);
            exchanged.moments = Moments { dns, connect, tls, ..exchanged.moments };
            return (reused, exchanged);
        }
    }

    fn make(&self, Ask { arm, outlet, prepared, place: (step, index), .. }: Ask<'_>) -> Request<Outgoing> {
        let lane = &self.crew.job().lanes[self.lane];
        let arm_job = &lane.arms[arm];
        let warmup = step == Step::Warmup;
        // A session's turns open with the same words, so that what they share can be cached as it naturally is.
        let index = lane.sessions.as_ref().map_or(index, |sessions| sessions.first_of(index));
        let inserted = inserted(prepared, arm_job, Place { cell: arm_job.cell, warmup, index });
        self.crew.floor.targets[self.lane][arm][outlet].request(prepared, Outgoing::new(prepared, inserted))
    }

    /// Opens the slot's connections, but for those of a routing table, of which nobody knows which will be called. A
    /// failure is not lost: the first request tries again, and its outcome tells.
    async fn open_all(&mut self) {
        let crew = Rc::clone(&self.crew);
        for (arm, job) in crew.job().lanes[self.lane].arms.iter().enumerate().filter(|(_, arm)| arm.replay.is_none()) {
            for outlet in 0..job.outlets.len() {
                let _ = self.open(arm, outlet, crew.job().deadlines.connect).await;
            }
        }
    }

    /// Opens the slot's connection to the `outlet` of `arm` anew, within `limit`.
    async fn open(&mut self, arm: usize, outlet: usize, limit: Duration) -> Result<(), Unopened> {
        // The old one goes first, or the two would count twice against the limit of open files.
        self.connections[arm][outlet] = Connection::default();
        let floor = Arc::clone(&self.crew.floor);
        let arm_job = &floor.job.lanes[self.lane].arms[arm];
        self.make_room(arm, arm_job.kept_open());
        let destination = &arm_job.outlets[outlet].destination;
        // On the heap for this moment only: what it takes to shake hands would otherwise be room in every slot.
        let dialled = Box::pin(dial(destination, floor.tls.as_ref(), floor.job.http2));
        match self.watch.limit(Instant::now() + limit, dialled).await {
            Ok(Ok((link, opening))) => {
                self.connections[arm][outlet] = Connection { link: Some(link), opening, used: self.uses };
                Ok(())
            }
            Ok(Err(unopened)) => Err(unopened),
            Err(Interrupt::Stopped) => Err(Unopened { outcome: Outcome::Cancelled, message: String::new() }),
            Err(_) => {
                Err(Unopened { outcome: Outcome::TimeoutConnect, message: format!("no connection within {limit:?}") })
            }
        }
    }

    /// Closes the connection of `arm` that was idle for longest where one more would be over `most`.
    fn make_room(&mut self, arm: usize, most: usize) {
        let connections = &mut self.connections[arm];
        let open = connections.iter_mut().filter(|connection| connection.link.is_some());
        if open.count() >= most {
            let open = connections.iter_mut().filter(|connection| connection.link.is_some());
            let idle = open.min_by_key(|connection| connection.used).expect("as many are open as may be");
            *idle = Connection::default();
        }
    }
}

/// The sample of the request `index` of `arm`, and whether its connection was open before.
pub(crate) fn sample(
    crew: &Crew,
    lane: &LaneJob,
    arm: usize,
    (step, index): (Step, u32),
    (reused, exchanged): (bool, Exchanged),
) -> Sample {
    let arm = &lane.arms[arm];
    let prepared = arm.request(index);
    let (phase, round) = match step {
        Step::Measured => (Phase::Measured, round_of(index, lane.total, crew.job().rounds.max(1))),
        Step::Warmup | Step::Open => (Phase::Warmup, 0),
    };
    let Answered {
        usage,
        usage_sum,
        raw_usage,
        stated_cost,
        words,
        service_tier,
        finish_reason,
        model,
        answer_hash,
        error,
    } = exchanged.answered;
    Sample {
        phase,
        round,
        cycle: index / arm.requests.len() as u32,
        cell: arm.cell,
        index,
        line: prepared.line,
        outcome: exchanged.outcome,
        simulated: exchanged.simulated,
        reused,
        http_version: exchanged.http_version,
        moments: exchanged.moments,
        chunks: exchanged.chunks,
        usage: usage.map(|usage| (usage, UsageSource::Provider)),
        usage_contradicts: usage_sum == Sum::Off,
        raw_usage,
        stated_cost,
        words,
        service_tier,
        finish_reason,
        status: exchanged.status,
        request_id: exchanged.request_id,
        model_answered: model,
        answer_hash,
        greedy: prepared.greedy,
        right: None,
        error,
        route: None,
        tries: None,
        passed: None,
    }
}

/// What comes of a request for which there is no connection.
pub(crate) fn never_sent(unopened: Unopened, crew: &Crew) -> Exchanged {
    let Unopened { outcome, message } = unopened;
    let error = ErrorReply { message: capped(&message), ..ErrorReply::default() };
    let error = (!message.is_empty()).then(|| Box::new(error));
    Exchanged {
        outcome,
        status: None,
        http_version: None,
        simulated: false,
        request_id: None,
        moments: Moments { end: Some(crew.clock.moment(Instant::now())), ..Moments::default() },
        chunks: 0,
        answered: Answered { error, ..Answered::default() },
        reusable: false,
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    fn size<T>(_: impl FnOnce(Slot, Receiver<Seat>) -> T) -> usize {
        size_of::<T>()
    }

    #[test]
    fn ten_thousand_slots_wait_in_less_than_80_mb() {
        let task = size(Slot::run);
        assert!(task < 8_000, "{task}");
    }
}
