//! A look at a server before anything is measured: is it there, and which models does it name?

use std::error::Error;
use std::time::Duration;

use reqwest::redirect::Policy;
use serde::Deserialize;

/// How long the look may take; it is a courtesy, and a run has limits of its own.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a server said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It lists these models.
    Models(Vec<String>),
    /// It answers, but not with a list of models: many servers have none, or want a key for it.
    NoList,
    /// Nobody answers, for this reason.
    Nobody(String),
}

#[derive(Deserialize)]
struct ModelList {
    data: Vec<ListedModel>,
}

#[derive(Deserialize)]
struct ListedModel {
    id: String,
}

/// Asks the server at `base_url` for its models. No key is sent, nothing is retried and no redirect followed.
pub async fn look(base_url: &str) -> Found {
    let client = reqwest::Client::builder()
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .user_agent(concat!("tollmark/", env!("CARGO_PKG_VERSION")))
        .build();
    let Ok(client) = client else { return Found::NoList };
    let reply = match client.get(format!("{}/models", base_url.trim_end_matches('/'))).send().await {
        Ok(reply) => reply,
        Err(error) if error.is_connect() => return Found::Nobody(innermost(&error)),
        Err(_) => return Found::NoList,
    };
    match reply.json::<ModelList>().await {
        Ok(list) => Found::Models(list.data.into_iter().map(|model| model.id).collect()),
        Err(_) => Found::NoList,
    }
}

/// The last cause of `error`: the outer ones only repeat that something failed.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
