//! What needs no vendor.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::violations::Found;
use super::{SecretSource, Text};

/// Another Alertmanager, which routes the alerts by its own configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AlertmanagerConfig {
    /// Its address: `http://127.0.0.1:9093`.
    pub url: String,
    /// The user of basic authentication.
    pub username: String,
    /// Its password, as `env:NAME` or `file:/path`.
    pub password: SecretSource,
    /// How long it believes in an alert that it hears no more of; longer than the route's repeat interval.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub lasts: Duration,
}

impl Default for AlertmanagerConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            username: String::new(),
            password: SecretSource::None,
            // The usual repeat interval is four hours.
            lasts: Duration::from_hours(5),
        }
    }
}

impl AlertmanagerConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("password", &mut self.password)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        found.needs("url", !self.url.is_empty());
        let basic = !self.username.is_empty() || self.password.is_none();
        found.check("password", basic, "needs `username`");
        let lasts = (Duration::from_mins(1)..=Duration::from_hours(24 * 30)).contains(&self.lasts);
        found.check("lasts", lasts, "must be between 1m and 30d");
    }
}

/// A program of this machine: the notification is its standard input, as JSON.
///
/// It has no shell, no environment but `PATH`, and no time beyond the channel's. It says how it went by its exit code:
/// 0 done; 64, 65 and 78 never; everything else may succeed later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ExecConfig {
    /// The program by its absolute path, and its arguments. They are never a template.
    pub command: Vec<String>,
}

impl ExecConfig {
    #[expect(clippy::unused_self, reason = "every kind is asked")]
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        Vec::new()
    }

    pub(super) fn violations(&self, found: &mut Found) {
        let path = self.command.first().is_some_and(|program| program.starts_with('/'));
        found.check("command", path, "must begin with the absolute path of a program");
        let nul = self.command.iter().any(|part| part.contains('\0'));
        found.check("command", !nul, "must not contain a NUL");
    }
}

/// A line of JSON at the end of a file, for each notification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FileConfig {
    /// The file, by its absolute path. It may be moved away at any time; the next line makes it anew.
    pub path: PathBuf,
}

impl FileConfig {
    #[expect(clippy::unused_self, reason = "every kind is asked")]
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        Vec::new()
    }

    pub(super) fn violations(&self, found: &mut Found) {
        found.check("path", self.path.is_absolute(), "must be an absolute path");
    }
}

/// A line in the system's log, by RFC 5424.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SyslogConfig {
    /// How the line gets there. By `udp`, nobody learns whether it did.
    pub transport: SyslogTransport,
    /// Where to: a socket's path for `unix` (empty is `/dev/log`), `host:port` for `udp` and `tcp`.
    pub address: String,
    /// What it is filed under.
    pub facility: SyslogFacility,
    /// What this side calls itself; empty is `wardkit`.
    pub app: String,
    /// The host's name; empty for this one's.
    pub hostname: String,
    /// The text, as a template.
    pub text: Text,
}

/// How a line gets to the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum SyslogTransport {
    /// A datagram to a socket of this machine.
    #[default]
    Unix,
    /// A datagram to a host.
    Udp,
    /// A connection to a host.
    Tcp,
}

/// What a line in the log is filed under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum SyslogFacility {
    /// Programs of users.
    User,
    /// Programs in the background.
    #[default]
    Daemon,
    /// For local use.
    Local0,
    /// For local use.
    Local1,
    /// For local use.
    Local2,
    /// For local use.
    Local3,
    /// For local use.
    Local4,
    /// For local use.
    Local5,
    /// For local use.
    Local6,
    /// For local use.
    Local7,
}

impl SyslogConfig {
    #[expect(clippy::unused_self, reason = "every kind is asked")]
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        Vec::new()
    }

    pub(super) fn violations(&self, found: &mut Found) {
        let remote = self.transport != SyslogTransport::Unix;
        found.check("address", !remote || self.address.contains(':'), "must be host:port");
        let path = remote || self.address.is_empty() || self.address.starts_with('/');
        found.check("address", path, "must be the absolute path of a socket");
        for (key, value, most) in [("app", &self.app, 48), ("hostname", &self.hostname, 255)] {
            let sound = value.len() <= most && value.bytes().all(|byte| byte.is_ascii_graphic());
            found.check(key, sound, "must be short ASCII without blanks");
        }
    }
}
