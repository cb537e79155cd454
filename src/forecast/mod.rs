//! What a routing table would cost and how slow it would be, from measured cells; and which cheaper table would do.
//!
//! [`Measured`] holds the stored requests of one run or several, [`forecast`] sends every kind of recorded request through a
//! table and draws what it would have met there, round by round. Nobody is called, and the same runs, tables and seed give
//! the same figures.

mod change;
mod compare;
mod error;
mod figures;
mod flows;
mod hops;
mod judge;
mod kinds;
mod labels;
mod leg;
mod lengths;
mod limits;
mod measured;
mod outlook;
mod part;
mod remedy;
mod sender;
mod source;
mod stored;
mod suggest;
mod table;
mod through;
mod traffic;
mod weighted;

pub(crate) use change::{GONE_BREAKER, GONE_CLASSIFIER};
pub use change::{TableChange, table_changes};
pub use error::ForecastError;
pub use figures::{Answered, Estimate, Figures, Money, Span};
pub use flows::Routing;
pub use judge::{Contrast, judge_change};
pub use kinds::Kind;
pub use measured::{Measured, RunFact};
pub use remedy::{Unmeasured, remedies};
pub use suggest::{Suggestion, Suggestions, suggest};
pub use table::{DRAWS, Forecast, RouteForecast, Setting, forecast};
pub use traffic::{Missed, TrafficShares, traffic_shares};
