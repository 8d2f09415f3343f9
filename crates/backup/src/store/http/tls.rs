use std::sync::{Arc, OnceLock};

use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// The authorities that the system trusts, read once: it takes a tenth of a second.
pub(super) fn config() -> TlsConfig {
    static ROOTS: OnceLock<Vec<Certificate<'static>>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let certificates = rustls_native_certs::load_native_certs().certs;
        certificates.iter().map(|one| Certificate::from_der(one.as_ref()).to_owned()).collect()
    });
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::new_with_certs(roots))
        .build()
}
