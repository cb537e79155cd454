//! Samples into order statistics, HDR histograms and totals.
