//! Two price lists held against each other, for people and for programs.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::cost::Cost;
use crate::registry::{Figure, FigureMove, OfferChange, Presence, PriceKey};
use crate::report::ratio::{percent_change, ratio};
use crate::report::repriced::{Repriced, RepricedRow};
use crate::units::{Usd, grouped};

/// What moved, and what it does to a bill.
#[derive(Clone, Debug)]
pub struct PriceDiff {
    /// The first list's name.
    pub before: String,
    /// The second list's name.
    pub after: String,
    /// The day whose prices are compared, in UTC.
    pub on: Date,
    /// Models at providers that both lists have.
    pub in_both: usize,
    /// What moved.
    pub changes: Vec<OfferChange>,
    /// The next day on which a price of either list begins; absent: none is announced.
    pub next: Option<Date>,
    /// A run's id and its bill by both lists; absent where no run was named.
    pub bill: Option<(String, Repriced)>,
}

impl PriceDiff {
    /// Tables and sentences.
    pub fn as_text(&self) -> String {
        let mut text = format!("prices of {}: {} → {}\n\n", self.on, self.before, self.after);
        let mut line = |words: String| writeln!(text, "{words}").expect("writing to a string cannot fail");
        if !self.changes.is_empty() {
            line(self.moves_table());
        }
        let count = |presence| self.changes.iter().filter(|change| change.presence == presence).count();
        let (moved, added, removed) = (count(Presence::Both), count(Presence::Added), count(Presence::Removed));
        line(format!("{moved} of {} prices moved, {added} added, {removed} removed", self.in_both));
        if let Some(next) = self.next {
            line(format!("prices begin on {next} that are not compared here: `--on {next}` does"));
        }
        if let Some((run, bill)) = &self.bill {
            line(format!("\nthe bill of {run} by both, warm-up included, by the tokens that were answered then"));
            line(bill_table(bill));
            for (model, provider, requests) in &bill.not_in_both {
                let requests = grouped(&requests.to_string());
                line(format!("left out: {requests} requests to {model} at {provider}, which are not in both"));
            }
            let unknown = bill.total().without_usage;
            if unknown > 0 {
                line(format!("{} requests whose tokens are unknown are in no amount", grouped(&unknown.to_string())));
            }
            if bill.without_images {
                line("prices for each image are left out: a run does not keep how many there were".to_owned());
            }
        }
        text
    }

    /// One row a figure that moved, and one a model of the bill, with a header; what is not there is an empty cell.
    pub fn as_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = ["kind", "change", "model", "provider", "figure", "condition", "requests"];
        let amounts = ["before_usd", "after_usd", "change_usd", "change_ratio"];
        writer.write_record(header.iter().chain(&amounts)).expect("writing to memory cannot fail");
        for (change, each) in self.moves() {
            let amount = |figure: Option<Figure>| figure.map(|figure| figure.amount);
            let cells = [
                "price".to_owned(),
                change.presence.name().to_owned(),
                change.model.clone(),
                change.provider.clone(),
                figure_name(each.key),
                each.when.to_string(),
                String::new(),
            ];
            let amounts = amounts_of(amount(each.before), amount(each.after));
            writer.write_record(cells.into_iter().chain(amounts)).expect("every row has the header's columns");
        }
        for row in self.bill.iter().flat_map(|(_, bill)| &bill.rows) {
            let cells = [
                "bill".to_owned(),
                String::new(),
                row.model.clone(),
                row.provider.clone(),
                String::new(),
                String::new(),
                row.requests.to_string(),
            ];
            let amounts = amounts_of(row.before.exact(), row.after.exact());
            writer.write_record(cells.into_iter().chain(amounts)).expect("every row has the header's columns");
        }
        let bytes = writer.into_inner().expect("writing to memory cannot fail");
        String::from_utf8(bytes).expect("all cells are UTF-8")
    }

    /// An object; amounts are decimal strings, and what is not there is `null`.
    pub fn as_json(&self) -> String {
        let figure = |figure: Option<Figure>| {
            figure.map(|figure| json!({"usd": figure.amount.to_string(), "assumed": figure.assumed}))
        };
        let each_move = |each: &FigureMove| {
            let condition = Some(each.when.to_string()).filter(|words| !words.is_empty());
            let (before, after) = (figure(each.before), figure(each.after));
            let ratio = each.before.zip(each.after).and_then(|(before, after)| ratio(before.amount, after.amount));
            json!({"figure": figure_name(each.key), "condition": condition, "before": before, "after": after,
                   "change_usd": each.by().map(|by| by.to_string()), "change_ratio": ratio})
        };
        let change = |change: &OfferChange| {
            let figures: Vec<Value> = change.moves.iter().map(each_move).collect();
            json!({"model": change.model, "provider": change.provider, "change": change.presence.name(),
                   "figures": figures})
        };
        let bill = self.bill.as_ref().map(|(run, bill)| {
            let rows: Vec<Value> = bill.rows.iter().map(bill_json).collect();
            let left_out = bill
                .not_in_both
                .iter()
                .map(|(model, provider, requests)| json!({"model": model, "provider": provider, "requests": requests}));
            json!({"run": run, "total": bill_json(&bill.total()), "models": rows,
                   "not_in_both": left_out.collect::<Vec<_>>(), "without_images": bill.without_images})
        });
        let value = json!({
            "on": self.on.to_string(), "before": self.before, "after": self.after, "in_both": self.in_both,
            "next_price_from": self.next.map(|next| next.to_string()),
            "changes": self.changes.iter().map(change).collect::<Vec<_>>(), "bill": bill,
        });
        format!("{value:#}\n")
    }

    fn moves(&self) -> impl Iterator<Item = (&OfferChange, &FigureMove)> {
        self.changes.iter().flat_map(|change| change.moves.iter().map(move |each| (change, each)))
    }

    fn moves_table(&self) -> String {
        let mut table = plain_table(["model", "provider", "figure", "before", "after", "change"]);
        for change in &self.changes {
            let names = [change.model.clone(), change.provider.clone()];
            let word = if change.presence == Presence::Both { "" } else { change.presence.name() };
            if change.moves.is_empty() {
                table.add_row(names.iter().map(String::as_str).chain(["no price", "", "", word]));
            }
            for each in &change.moves {
                let shown = |figure: Option<Figure>| {
                    let mark = |figure: Figure| format!("{}${}", if figure.assumed { "~" } else { "" }, figure.amount);
                    figure.map_or_else(|| "–".to_owned(), mark)
                };
                let by = match (each.before, each.after) {
                    (Some(before), Some(after)) if before.amount == after.amount => "published".to_owned(),
                    (Some(before), Some(after)) => {
                        percent_change(before.amount, after.amount).unwrap_or_else(|| "was free".to_owned())
                    }
                    (Some(_), None) if word.is_empty() => "unknown now".to_owned(),
                    (None, Some(_)) if word.is_empty() => "new".to_owned(),
                    _ => word.to_owned(),
                };
                let cells = [figure_words(each), shown(each.before), shown(each.after), by];
                table.add_row(names.iter().chain(&cells));
            }
        }
        right(&mut table, 3);
        table.trim_fmt() + "\n"
    }
}

fn bill_table(bill: &Repriced) -> String {
    let mut table = plain_table(["model", "provider", "requests", "before", "after", "change $", "change"]);
    let total = RepricedRow { model: "all".to_owned(), ..bill.total() };
    for row in bill.rows.iter().chain([&total]) {
        let by = match (row.before.exact(), row.after.exact()) {
            (Some(before), Some(after)) => {
                [signed_dollars(after - before), percent_change(before, after).unwrap_or_else(|| "–".to_owned())]
            }
            _ => ["unknown".to_owned(), String::new()],
        };
        let cells = [
            row.model.clone(),
            row.provider.clone(),
            grouped(&row.requests.to_string()),
            row.before.shown(4),
            row.after.shown(4),
        ];
        table.add_row(cells.iter().chain(&by));
    }
    right(&mut table, 2);
    table.trim_fmt()
}

fn bill_json(row: &RepricedRow) -> Value {
    let amount =
        |cost: Cost| json!({"known_usd": cost.known.to_string(), "complete": cost.complete, "assumed": cost.assumed});
    let exact = row.before.exact().zip(row.after.exact());
    json!({"model": row.model, "provider": row.provider, "requests": row.requests,
           "requests_without_usage": row.without_usage, "before": amount(row.before), "after": amount(row.after),
           "change_usd": exact.map(|(before, after)| (after - before).to_string()),
           "change_ratio": exact.and_then(|(before, after)| ratio(before, after))})
}

fn plain_table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty().set_header(header);
    table
}

/// Sets two blanks between columns, and those from `first` on to the right.
fn right(table: &mut Table, first: usize) {
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if place == 0 { 0 } else { 2 }, 0));
        if place >= first {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

fn figure_name(key: PriceKey) -> String {
    format!("{}{}", key.name(), if key.is_per_mtok() { "_usd_per_mtok" } else { "_usd" })
}

fn figure_words(each: &FigureMove) -> String {
    let unit = if each.key.is_per_mtok() { " $/M" } else { " $" };
    let when = each.when.to_string();
    let when = if when.is_empty() { when } else { format!(", {when}") };
    format!("{}{unit}{when}", each.key.name().replace('_', " "))
}

fn amounts_of(before: Option<Usd>, after: Option<Usd>) -> [String; 4] {
    let both = before.zip(after);
    let shown = |amount: Option<Usd>| amount.map(|amount| amount.to_string()).unwrap_or_default();
    [
        shown(before),
        shown(after),
        shown(both.map(|(before, after)| after - before)),
        both.and_then(|(before, after)| ratio(before, after)).unwrap_or_default(),
    ]
}

/// `+$0.0123`.
fn signed_dollars(amount: Usd) -> String {
    let sign = if amount < Usd::ZERO { '−' } else { '+' };
    format!("{sign}${}", Usd::from_picos(amount.picos().abs()).rounded(4))
}
