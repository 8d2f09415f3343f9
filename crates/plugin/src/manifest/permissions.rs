//! What a plugin asks for beside computing, each with the reason that is shown to whoever installs it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_sandbox::Size;
use wardkit_validation::{HostPattern, Scheme};

use super::Reason;

/// What a plugin asks for beside computing. What is not here it has not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Permissions {
    /// Requests to other hosts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<HttpWish>,
    /// A store of keys and values of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv: Option<KvWish>,
    /// Lines in the host's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<Wish>,
    /// The time of day, in steps of milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Wish>,
    /// Random bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<Wish>,
    /// Variables of the environment, for native plugins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<NameWish>,
    /// Secrets, by the names that the operator gave them. The plugin sees the name; the host puts the value in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<NameWish>,
    /// Events of the host that it is called on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<NameWish>,
    /// The interpreters and libraries of the host, read-only, for native plugins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Wish>,
}

impl Permissions {
    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns each permission in words, with its reason: what whoever installs it agrees to.
    #[must_use]
    pub fn told(&self) -> Vec<(String, String)> {
        let mut told = Vec::new();
        for one in &self.http {
            let methods: Vec<&str> = one.methods.iter().map(|method| method.as_str()).collect();
            let what = format!("{} {} (at most {})", methods.join(", "), one.host, one.max_bytes);
            told.push((format!("http: {what}"), one.why.to_string()));
        }
        if let Some(kv) = &self.kv {
            told.push((format!("kv: store {}", kv.bytes), kv.why.to_string()));
        }
        let plain = [
            ("log: write to the host's log", &self.log),
            ("clock: read the time", &self.clock),
            ("random: get random bytes", &self.random),
            ("runtime: read the host's interpreters and libraries", &self.runtime),
        ];
        for (what, wish) in plain {
            told.extend(wish.as_ref().map(|wish| (what.to_owned(), wish.why.to_string())));
        }
        let lists = [("env", &self.env), ("secrets", &self.secrets), ("events", &self.events)];
        for (what, list) in lists {
            told.extend(
                list.iter().map(|one| (format!("{what}: {}", one.name), one.why.to_string())),
            );
        }
        told
    }
}

/// Requests to hosts of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct HttpWish {
    /// `api.example.com`, or `*.example.com` for all below.
    #[schemars(with = "String")]
    pub host: HostPattern,
    /// With which methods: `GET`.
    #[serde(default = "only_get")]
    pub methods: BTreeSet<Method>,
    /// How: `https`.
    #[serde(default = "only_https")]
    #[schemars(with = "Vec<String>")]
    pub schemes: BTreeSet<Scheme>,
    /// On which ports: 443.
    #[serde(default = "only_443")]
    pub ports: BTreeSet<u16>,
    /// The longest request and the longest answer: `1MiB`.
    #[serde(default = "mebibyte")]
    #[schemars(with = "String")]
    pub max_bytes: Size,
    /// What for.
    pub why: Reason,
}

/// A method of HTTP.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Reads the headers alone.
    Head,
    /// Hands something in.
    Post,
    /// Puts something in its place.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// Returns the name that HTTP has for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A store of keys and values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct KvWish {
    /// How much it holds: `64KiB`.
    #[schemars(with = "String")]
    pub bytes: Size,
    /// What for.
    pub why: Reason,
}

/// A permission that is given or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Wish {
    /// What for.
    pub why: Reason,
}

/// Something of the host that has a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct NameWish {
    /// The name.
    pub name: String,
    /// What for.
    pub why: Reason,
}

fn only_get() -> BTreeSet<Method> {
    [Method::Get].into()
}

fn only_https() -> BTreeSet<Scheme> {
    [Scheme::Https].into()
}

fn only_443() -> BTreeSet<u16> {
    [443].into()
}

const fn mebibyte() -> Size {
    Size(1 << 20)
}
