//! Whom TLS trusts.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::Error;

/// Reads the authorities, which takes milliseconds and blocks.
pub(crate) fn read(system: bool, file: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    if system {
        // One broken certificate among a hundred is no reason to trust none of the others.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if let Some(path) = file {
        let wrong = |source| Error::Authorities { path: path.to_owned(), source };
        for certificate in certificates(path).map_err(wrong)? {
            let added = roots.add(certificate).map_err(io::Error::other);
            added.map_err(wrong)?;
        }
    }
    if roots.is_empty() {
        return Err(Error::NoAuthorities);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS 1.2 and 1.3 need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Reads all certificates of a file of the operator's own, in which nothing may be broken.
fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let mut pem = Vec::new();
    File::open(path)?.take(LARGEST_FILE + 1).read_to_end(&mut pem)?;
    if u64::try_from(pem.len()).is_ok_and(|length| length > LARGEST_FILE) {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(io::Error::other)?;
    if found.is_empty() {
        return Err(io::Error::other("there is no certificate in it"));
    }
    Ok(found)
}

/// Five times the bundle of a whole system.
const LARGEST_FILE: u64 = 1 << 20;
