//! A small registry and tables for the tests of this module.

use jiff::civil::Date;

use crate::conf::{Fault, Faults};
use crate::registry::Registry;
use crate::routes::check::check;
use crate::routes::table::Table;

pub(super) const TODAY: Date = Date::constant(2026, 11, 24);

/// `big` has a window of 100,000 tokens in `east` alone, `small` one of 8,000, `dark` has none known, `eye` sees.
pub(super) const REGISTRY: &str = r#"
schema = 1
[[provider]]
id = "first"
base_url = "http://first.example/v1"
[[provider]]
id = "other"
base_url = "http://other.example/v1"
[[region]]
id = "east"
[[region]]
id = "west"
[[model]]
id = "small"
context = 8_000
[[model.at]]
provider = "first"
regions = ["east", "west"]
[[model.at.price]]
from = "2026-01-01"
input = "1"
output = "2"
assumed = ["input"]
[[model]]
id = "big"
context = 100_000
[[model.at]]
provider = "first"
regions = ["east"]
[[model.at.price]]
from = "2026-01-01"
input = "3"
output = "4"
[[model.at]]
provider = "other"
regions = ["west"]
[[model.at.price]]
from = "2026-01-01"
input = "3"
output = "4"
[[model]]
id = "dark"
[[model.at]]
provider = "first"
regions = ["east", "west"]
[[model.at.price]]
from = "2026-01-01"
input = "1"
[[model]]
id = "eye"
context = 8_000
capabilities = ["vision"]
[[model.at]]
provider = "first"
regions = ["east", "west"]
[[model.at.price]]
from = "2026-01-01"
input = "1"
output = "1"
"#;

/// The table of `routes` after the schema on line 1.
pub(super) fn table(routes: &str) -> Table {
    let text = format!("schema = 1\n{routes}");
    Table::parse("routes.toml", &text).unwrap_or_else(|faults| panic!("{}", faults.drawn(false, 100)))
}

/// The mistakes of `routes` against the registry above, as `line: message (hint)`.
pub(super) fn mistakes(routes: &str) -> Vec<String> {
    let registry = Registry::parse("registry.toml", REGISTRY).unwrap();
    check(&table(routes), &registry, TODAY).err().map(|faults| shown(&faults)).unwrap_or_default()
}

/// The warnings of `routes`, in the same form.
pub(super) fn warnings(routes: &str) -> Vec<String> {
    let registry = Registry::parse("registry.toml", REGISTRY).unwrap();
    let checked = check(&table(routes), &registry, TODAY);
    let checked = checked.unwrap_or_else(|faults| panic!("{}", faults.drawn(false, 100)));
    checked.warnings.map(|faults| shown(&faults)).unwrap_or_default()
}

fn shown(faults: &Faults) -> Vec<String> {
    let line = |fault: &Fault| {
        let hint = fault.hint().map_or(String::new(), |hint| format!(" ({hint})"));
        format!("{}: {}{hint}", fault.line(), fault.message())
    };
    faults.iter().map(line).collect()
}
