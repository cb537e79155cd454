//! What other currencies are worth: `[[exchange_rate]]`.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::conf::{Field, Table};
use crate::units::Usd;

/// What one unit of a currency is worth from a day on.
#[derive(Clone, Debug, PartialEq)]
pub struct ExchangeRate {
    /// The ISO 4217 code of the currency; never `USD`.
    pub currency: String,
    /// The first day of this rate, in UTC.
    pub from: Date,
    /// Dollars for one unit, above 0 and below 100,000.
    pub usd: Usd,
    /// Who says so.
    pub source: Option<String>,
}

/// A rate of 100,000 and a price below a thousand million still multiply without overflow.
const TOO_LARGE: Usd = Usd::from_picos(100_000_000_000_000_000);

/// The rates of a file, by currency and then day.
pub(super) fn read_exchange_rates(tables: Vec<Table<'_>>) -> Vec<ExchangeRate> {
    let mut seen = BTreeSet::new();
    let mut rates: Vec<_> = tables.into_iter().map(|table| read_exchange_rate(table, &mut seen)).collect();
    rates.sort_by(|a, b| (&a.currency, a.from).cmp(&(&b.currency, b.from)));
    rates
}

fn read_exchange_rate(table: Table<'_>, seen: &mut BTreeSet<(String, Date)>) -> ExchangeRate {
    let code = table.required("currency", "currency = \"CNY\"");
    let currency = code.and_then(read_currency).unwrap_or_default();
    if let Some(code) = code.filter(|_| currency == "USD") {
        code.fault("is \"USD\", which all figures are in already, must be another currency");
    }
    let day = table.required("from", "from = \"2026-05-01\"");
    let from = day.and_then(Field::date);
    if let (Some(day), Some(from)) = (day, from)
        && !seen.insert((currency.clone(), from))
    {
        day.fault(&format!("is `{from}` a second time for `{currency}`, must be different"));
    }
    let worth = table.required("usd", "usd = \"0.139\"");
    let usd = worth.and_then(Field::decimal).unwrap_or(Usd::ZERO);
    if let Some(worth) = worth.filter(|_| usd >= TOO_LARGE) {
        worth.fault("is too large, must be below 100,000 dollars for one unit");
    } else if let Some(worth) = worth.filter(|field| usd == Usd::ZERO && field.is_string()) {
        worth.fault("is 0, must be what one unit of the currency costs in dollars");
    }
    let source = table.optional_string("source");
    table.finish();
    ExchangeRate { currency, from: from.unwrap_or_default(), usd, source }
}

/// A currency by its ISO 4217 code.
pub(super) fn read_currency(field: Field<'_>) -> Option<String> {
    let code = field.string()?;
    if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Some(code.to_owned());
    }
    field.fault(&format!("is `{code}`, must be three capitals such as \"USD\" or \"CNY\""));
    None
}
