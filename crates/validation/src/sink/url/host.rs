//! Names of hosts: patterns of them, and those of the inside.

use std::fmt;
use std::str::FromStr;

use url::Host;

use super::UrlError;

/// A host, or all hosts below a name: `example.com`, `*.example.com`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct HostPattern {
    name: String,
    below: bool,
}

impl HostPattern {
    /// Returns whether the host is meant. `*.example.com` means every host below `example.com`, not itself.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        if !self.below {
            return host == self.name;
        }
        host.strip_suffix(self.name.as_str())
            .is_some_and(|front| front.len() > 1 && front.ends_with('.'))
    }
}

impl FromStr for HostPattern {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (name, below) = text.strip_prefix("*.").map_or((text, false), |name| (name, true));
        match Host::parse(name) {
            Ok(Host::Domain(name)) if is_plain(&name) => Ok(Self { name, below }),
            _ => Err(UrlError::Pattern),
        }
    }
}

impl TryFrom<String> for HostPattern {
    type Error = UrlError;

    fn try_from(text: String) -> Result<Self, UrlError> {
        text.parse()
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*." } else { "" }, self.name)
    }
}

/// Returns whether a name in its encoded form has the letters and lengths of DNS, and no full stop at its end: TLS and
/// lists of hosts take that one for another name.
pub(super) fn is_plain(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Returns whether only the inside of a network knows the name: one word, or below a name that is never public.
pub(super) fn is_internal(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    !name.contains('.')
        || INTERNAL.contains(&last)
        || name == "home.arpa"
        || name.ends_with(".home.arpa")
}

/// RFC 6761 and 6762, ICANN's `internal`, and what routers and clusters have used beside them.
const INTERNAL: [&str; 12] = [
    "localhost",
    "local",
    "internal",
    "localdomain",
    "lan",
    "intranet",
    "private",
    "corp",
    "home",
    "svc",
    "onion",
    "invalid",
];
