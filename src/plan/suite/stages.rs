//! Rates in a suite: one number, a ramp in a string, or the stages of `[load]`.

use crate::conf::{Field, Table};
use crate::plan::rate::{BadRate, Rate, Stage, Stages, range};

/// A number, or a ramp in quotes.
pub(super) fn read_rate(field: Field<'_>) -> Option<Rate> {
    if !field.is_string() {
        return field.positive().map(Rate::Steady);
    }
    let text = field.string()?;
    match text.parse() {
        Ok(Rate::Steady(_)) => field.fault(&format!("is `{text}` in quotes, must be a number without them")),
        Ok(ramp) => return Some(ramp),
        Err(error) => field.fault(&format!("is `{text}`, {error}")),
    }
    None
}

/// Every table of `stages`, one after another; absent where one is wrong.
pub(super) fn read_stages(tables: Vec<Table<'_>>) -> Option<Rate> {
    let last = tables.len().checked_sub(1)?;
    let read = |(at, table): (usize, Table<'_>)| {
        let stage = read_stage(&table, at == 0 || at == last);
        table.finish();
        stage
    };
    // Each is read before one that is wrong ends it, so that all mistakes are shown together.
    let stages: Vec<Option<Stage>> = tables.into_iter().enumerate().map(read).collect();
    let stages = Stages::new(stages.into_iter().collect::<Option<_>>()?);
    Some(Rate::Staged(stages.expect("each stage was checked where it stands")))
}

fn read_stage(table: &Table<'_>, is_outer: bool) -> Option<Stage> {
    let rate = table.required("rate", "rate = 50").and_then(|field| {
        let rates = read_rates(field)?;
        if is_outer && rates == (0.0, 0.0) {
            field.fault("is 0 at the beginning or the end, must be more there: leave that stage out");
            return None;
        }
        Some(rates)
    });
    let lasts = table.required("for", "for = \"30s\"").and_then(Field::timeout);
    let ((from_rps, to_rps), lasts) = rate.zip(lasts)?;
    Some(Stage { from_rps, to_rps, lasts })
}

/// The rates at both ends of a stage, from `50` or `"50..500"`.
fn read_rates(field: Field<'_>) -> Option<(f64, f64)> {
    const RIGHT: &str = "a number, or a ramp in quotes such as \"50..500\"";
    let rates = if field.is_string() {
        let text = field.string()?;
        let rates = range(text);
        if rates.is_none() {
            field.fault(&format!("is `{text}`, must be {RIGHT}"));
        }
        rates?
    } else {
        let rate = field.any_number(RIGHT)?;
        (rate, rate)
    };
    if !Stages::takes(rates.0) || !Stages::takes(rates.1) {
        field.fault(&BadRate::OutOfBounds.to_string());
        return None;
    }
    Some(rates)
}
