use super::*;
use crate::routes::samples::{TODAY, mistakes, warnings};
use crate::routes::sight::{Pictured, check_images};
use crate::routes::table::{Action, OnOverflow};

/// A table's rest: a catch-all that sees and whose price is known.
const REST: &str = "[[route]]\nname = 'rest'\nprimary = [{ model = 'eye' }]\n";

#[test]
fn the_built_in_table_passes_without_a_warning_and_does_what_it_is_for() {
    let (table, registry) = (Table::built_in(), Registry::built_in());
    let checked = check(&table, &registry, TODAY).unwrap_or_else(|faults| panic!("{}", faults.drawn(false, 100)));
    assert!(checked.warnings.is_none(), "{}", checked.warnings.unwrap().drawn(false, 100));
    assert_eq!(
        checked.assumed.iter().map(String::as_str).collect::<Vec<_>>(),
        ["glm-4-32b", "glm-4-9b", "hunyuan-turbo", "qwen2.5-7b", "qwen3-8b"]
    );
    // Who is called first, for a tier, a class and an image.
    let first = |tier: Option<u8>, class: Option<&str>, image: bool| -> String {
        let route = table.routes.iter().find(|route| route.matches.takes(tier, class, image)).unwrap();
        match &route.action {
            Action::Send { primary, .. } => primary[0].model.text.clone(),
            Action::HandOff { .. } => "a person".to_owned(),
        }
    };
    for (tier, model) in [
        (Some(0), "qwen3-8b"),
        (Some(1), "deepseek-v4-flash"),
        (Some(2), "hunyuan-turbo"),
        (Some(3), "deepseek-v4-pro"),
        (Some(4), "a person"),
        (None, "deepseek-v4-flash"),
    ] {
        assert_eq!(first(tier, None, false), model, "{tier:?}");
        let with_image = if tier == Some(4) { "a person" } else { "glm-4.6v" };
        assert_eq!(first(tier, Some("documents"), true), with_image, "{tier:?}");
    }
    assert_eq!(first(Some(1), Some("autocomplete"), false), "step-3.5-flash");
    assert_eq!(first(Some(2), Some("documents"), false), "glm-4-32b");
    // Every route that calls models with a known window has somewhere to go when it is passed, but for images.
    for route in &table.routes {
        if let Action::Send { on_overflow: OnOverflow::Reject, .. } = &route.action {
            assert_eq!(&*route.name, "vision", "no larger model sees");
        }
    }
    let backups = &checked.resolved.routes[4].fallback;
    let places: Vec<&str> =
        backups.iter().map(|backup| registry.region(backup.endpoints[0]).unwrap().id.as_str()).collect();
    assert_eq!(places, ["us-east-1", "eu-west-1"], "warm elsewhere than us-west-2");
}

#[test]
fn a_window_that_is_no_larger_is_no_escalation() {
    let route = |targets: &str, to: &str| {
        format!("[[route]]\nname = 'a'\nprimary = [{targets}]\non_overflow = 'escalate'\nescalate_to = '{to}'\n")
    };
    assert_eq!(
        mistakes(&route("{ model = 'eye' }", "small")),
        [
            "6: `small` has a window of 8,000 tokens, and no target of `a` has a smaller one than 8,000 (larger windows have \
          `big` (100,000))"
        ]
    );
    assert_eq!(mistakes(&route("{ model = 'eye' }, { model = 'big' }", "big")), Vec::<String>::new());
    assert_eq!(mistakes(&route("{ model = 'dark' }", "small")), Vec::<String>::new(), "which nothing is known of");
}

#[test]
fn an_escalation_that_comes_back_is_a_loop() {
    assert_eq!(
        mistakes(
            "[[route]]\nname = 'a'\nmatch = { tier = 1 }\nprimary = [{ model = 'small' }]\non_overflow = 'escalate'\n\
             escalate_to = 'dark'\n\
             [[route]]\nname = 'b'\nprimary = [{ model = 'dark' }]\non_overflow = 'escalate'\nescalate_to = 'small'\n"
        ),
        ["12: escalation goes in a loop: dark → small → dark (let one of them end with `on_overflow = \"chunk\"` or \
          `\"reject\"`)"]
    );
    let own = "[[route]]\nname = 'a'\nprimary = [{ model = 'big' }]\non_overflow = 'escalate'\nescalate_to = 'big'\n";
    assert_eq!(
        mistakes(own),
        [
            "6: `a` escalates from `big` to itself, which is a loop (no model of the registry has a larger one: write `on_overflow = \"chunk\"` or `\"reject\"`)"
        ]
    );
}

#[test]
fn a_route_for_images_is_told_of_larger_windows_of_models_that_see() {
    let found = mistakes(
        "[[route]]\nname = 'images'\nmatch = { needs_vision = true }\nprimary = [{ model = 'eye' }]\n\
         on_overflow = 'escalate'\nescalate_to = 'eye'\n[[route]]\nname = 'rest'\nprimary = [{ model = 'eye' }]\n",
    );
    assert_eq!(
        found,
        [
            "7: `images` escalates from `eye` to itself, which is a loop (no model of the registry that sees has a larger one: \
          write `on_overflow = \"reject\"`)"
        ]
    );
}

#[test]
fn an_answer_that_no_window_of_its_route_has_room_for_is_a_mistake() {
    let route =
        |target: &str, rest: &str| format!("[[route]]\nname = 'a'\nprimary = [{{ model = '{target}' }}]\n{rest}");
    let asks = "params = { max_tokens = 8000 }\n";
    assert_eq!(
        mistakes(&route("eye", asks)),
        [
            "5: `a` asks for answers of up to 8,000 tokens, and the largest window that it comes to, of `eye`, has 8,000: every \
          request would end as `overflow` (ask for fewer, to leave room for the prompt; larger windows have `big` (100,000))"
        ]
    );
    let none = Vec::<String>::new();
    assert_eq!(mistakes(&route("eye", "params = { max_tokens = 7999 }\n")), none);
    assert_eq!(mistakes(&route("big", asks)), none);
    assert_eq!(mistakes(&route("dark", asks)), none, "a window that is not known rules nothing out");
    let escalates = format!("{asks}on_overflow = 'escalate'\nescalate_to = 'big'\n");
    assert_eq!(mistakes(&route("eye", &escalates)), none);
}

#[test]
fn pieces_need_a_window_to_be_cut_to() {
    let route = |with: &str| {
        format!(
            "[[route]]\nname = 'a'\nprimary = [{{ model = 'big' }}]\non_overflow = 'chunk'\nchunk_with = '{with}'\n"
        )
    };
    let found = mistakes(&route("dark"));
    assert!(found[0].starts_with("6: `dark` has no known window, and pieces are cut to fit it"), "{found:?}");
    let found = warnings(&route("small"));
    assert!(
        found.iter().any(|found| found.starts_with("6: `small` has a window of 8,000 tokens, smaller")),
        "{found:?}"
    );
}

#[test]
fn a_route_for_images_calls_only_models_that_see() {
    let found = mistakes(&format!(
        "[[route]]\nname = 'images'\nmatch = {{ needs_vision = true }}\nprimary = [{{ model = 'eye' }}]\n\
         fallback = [{{ model = 'big' }}]\non_overflow = 'escalate'\nescalate_to = 'big'\n{REST}"
    ));
    let blind = "`big` cannot see, and `images` takes requests with images (in the registry these see: `eye`)";
    assert_eq!(found, [format!("6: {blind}"), format!("8: {blind}")]);
}

#[test]
fn an_image_that_is_caught_before_the_route_for_it_is_a_mistake() {
    let tier_1 = "[[route]]\nname = 'one'\nmatch = { tier = 1 }\nprimary = [{ model = 'big' }]\n";
    let images = "[[route]]\nname = 'images'\nmatch = { needs_vision = true }\nprimary = [{ model = 'eye' }]\n";
    assert_eq!(
        mistakes(&format!("{tier_1}{images}{REST}")),
        [
            "4: requests of tier 1 with an image reach `one`, none of whose models sees (put `images` of line 6 above it, or \
          write `needs_vision = false` in its `match`)"
        ]
    );
    assert_eq!(mistakes(&format!("{images}{tier_1}{REST}")), Vec::<String>::new());
    let narrow = images.replace("needs_vision = true", "needs_vision = true, tier = 2");
    assert_eq!(
        mistakes(&format!("{narrow}{tier_1}{REST}")),
        ["8: requests of tier 1 with an image reach `one`, none of whose models sees (put a route with `match = { \
          needs_vision = true }` above it; `images` does not take these)"]
    );
}

#[test]
fn a_table_that_speaks_of_no_images_is_warned_once_that_they_would_reach_the_blind() {
    let routes = "[[route]]\nname = 'one'\nmatch = { tier = 1 }\nprimary = [{ model = 'big' }]\n\
                  [[route]]\nname = 'two'\nprimary = [{ model = 'big' }]\n";
    let found: Vec<String> = warnings(routes).into_iter().filter(|found| found.contains("image")).collect();
    assert_eq!(
        found,
        [
            "3: a request with an image reaches `one`, none of whose models sees (if images come, put a route with `match = \
          { needs_vision = true }` above; in the registry these see: `eye`)"
        ]
    );
}

#[test]
fn an_unknown_price_is_a_warning_and_an_assumed_one_is_told() {
    let routes = "[[route]]\nname = 'a'\nmatch = { class = 'x' }\nprimary = [{ model = 'dark' }]\n\
                  fallback = [{ model = 'dark' }, { model = 'small' }]\n";
    let found = warnings(&format!("{routes}{REST}"));
    assert!(
        found.iter().any(|found| found.starts_with("5: the output price of `dark` on 2026-11-24 is unknown")),
        "{found:?}"
    );
    assert_eq!(found.iter().filter(|found| found.contains("price of")).count(), 1, "and only once: {found:?}");
    let registry = Registry::parse("registry.toml", crate::routes::samples::REGISTRY).unwrap();
    let table = crate::routes::samples::table(&format!("{routes}{REST}"));
    assert_eq!(check(&table, &registry, TODAY).unwrap().assumed, BTreeSet::from(["small".to_owned()]));
}

#[test]
fn a_region_without_the_model_is_passed_over_with_a_warning_where_another_is_left() {
    let found = warnings("[[route]]\nname = 'a'\nprimary = [{ model = 'big', regions = ['west', 'east'] }]\n");
    assert!(
        found.contains(&"4: `big` is not offered in `west`, which is passed over (it is offered in `east`)".to_owned()),
        "{found:?}"
    );
}

#[test]
fn images_of_a_workload_that_would_reach_the_blind_are_a_mistake() {
    let registry = Registry::parse("registry.toml", crate::routes::samples::REGISTRY).unwrap();
    let blind = "[[route]]\nname = 'one'\nprimary = [{ model = 'big' }]\n";
    let of = |routes: &str, pictured: &[Pictured<'_>]| {
        let table = crate::routes::samples::table(routes);
        check_images(&table, &registry, "scans", pictured).err().map(|faults| {
            let fault = faults.iter().next().unwrap();
            format!("{}: {}", fault.line(), fault.message())
        })
    };
    let plain = Pictured { custom_id: "s-1", class: None, tier: None };
    assert_eq!(
        of(blind, &[plain, plain]).as_deref(),
        Some("3: 2 requests of `scans` hold an image, such as `s-1`, and reach `one`, none of whose models sees")
    );
    assert_eq!(of(blind, &[]), None);
    assert_eq!(of(REST, &[plain]), None);
    // A tier that is taken for right leads to one route; one that is asked for may lead to any.
    let high = format!("[[route]]\nname = 'high'\nmatch = {{ tier = 3 }}\nprimary = [{{ model = 'big' }}]\n{REST}");
    assert_eq!(of(&high, &[Pictured { tier: Some(1), ..plain }]), None);
    assert!(of(&high, &[plain]).is_some());
    let elsewhere = high.replace("tier = 3", "class = 'mail'");
    assert_eq!(of(&elsewhere, &[plain]), None);
}
