//! How charts are drawn.

use crate::report::chart::mark::{Metric, PriceAxis};
use crate::report::chart::theme::Theme;

/// How a chart is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartOptions {
    /// Which colours it has.
    pub theme: Theme,
    /// Which latency stands upwards.
    pub metric: Metric,
    /// Which price stands to the right.
    pub x: PriceAxis,
    /// Whether all regions share one panel of the cost-latency chart, where they are six or fewer.
    pub overlay: bool,
    /// What ids and classes begin with, so that several charts can be inlined into one page: letters, digits, `-`.
    pub prefix: String,
}

impl Default for ChartOptions {
    fn default() -> Self {
        Self { theme: Theme::Auto, metric: Metric::E2e, x: PriceAxis::List, overlay: false, prefix: "cl-".to_owned() }
    }
}
