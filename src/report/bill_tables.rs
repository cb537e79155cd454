//! The bill of a run as tables for people.

use crate::cost::Cost;
use crate::report::bill::{Bill, Dear, Line, Share};
use crate::report::bill_csv::measured;
use crate::report::figures::{Trust, count, marked, measured_price, several, usd};
use crate::report::plain_text::{clipped, visible};
use crate::report::ratio::percent_change;
use crate::report::text_table::TextTable;
use crate::sample::Usage;
use crate::units::Usd;

/// Columns that a name may take.
const NAME_ROOM: usize = 60;
/// Models whose traffic is moved, those that cost most.
const MOVED: usize = 5;
/// Goals of each: the cheapest of the nearest tier.
const GOALS: usize = 3;

/// `~$3.17 for 23,400 requests, ~$0.04 of warm-up beside it`.
pub(crate) fn bill_sentence(bill: &Bill) -> String {
    let all = measured(bill);
    let unknown = match all.without_usage {
        0 => String::new(),
        some => format!("; what {} cost is unknown, and in no amount", count(some)),
    };
    let people = match all.unpriced_people {
        0 => String::new(),
        some => format!("; what a person costs is unknown, and in the amount of none of {}", several(some, "hand-off")),
    };
    let warmup = match bill.warmup.requests {
        0 => String::new(),
        requests => format!(", and {} for {} to warm up", amount_of(&bill.warmup), count(requests)),
    };
    format!("{} for {}{warmup}{unknown}{people}", amount_of(&all), several(all.requests, "request"))
}

/// The tables of `bill`, each with at most `room` rows.
pub(crate) fn bill_tables(bill: &Bill, room: usize) -> Vec<TextTable> {
    let all = measured(bill);
    let mut tables = vec![by("model", &bill.models, &all, room)];
    for (name, lines) in [("workload", &bill.workloads), ("region", &bill.regions), ("class", &bill.classes)] {
        if lines.len() > 1 {
            tables.push(by(name, lines, &all, room));
        }
    }
    tables.push(TextTable {
        title: "The dearest requests".to_owned(),
        note: "",
        headings: vec!["request", "cell", "tokens in", "tokens out", "cost"],
        names: 2,
        rows: bill
            .dearest
            .iter()
            .take(room)
            .map(|dear| {
                vec![
                    name(&dear.custom_id),
                    name(&dear.cell),
                    tokens(dear, |usage| usage.input),
                    tokens(dear, |usage| usage.output),
                    usd(dear.cost),
                ]
            })
            .collect(),
        more: bill.dearest.len().saturating_sub(room),
        file: "bill.csv",
    });
    tables.push(moved(bill));
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn tokens(dear: &Dear, of: fn(&Usage) -> u64) -> String {
    dear.usage.as_ref().map_or_else(|| "–".to_owned(), |usage| count(of(usage)))
}

fn by(what: &'static str, lines: &[Line], all: &Share, room: usize) -> TextTable {
    let row = |line: &Line| {
        let share = &line.share;
        let known = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        let about = |price: Option<String>| known(price.map(|price| marked(&price, trust_of(share))));
        vec![
            if line.name.is_empty() { format!("no {what}") } else { name(&line.name) },
            count(share.requests),
            count(share.usage.input),
            count(share.usage.output),
            amount_of(share),
            known(share.millionths_of(all).map(|part| format!("{}.{} %", part / 10_000, part % 10_000 / 1_000))),
            about(share.per_thousand().map(usd)),
            about(share.effective().map(measured_price)),
        ]
    };
    TextTable {
        title: format!("By {what}"),
        note: "",
        headings: vec![what, "requests", "tokens in", "tokens out", "cost", "share", "per 1,000", "$/M eff."],
        names: 1,
        rows: lines.iter().take(room).map(row).collect(),
        more: lines.len().saturating_sub(room),
        file: "bill.csv",
    }
}

fn moved(bill: &Bill) -> TextTable {
    let mut rows = Vec::new();
    for line in bill.models.iter().take(MOVED) {
        let own =
            bill.moves.iter().filter(|one| one.from.0 == line.name && Some(&one.from.1) == line.provider.as_ref());
        let mut given: Vec<(&str, usize)> = Vec::new();
        for one in own {
            let at = given.iter().position(|(workload, _)| *workload == one.workload).unwrap_or_else(|| {
                given.push((&one.workload, 0));
                given.len() - 1
            });
            given[at].1 += 1;
            if given[at].1 > GOALS {
                continue;
            }
            let both = one.share.cost.exact().zip(one.after.exact());
            let change = both.and_then(|(before, after)| percent_change(before, after));
            rows.push(vec![
                name(&one.workload),
                name(&one.from.0),
                name(&one.to.0),
                amount_of(&one.share),
                about(one.after),
                both.map_or_else(|| "–".to_owned(), |(before, after)| signed(after - before)),
                change.unwrap_or_else(|| "–".to_owned()),
            ]);
        }
    }
    TextTable {
        title: "The same tokens elsewhere".to_owned(),
        note: "an estimate: the tokens that one model answered with, at the prices of another; bill.csv has every pair",
        headings: vec!["workload", "served by", "moved to", "cost", "cost there", "change", "change %"],
        names: 3,
        more: bill.moves.len() - rows.len(),
        file: "bill.csv",
        rows,
    }
}

fn trust(cost: Cost) -> Trust {
    Trust { partial: !cost.complete, assumed: cost.assumed }
}

fn trust_of(share: &Share) -> Trust {
    let trust = trust(share.cost);
    Trust { partial: trust.partial || share.unpriced_people > 0, ..trust }
}

fn amount_of(share: &Share) -> String {
    let complete = !trust_of(share).partial;
    amount(Cost { complete, ..share.cost })
}

fn amount(cost: Cost) -> String {
    if !cost.complete && cost.known == Usd::ZERO {
        return "unknown".to_owned();
    }
    marked(&usd(cost.known), trust(cost))
}

/// An amount that is an estimate whatever its prices are.
fn about(cost: Cost) -> String {
    amount(Cost { assumed: true, ..cost })
}

fn signed(amount: Usd) -> String {
    let size = usd(Usd::from_picos(amount.picos().abs()));
    format!("{}{size}", if amount < Usd::ZERO { '−' } else { '+' })
}

fn name(text: &str) -> String {
    clipped(&visible(text), NAME_ROOM)
}
