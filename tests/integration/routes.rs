//! `routes check` and `routes show`.

use crate::sandbox::Sandbox;

/// `text` on one line, without the frame that a broken line is drawn with.
fn flat(text: &str) -> String {
    text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

/// The stderr of `routes check routes.toml` with this table, which is refused.
#[track_caller]
fn refused(table: &str) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("routes.toml", table);
    let ran = sandbox.run(&["routes", "check", "routes.toml"]).exits_with(2);
    assert!(ran.stdout.is_empty(), "{ran}");
    flat(&ran.stderr)
}

#[test]
fn the_built_in_table_is_in_order_and_says_what_goes_where() {
    let ran = Sandbox::new().run(&["routes", "check"]).exits_with(0);
    assert_eq!(ran.stderr, "", "{ran}");
    insta::assert_snapshot!(ran.stdout, @r"
    built-in: ok, 9 routes against the registry `built-in`

    `qwen3-8b` labels each request within 2 s; else it is tier 1.
    Tried again elsewhere after connect, timeout, 5xx and 429, 30 s an attempt, the nearest region first.
    A region is skipped for 30 s when over 0.5 % of 200 attempts or more fail in 60 s.

    route             takes                               first                           then                                          over the window
    autocomplete      class autocomplete, without images  step-3.5-flash                  qwen3-32b                                     to deepseek-v4-flash
    a person decides  tier 4                              a person                        –                                             –
    vision            with images                         glm-4.6v                        –                                             rejected
    documents         class documents                     glm-4-32b                       hunyuan-turbo                                 cut for deepseek-v4-flash
    decisions         tier 0                              qwen3-8b (us-west-2 us-east-1)  glm-4-9b (us-east-1), qwen2.5-7b (eu-west-1)  to deepseek-v4-flash
    everyday          tier 1                              deepseek-v4-flash               qwen3-32b                                     cut for deepseek-v4-flash
    contractual       tier 2                              hunyuan-turbo                   glm-4-32b                                     to deepseek-v4-pro
    premium           tier 3                              deepseek-v4-pro                 hunyuan-turbo                                 cut for deepseek-v4-flash
    the rest          the rest                            deepseek-v4-flash               qwen3-32b                                     cut for deepseek-v4-flash

    A price is an assumption, printed with ~, of glm-4-32b, glm-4-9b, hunyuan-turbo, qwen2.5-7b, qwen3-8b
    ");
    let shown = Sandbox::new().run(&["routes", "show"]).exits_with(0);
    let table = shown.stdout.trim_end();
    assert!(ran.stdout.contains(table), "{shown}");
}

#[test]
fn all_mistakes_of_a_table_are_shown_at_once_with_their_places() {
    let stderr = refused(
        "schema = 1\n[failover]\non = [\"tiemout\"]\n[[route]]\nname = \"a\"\nmatch = { teir = 1 }\n\
         primary = [{ model = \"qwen3-8b\", weight = 0 }]\nescalate_to = \"deepseek-v4-pro\"\n",
    );
    for text in [
        "routes.toml:3:7: `tiemout` is no group of outcomes and no outcome",
        "did you mean `timeout`?",
        "routes.toml:6:11: `teir` is not a key of `[route.match]`",
        "did you mean `tier`?",
        "routes.toml:7:11: `primary` has no weight above 0, so that nobody would be called: one must have",
        "routes.toml:8:15: `escalate_to` is used with `on_overflow = \"escalate\"` alone",
    ] {
        assert!(stderr.contains(text), "stderr lacks: {text}\n{stderr}");
    }
}

#[test]
fn what_a_table_says_against_the_registry_is_shown_at_once_with_what_would_be_right() {
    let stderr = refused(
        "schema = 1\n[[route]]\nname = \"one\"\nmatch = { tier = 1 }\nprimary = [{ model = \"qwen3-9b\" }]\n\
         fallback = [{ model = \"qwen3-8b\", regions = [\"us-west-3\"] }, { model = \"deepseek-v4-flash\", regions = [\"us-west-2\"] }]\n\
         [[route]]\nname = \"chat\"\nmatch = { tier = 1, class = \"chat\" }\nprimary = [{ model = \"qwen3-32b\" }]\n\
         on_overflow = \"escalate\"\nescalate_to = \"hunyuan-turbo\"\n\
         [[route]]\nname = \"images\"\nmatch = { tier = 2, needs_vision = true }\nprimary = [{ model = \"hunyuan-turbo\" }]\n",
    );
    for text in [
        "routes.toml:5:22: `qwen3-9b` is no model of the registry",
        "did you mean `qwen3-8b`?",
        "routes.toml:6:46: `us-west-3` is no region of the registry",
        "did you mean `us-west-2`?",
        "`deepseek-v4-flash` is not offered in `us-west-2`, so that nobody would be called",
        "routes.toml:9:9: `chat` can never match: `one` on line 2 takes every such request first",
        "routes.toml:12:15: `hunyuan-turbo` has a window of 32,000 tokens",
        "routes.toml:14:8: tiers 0, 3 and 4 have no route",
        "routes.toml:14:8: some requests of tier 2 have no route, such as those without an image",
        "routes.toml:16:22: `hunyuan-turbo` cannot see, and `images` takes requests with images",
        "in the registry these see: `glm-4.6v`",
    ] {
        assert!(stderr.contains(text), "stderr lacks: {text}\n{stderr}");
    }
}

#[test]
fn what_may_not_be_meant_is_a_warning_and_passes() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "routes.toml",
        "schema = 1\n[[route]]\nname = \"two\"\nmatch = { tier = 2 }\nprimary = [{ model = \"qwen3-32b\" }]\n\
         [[route]]\nname = \"rest\"\nprimary = [{ model = \"deepseek-v4-flash\", regions = [\"us-west-2\", \"us-east-1\"] }]\n",
    );
    let ran = sandbox.run(&["routes", "check", "routes.toml"]).exits_with(0);
    for text in [
        "⚠ routes.toml:3:8: a request with an image reaches `two`, none of whose models sees",
        "⚠ routes.toml:7:8: tiers 0, 1, 3 and 4 fall to the last route, `rest`",
        "⚠ routes.toml:8:54: `deepseek-v4-flash` is not offered in `us-west-2`, which is passed over",
    ] {
        assert!(flat(&ran.stderr).contains(text), "stderr lacks: {text}\n{ran}");
    }
    let first = "routes.toml: ok, 2 routes against the registry `built-in`, 3 warnings\n";
    assert!(ran.stdout.starts_with(first), "{ran}");
}

#[test]
fn a_table_is_held_against_the_registry_it_names_or_the_one_that_is_given() {
    let registry = |price: &str| {
        format!(
            "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"http://p.example/v1\"\n[[model]]\nid = \"mine\"\n\
             capabilities = [\"vision\"]\n[[model.at]]\nprovider = \"p\"\n{price}"
        )
    };
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("conf")).unwrap();
    sandbox
        .write(
            "conf/routes.toml",
            "schema = 1\nregistry = \"mine.toml\"\n[[route]]\nname = \"all\"\nprimary = [{ model = \"mine\" }]\n",
        )
        .write("conf/mine.toml", &registry(""))
        .write("priced.toml", &registry("[[model.at.price]]\nfrom = \"2026-01-01\"\ninput = \"1\"\noutput = \"1\"\n"));
    let ran = sandbox.run(&["routes", "check", "conf/routes.toml"]).exits_with(0);
    assert!(
        ran.stdout.starts_with("conf/routes.toml: ok, 1 route against the registry `conf/mine.toml`, 1 warning"),
        "{ran}"
    );
    assert!(ran.stderr.contains("the input and output prices of `mine` on "), "{ran}");
    let ran = sandbox.run(&["routes", "check", "conf/routes.toml", "--registry", "priced.toml"]).exits_with(0);
    assert!(ran.stderr.is_empty(), "{ran}");
    let ran = sandbox.run(&["routes", "check", "none.toml"]).exits_with(2);
    let said = "error: cannot read routing table `none.toml`\n  caused by: No such file or directory";
    assert!(ran.stderr.starts_with(said), "{ran}");
}
