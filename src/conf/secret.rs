//! Telling secrets apart, so that they are neither taken from files nor shown in messages.

/// Whether a key or header of this name usually holds a secret: `Authorization`, `x-api-key`, `auth_token`.
pub fn names_a_secret(name: &str) -> bool {
    name.to_lowercase().split(['-', '_', '.', ' ']).any(|word| {
        matches!(
            word,
            "authorization"
                | "auth"
                | "key"
                | "apikey"
                | "token"
                | "secret"
                | "password"
                | "passwd"
                | "cookie"
                | "credential"
                | "credentials"
                | "bearer"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_headers_of_secrets_are_known() {
        for name in
            ["Authorization", "api-key", "X-Api-Key", "x-goog-api-key", "Proxy-Authorization", "api_key", "Cookie"]
        {
            assert!(names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn harmless_names_are_let_through() {
        for name in ["X-Title", "HTTP-Referer", "tokens_per_minute", "max_tokens", "keyboard", "author"] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}
