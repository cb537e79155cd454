//! Requests of one class that a table tells apart by their length.

use crate::forecast::flows::Routing;
use crate::forecast::kinds::Kind;
use crate::forecast::measured::Measured;
use crate::forecast::part::Size;
use crate::registry::Endpoint;

/// The windows of a table's models, and the kinds of requests that they part.
pub(in crate::forecast) struct Lengths<'a> {
    kinds: &'a [Kind],
    /// Tokens, ascending, each once.
    windows: Vec<u64>,
}

impl<'a> Lengths<'a> {
    pub(in crate::forecast) fn new(measured: &'a Measured, routing: Routing<'_>) -> Self {
        let of_route = routing.resolved.routes.iter().flat_map(|route| {
            let targets = route.primary.iter().chain(&route.fallback).flat_map(|target| &target.endpoints);
            targets.chain(&route.escalation).chain(&route.chunking)
        });
        let window = |endpoint: &Endpoint| routing.registry.models[endpoint.model].context;
        let mut windows: Vec<u64> = of_route.filter_map(window).collect();
        windows.sort_unstable();
        windows.dedup();
        Self { kinds: &measured.kinds, windows }
    }

    /// Which lines of its class `kind` stands among, by their length; absent where no window parts the class.
    pub(in crate::forecast) fn of(&self, kind: &Kind) -> Option<Size> {
        let over = |one: &Kind| self.windows.partition_point(|window| *window < one.tokens);
        let (mut from, mut own, mut of) = (0, 0, 0);
        for one in self.kinds.iter().filter(|one| (&one.workload, &one.class) == (&kind.workload, &kind.class)) {
            of += one.lines;
            match over(one).cmp(&over(kind)) {
                std::cmp::Ordering::Less => from += one.lines,
                std::cmp::Ordering::Equal => own += one.lines,
                std::cmp::Ordering::Greater => {}
            }
        }
        (own < of).then_some(Size { from, to: from + own, of })
    }
}
