//! Where each endpoint's requests go: the simulator, a provider's region, or one URL, with their headers.

use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;

use crate::load::Destination;
use crate::registry::{Endpoint, Provider, Registry};
use crate::run::RunError;

/// The header that tells the simulator the region when the registry names no header of its own.
const SIMULATED_REGION: &str = "x-region";

/// Keys by the name of their environment variable; the only place that reads them.
pub trait Keys {
    /// The value of the variable `name`; absent when it is not set or empty.
    fn key(&self, name: &str) -> Option<String>;
}

/// Keys from this process's environment.
#[derive(Clone, Copy, Debug)]
pub struct Environment;

impl Keys for Environment {
    fn key(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }
}

/// The destination of `endpoint` at the registry's own provider.
///
/// # Errors
/// The provider's key is not in the environment, or a URL or header of the registry cannot be used.
pub(super) fn of_provider(
    registry: &Registry,
    endpoint: Endpoint,
    keys: &dyn Keys,
) -> Result<Arc<Destination>, RunError> {
    let provider = registry.provider(endpoint);
    let region = registry.region(endpoint);
    let base_url = region.and_then(|region| region.base_url.as_deref()).unwrap_or(&provider.base_url);
    let mut headers = HeaderMap::new();
    for (name, value) in &provider.headers {
        headers.insert(header_name(name, provider)?, header_value(value, name, provider)?);
    }
    if let (Some(header), Some(region)) = (&provider.region_header, region) {
        headers.insert(header_name(header, provider)?, header_value(&region.id, header, provider)?);
    }
    if let Some(variable) = &provider.api_key_env {
        headers.insert(AUTHORIZATION, bearer(variable, &provider.id, keys)?);
    }
    at(base_url, headers).map(Arc::new)
}

/// The destination of `endpoint` when the simulator at `base_url` stands in for its provider.
///
/// # Errors
/// The region's id cannot stand in a header.
pub(super) fn of_simulator(
    registry: &Registry,
    endpoint: Endpoint,
    base_url: &str,
) -> Result<Arc<Destination>, RunError> {
    let provider = registry.provider(endpoint);
    let mut headers = HeaderMap::new();
    if let Some(region) = registry.region(endpoint) {
        let header = provider.region_header.as_deref().unwrap_or(SIMULATED_REGION);
        headers.insert(header_name(header, provider)?, header_value(&region.id, header, provider)?);
    }
    at(base_url, headers).map(Arc::new)
}

/// The destination of every endpoint at a URL that the user named.
///
/// # Errors
/// The URL is none, or the variable of the key is not set.
pub(super) fn of_url(base_url: &str, api_key_env: Option<&str>, keys: &dyn Keys) -> Result<Arc<Destination>, RunError> {
    let mut headers = HeaderMap::new();
    if let Some(variable) = api_key_env {
        headers.insert(AUTHORIZATION, bearer(variable, base_url, keys)?);
    }
    at(base_url, headers).map(Arc::new)
}

/// Whether `base_url` names this machine, to which requests cost nothing.
pub fn is_loopback(base_url: &str) -> bool {
    let Ok(url) = Url::parse(base_url) else { return false };
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

/// The host and port of `base_url`, for people; the text itself when it is no URL.
pub fn host_of(base_url: &str) -> String {
    let parsed = Url::parse(base_url).ok();
    let host = parsed.as_ref().and_then(|url| Some((url.host_str()?, url.port())));
    match host {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host.to_owned(),
        None => base_url.to_owned(),
    }
}

fn at(base_url: &str, headers: HeaderMap) -> Result<Destination, RunError> {
    let bad = |reason: &str| RunError::BadUrl { url: without_password(base_url), reason: reason.to_owned() };
    let url = Url::parse(base_url).map_err(|error| bad(&error.to_string()))?;
    let tls = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return Err(bad("must begin with http:// or https://")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("holds a user name or password; name a key with `--api-key-env` or `api_key_env`"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("must end with its path, as in https://api.example/v1"));
    }
    let host = url.host_str().ok_or_else(|| bad("names no host"))?.trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().ok_or_else(|| bad("names no port"))?;
    Ok(Destination {
        tls,
        address: host.parse().ok().map(|ip: std::net::IpAddr| (ip, port).into()),
        host,
        port,
        path: format!("{}/chat/completions", url.path().trim_end_matches('/')),
        headers,
    })
}

/// The URL with what stands before an `@` taken out, since an error message must not show a password.
fn without_password(base_url: &str) -> String {
    match (base_url.split_once("://"), base_url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => base_url.to_owned(),
    }
}

fn bearer(variable: &str, who: &str, keys: &dyn Keys) -> Result<HeaderValue, RunError> {
    let missing = || RunError::NoKey { variable: variable.to_owned(), who: who.to_owned() };
    let key = keys.key(variable).ok_or_else(missing)?;
    let unusable = |_| RunError::UnusableKey { variable: variable.to_owned() };
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.trim())).map_err(unusable)?;
    value.set_sensitive(true);
    Ok(value)
}

fn header_name(name: &str, provider: &Provider) -> Result<HeaderName, RunError> {
    let bad = |_| RunError::BadHeader { provider: provider.id.clone(), header: name.to_owned() };
    HeaderName::from_bytes(name.as_bytes()).map_err(bad)
}

fn header_value(value: &str, name: &str, provider: &Provider) -> Result<HeaderValue, RunError> {
    let bad = |_| RunError::BadHeader { provider: provider.id.clone(), header: name.to_owned() };
    HeaderValue::from_str(value).map_err(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct NoKeys;
    impl Keys for NoKeys {
        fn key(&self, _: &str) -> Option<String> {
            None
        }
    }

    struct OneKey;
    impl Keys for OneKey {
        fn key(&self, name: &str) -> Option<String> {
            (name == "GLOBAL_API_KEY").then(|| "sk-secret-1".to_owned())
        }
    }

    fn endpoint(registry: &Registry, model: &str, region: &str) -> Endpoint {
        let is =
            |at: &Endpoint| registry.model(*at).id == model && registry.region(*at).is_some_and(|r| r.id == region);
        registry.endpoints().find(is).unwrap()
    }

    #[test]
    fn a_provider_gets_its_region_and_its_key_and_the_key_is_hidden_from_debug_output() {
        let registry = Registry::built_in();
        let at = endpoint(&registry, "qwen3-8b", "eu-west-1");
        let destination = of_provider(&registry, at, &OneKey).unwrap();
        assert_eq!((destination.host.as_str(), destination.port, destination.tls), ("global-apis.com", 443, true));
        assert_eq!(destination.path, "/v1/chat/completions");
        assert_eq!(destination.headers["x-region"], "eu-west-1");
        assert_eq!(destination.headers[AUTHORIZATION], "Bearer sk-secret-1");
        assert!(!format!("{destination:?}").contains("secret"));
    }

    #[test]
    fn a_missing_key_is_named_by_its_variable() {
        let registry = Registry::built_in();
        let at = endpoint(&registry, "qwen3-8b", "eu-west-1");
        let error = of_provider(&registry, at, &NoKeys).unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment variable `GLOBAL_API_KEY` is not set: `global-apis` needs its key there"
        );
    }

    #[test]
    fn the_simulator_is_told_the_region_and_no_key() {
        let registry = Registry::built_in();
        let at = endpoint(&registry, "qwen3-8b", "eu-west-1");
        let destination = of_simulator(&registry, at, "http://127.0.0.1:4000/v1").unwrap();
        assert_eq!(destination.address, Some(([127, 0, 0, 1], 4000).into()));
        assert_eq!(destination.headers.len(), 1);
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (url, expected) in [
            ("http://127.0.0.1:8089/v1", true),
            ("http://localhost/v1", true),
            ("http://[::1]:80/v1", true),
            ("https://api.example/v1", false),
            ("http://127.0.0.1.example/v1", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_loopback(url), expected, "{url}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_without_showing_it() {
        let error = of_url("https://me:hunter2@api.example/v1", None, &NoKeys).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
