//! TLS: whom to trust, and which protocol to ask for.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::load::LoadError;

/// A TLS client that trusts what the system trusts and speaks HTTP/1.1 or, if `http2`, HTTP/2 alone.
///
/// # Errors
///
/// The system has no trusted certificate that can be read.
pub(crate) fn connector(http2: bool) -> Result<TlsConnector, LoadError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Stores often hold an odd certificate that no client can read; the rest still serve.
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err(LoadError::NoTrust { first: found.errors.into_iter().next().map(Box::new) });
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    Ok(TlsConnector::from(Arc::new(config)))
}
