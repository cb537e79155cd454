//! What a run cost, and where that went.

mod moves;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cost::{self, Cost, effective_output};
use crate::registry::Asked;
use crate::report::bill::moves::{Traffic, moves, without_images};
use crate::report::shown::assumed_of_table;
use crate::rundir::{PriceNote, Run, RunDirError, Spent, read_spending};
use crate::sample::{Outcome, Usage, UsageSource};
use crate::units::{Usd, UsdPerMtok};

/// Requests that are named one by one.
const DEAREST: usize = 10;

/// The bill of a run, by several views of the same requests. Each view sums up to the same amount, to the last digit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Every request that was sent, warm-up included.
    pub total: Share,
    /// Those that warmed up, and count in no other figure of a run.
    pub warmup: Share,
    /// By model, variant and provider, the dearest first, warm-up left out as in all that follows.
    pub models: Vec<Line>,
    /// By region; one without a name where a provider has none.
    pub regions: Vec<Line>,
    /// By workload.
    pub workloads: Vec<Line>,
    /// By the class of the workload's lines; empty where none has one.
    pub classes: Vec<Line>,
    /// The requests that cost most, the dearest first; of each line and model only its dearest.
    pub dearest: Vec<Dear>,
    /// What each model's traffic would have cost on each other that was measured on the same workload.
    pub moves: Vec<Move>,
}

/// Some requests with their tokens and what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Requests that were sent, failed ones included, and those that a routing table ended itself, as by handing them to a
    /// person.
    pub requests: u64,
    /// Of these, the ones of which neither tokens nor cost are known, and which are in no amount.
    pub without_usage: u64,
    /// Those that were handed to a person of whom nobody says what he costs: no more than their calls are in the cost.
    pub unpriced_people: u64,
    /// Their tokens.
    pub usage: Usage,
    /// What they cost.
    pub cost: Cost,
}

impl Default for Share {
    fn default() -> Self {
        Self { requests: 0, without_usage: 0, unpriced_people: 0, usage: Usage::default(), cost: Cost::NOTHING }
    }
}

impl Share {
    pub(crate) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.without_usage += other.without_usage;
        self.unpriced_people += other.unpriced_people;
        self.usage += other.usage;
        self.cost += other.cost;
    }

    /// The share of `total` in millionths, rounded half up; absent where either is not known in full or beyond reckoning,
    /// or all is free.
    pub fn millionths_of(&self, total: &Self) -> Option<u64> {
        let (part, all) = (self.cost.exact()?.picos(), total.cost.exact()?.picos());
        let share = part.checked_mul(1_000_000)?.checked_add(all / 2)?.checked_div(all)?;
        u64::try_from(share).ok()
    }

    /// The cost of a thousand such requests, rounded half up to a picodollar; absent where it is not known in full or
    /// beyond reckoning.
    pub fn per_thousand(&self) -> Option<Usd> {
        let (cost, requests) = (self.cost.exact()?.picos(), i128::from(self.requests));
        cost.checked_mul(1_000)?.checked_add(requests / 2)?.checked_div(requests).map(Usd::from_picos)
    }

    /// All of the cost over the generated tokens; absent where it is not known in full, or nothing was generated.
    pub fn effective(&self) -> Option<UsdPerMtok> {
        effective_output(self.cost.exact()?, self.usage.output)
    }
}

/// A share with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// A model, region, workload or class; empty where it has no name.
    pub name: String,
    /// The provider; absent but for models.
    pub provider: Option<String>,
    /// Its requests.
    pub share: Share,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dear {
    /// The slug of its cell.
    pub cell: String,
    /// The model that answered it.
    pub model: String,
    /// The user's name for its line.
    pub custom_id: String,
    /// Its number among the cell's measured requests.
    pub index: u32,
    /// Its tokens; absent where nobody generated any, as for what a person was handed.
    pub usage: Option<Usage>,
    /// What it cost.
    pub cost: Usd,
}

/// One model's traffic on a workload, moved to another model: an estimate, since the other would have answered at
/// another length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The workload.
    pub workload: String,
    /// The model and provider that served it.
    pub from: (String, String),
    /// The model and provider that it is moved to.
    pub to: (String, String),
    /// How many tiers the two models are apart; absent where one has none.
    pub tiers_apart: Option<u8>,
    /// What was measured.
    pub share: Share,
    /// What the same tokens cost there.
    pub after: Cost,
}

impl Bill {
    /// The bill of `run`, from its rows of requests; absent where it has none, as a slim run.
    ///
    /// Prices of a move are those of the manifest: the row in force when the run began, with its overrides.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn of(run: &Run) -> Result<Option<Self>, RunDirError> {
        if !run.has_samples() {
            return Ok(None);
        }
        let mut ledger = Ledger::new(run);
        read_spending(&run.path, &run.manifest, |spent| ledger.book(&spent))?;
        Ok(Some(ledger.close()))
    }
}

/// The bill while it is added up.
struct Ledger<'r> {
    run: &'r Run,
    started: Timestamp,
    bill: Bill,
    cells: Vec<Share>,
    /// Few, so that they are looked through.
    classes: Vec<(Option<String>, Share)>,
    /// Each cell's place in `traffics`.
    traffic_of: Vec<usize>,
    traffics: Vec<Traffic>,
    /// By cell of a table and route.
    doubts: BTreeMap<(usize, Option<&'r str>), Doubts>,
}

/// What is doubtful about the costs of a route's requests, or of a table's that no route took.
#[derive(Clone, Copy, Default)]
struct Doubts {
    /// Whether a call was charged at an assumed price.
    assumed: bool,
    /// Whether it hands over to a person of unknown cost.
    unpriced_person: bool,
}

impl<'r> Ledger<'r> {
    fn new(run: &'r Run) -> Self {
        let mut traffics: Vec<Traffic> = Vec::new();
        let mut places: BTreeMap<(&str, String, &str), usize> = BTreeMap::new();
        let mut traffic_of = Vec::new();
        for cell in &run.manifest.cells {
            let model = cell.model_and_variant();
            let place = *places.entry((&cell.workload, model.clone(), &cell.provider)).or_insert_with(|| {
                traffics.push(Traffic {
                    workload: cell.workload.clone(),
                    tier: cell.tier,
                    offer: (model, cell.provider.clone()),
                    price: cell.price.as_ref().map(PriceNote::price),
                    share: Share::default(),
                    counted: 0,
                    by_request: Vec::new(),
                });
                traffics.len() - 1
            });
            traffic_of.push(place);
        }
        let changing: Vec<(usize, String)> = traffics
            .iter()
            .enumerate()
            .filter(|(_, traffic)| traffic.price.as_ref().is_some_and(|price| !price.overrides.is_empty()))
            .map(|(place, traffic)| (place, traffic.workload.clone()))
            .collect();
        for (own, traffic) in traffics.iter_mut().enumerate() {
            let there = changing.iter().filter(|(place, workload)| *place != own && *workload == traffic.workload);
            traffic.by_request = there.map(|(place, _)| (*place, Cost::NOTHING)).collect();
        }
        Self {
            run,
            started: run.manifest.started_at.parse().unwrap_or(Timestamp::UNIX_EPOCH),
            bill: Bill::default(),
            cells: vec![Share::default(); run.manifest.cells.len()],
            classes: Vec::new(),
            traffic_of,
            traffics,
            doubts: doubts(run),
        }
    }

    fn book(&mut self, spent: &Spent<'_>) {
        let share = self.share_of(spent);
        self.bill.total.add(&share);
        if !spent.measured {
            self.bill.warmup.add(&share);
            return;
        }
        self.cells[spent.cell].add(&share);
        match self.classes.iter_mut().find(|(known, _)| known.as_deref() == spent.class) {
            Some((_, known)) => known.add(&share),
            None => self.classes.push((spent.class.map(str::to_owned), share)),
        }
        let place = self.traffic_of[spent.cell];
        self.traffics[place].share.add(&share);
        if let Some((usage, _)) = spent.usage {
            self.traffics[place].counted += 1;
            self.move_request(place, &usage, spent);
        }
        self.note_dear(spent);
    }

    fn share_of(&self, spent: &Spent<'_>) -> Share {
        let held_back = spent.attempts == 0 && matches!(spent.outcome, Outcome::NotSent | Outcome::OverBudget);
        let requests = u64::from(!held_back);
        let doubts = self.doubts.get(&(spent.cell, spent.route)).copied().unwrap_or_default();
        let handed = spent.outcome == Outcome::HandedOff && doubts.unpriced_person;
        let share = Share { requests, unpriced_people: handed.into(), ..Share::default() };
        let price = self.traffics[self.traffic_of[spent.cell]].price.as_ref();
        let assumed = |usage: &Usage| match price {
            Some(price) => cost::of(usage, 0, Some(&price.rates)).assumed,
            // The row does not say which of the table's calls an assumed price bears on.
            None => spent.attempts > 0 && doubts.assumed,
        };
        match (spent.usage, spent.cost) {
            (None, None) if handed => share,
            (None, None) => Share { without_usage: requests, ..share },
            (usage, cost) => {
                let is_estimated = matches!(usage, Some((_, UsageSource::Estimated)));
                let usage = usage.map_or_else(Usage::default, |(usage, _)| classed(&usage));
                let cost = Cost {
                    known: cost.unwrap_or(Usd::ZERO),
                    complete: cost.is_some(),
                    assumed: cost.is_some() && (is_estimated || assumed(&usage)),
                };
                Share { usage, cost, ..share }
            }
        }
    }

    /// Reckons one request of the traffic at `place` by the prices that depend on the request.
    fn move_request(&mut self, place: usize, usage: &Usage, spent: &Spent<'_>) {
        if self.traffics[place].by_request.is_empty() {
            return;
        }
        let since = spent.sent.map_or(0, |sent| i64::try_from(sent.0).unwrap_or(i64::MAX));
        let at = self.started.checked_add(SignedDuration::from_micros(since)).unwrap_or(self.started);
        let asked =
            Asked { input_tokens: usage.input, at: TimeZone::UTC.to_datetime(at), service_tier: spent.service_tier };
        let mut moved = std::mem::take(&mut self.traffics[place].by_request);
        for (there, sum) in &mut moved {
            let rates = self.traffics[*there].price.as_ref().map(|price| price.rates_for(&asked));
            *sum += without_images(cost::of(usage, 0, rates.as_deref()), rates.as_deref());
        }
        self.traffics[place].by_request = moved;
    }

    fn note_dear(&mut self, spent: &Spent<'_>) {
        let dearest = &mut self.bill.dearest;
        let Some(cost) = spent.cost else { return };
        if dearest.len() == DEAREST && dearest.last().is_some_and(|least| least.cost > cost) {
            return;
        }
        let note = &self.run.manifest.cells[spent.cell];
        let line = Dear {
            cell: note.cell.clone(),
            model: note.model_and_variant(),
            custom_id: spent.custom_id.to_owned(),
            index: spent.index,
            usage: spent.usage.map(|(usage, _)| usage),
            cost,
        };
        let same = |one: &Dear| (&one.model, &one.custom_id) == (&line.model, &line.custom_id);
        match dearest.iter_mut().find(|one| same(one)) {
            Some(known) => {
                if (Reverse(cost), &line.cell, line.index) < (Reverse(known.cost), &known.cell, known.index) {
                    *known = line;
                }
            }
            None => dearest.push(line),
        }
        // Rows come in the order in which they ended, which must not decide between equal ones.
        dearest.sort_by(|a, b| (Reverse(a.cost), &a.cell, a.index).cmp(&(Reverse(b.cost), &b.cell, b.index)));
        dearest.truncate(DEAREST);
    }

    fn close(mut self) -> Bill {
        let notes = &self.run.manifest.cells;
        let lines = |key: &dyn Fn(usize) -> (String, Option<String>)| {
            let mut sums: BTreeMap<(String, Option<String>), Share> = BTreeMap::new();
            for (index, share) in self.cells.iter().enumerate() {
                sums.entry(key(index)).or_default().add(share);
            }
            sorted(sums.into_iter().map(|((name, provider), share)| Line { name, provider, share }).collect())
        };
        self.bill.models = lines(&|index| (notes[index].model_and_variant(), Some(notes[index].provider.clone())));
        self.bill.regions = lines(&|index| (notes[index].region.clone().unwrap_or_default(), None));
        self.bill.workloads = lines(&|index| (notes[index].workload.clone(), None));
        if self.classes.iter().any(|(class, _)| class.is_some()) {
            let line =
                |(name, share): (Option<String>, Share)| Line { name: name.unwrap_or_default(), provider: None, share };
            self.bill.classes = sorted(self.classes.into_iter().map(line).collect());
        }
        self.bill.moves = moves(&self.traffics);
        self.bill
    }
}

/// The doubts about the cells that routing tables carried out, and about each of their routes.
fn doubts(run: &Run) -> BTreeMap<(usize, Option<&str>), Doubts> {
    let cells = &run.manifest.cells;
    let places: BTreeMap<&str, usize> = cells.iter().map(|note| note.cell.as_str()).zip(0..).collect();
    let mut doubts = BTreeMap::new();
    for table in &run.manifest.tables {
        for note in cells.iter().filter(|note| note.variant == table.variant) {
            let whole = note.part_of.as_ref().unwrap_or(&note.cell);
            let Some(place) = places.get(whole.as_str()) else { continue };
            let assumed = !assumed_of_table(run, &note.cell, note.variant.as_deref()).is_empty();
            let route = note.route.as_deref();
            let known = table.routes.iter().find(|known| Some(known.route.as_str()) == route);
            let unpriced_person = known.is_some_and(|route| route.models.is_empty() && route.human_cost_usd.is_none());
            doubts.insert((*place, route), Doubts { assumed, unpriced_person });
        }
    }
    doubts
}

/// The dearest first, then by name.
fn sorted(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|a, b| {
        (Reverse(a.share.cost.known), &a.name, &a.provider).cmp(&(Reverse(b.share.cost.known), &b.name, &b.provider))
    });
    lines
}

/// The tokens as they are charged: no class holds more than the whole that it is a part of.
fn classed(usage: &Usage) -> Usage {
    let cached_input = usage.cached_input.min(usage.input);
    Usage {
        cached_input,
        cache_write: usage.cache_write.min(usage.input - cached_input),
        reasoning: usage.reasoning.min(usage.output),
        ..*usage
    }
}

#[cfg(test)]
mod tests;
