//! A value of a file under reading, with its place.

use std::ops::{Range, RangeInclusive};
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::DeValue;

use crate::conf::document::Document;
use crate::conf::duration::parse_duration;
use crate::conf::fault::Kind;
use crate::conf::nearest::nearest;
use crate::conf::table::Table;
use crate::units::{MoneyError, NotPositive, Positive};

/// From here on the upper end of a range is no limit worth a word, but for a number that is over it.
const OPEN_END: u64 = u32::MAX as u64;

/// A value and the key it stands under. Each reading notes what is wrong and is absent then.
#[derive(Clone, Copy, Debug)]
pub struct Field<'d> {
    document: &'d Document<'d>,
    key: &'d str,
    value: &'d Spanned<DeValue<'d>>,
}

impl<'d> Field<'d> {
    pub(super) fn new(document: &'d Document<'d>, key: &'d str, value: &'d Spanned<DeValue<'d>>) -> Self {
        Self { document, key, value }
    }

    /// The key it stands under; for an element, the key of its list.
    pub fn key(self) -> &'d str {
        self.key
    }

    /// The bytes of the file that the value stands on.
    pub fn span(self) -> Range<usize> {
        self.value.span()
    }

    /// The line that the value begins on, from 1.
    pub fn line(self) -> usize {
        self.document.line_at(self.span().start)
    }

    /// A string that is not empty.
    pub fn string(self) -> Option<&'d str> {
        let Some(text) = self.value.get_ref().as_str() else {
            return self.wrong_type("a string in quotes");
        };
        if text.trim().is_empty() {
            self.fault("is empty, must be a text");
            return None;
        }
        Some(text)
    }

    /// A whole number within `range`.
    pub fn integer(self, range: RangeInclusive<u64>) -> Option<u64> {
        let Some(number) = self.value.get_ref().as_integer() else {
            return self.wrong_type("a whole number");
        };
        let read = u64::from_str_radix(number.as_str(), number.radix()).ok();
        let inside = read.filter(|read| range.contains(read));
        if inside.is_none() {
            let too_large =
                read.is_some_and(|read| read > *range.end()) || (read.is_none() && !number.as_str().starts_with('-'));
            let right = match (*range.start(), *range.end()) {
                (low, high) if low == high => format!("must be {low}"),
                (low, high) if high < OPEN_END => format!("must be {low} to {high}"),
                (_, high) if too_large => format!("must be at most {high}"),
                (low, _) => format!("must be at least {low}"),
            };
            self.fault(&format!("is {number}, {right}"));
        }
        inside
    }

    /// A whole number from `low` to the largest that 32 bits hold.
    pub fn count(self, low: u32) -> Option<u32> {
        let count = self.integer(low.into()..=u32::MAX.into())?;
        Some(u32::try_from(count).expect("the range ends at the largest u32"))
    }

    /// A number from 0 to 1.
    pub fn ratio(self) -> Option<f64> {
        let text = self.number("a number from 0 to 1")?;
        let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        if ratio.is_none() {
            self.fault(&format!("is {text}, must be 0 to 1"));
        }
        ratio
    }

    /// A number above 0, such as a rate.
    pub fn positive(self) -> Option<Positive> {
        let text = self.number("a number")?;
        text.parse().map_err(|error: NotPositive| self.fault(&format!("is {text}, {error}"))).ok()
    }

    /// Any number, with a point or without; `right` says in words what it must be.
    pub fn any_number(self, right: &str) -> Option<f64> {
        self.number(right)?.replace('_', "").parse().ok()
    }

    /// `true` or `false`.
    pub fn boolean(self) -> Option<bool> {
        self.value.get_ref().as_bool().or_else(|| self.wrong_type("true or false"))
    }

    /// An amount or a price: a decimal in a string, so that no float touches money.
    pub fn decimal<T: FromStr<Err = MoneyError>>(self) -> Option<T> {
        match self.value.get_ref() {
            DeValue::String(text) => {
                let read = text.parse();
                read.map_err(|error: MoneyError| self.fault(&format!("is `{text}`, which {error}"))).ok()
            }
            DeValue::Integer(_) | DeValue::Float(_) => self.wrong_type("a decimal in quotes, such as \"0.25\""),
            _ => self.wrong_type("a decimal string, such as \"0.25\""),
        }
    }

    /// A length of time such as `"30s"`.
    pub fn duration(self) -> Option<Duration> {
        let Some(text) = self.value.get_ref().as_str() else {
            return self.wrong_type("a time in quotes, such as \"30s\"");
        };
        parse_duration(text).map_err(|error| self.fault(&format!("is `{text}`, which {error}"))).ok()
    }

    /// A length of time of at least a millisecond, for limits: with none, nothing could succeed.
    pub fn timeout(self) -> Option<Duration> {
        let time = self.duration()?;
        if time.is_zero() {
            self.fault("is 0, must be at least \"1ms\"");
            return None;
        }
        Some(time)
    }

    /// A day such as `"2026-05-01"`.
    pub fn date(self) -> Option<Date> {
        let Some(text) = self.value.get_ref().as_str() else {
            return self.wrong_type("a day in quotes, such as \"2026-05-01\"");
        };
        // The parser takes other ISO forms too; files should have one way to write a day.
        let day = text.parse().ok().filter(|day: &Date| day.to_string() == text);
        if day.is_none() {
            self.fault(&format!("is `{text}`, must be a day such as \"2026-05-01\""));
        }
        day
    }

    /// One of `choices`, by its name.
    pub fn one_of<T: Copy>(self, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.string()?;
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            self.unknown_name(&format!("is not a value of `{}`", self.key), choices.iter().map(|(name, _)| *name));
        }
        found.map(|(_, value)| *value)
    }

    /// The elements of a list, each with its own place. An empty list is a mistake: leave the key out instead.
    pub fn elements(self) -> Vec<Field<'d>> {
        let Some(list) = self.value.get_ref().as_array() else {
            self.wrong_type::<()>("a list in brackets");
            return Vec::new();
        };
        if list.is_empty() {
            self.fault("is an empty list, must have an element or be left out");
        }
        list.iter().map(|value| Field { value, ..self }).collect()
    }

    /// The value as JSON, for what is handed on as it stands.
    pub fn json(self) -> Option<serde_json::Value> {
        use serde_json::Value as Json;
        Some(match self.value.get_ref() {
            DeValue::String(text) => Json::from(text.as_ref()),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Json::from(number),
                Err(_) => return self.wrong_type("a number that 64 bits hold"),
            },
            DeValue::Float(number) => match number.as_str().replace('_', "").parse().ok().and_then(finite) {
                Some(number) => Json::Number(number),
                None => return self.wrong_type("a number that JSON has"),
            },
            DeValue::Boolean(boolean) => Json::from(*boolean),
            DeValue::Datetime(_) => return self.wrong_type("a value that JSON has, such as a text in quotes"),
            DeValue::Array(list) => list.iter().map(|value| Field { value, ..self }.json()).collect::<Option<_>>()?,
            DeValue::Table(table) => {
                let entry = |key: &str, value| Some((key.to_owned(), Field { value, ..self }.json()?));
                Json::Object(table.iter().map(|(key, value)| entry(key.get_ref(), value)).collect::<Option<_>>()?)
            }
        })
    }

    /// Whether it is a list, for keys that take one value or several.
    pub fn is_list(self) -> bool {
        self.value.get_ref().is_array()
    }

    /// Whether it is a string, for keys that take a word or something else.
    pub fn is_string(self) -> bool {
        self.value.get_ref().is_str()
    }

    /// Notes that what stands here is wrong: `` `key` `` and then `problem`.
    pub fn fault(self, problem: &str) {
        self.document.note(self.value.span(), Kind::Value, format!("`{}` {problem}", self.key), None);
    }

    /// Notes the same with a hint on what to do.
    pub fn fault_with_hint(self, problem: &str, hint: &str) {
        self.document.note(self.value.span(), Kind::Value, format!("`{}` {problem}", self.key), Some(hint.to_owned()));
    }

    /// Notes that the name that stands here is not among `known`, and which of them was probably meant.
    pub fn unknown_name<'k>(self, problem: &str, known: impl Iterator<Item = &'k str> + Clone) {
        let name = self.value.get_ref().as_str().unwrap_or_default();
        let hint = match nearest(name, known.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => match known.map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => "none is given in this file".to_owned(),
                known => format!("known: {known}"),
            },
        };
        self.document.note(self.value.span(), Kind::Value, format!("`{name}` {problem}"), Some(hint));
    }

    /// Keeps the value out of everything that is shown: it may be a secret.
    pub fn mask(self) {
        self.document.mask(self.value.span());
    }

    pub(super) fn tables(self, path: &str) -> Vec<Table<'d>> {
        let elements = self.value.get_ref().as_array().map(|list| list.iter());
        let Some(elements) = elements.filter(|list| list.clone().all(|element| element.get_ref().is_table())) else {
            self.wrong_type::<()>(&format!("a list of tables, each opened by `[[{path}]]`"));
            return Vec::new();
        };
        let table = |element: &'d Spanned<DeValue<'d>>| {
            let contents = element.get_ref().as_table().expect("all elements are tables");
            Table::new(self.document, format!("`[[{path}]]`"), contents, element.span())
        };
        elements.map(table).collect()
    }

    /// A table; `path` is its dotted name in messages.
    pub fn table(self, path: &str) -> Option<Table<'d>> {
        let Some(contents) = self.value.get_ref().as_table() else {
            return self.wrong_type(&format!("a table, opened by `[{path}]`"));
        };
        Some(Table::new(self.document, format!("`[{path}]`"), contents, self.value.span()))
    }

    /// A number as it is written, with a point or without; `right` says in words what it must be.
    fn number(self, right: &str) -> Option<&'d str> {
        match self.value.get_ref() {
            DeValue::Float(number) => Some(number.as_str()),
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str()),
            _ => self.wrong_type(right),
        }
    }

    fn wrong_type<T>(self, right: &str) -> Option<T> {
        let is = match self.value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date without quotes",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.fault(&format!("is {is}, must be {right}"));
        None
    }
}

fn finite(number: f64) -> Option<serde_json::Number> {
    serde_json::Number::from_f64(number)
}
