//! Connections, with TLS that says what it would have refused.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::certificate;
use crate::observed::Tls;
use crate::target::Resolved;

/// What a connection runs over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Opens a connection, over TLS where the URL says so.
pub(crate) async fn open(
    to: &Resolved,
    tls: Option<&ClientTls>,
) -> Result<(Box<dyn Stream>, Option<Tls>), String> {
    let stream = TcpStream::connect(to.address).await.map_err(|error| error.to_string())?;
    let Some(tls) = tls else { return Ok((Box::new(stream), None)) };
    let name = ServerName::try_from(to.target.name()).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::clone(&tls.config));
    let stream = connector.connect(name, stream).await.map_err(|error| error.to_string())?;
    let session = stream.get_ref().1;
    let first = session.peer_certificates().and_then(<[_]>::first);
    let told = Tls {
        version: session.protocol_version().map(|version| format!("{version:?}")),
        distrust: tls.distrust.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        ends: first.and_then(|certificate| certificate::not_after(certificate)),
    };
    Ok((Box::new(stream), Some(told)))
}

/// How TLS is spoken.
#[derive(Clone)]
pub(crate) struct ClientTls {
    config: Arc<ClientConfig>,
    distrust: Arc<Mutex<Option<String>>>,
}

impl ClientTls {
    /// Reads the authorities of the system, which takes milliseconds and blocks.
    pub(crate) fn of_system() -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let distrust = Arc::new(Mutex::new(None));
        // Without any authority everything is distrusted, which is true.
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .ok();
        let witness = Witness {
            inner,
            schemes: provider.signature_verification_algorithms,
            distrust: Arc::clone(&distrust),
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(witness))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), distrust })
    }
}

/// Verifies, and goes on in any case: what is sent is no secret, and why a certificate is no good is what is asked.
#[derive(Debug)]
struct Witness {
    inner: Option<Arc<WebPkiServerVerifier>>,
    schemes: rustls::crypto::WebPkiSupportedAlgorithms,
    distrust: Arc<Mutex<Option<String>>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let why = match &self.inner {
            None => Some("no authority is known".to_owned()),
            Some(inner) => inner
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .err()
                .map(|error| error.to_string()),
        };
        *self.distrust.lock().unwrap_or_else(PoisonError::into_inner) = why;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.schemes)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.supported_schemes()
    }
}
