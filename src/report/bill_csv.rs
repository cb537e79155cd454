//! `bill.csv`: what a run cost, one row a part of it.

use crate::cost::Cost;
use crate::report::bill::{Bill, Dear, Line, Move, Share};
use crate::report::ratio::ratio;
use crate::sample::Usage;
use crate::units::Usd;

/// The columns in their order.
const COLUMNS: [&str; 20] = [
    "kind",
    "workload",
    "cell",
    "name",
    "provider",
    "to",
    "to_provider",
    "requests",
    "requests_without_usage",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "all_prices_known",
    "assumed",
    "share_of_cost",
    "cost_per_1k_requests_usd",
    "effective_output_usd_per_mtok",
    "cost_there_usd",
];

/// The bill with a header; exact decimals, and an empty cell where something is not known or has no meaning.
pub fn bill_csv(bill: &Bill) -> String {
    let mut rows = Rows { writer: csv::Writer::from_writer(Vec::new()), total: measured(bill) };
    let header = COLUMNS.iter().copied().chain(["change_usd", "change_ratio"]);
    rows.writer.write_record(header).expect("writing to memory cannot fail");
    rows.share("total", "", None, &bill.total);
    rows.share("warmup", "", None, &bill.warmup);
    for (kind, lines) in
        [("model", &bill.models), ("region", &bill.regions), ("workload", &bill.workloads), ("class", &bill.classes)]
    {
        for Line { name, provider, share } in lines {
            rows.share(kind, name, provider.as_deref(), share);
        }
    }
    bill.dearest.iter().for_each(|dear| rows.dear(dear));
    bill.moves.iter().for_each(|moved| rows.moved(moved));
    let bytes = rows.writer.into_inner().expect("writing to memory cannot fail");
    String::from_utf8(bytes).expect("all cells are UTF-8")
}

/// All measured requests, of which the lines are shares.
pub(crate) fn measured(bill: &Bill) -> Share {
    let mut sum = Share::default();
    bill.workloads.iter().for_each(|line| sum.add(&line.share));
    sum
}

struct Rows {
    writer: csv::Writer<Vec<u8>>,
    total: Share,
}

impl Rows {
    fn share(&mut self, kind: &str, name: &str, provider: Option<&str>, share: &Share) {
        let part = if ["total", "warmup"].contains(&kind) { None } else { share.millionths_of(&self.total) };
        let names = [kind, "", "", name, provider.unwrap_or_default(), "", ""];
        let mut cells: Vec<String> = names.iter().map(ToString::to_string).collect();
        cells.extend(counts(share.requests, share.without_usage, &share.usage));
        cells.extend(amount(share.cost));
        cells.extend([
            part.map(|part| Usd::from_picos(i128::from(part) * 1_000_000).to_string()).unwrap_or_default(),
            or_empty(share.per_thousand()),
            or_empty(share.effective()),
        ]);
        self.write(cells, [String::new(), String::new(), String::new()]);
    }

    fn dear(&mut self, dear: &Dear) {
        let mut cells: Vec<String> = ["request", "", &dear.cell, &dear.custom_id, "", "", ""].map(str::to_owned).into();
        match &dear.usage {
            Some(usage) => cells.extend(counts(1, 0, usage)),
            None => cells.extend(["1", "0", "", "", "", ""].map(str::to_owned)),
        }
        cells.extend([dear.cost.to_string(), "true".to_owned(), String::new()]);
        cells.extend([String::new(), String::new(), String::new()]);
        self.write(cells, [String::new(), String::new(), String::new()]);
    }

    fn moved(&mut self, moved: &Move) {
        let names = ["move", &moved.workload, "", &moved.from.0, &moved.from.1, &moved.to.0, &moved.to.1];
        let mut cells: Vec<String> = names.map(str::to_owned).into();
        cells.extend(counts(moved.share.requests, moved.share.without_usage, &moved.share.usage));
        cells.extend(amount(moved.share.cost));
        cells.extend([String::new(), or_empty(moved.share.per_thousand()), String::new()]);
        let both = moved.share.cost.exact().zip(moved.after.exact());
        self.write(
            cells,
            [
                or_empty(moved.after.exact()),
                or_empty(both.map(|(before, after)| after - before)),
                both.and_then(|(before, after)| ratio(before, after)).unwrap_or_default(),
            ],
        );
    }

    fn write(&mut self, cells: Vec<String>, last: [String; 3]) {
        self.writer.write_record(cells.into_iter().chain(last)).expect("every row has the header's columns");
    }
}

fn counts(requests: u64, without_usage: u64, usage: &Usage) -> [String; 6] {
    [requests, without_usage, usage.input, usage.cached_input, usage.output, usage.reasoning]
        .map(|count| count.to_string())
}

fn amount(cost: Cost) -> [String; 3] {
    [or_empty(cost.exact()), cost.complete.to_string(), cost.assumed.to_string()]
}

fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
