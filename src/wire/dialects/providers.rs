//! The dialects of the providers.

use super::*;
use crate::units::Usd;

#[test]
fn openai_opens_with_an_empty_role_chunk_and_ends_with_usage_without_choices() {
    let answered = Answered {
        usage: usage(31, 16, 84, 64),
        finish_reason: word("stop"),
        model: word("gpt-5-2025-08-07"),
        service_tier: word("default"),
        answer_hash: said("The port is open."),
        ..Answered::default()
    };
    assert_eq!(stream("openai"), Told { events: ".aappd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn azure_opens_with_filter_results_and_no_choices() {
    let answered = Answered {
        usage: usage(12, 0, 2, 0),
        finish_reason: word("stop"),
        model: word("gpt-4.1-2025-04-14"),
        answer_hash: said("Aye."),
        ..Answered::default()
    };
    assert_eq!(stream("azure"), Told { events: "..appd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn deepseek_reasons_beside_null_content_and_reports_usage_on_the_finish_chunk() {
    let answered = Answered {
        usage: usage(20, 16, 9, 7),
        finish_reason: word("stop"),
        model: word("deepseek-reasoner"),
        answer_hash: said("4"),
        ..Answered::default()
    };
    assert_eq!(stream("deepseek"), Told { events: ".rrapd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn deepseek_out_of_resources_did_not_answer() {
    let answered = Answered {
        finish_reason: word("insufficient_system_resource"),
        model: word("deepseek-reasoner"),
        answer_hash: said("Let me"),
        error: error(Some("insufficient_system_resource"), "the finish reason is `insufficient_system_resource`"),
        ..Answered::default()
    };
    let told = stream("deepseek_out_of_resources");
    assert_eq!(told, Told { events: "ap.".into(), outcome: Outcome::StreamError, answered });
}

#[test]
fn deepseek_puts_blank_lines_before_a_document() {
    let answered = Answered {
        usage: usage(6, 0, 2, 0),
        finish_reason: word("stop"),
        model: word("deepseek-chat"),
        answer_hash: said("Done."),
        ..Answered::default()
    };
    let told = document("deepseek_blank_lines.json");
    assert_eq!(told, Told { events: "a".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn alibaba_sends_several_tokens_a_chunk_and_usage_without_choices() {
    let answered = Answered {
        usage: usage(18, 0, 19, 10),
        finish_reason: word("stop"),
        model: word("qwen-plus"),
        answer_hash: said("Night falls on the quiet harbour walls."),
        ..Answered::default()
    };
    assert_eq!(stream("alibaba"), Told { events: ".rraappd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn zai_names_the_role_on_each_chunk_and_a_finish_reason_on_the_last_alone() {
    let answered = Answered {
        usage: usage(9, 4, 6, 0),
        finish_reason: word("stop"),
        model: word("glm-4.6"),
        answer_hash: said("\nYes."),
        ..Answered::default()
    };
    assert_eq!(stream("zai"), Told { events: "rraapd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn vllm_reports_running_usage_on_every_chunk_of_which_the_last_counts() {
    let answered = Answered {
        usage: usage(15, 0, 6, 0),
        finish_reason: word("stop"),
        model: word("Qwen/Qwen3-8B"),
        answer_hash: said("Both fit."),
        ..Answered::default()
    };
    assert_eq!(stream("vllm"), Told { events: "prraapd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn vllm_formerly_gave_reasoning_another_name() {
    let answered = Answered {
        usage: usage(15, 0, 2, 0),
        finish_reason: word("length"),
        model: word("Qwen/Qwen3-8B"),
        answer_hash: said("Both"),
        ..Answered::default()
    };
    assert_eq!(stream("vllm_formerly"), Told { events: ".rappd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn groq_reports_usage_twice_and_it_counts_once() {
    let answered = Answered {
        usage: usage(70, 0, 11, 5),
        finish_reason: word("stop"),
        model: word("openai/gpt-oss-120b"),
        answer_hash: said("North."),
        ..Answered::default()
    };
    assert_eq!(stream("groq"), Told { events: ".raapd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn groq_may_report_usage_in_its_extension_alone() {
    let told = stream("groq_usage_in_its_extension");
    assert_eq!((told.events.as_str(), told.outcome), (".apd", Outcome::Ok));
    assert_eq!(told.answered.usage, usage(70, 0, 2, 0));
}

#[test]
fn groq_ends_a_200_with_an_error_event_and_no_done() {
    let answered = Answered {
        model: word("openai/gpt-oss-120b"),
        answer_hash: said("Nor"),
        error: error(Some("over_capacity"), "Model is over capacity."),
        ..Answered::default()
    };
    let told = stream("groq_error_event");
    assert_eq!(told, Told { events: ".ap".into(), outcome: Outcome::StreamError, answered });
}

#[test]
fn openrouter_comments_between_events_and_states_usage_and_cost_beside_choices() {
    let answered = Answered {
        usage: usage(14, 0, 21, 12),
        stated_cost: Some(Usd::from_picos(312_750_000)),
        finish_reason: word("stop"),
        model: word("anthropic/claude-sonnet-4.5"),
        answer_hash: said("A lamp."),
        ..Answered::default()
    };
    assert_eq!(stream("openrouter"), Told { events: ".rrappd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn openrouter_puts_an_error_beside_choices_and_usage_which_are_kept() {
    let answered = Answered {
        usage: usage(14, 0, 2, 0),
        stated_cost: Some(Usd::from_picos(10_000_000)),
        finish_reason: word("error"),
        model: word("anthropic/claude-sonnet-4.5"),
        answer_hash: said("A la"),
        error: error(Some("502"), "Provider disconnected"),
        ..Answered::default()
    };
    let told = stream("openrouter_error_beside_choices");
    assert_eq!(told, Told { events: "ap.".into(), outcome: Outcome::StreamError, answered });
}

#[test]
fn xai_counts_reasoning_on_top_of_the_completion_and_states_its_cost_in_ticks() {
    let answered = Answered {
        usage: usage(32, 8, 342, 340),
        stated_cost: Some(Usd::from_picos(5_181_000_000)),
        finish_reason: word("stop"),
        model: word("grok-4-0709"),
        answer_hash: said("Seven"),
        ..Answered::default()
    };
    assert_eq!(stream("xai"), Told { events: "rappd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn moonshot_keeps_usage_in_its_choice() {
    let answered = Answered {
        usage: usage(19, 19, 3, 0),
        finish_reason: word("stop"),
        model: word("kimi-k2-turbo"),
        answer_hash: said("Half past"),
        ..Answered::default()
    };
    assert_eq!(stream("moonshot"), Told { events: ".aapd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn mistral_lists_thoughts_and_text_or_writes_plain_text() {
    let answered = Answered {
        usage: usage(11, 0, 14, 0),
        finish_reason: word("stop"),
        model: word("magistral-medium-2509"),
        answer_hash: said("Ten birds."),
        ..Answered::default()
    };
    assert_eq!(stream("mistral"), Told { events: ".rraaad".into(), outcome: Outcome::Ok, answered });
}
