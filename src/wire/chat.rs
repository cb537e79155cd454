//! What one chunk of a chat completion, or a whole one, says, in the dialects of the wild.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::sample::Usage;
use crate::wire::text::{Content, Count, Part, Text};

/// A chunk of a stream or a whole completion: both have the same outer shape. Unknown fields are passed over.
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
    /// The tokens so far.
    pub usage: Option<UsageFields>,
    /// Where one provider keeps its usage a second time.
    pub x_groq: Option<UsageHolder>,
    /// An error inside a reply that began well.
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

impl Chunk<'_> {
    /// The usage from whichever place holds it; absent when none does, or counts are missing from it.
    pub fn usage(&self) -> Option<Usage> {
        let in_choice = || self.choices.0.as_ref()?.usage.as_ref();
        let in_extension = || self.x_groq.as_ref()?.usage.as_ref();
        self.usage.as_ref().or_else(in_choice).or_else(in_extension)?.normalised()
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
    pub message: Option<Delta<'a>>,
    /// Why generation ended; absent before it has.
    #[serde(borrow)]
    pub finish_reason: Text<'a>,
    /// Where one provider keeps its usage.
    pub usage: Option<UsageFields>,
}

impl<'a> Choice<'a> {
    /// What was said, in whichever field it stands.
    pub fn words(&self) -> Option<&Delta<'a>> {
        self.delta.as_ref().or(self.message.as_ref())
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
    pub function_call: Option<Function<'a>>,
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
        calls.chain(&self.function_call)
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
pub struct UsageHolder {
    /// The tokens so far.
    pub usage: Option<UsageFields>,
}

/// The token counts as providers write them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UsageFields {
    prompt_tokens: Count,
    completion_tokens: Count,
    total_tokens: Count,
    prompt_tokens_details: Option<UsageDetails>,
    completion_tokens_details: Option<UsageDetails>,
    prompt_cache_hit_tokens: Count,
    cached_tokens: Count,
    reasoning_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UsageDetails {
    cached_tokens: Count,
    reasoning_tokens: Count,
}

impl UsageFields {
    /// The counts with each token in one class; absent when the prompt or the answer is not counted.
    ///
    /// Reasoning is on top of the completion where the total says so, and included otherwise. Cached tokens are
    /// inside the prompt unless there are more of them than that.
    pub fn normalised(&self) -> Option<Usage> {
        let prompt = self.prompt_tokens.0?;
        let completion = match (self.completion_tokens.0, self.total_tokens.0) {
            (Some(completion), _) => completion,
            (None, total) => total?.checked_sub(prompt)?,
        };
        let details = |details: &Option<UsageDetails>, of: fn(&UsageDetails) -> Count| {
            details.as_ref().and_then(|details| of(details).0)
        };
        let reasoning = details(&self.completion_tokens_details, |details| details.reasoning_tokens)
            .or(self.reasoning_tokens.0)
            .unwrap_or(0);
        let cached = details(&self.prompt_tokens_details, |details| details.cached_tokens)
            .or(self.prompt_cache_hit_tokens.0)
            .or(self.cached_tokens.0)
            .unwrap_or(0);
        let on_top = reasoning > 0
            && self.total_tokens.0 == prompt.checked_add(completion).and_then(|sum| sum.checked_add(reasoning));
        let output = if on_top { completion + reasoning } else { completion };
        let input = if cached > prompt { prompt.saturating_add(cached) } else { prompt };
        Some(Usage { input, cached_input: cached, output, reasoning: reasoning.min(output) })
    }
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
                let first = list.next_element()?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(FirstChoice(first))
            }
        }

        deserializer.deserialize_any(Choices(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(fields: &str) -> Option<Usage> {
        serde_json::from_str::<UsageFields>(fields).unwrap().normalised()
    }

    #[test]
    fn reasoning_inside_the_completion_is_not_added() {
        let fields = r#"{"prompt_tokens":10,"completion_tokens":50,"total_tokens":60,
            "completion_tokens_details":{"reasoning_tokens":40},"prompt_tokens_details":{"cached_tokens":4}}"#;
        assert_eq!(usage(fields), Some(Usage { input: 10, cached_input: 4, output: 50, reasoning: 40 }));
    }

    #[test]
    fn reasoning_on_top_of_the_completion_is_added() {
        let fields = r#"{"prompt_tokens":12,"completion_tokens":2,"total_tokens":354,
            "completion_tokens_details":{"reasoning_tokens":340}}"#;
        assert_eq!(usage(fields), Some(Usage { input: 12, cached_input: 0, output: 342, reasoning: 340 }));
    }

    #[test]
    fn where_the_sum_fits_neither_way_the_completion_is_trusted() {
        let fields = r#"{"prompt_tokens":1,"completion_tokens":5,"total_tokens":99,"reasoning_tokens":7}"#;
        assert_eq!(usage(fields), Some(Usage { input: 1, cached_input: 0, output: 5, reasoning: 5 }));
    }

    #[test]
    fn cached_tokens_are_found_in_three_places() {
        for place in
            ["\"prompt_tokens_details\":{\"cached_tokens\":3}", "\"prompt_cache_hit_tokens\":3", "\"cached_tokens\":3"]
        {
            let fields = format!("{{\"prompt_tokens\":8,\"completion_tokens\":1,{place}}}");
            assert_eq!(usage(&fields).unwrap().cached_input, 3, "{place}");
        }
    }

    #[test]
    fn more_cached_tokens_than_prompt_tokens_are_beside_them() {
        let fields = r#"{"prompt_tokens":8,"completion_tokens":1,"cached_tokens":100}"#;
        assert_eq!(usage(fields), Some(Usage { input: 108, cached_input: 100, output: 1, reasoning: 0 }));
    }

    #[test]
    fn usage_without_a_prompt_count_is_absent_and_never_zero() {
        assert_eq!(usage(r#"{"completion_tokens":5}"#), None);
        assert_eq!(usage(r#"{"prompt_tokens":null,"completion_tokens":null,"total_tokens":0}"#), None);
        assert_eq!(usage(r#"{"prompt_tokens":-1,"completion_tokens":5}"#), None);
    }

    #[test]
    fn a_missing_completion_count_follows_from_the_total() {
        assert_eq!(usage(r#"{"prompt_tokens":5.0,"total_tokens":9}"#).unwrap().output, 4);
    }
}
