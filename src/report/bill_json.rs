//! The bill of a run inside `summary.json`.

use serde::Serialize;

use crate::report::bill::{Bill, Dear, Line, Share};
use crate::units::{Usd, UsdPerMtok};

/// The bill without the moves, of which `bill.csv` has every one.
#[derive(Serialize)]
pub(crate) struct CostParts<'a> {
    total: Amounts,
    warmup: Amounts,
    models: Vec<Named<'a>>,
    regions: Vec<Named<'a>>,
    workloads: Vec<Named<'a>>,
    classes: Vec<Named<'a>>,
    dearest: Vec<Request<'a>>,
}

impl<'a> CostParts<'a> {
    pub(crate) fn of(bill: &'a Bill) -> Self {
        let named = |lines: &'a [Line]| lines.iter().map(Named::of).collect();
        Self {
            total: Amounts::of(&bill.total),
            warmup: Amounts::of(&bill.warmup),
            models: named(&bill.models),
            regions: named(&bill.regions),
            workloads: named(&bill.workloads),
            classes: named(&bill.classes),
            dearest: bill.dearest.iter().map(Request::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    provider: Option<&'a str>,
    #[serde(flatten)]
    amounts: Amounts,
}

impl<'a> Named<'a> {
    fn of(line: &'a Line) -> Self {
        Self { name: &line.name, provider: line.provider.as_deref(), amounts: Amounts::of(&line.share) }
    }
}

#[derive(Serialize)]
struct Amounts {
    requests: u64,
    requests_without_usage: u64,
    input_tokens: u64,
    cached_input_tokens: u64,
    output_tokens: u64,
    reasoning_tokens: u64,
    cost_usd: Option<Usd>,
    all_prices_known: bool,
    assumed: bool,
    cost_per_1k_requests_usd: Option<Usd>,
    effective_output_usd_per_mtok: Option<UsdPerMtok>,
}

impl Amounts {
    fn of(share: &Share) -> Self {
        Self {
            requests: share.requests,
            requests_without_usage: share.without_usage,
            input_tokens: share.usage.input,
            cached_input_tokens: share.usage.cached_input,
            output_tokens: share.usage.output,
            reasoning_tokens: share.usage.reasoning,
            cost_usd: share.cost.exact(),
            all_prices_known: share.cost.complete,
            assumed: share.cost.assumed,
            cost_per_1k_requests_usd: share.per_thousand(),
            effective_output_usd_per_mtok: share.effective(),
        }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    cell: &'a str,
    custom_id: &'a str,
    index: u32,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cost_usd: Usd,
}

impl<'a> Request<'a> {
    fn of(dear: &'a Dear) -> Self {
        Self {
            cell: &dear.cell,
            custom_id: &dear.custom_id,
            index: dear.index,
            input_tokens: dear.usage.map(|usage| usage.input),
            output_tokens: dear.usage.map(|usage| usage.output),
            cost_usd: dear.cost,
        }
    }
}
