//! What a router decides, rule by rule, with hand-made answers and clocks.

mod bounds;
mod failover;
mod labels;
mod limits;
mod targets;
