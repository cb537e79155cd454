//! The order in which a target's regions are tried.

use crate::registry::{Endpoint, Registry};
use crate::routes::RegionOrder;

/// Regions up to which every order of a shuffled target is gone through; of more, each begins as often as the others.
const MOST_PERMUTED: usize = 4;

/// The orders in which `endpoints`, of one model, are tried for a request from the region `origin`, each as likely as the
/// others.
///
/// Nearest is the request's own region, then those of its `near`, then the rest as the registry lists them.
pub(in crate::forecast) fn orders(
    registry: &Registry,
    endpoints: &[Endpoint],
    order: RegionOrder,
    origin: Option<&str>,
) -> Vec<Vec<Endpoint>> {
    match order {
        RegionOrder::AsWritten => vec![endpoints.to_vec()],
        RegionOrder::Nearest => vec![nearest(registry, endpoints, origin)],
        RegionOrder::Shuffled if endpoints.len() <= MOST_PERMUTED => permutations(endpoints),
        RegionOrder::Shuffled => (0..endpoints.len())
            .map(|first| endpoints[first..].iter().chain(&endpoints[..first]).copied().collect())
            .collect(),
    }
}

fn nearest(registry: &Registry, endpoints: &[Endpoint], origin: Option<&str>) -> Vec<Endpoint> {
    let origin = origin.and_then(|id| registry.regions.iter().position(|region| region.id == id));
    let near = origin.map_or(&[][..], |origin| &registry.regions[origin].near);
    let distance = |endpoint: &Endpoint| {
        let id = registry.region(*endpoint).map(|region| &region.id);
        let listed = id.and_then(|id| near.iter().position(|near| near == id)).unwrap_or(near.len());
        (origin.is_none() || endpoint.region != origin, listed, endpoint.region)
    };
    let mut sorted = endpoints.to_vec();
    sorted.sort_by_key(distance);
    sorted
}

fn permutations(endpoints: &[Endpoint]) -> Vec<Vec<Endpoint>> {
    if endpoints.len() <= 1 {
        return vec![endpoints.to_vec()];
    }
    let mut all = Vec::new();
    for (place, first) in endpoints.iter().enumerate() {
        let rest: Vec<Endpoint> =
            endpoints.iter().enumerate().filter(|(index, _)| *index != place).map(|(_, other)| *other).collect();
        all.extend(permutations(&rest).into_iter().map(|order| std::iter::once(*first).chain(order).collect()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_region_is_the_requests_own_then_what_it_lists_as_near() {
        let registry = Registry::built_in();
        let model = registry.models.iter().position(|model| model.id == "qwen3-32b").unwrap();
        let endpoints: Vec<Endpoint> = registry.endpoints().filter(|endpoint| endpoint.model == model).collect();
        let ids = |order, origin| -> Vec<&str> {
            let first = orders(&registry, &endpoints, order, origin).remove(0);
            first.iter().map(|endpoint| registry.region(*endpoint).unwrap().id.as_str()).collect()
        };
        let east = registry.regions.iter().find(|region| region.id == "us-east-1").unwrap();
        let expected: Vec<&str> = std::iter::once("us-east-1").chain(east.near.iter().map(String::as_str)).collect();
        assert_eq!(ids(RegionOrder::Nearest, Some("us-east-1")), expected);
        assert_eq!(ids(RegionOrder::Nearest, None), ids(RegionOrder::AsWritten, None));
        assert_eq!(orders(&registry, &endpoints, RegionOrder::Shuffled, None).len(), 24);
    }
}
