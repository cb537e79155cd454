//! The main path: registry, workloads, plan, cells, run directory, reports.
