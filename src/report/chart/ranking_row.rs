//! A row of the ranking: one endpoint's figures, and its place among the others.

use crate::report::chart::mark::{Metric, PriceAxis, Span, Tail, limit, title};
use crate::report::chart::ticks::time;
use crate::report::headline::{price_text, shown};
use crate::report::parts::Word;
use crate::report::setting::Setting;
use crate::rundir::{CellRow, Run};

/// One endpoint of the ranking.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ranked<'a> {
    pub(crate) row: &'a CellRow,
    pub(crate) name: String,
    /// Absent where it had no success, or none of this metric.
    pub(crate) span: Option<Span>,
    /// In milliseconds; absent without one, and for another metric than the limit's.
    pub(crate) limit: Option<f64>,
    /// Whether others are held against it.
    pub(crate) baseline: bool,
    /// Absent where no limit applies and the figures can be judged.
    pub(crate) standing: Option<Word>,
    /// The figures in words.
    pub(crate) title: String,
}

/// The endpoints of `setting`: by p99, then those with a maximum alone, then those without a success. Where two are
/// equal the manifest's order holds.
pub(crate) fn ranked<'a>(run: &Run, setting: &Setting<'a>, metric: Metric) -> Vec<Ranked<'a>> {
    let mut rows: Vec<Ranked<'_>> = setting.rows.iter().map(|row| Ranked::of(run, row, metric)).collect();
    rows.sort_by(|a, b| {
        let place = |ranked: &Ranked<'_>| match ranked.span {
            Some(span) if span.upper.tail != Tail::Maximum => (0, span.upper.cap),
            Some(span) => (1, span.upper.cap),
            None => (2, 0.0),
        };
        let (a, b) = (place(a), place(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    if rows.iter().any(|row| row.baseline) { beside_each_other(run, rows) } else { rows }
}

/// The variants of an endpoint one below the other, in the place of the best of those that are held against the first.
fn beside_each_other<'a>(run: &Run, rows: Vec<Ranked<'a>>) -> Vec<Ranked<'a>> {
    let endpoint = |ranked: &Ranked<'a>| (&ranked.row.provider, &ranked.row.model, &ranked.row.region);
    let mut order = Vec::new();
    for row in rows.iter().filter(|row| !row.baseline).chain(rows.iter().filter(|row| row.baseline)) {
        if !order.contains(&endpoint(row)) {
            order.push(endpoint(row));
        }
    }
    let mut rows = rows;
    rows.sort_by_key(|row| (order.iter().position(|known| *known == endpoint(row)), run.variant_of(row.row)));
    rows
}

impl<'a> Ranked<'a> {
    fn of(run: &Run, row: &'a CellRow, metric: Metric) -> Self {
        let name = shown(run, row);
        let span = Span::of(row, metric).filter(|_| row.ok > 0);
        let title = match &span {
            Some(span) => title(row, &name, None, span.p50, &span.upper),
            None if row.ok == 0 => format!("{name}: no success"),
            None => format!("{name}: not measured"),
        };
        Self {
            row,
            span,
            limit: limit(row, metric),
            baseline: run.is_baseline(row),
            standing: Word::of(row),
            name,
            title,
        }
    }

    /// Its p99 as a column shows it: `410 ms`, `max 410 ms` below 100 successes, a dash without any.
    pub(crate) fn tail_text(&self) -> String {
        match self.span {
            Some(Span { upper, .. }) if upper.tail == Tail::Maximum => format!("max {}", time(upper.cap)),
            Some(Span { upper, .. }) => time(upper.cap),
            None => "–".to_owned(),
        }
    }

    /// Its price as a column shows it; a dash where none is known.
    pub(crate) fn price_text(&self, run: &Run, axis: PriceAxis) -> String {
        // What a route costs has no list price: its calls go to several endpoints.
        let axis = if self.row.route.is_some() { PriceAxis::Effective } else { axis };
        axis.of(self.row).map_or_else(|| "–".to_owned(), |_| price_text(run, self.row, axis))
    }
}
