//! A mail.

mod smtp;
mod stream;

use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use wardkit_alerting::receiver::{ChannelConfig, EmailConfig};
use wardkit_alerting::{BoxFuture, Capabilities, Channel, Delivery, Outcome, Violation};

use super::http;
use super::markup::{Limit, Markup, one_line};
use super::template::Template;
use super::words::{AckLink, Told};
use super::{Built, NotifyOptions};
use smtp::Server;

pub(super) fn build(email: &EmailConfig, config: &ChannelConfig, options: &NotifyOptions) -> Built {
    let mut violations = Vec::new();
    let mut address = |key: &str, text: &str| {
        let parsed = text.parse::<Mailbox>().ok();
        // Servers that take other addresses are few, and none must be asked for it.
        let parsed = parsed.filter(|mailbox| <_ as AsRef<str>>::as_ref(&mailbox.email).is_ascii());
        if parsed.is_none() {
            violations.push(Violation::new(key, "is not an address such as ops@example.org"));
        }
        parsed
    };
    let from = address("from", &email.from);
    let to: Vec<_> = email.to.iter().filter_map(|text| address("to", text)).collect();
    let mut headers = Vec::new();
    for (name, text) in &email.headers {
        let key = format!("headers.{name}");
        match (HeaderName::new_from_ascii(name.clone()), Template::of(&key, text, Markup::Plain)) {
            (Ok(name), Ok(template)) => headers.push((name, template)),
            (Err(_), _) => violations.push(Violation::new(key, "is no name of a header")),
            (_, Err(found)) => violations.extend(found),
        }
    }
    let hello = hello(&email.hello);
    if hello.is_none() {
        violations.push(Violation::new("hello", "must be a host's name"));
    }
    let (Some(from), Some(hello), true) = (from, hello, violations.is_empty()) else {
        return Err(violations);
    };
    let addresses = to.iter().map(|mailbox| mailbox.email.clone()).collect();
    let envelope = Envelope::new(Some(from.email.clone()), addresses)
        .map_err(|error| vec![Violation::new("to", error.to_string())])?;
    let mut capabilities = Capabilities::default();
    capabilities.parallel = config.parallel.unwrap_or(2);
    capabilities.timeout = config.timeout;
    let server = Server {
        host: email.host.clone(),
        port: email.port(),
        tls: email.tls,
        ca_file: email.ca_file.clone().or_else(|| options.ca_file.clone()),
        credentials: credentials(email)?,
        hello,
        timeout: config.timeout,
        starttls: tokio::sync::OnceCell::new(),
        implicit: tokio::sync::OnceCell::new(),
    };
    Ok(Box::new(Email {
        server,
        envelope,
        from,
        to,
        headers,
        subject: Template::of("subject", &email.subject, Markup::Plain)?,
        text: Template::of("text", &email.text, Markup::Plain)?,
        html: Template::of("html", &email.html, Markup::Html)?,
        capabilities,
        external_url: options.external_url.clone(),
    }))
}

fn credentials(email: &EmailConfig) -> Result<Option<Credentials>, Vec<Violation>> {
    if email.username.is_empty() {
        return Ok(None);
    }
    let password = http::value("password", &email.password)?;
    Ok(Some(Credentials::new(email.username.clone(), password.expose().clone())))
}

fn hello(name: &str) -> Option<ClientId> {
    if name.is_empty() {
        return Some(ClientId::default());
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    (name.len() <= 255 && name.bytes().all(is_name)).then(|| ClientId::Domain(name.to_owned()))
}

struct Email {
    server: Server,
    envelope: Envelope,
    from: Mailbox,
    to: Vec<Mailbox>,
    headers: Vec<(HeaderName, Template)>,
    subject: Template,
    text: Template,
    html: Template,
    capabilities: Capabilities,
    external_url: String,
}

impl Email {
    /// Returns the mail: the same for every attempt, so that a second one is seen to be the same mail.
    fn message(&self, told: Told<'_>) -> Result<Vec<u8>, String> {
        let notification = told.notification();
        let subject =
            self.subject.text(told, SUBJECT, |limit| limit.cut(&told.title()).into_owned());
        let text =
            self.text.text(told, BODY, |limit| told.text(Markup::Plain, limit, AckLink::InText));
        let html =
            self.html.text(told, BODY, |limit| told.text(Markup::Html, limit, AckLink::InText));
        let thread = format!("<{}@wardkit>", told.incident_key());
        let seconds = u64::try_from(notification.at.as_unix_seconds()).unwrap_or_default();
        let mut builder = Message::builder()
            .from(self.from.clone())
            .subject(one_line(&subject))
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{}@wardkit>", notification.key)))
            // All mails of an incident hang on one that nobody sent, so that programs show them as one thread.
            .in_reply_to(thread.clone())
            .references(thread)
            .envelope(self.envelope.clone());
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        for (name, value) in self.fields(told) {
            builder = builder.raw_header(HeaderValue::new(name, value));
        }
        let message = builder.multipart(MultiPart::alternative_plain_html(text, html));
        message.map(|message| message.formatted()).map_err(|error| error.to_string())
    }

    fn fields(&self, told: Told<'_>) -> Vec<(HeaderName, String)> {
        let mut fields = vec![
            // No answers from whoever is on holiday.
            (HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()),
        ];
        for (name, template) in &self.headers {
            if let Some(Ok(value)) = template.render(told) {
                fields.push((name.clone(), FIELD.cut(&one_line(&value)).into_owned()));
            }
        }
        fields
    }
}

impl Channel for Email {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn send<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let told = Told { delivery, external_url: &self.external_url };
            match self.message(told) {
                Ok(message) => self.server.send(&self.envelope, &message).await,
                Err(reason) => Outcome::Permanent { reason: format!("no mail: {reason}") },
            }
        })
    }
}

const SUBJECT: Limit = Limit::characters(250);
/// Larger than anybody reads, smaller than any server refuses.
const BODY: Limit = Limit::bytes(128 * 1024);
const FIELD: Limit = Limit::characters(900);
const WORDS: Limit = Limit::characters(200);
