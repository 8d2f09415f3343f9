//! A mail.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::violations::Found;
use super::{SecretSource, Text};

/// A mail, handed to a server by SMTP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct EmailConfig {
    /// Who gets it: `ops@example.org`, `Ops <ops@example.org>`.
    pub to: Vec<String>,
    /// Who sends it.
    pub from: String,
    /// The host of the server.
    pub host: String,
    /// Its port; 0 is the usual one: 587, or 465 for `implicit`.
    pub port: u16,
    /// How the connection is protected. There is never less than what is written here.
    pub tls: EmailTls,
    /// A file of certificates in PEM whose authorities are trusted, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The user that signs in; empty for none.
    pub username: String,
    /// Its password, as `env:NAME` or `file:/path`.
    pub password: SecretSource,
    /// What this side calls itself; empty for the host's name.
    pub hello: String,
    /// The subject, as a template.
    pub subject: Text,
    /// The text, as a template.
    pub text: Text,
    /// The text in HTML, as a template. Values are escaped.
    pub html: Text,
    /// More header fields, each a template in the language of Jinja.
    pub headers: BTreeMap<String, Text>,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum EmailTls {
    /// By STARTTLS; a server without it gets nothing.
    #[default]
    Starttls,
    /// From the first byte on.
    Implicit,
    /// By STARTTLS where the server offers it: whoever sits in between can take the offer away.
    DangerOpportunistic,
    /// Not at all.
    DangerNone,
}

impl EmailConfig {
    /// Returns the port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        match (self.port, self.tls) {
            (0, EmailTls::Implicit) => 465,
            (0, _) => 587,
            (port, _) => port,
        }
    }

    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("password", &mut self.password)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        found.needs("to", !self.to.is_empty());
        found.needs("from", !self.from.is_empty());
        found.needs("host", !self.host.is_empty());
        let pair = self.username.is_empty() == self.password.is_none();
        found.check("password", pair, "and `username` need each other");
        let own = matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        let exposed = self.tls == EmailTls::DangerNone && !self.username.is_empty() && !own;
        found.check(
            "tls",
            !exposed,
            "without it, a password goes to this machine's own server only",
        );
        for name in self.headers.keys() {
            let reserved = RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved));
            found.check(&format!("headers.{name}"), !reserved, "is set from other keys");
        }
    }
}

/// What a mail needs in order to be found, answered and told from others.
const RESERVED: [&str; 11] = [
    "To",
    "From",
    "Subject",
    "Date",
    "Message-ID",
    "References",
    "In-Reply-To",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Bcc",
];
