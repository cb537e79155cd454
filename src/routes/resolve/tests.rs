use super::*;
use crate::routes::samples::{REGISTRY, mistakes, table};

fn resolved(routes: &str) -> (Resolved, Registry) {
    let registry = Registry::parse("registry.toml", REGISTRY).unwrap();
    let table = table(routes);
    (resolve(&table, &registry).unwrap_or_else(|faults| panic!("{}", faults.drawn(false, 100))), registry)
}

/// `model@region`, in order.
fn shown(registry: &Registry, endpoints: &[Endpoint]) -> Vec<String> {
    let place = |endpoint: &Endpoint| registry.region(*endpoint).map_or("nowhere", |region| region.id.as_str());
    let named = |endpoint: &Endpoint| {
        let [model, provider] = [&registry.model(*endpoint).id, &registry.provider(*endpoint).id];
        format!("{model}@{provider}/{}", place(endpoint))
    };
    endpoints.iter().map(named).collect()
}

#[test]
fn a_target_is_called_in_its_own_order_of_regions_or_else_the_registrys() {
    let (resolved, registry) = resolved(
        "[classifier]\nmodel = 'small'\n[[route]]\nname = 'all'\n\
         primary = [{ model = 'big', weight = 2 }, { model = 'small', regions = ['west', 'east'] }]\n\
         fallback = [{ model = 'big', provider = 'other' }]\non_overflow = 'escalate'\nescalate_to = 'big'\n",
    );
    let [route] = resolved.routes.as_slice() else { panic!("{resolved:?}") };
    let [big, small] = route.primary.as_slice() else { panic!("{route:?}") };
    assert_eq!((big.weight, small.weight), (2.0, 1.0));
    assert_eq!(shown(&registry, &big.endpoints), ["big@first/east"]);
    assert_eq!(shown(&registry, &small.endpoints), ["small@first/west", "small@first/east"]);
    assert_eq!(shown(&registry, &route.fallback[0].endpoints), ["big@other/west"]);
    assert_eq!(shown(&registry, &route.escalation), ["big@first/east"]);
    assert_eq!(route.chunking, []);
    assert_eq!(shown(&registry, &resolved.classifier.unwrap()), ["small@first/east", "small@first/west"]);
}

#[test]
fn a_registry_without_regions_has_one_endpoint_without_a_name() {
    let registry = "schema = 1\n[[provider]]\nid = 'p'\nbase_url = 'http://p.example/v1'\n\
                    [[model]]\nid = 'm'\n[[model.at]]\nprovider = 'p'\n";
    let registry = Registry::parse("registry.toml", registry).unwrap();
    let resolved = resolve(&table("[[route]]\nname = 'all'\nprimary = [{ model = 'm' }]\n"), &registry).unwrap();
    assert_eq!(shown(&registry, &resolved.routes[0].primary[0].endpoints), ["m@p/nowhere"]);
}

#[test]
fn every_name_that_is_not_in_the_registry_is_told_with_the_one_that_was_meant() {
    let found = mistakes(
        "[classifier]\nmodel = 'smal'\n[[route]]\nname = 'all'\nprimary = [{ model = 'bgi' }]\n\
         fallback = [{ model = 'small', provider = 'frist' }, { model = 'small', regions = ['weast'] },\n\
         { model = 'big', regions = ['west'] }]\non_overflow = 'chunk'\nchunk_with = 'bigg'\n",
    );
    assert_eq!(
        found,
        [
            "3: `smal` is no model of the registry (did you mean `small`?)",
            "6: `bgi` is no model of the registry (did you mean `big`?)",
            "7: `frist` is no provider of `small` in the registry (did you mean `first`?)",
            "7: `weast` is no region of the registry (did you mean `east`?)",
            "8: `big` is not offered in `west`, so that nobody would be called (it is offered in `east`)",
            "10: `bigg` is no model of the registry (did you mean `big`?)",
        ]
    );
}
