//! Quantiles and intervals: pure and exact.
