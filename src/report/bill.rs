//! What a run cost, and where that went.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cost::{self, Cost, effective_output};
use crate::registry::{Asked, Price, Rates};
use crate::rundir::{PriceNote, Run, RunDirError, Spent, read_spending};
use crate::sample::{Usage, UsageSource};
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
    /// Requests that were sent, failed ones included.
    pub requests: u64,
    /// Of these, the ones whose tokens are not known, and which are in no amount.
    pub without_usage: u64,
    /// Their tokens.
    pub usage: Usage,
    /// What they cost.
    pub cost: Cost,
}

impl Default for Share {
    fn default() -> Self {
        Self { requests: 0, without_usage: 0, usage: Usage::default(), cost: Cost::NOTHING }
    }
}

impl Share {
    pub(crate) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.without_usage += other.without_usage;
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
    /// Its tokens.
    pub usage: Usage,
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
}

/// What one model at a provider served of a workload, and what that costs elsewhere.
struct Traffic {
    workload: String,
    tier: Option<u8>,
    offer: (String, String),
    price: Option<Price>,
    share: Share,
    /// Requests whose tokens are known.
    counted: u64,
    /// Places of the other offers on the workload whose prices have overrides, with what each request costs there.
    by_request: Vec<(usize, Cost)>,
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
            self.note_dear(spent, usage);
        }
    }

    fn share_of(&self, spent: &Spent<'_>) -> Share {
        let requests = spent.attempts;
        let Some((usage, source)) = spent.usage else {
            return Share { requests, without_usage: requests, ..Share::default() };
        };
        let assumed = || {
            let price = self.traffics[self.traffic_of[spent.cell]].price.as_ref()?;
            Some(cost::of(&usage, 0, Some(&price.rates)).assumed)
        };
        let known = Cost {
            known: spent.cost.unwrap_or(Usd::ZERO),
            complete: spent.cost.is_some(),
            assumed: spent.cost.is_some() && (source == UsageSource::Estimated || assumed().unwrap_or(false)),
        };
        Share { requests, without_usage: 0, usage: classed(&usage), cost: known }
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

    fn note_dear(&mut self, spent: &Spent<'_>, usage: Usage) {
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
            usage,
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

/// The dearest first, then by name.
fn sorted(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|a, b| {
        (Reverse(a.share.cost.known), &a.name, &a.provider).cmp(&(Reverse(b.share.cost.known), &b.name, &b.provider))
    });
    lines
}

/// Every traffic on every other offer of its workload, those of the nearest tier first, then the cheapest; only where its tokens are known.
fn moves(traffics: &[Traffic]) -> Vec<Move> {
    let mut found = Vec::new();
    for (own, traffic) in traffics.iter().enumerate().filter(|(_, traffic)| traffic.counted > 0) {
        let mut there: Vec<Move> = Vec::new();
        for (place, other) in traffics.iter().enumerate() {
            if place == own || other.workload != traffic.workload {
                continue;
            }
            let by_request = traffic.by_request.iter().find(|(known, _)| *known == place).map(|(_, cost)| *cost);
            there.push(Move {
                workload: traffic.workload.clone(),
                from: traffic.offer.clone(),
                to: other.offer.clone(),
                tiers_apart: traffic.tier.zip(other.tier).map(|(own, there)| own.abs_diff(there)),
                share: traffic.share,
                after: by_request.unwrap_or_else(|| all_at_once(traffic, other)),
            });
        }
        there.sort_by(|a, b| {
            let order = |one: &Move| {
                (one.tiers_apart.is_none(), one.tiers_apart, !one.after.complete, one.after.known, one.to.clone())
            };
            order(a).cmp(&order(b))
        });
        found.extend(there);
    }
    found
}

/// All requests of `traffic` at the prices of `other`, which are the same for each of them.
fn all_at_once(traffic: &Traffic, other: &Traffic) -> Cost {
    let Some(price) = &other.price else { return cost::of(&traffic.share.usage, 0, None) };
    let mut rates = price.rates.clone();
    let fee = rates.per_request.take().map(|fee| Usd::from_picos(fee.picos() * i128::from(traffic.counted)));
    let tokens = without_images(cost::of(&traffic.share.usage, 0, Some(&rates)), Some(&rates));
    fee.map_or(tokens, |fee| tokens + Cost { known: fee, ..Cost::NOTHING })
}

/// The cost of a request's tokens at `rates`; incomplete where images cost extra, since a run does not keep how many there
/// were.
fn without_images(tokens: Cost, rates: Option<&Rates>) -> Cost {
    let extra = rates.is_some_and(|rates| rates.per_image.is_some());
    Cost { complete: tokens.complete && !extra, ..tokens }
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
