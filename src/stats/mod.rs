//! Quantiles and intervals: pure and exact.

mod binomial;
mod bootstrap;
mod change_points;
mod interval;
mod multiple;
mod proportions;
mod quantile;
mod sign_flip;
mod student;
mod unconditional;

pub use binomial::{Binomial, least_requests};
pub use bootstrap::{RoundTimes, round_bootstrap};
pub use change_points::{change_points, noise};
pub use interval::{Interval, quantile_interval};
pub use multiple::{benjamini_hochberg, holm};
pub use proportions::{Share, difference_interval, score, score_test};
pub use quantile::{Ordered, rank};
pub use sign_flip::{least_p, shift_bounds, sign_flip};
pub use student::{Expected, expected, student_quantile, student_tail};
pub use unconditional::exceeds_by;
