//! TLS with an authority of the operator's own.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use wardkit_channels::{Error, HttpClient, HttpClientConfig, HttpRequest, endpoint_policy};
use wardkit_core::{SystemClock, Transient as _};
use wardkit_retry::RetryPolicy;

use crate::support::{chain, ok};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

/// Serves `bot.example` and `127.0.0.1`, and returns the port.
async fn serve() -> u16 {
    let certificate = CertificateDer::from_pem_file(file("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Those who do not trust us do not come so far.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let protocol = stream.get_ref().1.alpn_protocol().unwrap_or_default().to_vec();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(ok(&String::from_utf8_lossy(&protocol)).as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

fn client(url: &str, ca_file: Option<&str>, address: IpAddr) -> Result<HttpClient, Error> {
    let mut config = HttpClientConfig::default();
    config.policy = endpoint_policy([url])?;
    config.retry = RetryPolicy::never();
    config.system_authorities = ca_file.is_none();
    config.ca_file = ca_file.map(file);
    let resolver = move |_: &str| Ok(vec![address]);
    HttpClient::with_parts(config, Arc::new(resolver), Arc::new(SystemClock))
}

async fn got(url: &str, ca_file: Option<&str>) -> Result<String, Error> {
    let client = client(url, ca_file, IpAddr::from([127, 0, 0, 1]))?;
    let answer = client.send(&HttpRequest::get(url)).await?;
    Ok(answer.text().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_server_is_trusted_by_its_authority_and_its_name() {
    let port = serve().await;
    for host in ["bot.example", "127.0.0.1"] {
        let text = got(&format!("https://{host}:{port}/"), Some("ca.pem")).await.unwrap();
        assert_eq!(text, "http/1.1");
    }
    for (host, ca_file, why) in [
        ("bot.example", Some("other.pem"), "invalid peer certificate: "),
        (
            "evil.example",
            Some("ca.pem"),
            "invalid peer certificate: certificate not valid for name",
        ),
    ] {
        let url = format!("https://{host}:{port}/");
        let error = got(&url, ca_file).await.unwrap_err();
        let expected = format!("no TLS with {host}:{port}: {why}");
        assert!(chain(&error).starts_with(&expected), "{}", chain(&error));
        assert!(!error.is_transient() && error.is_unsent());
    }
}

#[tokio::test]
async fn the_systems_authorities_do_not_know_ours() {
    let port = serve().await;
    let error = got(&format!("https://bot.example:{port}/"), None).await.unwrap_err();
    // A machine without any authority says so instead.
    assert!(matches!(error, Error::Tls { .. } | Error::NoAuthorities), "{error}");
}

#[tokio::test]
async fn a_file_of_authorities_is_whole_or_refused() {
    for (name, why) in [
        ("README.md", "there is no certificate in it"),
        ("nowhere.pem", "No such file or directory (os error 2)"),
        ("server.key", "there is no certificate in it"),
    ] {
        let error = got("https://127.0.0.1:1/", Some(name)).await.unwrap_err();
        // Nobody listens there, and TLS is set up before anybody is asked.
        let text = chain(&error);
        assert!(text.ends_with(why) && matches!(error, Error::Authorities { .. }), "{text}");
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_unless_the_operator_wrote_it() {
    let metadata = "https://bot.example/";
    let client = client(metadata, None, "fd00:ec2::254".parse().unwrap()).unwrap();
    let error = client.send(&HttpRequest::get(metadata)).await.unwrap_err();
    assert!(chain(&error).ends_with("the policy denies the network that the URL's host leads to"));

    let inside = |_: &str| Ok(vec![IpAddr::from([10, 0, 0, 1])]);
    let config = HttpClientConfig::default();
    let client = HttpClient::with_parts(config, Arc::new(inside), Arc::new(SystemClock)).unwrap();
    let error = client.send(&HttpRequest::get("https://rebind.example/")).await.unwrap_err();
    let why = "the URL's host leads to an address that is not public but private";
    assert_eq!(chain(&error), format!("the URL of the request is refused: {why}"));
}
