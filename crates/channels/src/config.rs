//! What the client may reach, and what an answer may cost.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use url::{Host, Url};
use wardkit_retry::RetryPolicy;
use wardkit_validation::{HeaderSafe, Network, UrlPolicy};

use crate::Error;

/// What the client may reach, and what an answer may cost. The default reaches public hosts on the ports of http and
/// https.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HttpClientConfig {
    /// Where requests may go; [`endpoint_policy`] makes one from the URLs of a configuration.
    pub policy: UrlPolicy,
    /// How often a request is tried; [`RetryPolicy::never`] for once.
    pub retry: RetryPolicy,
    /// How long resolving, connecting and TLS may take together.
    pub connect_timeout: Duration,
    /// How long the head of the answer may take, from the first byte of the request.
    pub head_timeout: Duration,
    /// How long the body of the answer may take.
    pub body_timeout: Duration,
    /// The largest body of an answer, in bytes.
    pub max_body: usize,
    /// The largest head of an answer, in bytes.
    pub max_head: usize,
    /// The most header fields of an answer.
    pub max_fields: usize,
    /// How many connections are kept for the next request to the same host.
    pub max_idle_per_host: usize,
    /// How many connections are kept in all.
    pub max_idle: usize,
    /// How long a connection is kept. An idle one is closed by the next request after that.
    pub idle_timeout: Duration,
    /// A file of certificates in PEM whose authorities are trusted, too.
    pub ca_file: Option<PathBuf>,
    /// Whether the system's authorities are trusted.
    pub system_authorities: bool,
    /// What the client calls itself.
    pub user_agent: String,
}

impl Default for HttpClientConfig {
    fn default() -> Self {
        Self {
            policy: UrlPolicy::default(),
            retry: RetryPolicy::http(),
            connect_timeout: Duration::from_secs(5),
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            max_body: 1024 * 1024,
            max_head: 16 * 1024,
            max_fields: 100,
            max_idle_per_host: 2,
            max_idle: 16,
            idle_timeout: Duration::from_secs(30),
            ca_file: None,
            system_authorities: true,
            user_agent: "wardkit".to_owned(),
        }
    }
}

impl HttpClientConfig {
    /// Returns everything that is wrong with the configuration; empty when it is fit for use.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut refuse = |path: &'static str, reason: String| {
            found.push(Violation { path: path.to_owned(), reason });
        };
        for (path, value) in [
            ("connect-timeout", self.connect_timeout),
            ("head-timeout", self.head_timeout),
            ("body-timeout", self.body_timeout),
            ("idle-timeout", self.idle_timeout),
        ] {
            if !(LEAST_TIMEOUT..=MOST_TIMEOUT).contains(&value) {
                refuse(
                    path,
                    format!("{value:?} is not between {LEAST_TIMEOUT:?} and {MOST_TIMEOUT:?}"),
                );
            }
        }
        for (path, value, least, most) in [
            ("max-body", self.max_body, 0, MOST_BODY),
            ("max-head", self.max_head, LEAST_HEAD, MOST_HEAD),
            ("max-fields", self.max_fields, LEAST_FIELDS, MOST_FIELDS),
            ("max-idle-per-host", self.max_idle_per_host, 0, MOST_IDLE),
            ("max-idle", self.max_idle, 0, MOST_IDLE),
        ] {
            if !(least..=most).contains(&value) {
                refuse(path, format!("{value} is not between {least} and {most}"));
            }
        }
        if !self.system_authorities && self.ca_file.is_none() {
            refuse(
                "ca-file",
                "is needed where the system's authorities are not trusted".to_owned(),
            );
        }
        if HeaderSafe::new(&self.user_agent).is_err() {
            refuse("user-agent", "is no value of a header".to_owned());
        }
        if self.retry.budget.is_some() {
            refuse("retry", "names a budget, and there is none here".to_owned());
        }
        for violation in self.retry.validate() {
            refuse("retry", violation.to_string());
        }
        found
    }
}

/// Returns a policy that lets requests go to these URLs' hosts and ports and nowhere else.
///
/// The operator wrote them, so they may be of this machine or of a private network. The services of a cloud that give
/// credentials to whoever asks stay out of reach, also behind a name.
///
/// ```
/// use wardkit_channels::endpoint_policy;
/// use wardkit_validation::Accept as _;
///
/// let policy = endpoint_policy(["http://127.0.0.1:4318/v1/metrics"])?;
/// assert!(policy.accept("http://127.0.0.1:4318/v1/metrics").is_ok());
/// assert!(policy.accept("http://127.0.0.2:4318/v1/metrics").is_err());
/// assert!(policy.accept("http://127.0.0.1:22/").is_err());
/// # Ok::<(), wardkit_channels::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Config`] naming each URL, by its place, that is not `http://` or `https://` with a host and without a user.
pub fn endpoint_policy<'a>(urls: impl IntoIterator<Item = &'a str>) -> Result<UrlPolicy, Error> {
    let mut policy = UrlPolicy::default();
    policy.ports.clear();
    policy.max_redirects = 0;
    let mut violations = Vec::new();
    for (index, url) in urls.into_iter().enumerate() {
        if allow(&mut policy, url).is_none() {
            let reason = "is not http:// or https:// with a host and without a user".to_owned();
            violations.push(Violation { path: format!("url[{index}]"), reason });
        }
    }
    if policy.allowed_hosts.is_empty() {
        // Without a list every public host would do; this name is nobody's.
        policy.allowed_hosts.extend("nobody.invalid".parse());
    }
    if violations.is_empty() { Ok(policy) } else { Err(Error::Config { violations }) }
}

fn allow(policy: &mut UrlPolicy, text: &str) -> Option<()> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let port = url.port_or_known_default()?;
    match url.host()? {
        Host::Ipv4(address) => policy.danger_allowed_networks.push(IpAddr::from(address).into()),
        Host::Ipv6(address) => policy.danger_allowed_networks.push(IpAddr::from(address).into()),
        Host::Domain(name) => {
            policy.allowed_hosts.push(name.parse().ok()?);
            let inside = INSIDE.iter().filter_map(|network| network.parse::<Network>().ok());
            policy.danger_allowed_networks.extend(inside);
            let never = METADATA.iter().filter_map(|address| address.parse::<Network>().ok());
            policy.denied_networks.extend(never);
        }
    }
    policy.ports.push(port);
    for list in [&mut policy.danger_allowed_networks, &mut policy.denied_networks] {
        list.sort_unstable();
        list.dedup();
    }
    Some(())
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The key.
    pub path: String,
    /// Why its value is refused.
    pub reason: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

/// Where a name of the operator's own may lead: this machine, private networks, and those behind carrier-grade NAT.
const INSIDE: [&str; 7] = [
    "127.0.0.0/8",
    "::1",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
];

/// The addresses of the clouds' services for credentials that lie within those networks.
const METADATA: [&str; 7] = [
    "100.100.100.200",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd00:ec2::253",
    "fd00:ec2::123",
    "fd20:ce::254",
    "fd00:42::42",
];

const LEAST_TIMEOUT: Duration = Duration::from_millis(10);
const MOST_TIMEOUT: Duration = Duration::from_hours(1);
const MOST_BODY: usize = 1 << 30;
/// The status line and the headers of the plainest server.
const LEAST_HEAD: usize = 1 << 10;
const MOST_HEAD: usize = 1 << 20;
const LEAST_FIELDS: usize = 16;
const MOST_FIELDS: usize = 1 << 10;
const MOST_IDLE: usize = 1 << 10;
