//! TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use wardkit_audit::Status;

use crate::server::response;
use crate::{ended, probe, report};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../channels/tests/it/tls").join(name)
}

/// Serves over TLS 1.2 and 1.3; a hello in an old version it answers with these bytes.
fn serve(to_old: &'static [u8]) -> u16 {
    let certificate = CertificateDer::from_pem_file(file("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    let serving = async move {
        let listener = TcpListener::from_std(listener).unwrap();
        while let Ok((mut stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut head = [0; 11];
                if stream.peek(&mut head).await.is_ok() && head[9..] == [3, 2] {
                    let _ = stream.write_all(to_old).await;
                    return;
                }
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.read(&mut [0; 4096]).await;
                let fields = "x-content-type-options: nosniff\r\n";
                let _ = stream.write_all(response("200 OK", fields, "").as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    };
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(serving);
    });
    port
}

#[test]
fn a_certificate_that_nobody_trusts_is_told_and_the_rest_is_asked_all_the_same() {
    let alert = &[21, 3, 1, 0, 2, 2, 70];
    let report = report(&probe(&format!("https://127.0.0.1:{}/", serve(alert))));
    let told: Vec<(&str, &str)> =
        report.findings.iter().map(|found| (found.id.as_str(), found.current.as_str())).collect();
    let untrusted = told.iter().find(|(id, _)| *id == "live-tls-untrusted").unwrap();
    assert!(untrusted.1.contains("UnknownIssuer"), "{told:?}");
    let headers = told.iter().find(|(id, _)| *id == "live-headers").unwrap();
    assert_eq!(headers.1, "Missing: strict-transport-security.");
    let status = |id: &str| report.checks.iter().find(|one| one.id == id).unwrap().status;
    // It is good for a hundred years.
    assert_eq!(status("live-tls-expiry"), Status::Pass);
    assert_eq!(status("live-tls-old"), Status::Pass);
    assert_eq!(status("live-cleartext"), Status::Pass);
}

#[test]
fn a_server_that_goes_on_in_an_old_version_is_told() {
    let hello = &[22, 3, 2, 0, 80, 2, 0, 0, 76, 3, 2, 0, 0];
    let ended = ended(&probe(&format!("https://127.0.0.1:{}/", serve(hello))));
    assert_eq!(ended["live-tls-old"], Status::Fail);
}
