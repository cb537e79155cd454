//! A run directory in, bytes out: charts, page, Markdown, terminal table.

mod chart;
#[cfg(test)]
mod fixture;
mod headline;
mod setting;

pub use chart::{ChartOptions, Metric, PriceAxis, Theme, cost_latency};
pub use headline::{Headline, headline};
