//! The listener's configuration and what can be wrong with it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wardkit_retry::duration;

use crate::{Error, WriteToken};

/// Where the listener listens and what it lets a client cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct HttpConfig {
    /// The address to listen on. It must be a loopback address, because the listener speaks no TLS.
    #[serde(rename = "address")]
    pub listen: SocketAddr,
    /// Names besides `localhost`, `127.0.0.0/8`, `[::1]` and the listen address that a request's `Host` may
    /// carry, without port; a reverse proxy's name belongs here. Every other name is refused, which keeps a web
    /// page from reaching the listener through a name that it points at this machine.
    pub allowed_hosts: Vec<String>,
    /// A file with the token that a request must carry as `Authorization: Bearer TOKEN` to write, here and not on
    /// the control socket: one line of at least 16 characters, readable by its owner alone. While empty, the
    /// listener takes nothing from anybody.
    pub token_file: PathBuf,
    /// Whether everybody on this machine may write through the listener without a token. Web pages still may not.
    pub danger_open_writes: bool,
    /// The largest body of a request that brings metrics, in bytes. Two such bodies are held at a time.
    pub max_ingest_body: usize,
    /// The largest body of a request that brings alerts, in bytes. Four such bodies are held at a time.
    pub max_alerts_body: usize,
    /// The most connections at a time. Beyond it a new connection takes the place of the one whose client has kept
    /// the listener waiting longest, and is refused with 503 when all are being answered.
    pub max_connections: usize,
    /// The most connections at a time from one address (from one /64 network for IPv6). Loopback addresses are
    /// exempt: everybody on this machine shares them, a reverse proxy included.
    pub max_connections_per_peer: usize,
    /// How long a client may take to send a request's head, from its first byte, or from the connection's start.
    #[serde(with = "duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub header_timeout: Duration,
    /// How long a connection may stay open between two requests.
    #[serde(with = "duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub idle_timeout: Duration,
    /// How long a request may take from the end of its head until its response is sent.
    #[serde(with = "duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub request_timeout: Duration,
    /// How long requests may take to finish after the daemon was told to stop.
    #[serde(with = "duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub drain_timeout: Duration,
    /// The largest request body, in bytes.
    pub max_body: usize,
    /// The most header fields of a request.
    pub max_headers: usize,
    /// The largest head of a request, in bytes: its request line and its header fields.
    pub max_header_bytes: usize,
    /// The longest request target, in bytes.
    pub max_uri: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9180)),
            allowed_hosts: Vec::new(),
            token_file: PathBuf::new(),
            danger_open_writes: false,
            max_ingest_body: 16 * 1024 * 1024,
            max_alerts_body: 4 * 1024 * 1024,
            max_connections: 1024,
            max_connections_per_peer: 64,
            header_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_mins(1),
            request_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
            max_body: 64 * 1024,
            max_headers: 100,
            max_header_bytes: 16 * 1024,
            max_uri: 4096,
        }
    }
}

impl HttpConfig {
    /// Returns everything that is wrong with the configuration.
    #[must_use]
    pub fn validate(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut refuse = |path: &str, reason: String| {
            found.push(Violation { path: path.to_owned(), reason });
        };
        let ip = self.listen.ip();
        if !ip.is_loopback() {
            let reason = "is not a loopback address, and the listener speaks no TLS: listen on 127.0.0.1 or [::1] \
                          and put a reverse proxy in front";
            refuse("address", format!("{ip} {reason}"));
        }
        for (index, host) in self.allowed_hosts.iter().enumerate() {
            if !is_host_name(host) {
                refuse(
                    &format!("allowed-hosts[{index}]"),
                    "not a host name such as status.example.org, without port".to_owned(),
                );
            }
        }
        for (path, value, least, most) in [
            ("max-connections", self.max_connections, 1, MOST_CONNECTIONS),
            ("max-connections-per-peer", self.max_connections_per_peer, 1, MOST_CONNECTIONS),
            ("max-body", self.max_body, 1, MOST_BODY),
            ("max-ingest-body", self.max_ingest_body, 1, MOST_BODY),
            ("max-alerts-body", self.max_alerts_body, 1, MOST_BODY),
            ("max-headers", self.max_headers, LEAST_HEADERS, MOST_HEADERS),
            ("max-header-bytes", self.max_header_bytes, LEAST_HEADER_BYTES, MOST_HEADER_BYTES),
            ("max-uri", self.max_uri, LEAST_URI, MOST_URI),
        ] {
            if !(least..=most).contains(&value) {
                refuse(path, format!("{value} is not between {least} and {most}"));
            }
        }
        if !self.token_file.as_os_str().is_empty() && !self.token_file.is_absolute() {
            refuse("token-file", "must be an absolute path, or empty".to_owned());
        }
        if self.max_uri >= self.max_header_bytes {
            refuse("max-uri", "must be below max-header-bytes, which includes it".to_owned());
        }
        for (path, value) in [
            ("header-timeout", self.header_timeout),
            ("idle-timeout", self.idle_timeout),
            ("request-timeout", self.request_timeout),
            ("drain-timeout", self.drain_timeout),
        ] {
            if !(LEAST_TIMEOUT..=MOST_TIMEOUT).contains(&value) {
                refuse(
                    path,
                    format!(
                        "{} is not between {} and {}",
                        duration::print(value),
                        duration::print(LEAST_TIMEOUT),
                        duration::print(MOST_TIMEOUT)
                    ),
                );
            }
        }
        found
    }

    /// Reads the token that requests must carry to write, where the configuration names a file with one.
    ///
    /// # Errors
    ///
    /// As [`WriteToken::read`].
    pub fn read_token(&self) -> Result<Option<WriteToken>, Error> {
        let named = !self.token_file.as_os_str().is_empty();
        named.then(|| WriteToken::read(&self.token_file)).transpose()
    }
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The key, dotted where it is nested.
    pub path: String,
    /// Why its value is refused.
    pub reason: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

/// Letters, digits, hyphens and dots; no port, no address, no wildcard.
fn is_host_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// A descriptor a connection: more than any process is allowed by default configuration of the kernel.
const MOST_CONNECTIONS: usize = 1 << 20;
const MOST_BODY: usize = 1 << 30;
/// What a browser sends by itself.
const LEAST_HEADERS: usize = 16;
const MOST_HEADERS: usize = 1 << 10;
const LEAST_HEADER_BYTES: usize = 1 << 10;
const MOST_HEADER_BYTES: usize = 1 << 20;
/// The longest route and room for a query.
const LEAST_URI: usize = 64;
/// The HTTP library's own limit.
const MOST_URI: usize = 65_534;
const LEAST_TIMEOUT: Duration = Duration::from_millis(10);
const MOST_TIMEOUT: Duration = Duration::from_hours(24);
