//! Charts: each a stand-alone SVG that plotters lays out and the backend here writes.

mod axes;
mod backend;
mod canvas;
mod caption;
mod cost_latency;
mod cost_quality;
mod cost_quality_model;
mod dodge;
mod grid;
mod head;
mod legend;
mod limit_line;
mod load;
mod load_line;
mod load_panel;
mod load_words;
mod mark;
mod naming;
mod options;
mod panel;
mod percentile_panel;
mod percentiles;
mod place;
mod rail;
mod ranking;
mod ranking_row;
mod ranking_words;
mod rect;
mod sheet;
mod spectrum;
mod strip;
#[cfg(test)]
mod svg_text;
mod text;
mod theme;
mod ticks;
mod timeline;

pub use cost_latency::cost_latency;
pub use cost_quality::cost_quality;
pub use load::load;
pub use mark::{Metric, PriceAxis};
pub use options::ChartOptions;
pub use percentiles::percentiles;
pub use ranking::ranking;
pub use theme::Theme;
pub use timeline::timeline;
