//! The routing table: which kind of request goes to which endpoints, in which order.

mod table;

pub use table::{
    Action, Breaker, Classifier, Failover, FailoverOn, OnOverflow, RegionOrder, Route, RouteMatch, Table, Target,
};
