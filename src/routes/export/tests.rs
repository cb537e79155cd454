use super::tree::Tree;
use super::*;
use crate::routes::resolve::resolve;
use crate::routes::samples::{REGISTRY, table};

#[test]
fn texts_and_keys_that_yaml_would_take_for_something_else_are_quoted() {
    let tree = Tree::map([
        (
            "list",
            Tree::List(vec![Tree::from("no"), Tree::map([("yes", Tree::from("a: b # c")), ("n2", Tree::from(2))])]),
        ),
        ("X-Region", Tree::number(0.5)),
        ("none", Tree::List(Vec::new())),
        ("map", Tree::map([("deep", Tree::List(vec![Tree::List(vec![Tree::number(3.0)])]))])),
    ]);
    let yaml = "list:\n  - \"no\"\n  - \"yes\": \"a: b # c\"\n    n2: 2\n\"X-Region\": 0.5\nnone: []\nmap:\n  deep:\n    - - 3\n";
    assert_eq!(tree.as_yaml(), yaml);
    assert_eq!(
        tree.as_json().split_whitespace().collect::<String>(),
        r#"{"list":["no",{"yes":"a:b#c","n2":2}],"X-Region":0.5,"none":[],"map":{"deep":[[3]]}}"#
    );
}

#[test]
fn a_provider_without_a_key_is_not_sent_that_of_another() {
    let registry = Registry::parse("registry.toml", REGISTRY).unwrap();
    let table = table("[[route]]\nname = 'all'\nprimary = [{ model = 'big' }]\n");
    let resolved = resolve(&table, &registry).unwrap();
    let yaml = export(&table, &resolved, &registry, Gateway::LiteLlm).text;
    assert!(yaml.contains("api_base: \"http://first.example/v1\"\n      api_key: \"none\"\n"), "{yaml}");
    let json = export(&table, &resolved, &registry, Gateway::Portkey).text;
    assert!(json.starts_with("{\n  \"name\": \"all\",\n  \"strategy\": {\n    \"mode\": \"fallback\""), "{json}");
    assert!(json.contains("\"request_timeout\": 30000"), "one route needs no condition: {json}");
}
