//! Keeping an open lane's schedule on one worker.

use std::rc::Rc;
use std::time::Instant;

use tokio::sync::mpsc::Receiver;

use crate::load::OpenLoad;
use crate::load::agenda::Agenda;
use crate::load::dial::Unopened;
use crate::load::pool::{Pool, Task};
use crate::load::slot::{never_sent, sample};
use crate::load::stop::Stop;
use crate::load::stretch::{Errand, Seat, Step};
use crate::load::timer::Timer;
use crate::load::worker::Crew;
use crate::plan::Sessions;
use crate::sample::{Moments, Outcome};
use crate::units::Moment;

/// Of so many slots one is kept idle with an open connection, so that a request rarely waits for its own.
const SLOTS_TO_A_SPARE: usize = 8;

/// What a wait of the pacer came to.
enum Waited {
    /// The moment has come, or has only to be waited for.
    UntilDue,
    /// A slot has become idle, and its answer may have freed a turn.
    UntilFreed,
    /// Nothing more is to be sent.
    InVain,
}

/// One worker's part of an open lane: it takes arrivals one by one and waits for each, never for a reply.
pub(crate) struct Pacer {
    crew: Rc<Crew>,
    lane: usize,
    pool: Pool,
    timer: Timer,
}

impl Pacer {
    /// A pacer of `lane`, without a slot yet.
    pub(crate) fn new(crew: Rc<Crew>, lane: usize) -> Self {
        let pool = Pool::new(Rc::clone(&crew), lane);
        Self { crew, lane, pool, timer: Timer::new() }
    }

    /// Takes part in every stretch of the lane that `seats` brings, until the worker closes it.
    pub(crate) async fn run(mut self, mut seats: Receiver<Seat>) {
        self.crew.stop.register().await;
        while let Some(seat) = seats.recv().await {
            match seat.stretch().step {
                Step::Open => (0..self.share(&seat)).for_each(|_| self.pool.open_one()),
                Step::Warmup => self.warm_up(&seat).await,
                Step::Measured => self.keep_schedule(&seat).await,
            }
            // A stretch is over when its replies are: the next lane must not share the wire with them.
            self.pool.below(1).await;
        }
        self.pool.end().await;
    }

    /// This worker's share of the slots that are there beforehand.
    fn share(&self, seat: &Seat) -> u32 {
        seat.share_of(self.crew.job().lanes[self.lane].concurrency)
    }

    /// Sends warm-up requests as a closed load over the slots that are there.
    async fn warm_up(&mut self, seat: &Seat) {
        let slots = self.share(seat).max(1) as usize;
        while self.may_send(None).await
            && let Some(errand) = seat.take(self.crew.job().lanes[self.lane].sessions.as_deref())
        {
            self.pool.give(Task::WarmUp { errand }, None);
            self.pool.below(slots).await;
        }
    }

    async fn keep_schedule(&mut self, seat: &Seat) {
        let crew = Rc::clone(&self.crew);
        let lane = &crew.job().lanes[self.lane];
        let Some(OpenLoad { schedules, max_in_flight }) = &lane.open else { return };
        let sessions = lane.sessions.as_deref();
        let stretch = seat.stretch();
        let first = schedules.iter().map(|schedule| schedule.due(stretch.first)).min().unwrap_or_default();
        let mut agenda = Agenda::default();
        loop {
            self.note_answers(sessions, &mut agenda);
            if !agenda.has_arrival()
                && let Some(errand) = seat.take(sessions)
            {
                // A stretch begins with its first arrival, so what came before it is no gap.
                let due = schedules[errand.arm].due(errand.turns.start).saturating_sub(first);
                agenda.arrival(stretch.begin.after(due), errand);
            }
            let due = agenda.next_due();
            match self.wait(due, sessions.is_some()).await {
                Waited::UntilDue => {}
                Waited::UntilFreed => continue,
                Waited::InVain => return,
            }
            let Some((due, errand)) = due.zip(agenda.pop()) else { return };
            if !self.may_send(Some(due)).await {
                return;
            }
            match seat.enter(*max_in_flight) {
                Some(permit) => {
                    self.pool.give(Task::Send { errand, due }, Some(permit));
                    self.keep_spare(*max_in_flight);
                }
                None => {
                    self.drop_request(&errand, due);
                    // The session goes on, as after any failure.
                    self.pool.answered(errand.rest());
                }
            }
        }
    }

    /// Puts the turns that answers have freed since the last time into `agenda`, each due its delay after the answer.
    fn note_answers(&self, sessions: Option<&Sessions>, agenda: &mut Agenda) {
        let Some(sessions) = sessions else { return };
        for (ended, errand) in self.pool.take_answered() {
            agenda.turn(self.crew.clock.moment(ended + sessions.delay(errand.turns.start)), errand);
        }
    }

    /// Waits for `due`, and where answers can free `more` turns for those too: one of them may be due earlier.
    async fn wait(&mut self, due: Option<Moment>, more: bool) -> Waited {
        let Crew { stop, clock, .. } = &*self.crew;
        let (timer, pool) = (&mut self.timer, &self.pool);
        let freed = async {
            pool.freed().await;
            Waited::UntilFreed
        };
        let waited = match due {
            // Without answers to come the wait is that of `may_send`.
            Some(_) if !(more && pool.is_busy()) => return Waited::UntilDue,
            None if !(more && pool.is_busy()) => return Waited::InVain,
            None => stop.before(Stop::Drain, freed).await,
            Some(due) => {
                let either = async {
                    tokio::select! {
                        biased;
                        waited = freed => waited,
                        () = timer.wait(clock.instant(due)) => Waited::UntilDue,
                    }
                };
                stop.before(Stop::Drain, either).await
            }
        };
        waited.unwrap_or(Waited::InVain)
    }

    /// Waits for `due`, and while the receiver of samples is far behind; whether a request may be sent then.
    async fn may_send(&mut self, due: Option<Moment>) -> bool {
        let Crew { stop, outbox, clock, .. } = &*self.crew;
        let timer = &mut self.timer;
        let wait = async {
            timer.wait(due.map_or_else(Instant::now, |due| clock.instant(due))).await;
            outbox.room().await;
        };
        let waited = stop.before(Stop::Drain, wait).await.is_some();
        let exhausted = self.crew.job().budget.as_ref().is_some_and(|budget| budget.is_exhausted());
        waited && !exhausted && self.crew.stopped() == Stop::Run
    }

    /// Opens one more connection where few are idle, unless there are as many as can be in flight.
    fn keep_spare(&mut self, max_in_flight: u32) {
        let slots = self.pool.len();
        if self.pool.idle() < slots.div_ceil(SLOTS_TO_A_SPARE) && slots < max_in_flight as usize {
            self.pool.open_one();
        }
    }

    /// Hands in the sample of the first request of `errand`, which found no room in flight.
    fn drop_request(&self, errand: &Errand, due: Moment) {
        let lane = &self.crew.job().lanes[self.lane];
        let mut dropped = never_sent(Unopened { outcome: Outcome::NotSent, message: String::new() }, &self.crew);
        dropped.moments = Moments { due: Some(due), ..dropped.moments };
        let sample = sample(&self.crew, lane, errand.arm, (Step::Measured, errand.turns.start), (false, dropped));
        self.crew.outbox.push(sample, &[], &[]);
    }
}
