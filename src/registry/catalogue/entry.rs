//! One model at one provider as a catalogue lists it, and what of it found no place.

use std::collections::BTreeSet;
use std::fmt;

use crate::registry::model::Capability;
use crate::registry::price::{Price, PriceKey, Rates};
use crate::units::{Usd, UsdPerMtok};

/// A model at a provider.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The catalogue's own name for it.
    pub(super) key: String,
    /// Who offers it.
    pub(super) host: Host,
    /// What the registry shall call it.
    pub(super) model: String,
    /// Its name on the wire.
    pub(super) send_as: String,
    /// Its name for people.
    pub(super) label: Option<String>,
    /// Its window in tokens.
    pub(super) context: Option<u64>,
    /// Tokens of an answer at most.
    pub(super) output_limit: Option<u64>,
    /// What it can do.
    pub(super) capabilities: BTreeSet<Capability>,
    /// What it costs, oldest first; none where the catalogue does not say.
    pub(super) prices: Vec<Price>,
}

/// Who offers a model.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Host {
    /// The catalogue's name for it.
    pub(super) id: String,
    /// Where it answers; absent where the catalogue does not say.
    pub(super) base_url: Option<String>,
    /// The variable that usually holds the key; absent likewise.
    pub(super) api_key_env: Option<String>,
}

/// Something a catalogue holds and the registry does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The catalogue's name for the entry.
    pub entry: String,
    /// The field; absent where the whole entry was left out.
    pub field: Option<String>,
    /// What stands there, as JSON; empty for a whole entry.
    pub value: String,
    /// Why it has no place.
    pub why: Why,
}

/// Why something of a catalogue has no place in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The entry is no model that answers in text, or not one at a provider.
    NotChat,
    /// The catalogue lists the same model at the same provider once more.
    Twice,
    /// The price depends on something that is known only later, as that of a router does.
    Varies,
    /// A price of a kind that the registry does not have.
    Price,
    /// An amount finer than a picodollar.
    Rounded,
    /// Providers of the same model differ, and the registry holds one figure for all.
    Differs,
    /// Not a price, and nothing that the registry has a key for.
    Other,
}

impl Why {
    /// Every reason, the gravest first.
    pub const ALL: [Self; 7] =
        [Self::NotChat, Self::Twice, Self::Varies, Self::Price, Self::Rounded, Self::Differs, Self::Other];

    /// Whether the whole entry was left out.
    pub const fn is_of_entry(self) -> bool {
        matches!(self, Self::NotChat | Self::Twice | Self::Varies)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotChat => "not a model that answers in text",
            Self::Twice => "stands there twice for its provider",
            Self::Varies => "has a price that varies with the request",
            Self::Price => "a price of a kind that the registry does not have",
            Self::Rounded => "rounded to a millionth of a dollar per million tokens",
            Self::Differs => "differs between providers of the same model",
            Self::Other => "no key of the registry",
        })
    }
}

/// Sets the figure `key` to `picos` picodollars for one token, request or image.
pub(super) fn set(rates: &mut Rates, key: PriceKey, picos: i128) {
    let (per_mtok, amount) = (Some(UsdPerMtok::from_picos_per_token(picos)), Some(Usd::from_picos(picos)));
    match key {
        PriceKey::Input => rates.input = per_mtok,
        PriceKey::Output => rates.output = per_mtok,
        PriceKey::CachedInput => rates.cached_input = per_mtok,
        PriceKey::CacheWrite => rates.cache_write = per_mtok,
        PriceKey::Reasoning => rates.reasoning = per_mtok,
        PriceKey::PerRequest => rates.per_request = amount,
        PriceKey::PerImage => rates.per_image = amount,
    }
}
