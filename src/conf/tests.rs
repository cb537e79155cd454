//! The walk over a small made-up format.

use super::*;
use crate::units::UsdPerMtok;

/// Reads a made-up format and gives the mistakes as `line:column message (hint)`.
fn mistakes(text: &str) -> Vec<String> {
    let Err(faults) = read(text) else { return Vec::new() };
    let shown = |fault: &Fault| {
        let hint = fault.hint().map_or(String::new(), |hint| format!(" ({hint})"));
        format!("{}:{} {}{hint}", fault.line(), fault.column(), fault.message())
    };
    faults.iter().map(shown).collect()
}

fn read(text: &str) -> Result<(), Faults> {
    let document = Document::parse("shop.toml", text);
    let root = document.root();
    root.optional("open").and_then(Field::boolean);
    for item in root.tables("item") {
        item.string("id", "id = \"pear\"");
        item.optional("weight").and_then(|field| field.integer(1..=9));
        item.optional("share").and_then(Field::ratio);
        item.optional("price").and_then(Field::decimal::<UsdPerMtok>);
        item.optional("wait").and_then(Field::timeout);
        item.optional("since").and_then(Field::date);
        item.optional("kind").and_then(|field| field.one_of(&[("fruit", 1), ("nut", 2)]));
        item.optional("tags").map(Field::elements).into_iter().flatten().for_each(|tag| {
            tag.string();
        });
        item.finish();
    }
    root.finish();
    document.finish(())
}

#[test]
fn a_file_without_mistakes_is_read() {
    let text = "schema = 1\n[[item]]\nid = 'pear'\nweight = 0x9\nshare = 1\nprice = '0.25'\nwait = '1m'\n\
                since = '2026-05-01'\nkind = 'nut'\ntags = ['a']\n";
    assert_eq!(mistakes(text), Vec::<String>::new());
}

#[test]
fn all_mistakes_of_a_file_are_found_at_once_in_the_order_of_lines() {
    let text = "\
schema = 1
open = 1
[[item]]
weight = 12
share = 1.5
price = 0.25
wiat = '2m'
[[item]]
id = 'é'
since = '2026-13-01'
kind = 'friut'
tags = ['a', 3]
wait = '2 m'
";
    assert_eq!(
        mistakes(text),
        [
            "2:8 `open` is a whole number, must be true or false",
            "3:1 `id` is missing in `[[item]]`, write it like `id = \"pear\"`",
            "4:10 `weight` is 12, must be 1 to 9",
            "5:9 `share` is 1.5, must be 0 to 1",
            "6:9 `price` is a number with a point, must be a decimal in quotes, such as \"0.25\"",
            "7:1 `wiat` is not a key of `[[item]]` (did you mean `wait`?)",
            "10:9 `since` is `2026-13-01`, must be a day such as \"2026-05-01\"",
            "11:8 `friut` is not a value of `kind` (did you mean `fruit`?)",
            "12:14 `tags` is a whole number, must be a string in quotes",
            "13:8 `wait` is `2 m`, which is not a time, write it like \"500ms\", \"30s\", \"2m\", \"1h\" or \"30d\"",
        ]
    );
}

#[test]
fn a_schema_that_is_missing_or_from_another_time_is_refused() {
    assert_eq!(mistakes("open = true\n"), ["1:1 `schema` is missing in the file, write it like `schema = 1`"]);
    assert_eq!(mistakes("schema = 2\n"), ["1:10 `schema` is 2, must be 1"]);
    assert_eq!(mistakes(""), ["1:1 `schema` is missing in the file, write it like `schema = 1`"]);
}

#[test]
fn broken_syntax_does_not_hide_the_mistakes_on_other_lines() {
    let found = mistakes("schema = 1\n[[item]]\nid = \nweight = 12\nshare = 2.0.0\n");
    let lines: Vec<&str> = found.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(lines, ["3", "4", "5"], "{found:#?}");
    assert!(found[0].contains("is not TOML"), "{}", found[0]);
    assert_eq!(found[1], "4:10 `weight` is 12, must be 1 to 9");
}

#[test]
fn what_broken_syntax_may_have_swallowed_is_not_called_missing() {
    let found = mistakes("[[item]\n");
    assert_eq!(found, ["1:8 is not TOML: unclosed array table, expected `]`"]);
}

#[test]
fn a_slip_beside_the_right_key_is_still_recognised() {
    let found = mistakes("schema = 1\nopen = true\nopenn = true\n");
    assert_eq!(found, ["3:1 `openn` is not a key of the file (did you mean `open`?)"]);
}

#[test]
fn a_key_that_is_given_twice_is_a_mistake() {
    let found = mistakes("schema = 1\nopen = true\nopen = false\n");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("3:1 is not TOML: duplicate key"), "{}", found[0]);
}

#[test]
fn a_number_out_of_range_is_told_the_end_it_is_beyond() {
    let problem = |number: &str| {
        let text = format!("schema = 1\nn = {number}\n");
        let document = Document::parse("n.toml", &text);
        let root = document.root();
        root.optional("n").and_then(|field| field.count(1));
        root.finish();
        document.finish(()).unwrap_err().iter().next().unwrap().message().to_owned()
    };
    assert_eq!(problem("0"), "`n` is 0, must be at least 1");
    assert_eq!(problem("-3"), "`n` is -3, must be at least 1");
    assert_eq!(problem("4294967296"), "`n` is 4294967296, must be at most 4294967295");
    assert_eq!(problem("99999999999999999999999"), "`n` is 99999999999999999999999, must be at most 4294967295");
}

#[test]
fn a_list_where_tables_are_wanted_is_a_mistake() {
    assert_eq!(
        mistakes("schema = 1\nitem = 3\n"),
        ["2:8 `item` is a whole number, must be a list of tables, each opened by `[[item]]`"]
    );
}

#[test]
fn a_mistake_is_drawn_with_its_line_a_caret_and_the_hint() {
    let faults = read("schema = 1\n[[item]]\nid = 'pear'\nkind = 'friut'\n").unwrap_err();
    assert_eq!(faults.to_string(), "`shop.toml` has 1 mistake");
    let fault = faults.iter().next().unwrap();
    assert_eq!(fault.to_string(), "shop.toml:4:8: `friut` is not a value of `kind`");
    insta::assert_snapshot!(faults.drawn(false, 100), @r"
      × shop.toml:4:8: `friut` is not a value of `kind`
       ╭─[shop.toml:4:8]
     3 │ id = 'pear'
     4 │ kind = 'friut'
       ·        ───────
       ╰────
      help: did you mean `fruit`?
    ");
}

#[test]
fn a_secret_in_a_file_is_not_repeated_in_its_messages() {
    let faults = read("schema = 1\nopen = 3\napi_key = 'sk-1234'\nopenn = 1\n").unwrap_err();
    let drawn = faults.drawn(false, 100);
    assert!(drawn.contains("api_key = *********"), "{drawn}");
    assert!(!format!("{drawn}{faults:?}").contains("sk-1234"), "{drawn}");
}
