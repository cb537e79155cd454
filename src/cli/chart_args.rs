//! How reports and charts are asked for on the command line.

use clap::ValueEnum;

use crate::report::{Metric, PriceAxis, Theme};
use crate::run::Format;

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// The tables: cells.csv, bill.csv, percentiles.hgrm.
    Csv,
    /// summary.json.
    Json,
    /// summary.md.
    Markdown,
    /// report.html.
    Html,
    /// The charts.
    Svg,
    /// The charts, for what refuses SVG.
    Png,
    /// metrics.prom.
    Prom,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Csv => Self::Csv,
            FormatName::Json => Self::Json,
            FormatName::Markdown => Self::Markdown,
            FormatName::Html => Self::Html,
            FormatName::Svg => Self::Svg,
            FormatName::Png => Self::Png,
            FormatName::Prom => Self::Prom,
        }
    }
}

/// A price to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum XAxis {
    /// The price list's, for a million output tokens.
    List,
    /// All of the cost, retries and billed failures too, for a million output tokens.
    Effective,
}

impl From<XAxis> for PriceAxis {
    fn from(axis: XAxis) -> Self {
        match axis {
            XAxis::List => Self::List,
            XAxis::Effective => Self::Effective,
        }
    }
}

/// A latency to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MetricName {
    /// From sending to the end of the answer.
    E2e,
    /// From sending to the first token.
    Ttft,
}

impl From<MetricName> for Metric {
    fn from(name: MetricName) -> Self {
        match name {
            MetricName::E2e => Self::E2e,
            MetricName::Ttft => Self::Ttft,
        }
    }
}

/// Colours of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThemeName {
    /// Light, or dark where the reader's system asks for it.
    Auto,
    /// Light everywhere.
    Light,
    /// Dark everywhere.
    Dark,
}

impl From<ThemeName> for Theme {
    fn from(name: ThemeName) -> Self {
        match name {
            ThemeName::Auto => Self::Auto,
            ThemeName::Light => Self::Light,
            ThemeName::Dark => Self::Dark,
        }
    }
}
