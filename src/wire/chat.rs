//! What one chunk of a chat completion, or a whole one, says, in the dialects of the wild.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::sample::Usage;
use crate::units::Usd;
use crate::wire::text::{Content, Part, Text};
use crate::wire::usage::{Reported, Sum};

/// A chunk of a stream or a whole completion: both have the same outer shape. Unknown fields are passed over.
///
/// What few chunks hold is boxed: a chunk is moved at each level of its reading, and is small this way.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chunk<'a> {
    /// The kind of object; `error` in the error dialect of some servers.
    #[serde(borrow)]
    pub object: Text<'a>,
    /// The first choice; absent when there is none, which is common.
    #[serde(borrow)]
    pub choices: FirstChoice<'a>,
    /// The model that answers, as it calls itself.
    #[serde(borrow)]
    pub model: Text<'a>,
    /// The service tier that it answers in, which may decide the price.
    #[serde(borrow)]
    pub service_tier: Text<'a>,
    /// The tokens so far.
    #[serde(borrow)]
    pub usage: Option<Box<Reported<'a>>>,
    /// Where one provider keeps its usage a second time.
    #[serde(borrow)]
    pub x_groq: Option<Box<UsageHolder<'a>>>,
    /// An error inside a reply that began well.
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

impl<'a> Chunk<'a> {
    /// The usage of the first place that holds whole counts, and whether these add up to the total stated there.
    ///
    /// Absent when no place does.
    pub fn usage(&self) -> Option<(Usage, Sum)> {
        self.usage_places().find_map(|reported| reported.fields.normalised())
    }

    /// What the provider says the request cost so far; absent when it does not say.
    pub fn stated_cost(&self) -> Option<Usd> {
        self.usage_places().find_map(|reported| reported.fields.stated_cost())
    }

    /// The usage as it was written: in the first place that holds whole counts, or else in the first that holds any
    /// usage at all.
    pub fn raw_usage(&self) -> Option<&'a str> {
        let whole = self.usage_places().find(|reported| reported.fields.normalised().is_some());
        whole.or_else(|| self.usage_places().next()).map(|reported| reported.raw)
    }

    fn usage_places(&self) -> impl Iterator<Item = &Reported<'a>> {
        let in_choice = self.choices.0.as_ref().and_then(|choice| choice.usage.as_deref());
        let in_extension = self.x_groq.as_ref().and_then(|extension| extension.usage.as_deref());
        [self.usage.as_deref(), in_choice, in_extension].into_iter().flatten()
    }
}

/// The first of a list of choices that may be empty, null or missing; all others are passed over.
#[derive(Debug, Default)]
pub struct FirstChoice<'a>(pub Option<Choice<'a>>);

/// One choice: a piece of it in a stream, all of it otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Choice<'a> {
    /// What this chunk adds; absent when missing or null.
    #[serde(borrow)]
    pub delta: Option<Delta<'a>>,
    /// The whole answer, where it is not streamed.
    #[serde(borrow)]
    pub message: Option<Box<Delta<'a>>>,
    /// Why generation ended; absent before it has.
    #[serde(borrow)]
    pub finish_reason: Text<'a>,
    /// Where one provider keeps its usage.
    #[serde(borrow)]
    pub usage: Option<Box<Reported<'a>>>,
}

impl<'a> Choice<'a> {
    /// What was said, in whichever field it stands.
    pub fn words(&self) -> Option<&Delta<'a>> {
        self.delta.as_ref().or(self.message.as_deref())
    }
}

/// A piece of an answer on one or more channels.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Delta<'a> {
    /// The visible answer.
    #[serde(borrow)]
    pub content: Content<'a>,
    /// A refusal in words, which is visible too.
    #[serde(borrow)]
    pub refusal: Text<'a>,
    /// Thoughts.
    #[serde(borrow)]
    pub reasoning_content: Text<'a>,
    /// Thoughts, elsewhere.
    #[serde(borrow)]
    pub reasoning: Text<'a>,
    /// Thoughts as a list of parts.
    #[serde(borrow)]
    pub reasoning_details: Content<'a>,
    /// Calls of tools.
    #[serde(borrow)]
    pub tool_calls: Option<Vec<ToolCall<'a>>>,
    /// The call of a tool in the form that came before `tool_calls`.
    #[serde(borrow)]
    pub function_call: Option<Box<Function<'a>>>,
}

impl Delta<'_> {
    /// Hands each piece of the visible answer to `on_piece`, in order; empty ones are left out.
    pub fn visible(&self, mut on_piece: impl FnMut(&str)) {
        match &self.content {
            Content::Text(text) => text.said().into_iter().for_each(&mut on_piece),
            Content::Parts(parts) => parts.iter().filter_map(|part| part.text.said()).for_each(&mut on_piece),
        }
        self.refusal.said().into_iter().for_each(on_piece);
    }

    /// The visible answer, where it is one string and nothing is said on any other channel; absent otherwise.
    pub fn only_content(&self) -> Option<&str> {
        let Content::Text(text) = &self.content else { return None };
        let others = self.refusal.said().is_some() || self.is_reasoning() || self.functions().next().is_some();
        text.said().filter(|_| !others)
    }

    /// Whether it holds thoughts.
    pub fn is_reasoning(&self) -> bool {
        let in_content = match &self.content {
            Content::Text(_) => false,
            Content::Parts(parts) => parts.iter().any(Part::is_thought),
        };
        in_content
            || self.reasoning_content.said().is_some()
            || self.reasoning.said().is_some()
            || self.reasoning_details.is_something()
    }

    /// Hands each piece of readable thoughts to `on_piece`; what stands in two fields is handed over once.
    pub fn thoughts(&self, mut on_piece: impl FnMut(&str)) {
        match (self.reasoning_content.said().or(self.reasoning.said()), &self.reasoning_details) {
            (Some(text), _) => on_piece(text),
            (None, Content::Text(text)) => text.said().into_iter().for_each(&mut on_piece),
            (None, Content::Parts(parts)) => {
                for part in parts {
                    part.text.said().into_iter().for_each(&mut on_piece);
                    part.thoughts(&mut on_piece);
                }
            }
        }
        if let Content::Parts(parts) = &self.content {
            parts.iter().for_each(|part| part.thoughts(&mut on_piece));
        }
    }

    /// Hands each name and argument of the tools that are called to `on_piece`, in order.
    pub fn calls(&self, mut on_piece: impl FnMut(&str)) {
        for function in self.functions() {
            function.name.said().into_iter().chain(function.arguments.said()).for_each(&mut on_piece);
        }
    }

    /// Whether it holds a piece of a tool's arguments.
    pub fn has_tool_argument(&self) -> bool {
        self.functions().any(|function| function.arguments.said().is_some())
    }

    /// Whether it names a tool to call, which generates no argument yet.
    pub fn names_tool(&self) -> bool {
        self.functions().any(|function| function.name.said().is_some())
    }

    fn functions(&self) -> impl Iterator<Item = &Function<'_>> {
        let calls = self.tool_calls.iter().flatten().filter_map(|call| call.function.as_ref());
        calls.chain(self.function_call.as_deref())
    }
}

/// A call of a tool, or a piece of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ToolCall<'a> {
    /// The function called.
    #[serde(borrow)]
    pub function: Option<Function<'a>>,
}

/// A function with its arguments, or pieces of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Function<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its arguments as JSON text.
    #[serde(borrow)]
    pub arguments: Text<'a>,
}

/// An object whose only interest is the usage in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UsageHolder<'a> {
    /// The tokens so far.
    #[serde(borrow)]
    pub usage: Option<Box<Reported<'a>>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for FirstChoice<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choices<'a>(PhantomData<&'a str>);

        impl<'de: 'a, 'a> Visitor<'de> for Choices<'a> {
            type Value = FirstChoice<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of choices or null")
            }
            fn visit_unit<E>(self) -> Result<FirstChoice<'a>, E> {
                Ok(FirstChoice(None))
            }
            // A list of one needs no memory this way, and nearly every list is one.
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<FirstChoice<'a>, A::Error> {
                let first = list.next_element::<Option<Choice<'a>>>()?.flatten();
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(FirstChoice(first))
            }
        }

        deserializer.deserialize_any(Choices(PhantomData))
    }
}
