//! A run directory in, bytes out: charts, page, Markdown, terminal table.

mod aligned;
mod bill;
mod bill_csv;
mod bill_json;
mod bill_tables;
mod changes;
mod chart;
mod csp;
mod exposition;
pub mod figures;
#[cfg(test)]
mod fixture;
mod forecast;
mod headline;
mod page;
mod page_cells;
mod page_facts;
mod page_text;
mod parts;
mod pick;
mod plain_text;
mod png;
mod price_diff;
mod prometheus;
mod ratio;
mod repriced;
mod routing;
mod routing_text;
mod setting;
mod shown;
#[cfg(test)]
mod sketch;
mod spectrum_text;
mod summary;
mod summary_json;
mod support;
mod sweep;
mod sweep_rows;
mod sweep_table;
mod table;
mod table_lines;
mod text_table;
mod timeline;
mod together;
mod totals;
mod trend;
mod verdict;

pub use aligned::TableStyle;
pub use bill::{Bill, Dear, Line, Move, Share};
pub use bill_csv::bill_csv;
pub use changes::changes_csv;
pub use chart::{
    ChartOptions, Metric, PriceAxis, Theme, cost_latency, cost_quality, diff, load, percentiles, ranking, timeline,
    trend,
};
pub use forecast::{
    Changed, Foretold, as_run, change_markdown, change_text, forecast_json, forecast_markdown, forecast_text,
    suggestions_json, suggestions_text, with_change,
};
pub use headline::{Headline, headline};
pub use page::page;
pub use parts::{Chart, Judged, Parts, Word};
pub use plain_text::{clipped, columns, visible, wrapped};
pub use png::pngs;
pub use price_diff::PriceDiff;
pub use prometheus::prometheus_text;
pub use repriced::{Repriced, RepricedRow, repriced};
pub use spectrum_text::spectrum_text;
pub use summary::summary_markdown;
pub use summary_json::summary_json;
pub use sweep::{Knee, Step, Sweep, sweeps};
pub use table::table;
pub use timeline::Timeline;
pub use together::{spectra_together, together};
pub use trend::{trend_csv, trend_table};
pub use verdict::{
    Judgement, self_test_text, verdict_annotations, verdict_json, verdict_junit, verdict_markdown, verdict_text,
};
