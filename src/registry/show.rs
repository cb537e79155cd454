//! The registry as a table, for people and for programs.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use jiff::civil::Date;
use serde::Serialize;

use crate::registry::model::{Endpoint, Registry};
use crate::units::{Usd, UsdPerMtok, grouped};

/// A model at a provider as `registry show` lists it. Field names are the columns of the CSV and the keys of
/// the JSON form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownOffer {
    /// The model's id.
    pub model: String,
    /// The model's tier; absent where it has none.
    pub tier: Option<u8>,
    /// The provider's id.
    pub provider: String,
    /// The ids of its regions; empty where it names none.
    pub regions: Vec<String>,
    /// Whether these are all regions of the registry.
    #[serde(skip)]
    pub everywhere: bool,
    /// The price of prompt tokens; absent: unknown.
    pub input_usd_per_mtok: Option<UsdPerMtok>,
    /// The price of generated tokens; absent: unknown.
    pub output_usd_per_mtok: Option<UsdPerMtok>,
    /// The price of prompt tokens read from the provider's cache; absent: the input price.
    pub cached_input_usd_per_mtok: Option<UsdPerMtok>,
    /// The price of prompt tokens written to the provider's cache; absent: the input price.
    pub cache_write_usd_per_mtok: Option<UsdPerMtok>,
    /// The price of generated tokens spent on reasoning; absent: the output price.
    pub reasoning_usd_per_mtok: Option<UsdPerMtok>,
    /// What a request costs besides its tokens; absent: nothing.
    pub per_request_usd: Option<Usd>,
    /// What an image of a prompt costs besides its tokens; absent: nothing.
    pub per_image_usd: Option<Usd>,
    /// How many overrides change the price for some requests.
    pub overrides: usize,
    /// The currency the price is listed in, an ISO 4217 code; absent: no price is known.
    pub currency: Option<String>,
    /// Which prices of the row are assumptions.
    pub assumed: Vec<&'static str>,
    /// The context window in tokens; absent: unknown.
    pub context_tokens: Option<u64>,
    /// The first day of the price in force; absent: no price is known.
    pub price_from: Option<String>,
    /// Days since that day.
    pub days_since_checked: Option<i32>,
    /// Who says so.
    pub price_source: Option<String>,
}

/// Every offer with the price in force on `date`, the cheapest output first and unknown prices last.
pub fn show(registry: &Registry, date: Date) -> Vec<ShownOffer> {
    let offers = registry.models.iter().enumerate();
    let offers = offers.flat_map(|(model, entry)| (0..entry.offers.len()).map(move |offer| (model, offer)));
    let mut rows: Vec<ShownOffer> = offers.map(|(model, offer)| row(registry, model, offer, date)).collect();
    rows.sort_by(|a, b| {
        let order = |row: &ShownOffer| (row.output_usd_per_mtok.is_none(), row.output_usd_per_mtok);
        (order(a), &a.model, &a.provider).cmp(&(order(b), &b.model, &b.provider))
    });
    rows
}

/// The rows for a terminal of `width` columns, or as wide as they are; `~` marks assumed prices.
///
/// Where that is too wide, regions are counted instead of named, and a provider that is the same in all rows is
/// left out.
pub fn shown_as_text(rows: &[ShownOffer], width: Option<u16>) -> String {
    let mut text = table(rows, Room::Plenty, None);
    let fits = |text: &str, width: u16| text.lines().all(|line| line.chars().count() <= usize::from(width));
    if let Some(width) = width.filter(|width| !fits(&text, *width)) {
        text = table(rows, Room::Scarce, Some(width));
    }
    if rows.iter().any(|row| row.assumed.iter().any(|key| ["input", "output"].contains(key))) {
        text.push_str("\n~ is an assumption: no figure is published\n");
    }
    text
}

/// The rows as CSV with a header; lists are separated by spaces, and what is unknown is an empty cell.
pub fn shown_as_csv(rows: &[ShownOffer]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(CSV_COLUMNS).expect("writing to memory cannot fail");
    for row in rows {
        let cells = [
            row.model.clone(),
            or_empty(row.tier),
            row.provider.clone(),
            row.regions.join(" "),
            or_empty(row.input_usd_per_mtok),
            or_empty(row.output_usd_per_mtok),
            or_empty(row.cached_input_usd_per_mtok),
            or_empty(row.cache_write_usd_per_mtok),
            or_empty(row.reasoning_usd_per_mtok),
            or_empty(row.per_request_usd),
            or_empty(row.per_image_usd),
            row.overrides.to_string(),
            or_empty(row.currency.as_deref()),
            row.assumed.join(" "),
            or_empty(row.context_tokens),
            or_empty(row.price_from.as_deref()),
            or_empty(row.days_since_checked),
            or_empty(row.price_source.as_deref()),
        ];
        writer.write_record(cells).expect("every row has the header's columns");
    }
    let bytes = writer.into_inner().expect("writing to memory cannot fail");
    String::from_utf8(bytes).expect("all cells are UTF-8")
}

/// The rows as a JSON array; what is unknown is `null`, and prices are decimal strings.
pub fn shown_as_json(rows: &[ShownOffer]) -> String {
    let mut text = serde_json::to_string_pretty(rows).expect("rows hold nothing that JSON cannot");
    text.push('\n');
    text
}

const CSV_COLUMNS: [&str; 18] = [
    "model",
    "tier",
    "provider",
    "regions",
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cached_input_usd_per_mtok",
    "cache_write_usd_per_mtok",
    "reasoning_usd_per_mtok",
    "per_request_usd",
    "per_image_usd",
    "overrides",
    "currency",
    "assumed",
    "context_tokens",
    "price_from",
    "days_since_checked",
    "price_source",
];

/// How much of a row there is room for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Plenty,
    Scarce,
}

/// The columns of the text table, and whether they hold numbers.
const TEXT_COLUMNS: [(&str, bool); 9] = [
    ("model", false),
    ("tier", true),
    ("provider", false),
    ("regions", false),
    ("in $/M", true),
    ("out $/M", true),
    ("context", true),
    ("price from", false),
    ("days ago", true),
];

/// The provider's place among [`TEXT_COLUMNS`].
const PROVIDER: usize = 2;

fn table(rows: &[ShownOffer], room: Room, width: Option<u16>) -> String {
    let one_provider = rows.iter().all(|row| row.provider == rows[0].provider);
    let kept: Vec<usize> =
        (0..TEXT_COLUMNS.len()).filter(|column| *column != PROVIDER || room == Room::Plenty || !one_provider).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(kept.iter().map(|column| TEXT_COLUMNS[*column].0));
    for row in rows {
        let cells = text_cells(row, room);
        table.add_row(kept.iter().map(|column| &cells[*column]));
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if place == 0 { 0 } else { 2 }, 0));
        if TEXT_COLUMNS[kept[place]].1 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt() + "\n"
}

fn row(registry: &Registry, model: usize, offer: usize, date: Date) -> ShownOffer {
    // Prices do not depend on the region.
    let pricing = registry.pricing(Endpoint { model, offer, region: None });
    let (model, offer) = (&registry.models[model], &registry.models[model].offers[offer]);
    let price = pricing.on(date).map(|row| &row.price);
    let rates = price.map(|price| &price.rates);
    ShownOffer {
        model: model.id.clone(),
        tier: model.tier,
        provider: registry.providers[offer.provider].id.clone(),
        regions: offer.regions.iter().map(|&region| registry.regions[region].id.clone()).collect(),
        everywhere: offer.regions.len() == registry.regions.len(),
        input_usd_per_mtok: rates.and_then(|rates| rates.input),
        output_usd_per_mtok: rates.and_then(|rates| rates.output),
        cached_input_usd_per_mtok: rates.and_then(|rates| rates.cached_input),
        cache_write_usd_per_mtok: rates.and_then(|rates| rates.cache_write),
        reasoning_usd_per_mtok: rates.and_then(|rates| rates.reasoning),
        per_request_usd: rates.and_then(|rates| rates.per_request),
        per_image_usd: rates.and_then(|rates| rates.per_image),
        overrides: price.map_or(0, |price| price.overrides.len()),
        currency: price.map(|price| price.currency.clone()),
        assumed: rates.map(|rates| rates.assumed.iter().map(|key| key.name()).collect()).unwrap_or_default(),
        context_tokens: model.context,
        price_from: price.map(|price| price.from.to_string()),
        days_since_checked: price.map(|price| days_between(price.from, date)),
        price_source: price.and_then(|price| price.source.clone()),
    }
}

/// Whole days from `first` to `second`.
fn days_between(first: Date, second: Date) -> i32 {
    second.since(first).map_or(0, |span| span.get_days())
}

fn text_cells(row: &ShownOffer, room: Room) -> [String; 9] {
    let price = |price: Option<UsdPerMtok>, key| {
        let mark = if row.assumed.contains(&key) { "~" } else { "" };
        price.map_or_else(|| "unknown".to_owned(), |price| format!("{mark}{price}"))
    };
    let regions = match row.regions.as_slice() {
        all if row.everywhere && all.len() > 1 => format!("all {}", all.len()),
        some if room == Room::Plenty => some.join(" "),
        some => some.len().to_string(),
    };
    [
        row.model.clone(),
        or_empty(row.tier),
        row.provider.clone(),
        regions,
        price(row.input_usd_per_mtok, "input"),
        price(row.output_usd_per_mtok, "output"),
        row.context_tokens.map_or_else(|| "unknown".to_owned(), |tokens| grouped(&tokens.to_string())),
        or_empty(row.price_from.as_deref()),
        or_empty(row.days_since_checked),
    ]
}

fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(day: &str) -> Vec<ShownOffer> {
        show(&Registry::built_in(), day.parse().unwrap())
    }

    #[test]
    fn the_cheapest_output_comes_first() {
        insta::assert_snapshot!(shown_as_text(&rows("2026-07-01"), None), @r"
        model              tier  provider     regions                             in $/M  out $/M  context  price from  days ago
        glm-4-9b              0  global-apis  all 4                                ~0.01     0.01  unknown  2026-05-01        61
        qwen2.5-7b            0  global-apis  all 4                                ~0.01     0.01  unknown  2026-05-01        61
        qwen3-8b              0  global-apis  all 4                                ~0.01     0.01   32,000  2026-05-01        61
        step-3.5-flash        1  global-apis  all 4                                 0.13     0.15   32,000  2026-05-01        61
        deepseek-v4-flash     1  global-apis  us-east-1 eu-west-1 ap-southeast-1    0.18     0.25  128,000  2026-05-01        61
        qwen3-32b             1  global-apis  all 4                                 0.18     0.28   32,000  2026-05-01        61
        glm-4-32b             2  global-apis  all 4                                ~0.56     0.56  unknown  2026-05-01        61
        hunyuan-turbo         2  global-apis  all 4                                ~0.57     0.57   32,000  2026-05-01        61
        deepseek-v4-pro       3  global-apis  all 4                                 0.57     0.78  128,000  2026-05-01        61
        glm-4.6v              2  global-apis  all 4                                 0.39     0.80   32,000  2026-05-01        61

        ~ is an assumption: no figure is published
        ");
    }

    #[test]
    fn a_narrow_terminal_gets_narrow_lines() {
        let text = shown_as_text(&rows("2026-07-01"), Some(80));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 13, "no row is broken in two\n{text}");
        assert_eq!(lines[5], "deepseek-v4-flash     1  3          0.18     0.25  128,000  2026-05-01        61");
    }

    #[test]
    fn before_the_first_price_every_price_is_unknown() {
        let rows = rows("2026-04-30");
        assert_eq!(rows.len(), 10);
        assert_eq!(rows[0].model, "deepseek-v4-flash");
        assert!(rows.iter().all(|row| row.output_usd_per_mtok.is_none() && row.days_since_checked.is_none()));
        let csv = shown_as_csv(&rows[..1]);
        assert_eq!(
            csv.lines().nth(1),
            Some("deepseek-v4-flash,1,global-apis,us-east-1 eu-west-1 ap-southeast-1,,,,,,,,0,,,128000,,,")
        );
    }

    #[test]
    fn csv_holds_exact_prices_and_empty_cells() {
        let csv = shown_as_csv(&rows("2026-05-01"));
        assert_eq!(
            csv.lines().take(2).collect::<Vec<_>>(),
            [
                "model,tier,provider,regions,input_usd_per_mtok,output_usd_per_mtok,cached_input_usd_per_mtok,\
                 cache_write_usd_per_mtok,reasoning_usd_per_mtok,per_request_usd,per_image_usd,overrides,currency,\
                 assumed,context_tokens,price_from,days_since_checked,price_source",
                "glm-4-9b,0,global-apis,us-east-1 us-west-2 eu-west-1 ap-southeast-1,0.01,0.01,,,,,,0,USD,input,,\
                 2026-05-01,0,\"Global API catalogue, May 2026\"",
            ]
        );
    }

    #[test]
    fn json_has_the_same_names_as_csv() {
        let json: serde_json::Value = serde_json::from_str(&shown_as_json(&rows("2026-05-02"))).unwrap();
        let mut names: Vec<&str> = json[0].as_object().unwrap().keys().map(String::as_str).collect();
        let mut columns = CSV_COLUMNS.to_vec();
        names.sort_unstable();
        columns.sort_unstable();
        assert_eq!(names, columns);
        assert_eq!(json[9]["output_usd_per_mtok"], "0.80");
        assert_eq!(json[0]["context_tokens"], serde_json::Value::Null);
        assert_eq!(json[0]["days_since_checked"], 1);
    }
}
