//! Requests that are granted. Rules that others contain are left out, so that equal grants are equal values.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_sandbox::Size;
use wardkit_validation::{HostPattern, SafeUrl, Scheme};

use crate::manifest::{HttpWish, Method};

/// Which requests a plugin may make: those that one of the rules allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Vec<HttpRule>", into = "Vec<HttpRule>")]
#[schemars(with = "Vec<HttpRule>")]
pub struct HttpGrants(BTreeSet<HttpRule>);

/// Requests to hosts of a name, with these methods, on these ports, so long at most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct HttpRule {
    /// The host, or all below a name.
    #[schemars(with = "String")]
    pub host: HostPattern,
    /// The methods.
    pub methods: BTreeSet<Method>,
    /// In the clear or over TLS.
    #[schemars(with = "Vec<String>")]
    pub schemes: BTreeSet<Scheme>,
    /// The ports.
    pub ports: BTreeSet<u16>,
    /// The longest request and the longest answer.
    #[schemars(with = "String")]
    pub max_bytes: Size,
}

impl HttpGrants {
    /// Grants what the rules say.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = HttpRule>) -> Self {
        let all: BTreeSet<HttpRule> = rules.into_iter().filter(|rule| !rule.is_empty()).collect();
        let is_contained = |rule: &HttpRule| {
            all.iter().any(|other| other != rule && rule.meet(other).as_ref() == Some(rule))
        };
        Self(all.iter().filter(|rule| !is_contained(rule)).cloned().collect())
    }

    pub(crate) fn asked_by(wishes: &[HttpWish]) -> Self {
        Self::new(wishes.iter().map(|wish| HttpRule {
            host: wish.host.clone(),
            methods: wish.methods.clone(),
            schemes: wish.schemes.clone(),
            ports: wish.ports.clone(),
            max_bytes: wish.max_bytes,
        }))
    }

    /// Whether no request is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the rules, none of which contains another.
    pub fn iter(&self) -> impl Iterator<Item = &HttpRule> {
        self.0.iter()
    }

    /// Returns how long a request and its answer may be, if it is granted.
    #[must_use]
    pub fn allows(&self, method: Method, url: &SafeUrl) -> Option<Size> {
        let fits = |rule: &&HttpRule| {
            rule.host.matches(url.host())
                && rule.methods.contains(&method)
                && rule.schemes.contains(&url.scheme())
                && rule.ports.contains(&url.port())
        };
        self.0.iter().filter(fits).map(|rule| rule.max_bytes).max()
    }

    /// Returns what both grant.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        Self::new(self.0.iter().flat_map(|one| other.0.iter().filter_map(|two| one.meet(two))))
    }
}

impl HttpRule {
    /// Allows `GET` over TLS on its own port, with a mebibyte at most.
    #[must_use]
    pub fn new(host: HostPattern) -> Self {
        Self {
            host,
            methods: [Method::Get].into(),
            schemes: [Scheme::Https].into(),
            ports: [443].into(),
            max_bytes: Size(1 << 20),
        }
    }

    fn is_empty(&self) -> bool {
        self.methods.is_empty() || self.schemes.is_empty() || self.ports.is_empty()
    }

    fn meet(&self, other: &Self) -> Option<Self> {
        let host = narrower(&self.host, &other.host)?.clone();
        let met = Self {
            host,
            methods: &self.methods & &other.methods,
            schemes: &self.schemes & &other.schemes,
            ports: &self.ports & &other.ports,
            max_bytes: self.max_bytes.min(other.max_bytes),
        };
        (!met.is_empty()).then_some(met)
    }
}

impl From<Vec<HttpRule>> for HttpGrants {
    fn from(rules: Vec<HttpRule>) -> Self {
        Self::new(rules)
    }
}

impl From<HttpGrants> for Vec<HttpRule> {
    fn from(grants: HttpGrants) -> Self {
        grants.0.into_iter().collect()
    }
}

/// Returns the pattern that the other one contains. Patterns are a tree: two overlap only when one contains the other.
fn narrower<'p>(one: &'p HostPattern, two: &'p HostPattern) -> Option<&'p HostPattern> {
    if one == two || contains(two, one) {
        return Some(one);
    }
    contains(one, two).then_some(two)
}

fn contains(wide: &HostPattern, narrow: &HostPattern) -> bool {
    let narrow = narrow.to_string();
    match narrow.strip_prefix("*.") {
        // Nothing but a wildcard has room for a wildcard.
        Some(name) => wide.to_string().starts_with("*.") && wide.matches(name),
        None => wide.matches(&narrow),
    }
}
