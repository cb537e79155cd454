//! What a plan will cost, before anything is sent.

use jiff::Timestamp;

use crate::cost::{Ceiling, Cost, Tariff};
use crate::plan::cell::{Cell, Plan};
use crate::registry::Registry;
use crate::sample::Usage;
use crate::units::Usd;
use crate::workload::{Prompt, Request, Workload, answer_tokens_at_most, prompt_tokens, prompt_tokens_at_most};

/// Bytes, and so tokens at most, of the nonce that `--prompt-cache fresh` puts before a prompt: twelve hexadecimal digits
/// and a space.
pub const NONCE_LEN: usize = 13;

/// What requests may cost, warm-up included.
///
/// Where a price is unknown, or nothing bounds an answer, an amount is incomplete and so a lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Every prompt from the cache, and one token of each answer.
    pub low: Cost,
    /// Prompts by the tokeniser and nothing cached; answers as long as recorded, else half of what bounds them.
    pub expected: Cost,
    /// What a budget would reserve: prompts as many tokens as bytes, answers as long as can be, the dearest prices.
    pub high: Cost,
    /// Requests whose answer is taken to be half of its bound, because none was recorded.
    pub guessed: u64,
}

impl Estimate {
    /// Of no request.
    pub const NOTHING: Self = Self { low: Cost::NOTHING, expected: Cost::NOTHING, high: Cost::NOTHING, guessed: 0 };

    /// Adds what `other` may cost.
    pub fn add(&mut self, other: Self) {
        self.low += other.low;
        self.expected += other.expected;
        self.high += other.high;
        self.guessed += other.guessed;
    }

    /// All of `estimates` together.
    pub fn sum(estimates: &[Self]) -> Self {
        let mut sum = Self::NOTHING;
        estimates.iter().for_each(|each| sum.add(*each));
        sum
    }
}

/// What each cell of `plan` that is an endpoint's may cost by the prices in force `at` its start, in the order of its cells; `registries` are
/// those of its sides. A routing table's costs what it decides, which is not known here: nothing.
///
/// Overrides by time or size are in `expected` as they hold at that moment; those of a service tier are not foreseen.
/// Counts every line's prompt once, which loads the tokeniser where a line has text: about 150 ms.
pub fn estimate(plan: &Plan, workloads: &[Workload], registries: &[&Registry], at: Timestamp) -> Vec<Estimate> {
    let mut sizes: Vec<Vec<Option<Size>>> = workloads.iter().map(|known| vec![None; known.requests.len()]).collect();
    let of_cell = |cell: &Cell| {
        let (known, requests) = (&mut sizes[cell.workload], &workloads[cell.workload].requests);
        let registry = registries[cell.side];
        let Some(endpoint) = cell.target.endpoint() else { return Estimate::NOTHING };
        let tariff = Tariff::new(registry.pricing(endpoint), at);
        let ceiling = tariff.ceiling().ok();
        let limit = registry.model(endpoint).answer_limit();
        let mut sum = Estimate::NOTHING;
        for (place, line) in cell.lines.iter().enumerate() {
            let times = times(place, cell.lines.len(), cell);
            if times > 0 {
                let (size, request) = (&mut known[*line as usize], &requests[*line as usize]);
                let size = *size.get_or_insert_with(|| Size::of(request));
                let answer = answer_tokens_at_most(&request.prompt, limit);
                sum.add(one(&size, answer, &tariff, ceiling).times(times));
            }
        }
        sum
    };
    plan.cells.iter().map(of_cell).collect()
}

/// How often a cell sends the line at `place` of `lines`, warm-up included; both begin with the first line.
pub fn times(place: usize, lines: usize, cell: &Cell) -> u64 {
    let of = |requests: u32| (requests as usize / lines + usize::from(place < requests as usize % lines)) as u64;
    of(cell.requests) + of(cell.warmup)
}

/// What is known of a request's size before it is sent.
#[derive(Clone, Copy)]
struct Size {
    input: u64,
    input_bound: u64,
    images: u32,
    /// Tokens of the recorded answer.
    answered: Option<u64>,
}

impl Size {
    fn of(request: &Request) -> Self {
        let (images, answered) = match &request.prompt {
            Prompt::Body(body) => (body.images, None),
            Prompt::Lengths(lengths) => (0, Some(lengths.output_length)),
        };
        Self {
            input: prompt_tokens(&request.prompt),
            input_bound: prompt_tokens_at_most(&request.prompt).saturating_add(NONCE_LEN as u64),
            images,
            answered,
        }
    }
}

/// A request of `size` whose answer has `bound` tokens at most; absent: nothing bounds it.
fn one(size: &Size, bound: Option<u64>, tariff: &Tariff, ceiling: Option<Ceiling>) -> Estimate {
    let charge = |usage: Usage| tariff.charge(&usage, size.images, None, None);
    let output = size.answered.or(bound.map(|bound| bound.div_ceil(2)));
    let mut low = charge(Usage { input: size.input, cached_input: size.input, output: 1, ..Usage::default() });
    let mut expected = charge(Usage { input: size.input, output: output.unwrap_or(1), ..Usage::default() });
    expected.complete &= output.is_some();
    let high = match ceiling.zip(bound) {
        Some((ceiling, bound)) => {
            let picos = ceiling.worst_case(size.input_bound, bound, size.images);
            Cost { known: Usd::from_picos(picos.into()), ..expected }
        }
        None => Cost { complete: false, ..expected },
    };
    // A cache that is dearer than the prompt, or an override for short prompts alone, leaves no room below.
    if low.known > expected.known {
        low = expected;
    }
    let high = Cost { known: high.known.max(expected.known), ..high };
    let guessed = u64::from(size.answered.is_none());
    Estimate { low, expected, high, guessed }
}

impl Estimate {
    /// Of so many times this.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        let each = |cost: Cost| Cost { known: Usd::from_picos(cost.known.picos() * i128::from(times)), ..cost };
        Self {
            low: each(self.low),
            expected: each(self.expected),
            high: each(self.high),
            guessed: self.guessed * times,
        }
    }
}

#[cfg(test)]
mod tests;
