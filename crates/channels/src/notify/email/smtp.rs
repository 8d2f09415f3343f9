//! The conversation with a mail server: every stage has a time, and all of them have one together.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use wardkit_alerting::Outcome;
use wardkit_alerting::receiver::EmailTls;
use wardkit_core::Transient as _;

use super::stream::Bounded;
use crate::authorities;

/// A mail server and how to talk to it.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: EmailTls,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello: ClientId,
    pub(super) timeout: Duration,
    /// Whom STARTTLS trusts, read at its first use.
    pub(super) starttls: OnceCell<TlsParameters>,
    /// Whom implicit TLS trusts, read at its first use.
    pub(super) implicit: OnceCell<TlsConnector>,
}

/// Why a mail was not taken.
struct Refusal {
    passes: bool,
    reason: String,
}

type Stage<T> = Result<T, Refusal>;

impl Server {
    pub(super) async fn send(&self, envelope: &Envelope, message: &[u8]) -> Outcome {
        let sent = timeout(self.timeout, self.converse(envelope, message)).await;
        let limit = self.timeout;
        match sent.unwrap_or_else(|_| Err(later(format!("it took longer than {limit:?}")))) {
            Ok(()) => Outcome::Sent { receipt: None },
            Err(Refusal { passes: true, reason }) => {
                Outcome::Retry { after: None, reason: format!("{}: {reason}", self.host) }
            }
            Err(Refusal { passes: false, reason }) => {
                Outcome::Permanent { reason: format!("{}: {reason}", self.host) }
            }
        }
    }

    async fn converse(&self, envelope: &Envelope, message: &[u8]) -> Stage<()> {
        let mut server = self.open().await?;
        let taken = self.hand_over(&mut server, envelope, message).await;
        // It has the mail or it has not; a farewell that is not answered changes nothing.
        let _ = timeout(FAREWELL, server.abort()).await;
        taken
    }

    async fn open(&self) -> Stage<AsyncSmtpConnection> {
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        let stream = match timeout(self.stage(), connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(later(format!("no connection: {error}"))),
            Err(_) => return Err(later("no connection in time".to_owned())),
        };
        let address = stream.peer_addr().map_err(|error| later(error.to_string()))?;
        let stream: Box<Bounded> = if self.tls == EmailTls::Implicit {
            let connector = self.implicit.get_or_try_init(|| self.connector()).await?;
            let name = ServerName::try_from(self.host.clone())
                .map_err(|_| never("its name is none that a certificate has".to_owned()))?;
            let secured =
                self.staged("TLS", connector.connect(name, stream), |error| tls_refusal(&error));
            Box::new(Bounded::new(secured.await?, address))
        } else {
            Box::new(Bounded::new(stream, address))
        };
        let greeting = AsyncSmtpConnection::connect_with_transport(stream, &self.hello);
        let mut server = self.smtp("greeting", greeting).await?;
        self.secure(&mut server).await?;
        self.sign_in(&mut server).await?;
        Ok(server)
    }

    async fn secure(&self, server: &mut AsyncSmtpConnection) -> Stage<()> {
        let wanted = match self.tls {
            EmailTls::Implicit | EmailTls::DangerNone => return Ok(()),
            EmailTls::DangerOpportunistic => server.can_starttls(),
            _ => true,
        };
        if !wanted {
            return Ok(());
        }
        if !server.can_starttls() {
            return Err(never("it offers no STARTTLS, and nothing goes without".to_owned()));
        }
        let parameters = self.starttls.get_or_try_init(|| self.parameters()).await?;
        self.smtp("STARTTLS", server.starttls(parameters.clone(), &self.hello)).await
    }

    async fn sign_in(&self, server: &mut AsyncSmtpConnection) -> Stage<()> {
        let Some(credentials) = &self.credentials else { return Ok(()) };
        if self.tls == EmailTls::DangerOpportunistic && !server.is_encrypted() {
            return Err(never("it offers no STARTTLS, and no password goes without".to_owned()));
        }
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        self.smtp("AUTH", server.auth(&mechanisms, credentials)).await.map(drop)
    }

    async fn hand_over(
        &self,
        server: &mut AsyncSmtpConnection,
        envelope: &Envelope,
        message: &[u8],
    ) -> Stage<()> {
        let mut parameters = Vec::new();
        if !message.is_ascii() && server.server_info().supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let sender = Mail::new(envelope.from().cloned(), parameters);
        self.smtp("MAIL", server.command(sender)).await?;
        let mut refused = Vec::new();
        for recipient in envelope.to() {
            let command = Rcpt::new(recipient.clone(), Vec::new());
            match self.smtp("RCPT", server.command(command)).await {
                Ok(_) => {}
                // Nobody has it yet, so that nobody gets it twice.
                Err(refusal) if refusal.passes => return Err(refusal),
                Err(refusal) => refused.push(refusal.reason),
            }
        }
        if let Some(reason) = refused.first()
            && refused.len() == envelope.to().len()
        {
            let _ = timeout(FAREWELL, server.command(Rset)).await;
            return Err(never(reason.clone()));
        }
        self.smtp("DATA", server.command(Data)).await?;
        self.smtp("the end of the mail", server.message(message)).await?;
        match refused.first() {
            None => Ok(()),
            // The others have it. That one has not must not stay unknown.
            Some(reason) => {
                let (missing, all) = (refused.len(), envelope.to().len());
                Err(never(format!("{missing} of {all} recipients were refused, {reason}")))
            }
        }
    }

    async fn smtp<T>(
        &self,
        stage: &str,
        step: impl Future<Output = Result<T, SmtpError>>,
    ) -> Stage<T> {
        self.staged(stage, step, |error| smtp_refusal(&error)).await
    }

    async fn staged<T, E>(
        &self,
        stage: &str,
        step: impl Future<Output = Result<T, E>>,
        refusal: impl FnOnce(E) -> Refusal,
    ) -> Stage<T> {
        let limit = self.stage();
        match timeout(limit, step).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                let Refusal { passes, reason } = refusal(error);
                Err(Refusal { passes, reason: format!("{stage}: {reason}") })
            }
            Err(_) => Err(later(format!("{stage}: no answer within {limit:?}"))),
        }
    }

    /// How long one stage may take: a server that drips does not use up the whole time in the first.
    fn stage(&self) -> Duration {
        (self.timeout / 2).min(LONGEST_STAGE)
    }

    async fn connector(&self) -> Stage<TlsConnector> {
        let file = self.ca_file.clone();
        let read = tokio::task::spawn_blocking(move || authorities::read(true, file.as_deref()));
        match read.await {
            Ok(Ok(config)) => {
                let mut config = (*config).clone();
                config.alpn_protocols.clear();
                Ok(TlsConnector::from(Arc::new(config)))
            }
            Ok(Err(error)) => Err(never(error.to_string())),
            Err(error) => Err(later(error.to_string())),
        }
    }

    async fn parameters(&self) -> Stage<TlsParameters> {
        let (host, file) = (self.host.clone(), self.ca_file.clone());
        let read = tokio::task::spawn_blocking(move || {
            let mut builder = TlsParameters::builder(host);
            if let Some(file) = file {
                let wrong = |error: String| format!("{}: {error}", file.display());
                let pem = std::fs::read(&file).map_err(|error| wrong(error.to_string()))?;
                let certificate =
                    Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))?;
                builder = builder.add_root_certificate(certificate);
            }
            builder.build_rustls().map_err(|error| error.to_string())
        });
        match read.await {
            Ok(read) => read.map_err(never),
            Err(error) => Err(later(error.to_string())),
        }
    }
}

const fn later(reason: String) -> Refusal {
    Refusal { passes: true, reason }
}

const fn never(reason: String) -> Refusal {
    Refusal { passes: false, reason }
}

fn smtp_refusal(error: &SmtpError) -> Refusal {
    if let Some(code) = error.status() {
        // The text is the server's own, and may be anything.
        return Refusal { passes: error.is_transient(), reason: format!("it answered {code}") };
    }
    if let Some(tls) = tls_error(error) {
        return tls_refusal(tls);
    }
    // What this side cannot do with that server, such as a way to sign in, it cannot do later either.
    Refusal { passes: !error.is_client() && !error.is_tls(), reason: chain(error) }
}

fn tls_refusal(error: &io::Error) -> Refusal {
    Refusal { passes: error.is_transient(), reason: format!("TLS: {error}") }
}

/// Returns the error of rustls, which lies within one of reading or writing.
fn tls_error(error: &SmtpError) -> Option<&io::Error> {
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        if let Some(found) = found.downcast_ref::<io::Error>()
            && found
                .get_ref()
                .is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
        {
            return Some(found);
        }
        cause = found.source();
    }
    None
}

fn chain(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        text = format!("{text}: {found}");
        cause = found.source();
    }
    super::WORDS.cut(&super::one_line(&text)).into_owned()
}

/// Twice what a busy server takes to look for spam.
const LONGEST_STAGE: Duration = Duration::from_secs(20);
const FAREWELL: Duration = Duration::from_secs(1);
