//! Values that providers write in more than one shape: read as what they are, and never refused.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A string that may be null, missing or something else altogether.
///
/// An object counts as a string, since some write a tool's arguments as one; anything else counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Option<Cow<'a, str>>);

impl Text<'_> {
    /// The text; absent when it is missing, null or empty.
    pub fn said(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

/// Text, or a list of parts, of which some may be thoughts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A plain string, possibly absent.
    Text(Text<'a>),
    /// A list of `{type: thinking | text, ..}`.
    Parts(Vec<Part<'a>>),
}

impl Default for Content<'_> {
    fn default() -> Self {
        Self::Text(Text::default())
    }
}

impl Content<'_> {
    /// Whether it holds any text at all, on whichever channel.
    pub fn is_something(&self) -> bool {
        match self {
            Self::Text(text) => text.said().is_some(),
            Self::Parts(parts) => parts.iter().any(|part| part.is_thought() || part.text.said().is_some()),
        }
    }
}

/// A part of a content list, or of `reasoning_details`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct Part<'a> {
    /// Its visible text.
    #[serde(borrow)]
    pub text: Text<'a>,
    /// Its thoughts.
    #[serde(borrow)]
    pub thinking: Content<'a>,
    /// A summary of thoughts.
    #[serde(borrow)]
    pub summary: Text<'a>,
    /// Encrypted thoughts.
    #[serde(borrow)]
    pub data: Text<'a>,
}

impl Part<'_> {
    /// Whether it holds thoughts.
    pub fn is_thought(&self) -> bool {
        self.thinking.is_something() || self.summary.said().is_some() || self.data.said().is_some()
    }

    /// Hands each piece of its thoughts that can be read to `on_piece`.
    pub(crate) fn thoughts(&self, on_piece: &mut dyn FnMut(&str)) {
        match &self.thinking {
            Content::Text(text) => text.said().into_iter().for_each(&mut *on_piece),
            Content::Parts(parts) => parts.iter().filter_map(|part| part.text.said()).for_each(&mut *on_piece),
        }
        self.summary.said().into_iter().for_each(on_piece);
    }
}

/// A number of 0 or more, also where it is written as a string; anything else is passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Number {
    /// Missing, null, negative or no number at all.
    #[default]
    Absent,
    Whole(u64),
    Real(f64),
}

impl Number {
    /// The whole number, without its fraction.
    pub(crate) fn count(self) -> Option<u64> {
        match self {
            Self::Absent => None,
            Self::Whole(number) => Some(number),
            Self::Real(number) => Some(number as u64),
        }
    }

    // A cast would turn a negative into 0, which is a statement nobody made.
    fn real(number: f64) -> Self {
        if number >= 0.0 { Self::Real(number) } else { Self::Absent }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(Loose(PhantomData))? {
            Content::Text(text) => Ok(text),
            Content::Parts(_) => Ok(Self::default()),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Loose(PhantomData))
    }
}

struct Loose<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> Visitor<'de> for Loose<'a> {
    type Value = Content<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, null or a list of parts")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Content<'a>, E> {
        Ok(Content::Text(Text(Some(Cow::Borrowed(text)))))
    }
    fn visit_str<E>(self, text: &str) -> Result<Content<'a>, E> {
        Ok(Content::Text(Text(Some(Cow::Owned(text.to_owned())))))
    }
    fn visit_unit<E>(self) -> Result<Content<'a>, E> {
        Ok(Content::default())
    }
    fn visit_bool<E>(self, _: bool) -> Result<Content<'a>, E> {
        Ok(Content::default())
    }
    fn visit_i64<E>(self, _: i64) -> Result<Content<'a>, E> {
        Ok(Content::default())
    }
    fn visit_u64<E>(self, _: u64) -> Result<Content<'a>, E> {
        Ok(Content::default())
    }
    fn visit_f64<E>(self, _: f64) -> Result<Content<'a>, E> {
        Ok(Content::default())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content<'a>, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = list.next_element::<LoosePart<'a>>()? {
            parts.push(part.0);
        }
        Ok(Content::Parts(parts))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content<'a>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Content::Text(Text(Some(Cow::Borrowed("{}")))))
    }
}

/// A part that may be a bare string.
struct LoosePart<'a>(Part<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for LoosePart<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartVisitor<'a>(PhantomData<&'a str>);

        impl<'de: 'a, 'a> Visitor<'de> for PartVisitor<'a> {
            type Value = LoosePart<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a part of a content list")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<LoosePart<'a>, E> {
                Ok(LoosePart(Part { text: Text(Some(Cow::Borrowed(text))), ..Part::default() }))
            }
            fn visit_str<E>(self, text: &str) -> Result<LoosePart<'a>, E> {
                Ok(LoosePart(Part { text: Text(Some(Cow::Owned(text.to_owned()))), ..Part::default() }))
            }
            fn visit_unit<E>(self) -> Result<LoosePart<'a>, E> {
                Ok(LoosePart(Part::default()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LoosePart<'a>, A::Error> {
                Part::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(LoosePart)
            }
        }

        deserializer.deserialize_any(PartVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;

        impl<'de> Visitor<'de> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or null")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
                Ok(Number::Whole(number))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(u64::try_from(number).map_or(Number::Absent, Number::Whole))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Number, E> {
                Ok(Number::real(number))
            }
            fn visit_unit<E>(self) -> Result<Number, E> {
                Ok(Number::Absent)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Number, E> {
                Ok(Number::Absent)
            }
            fn visit_str<E>(self, text: &str) -> Result<Number, E> {
                let real = || text.parse().map_or(Number::Absent, Number::real);
                Ok(text.parse().map_or_else(|_| real(), Number::Whole))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Number, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Number::Absent)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Number::Absent)
            }
        }

        deserializer.deserialize_any(NumberVisitor)
    }
}
