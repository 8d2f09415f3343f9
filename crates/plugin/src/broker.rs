//! What a plugin may ask its host for while it runs, and what it is answered.

mod http;
mod kv;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wardkit_core::Secret;
use wardkit_sandbox::{Capabilities, Refused};
use wardkit_validation::{Resolve, SystemResolver, UrlPolicy};

pub use http::{Fetch, FetchAnswer, FetchRequest};
pub use kv::{KvStore, MemoryKv};

use crate::{Grant, PreparedPlugin};

/// Answers the questions of one plugin, within its grant. What is refused is counted.
///
/// | name | request | answer |
/// |---|---|---|
/// | `http` | `{"method": "GET", "url": "…", "headers": {…}, "body": "…"}` | `{"status": 200, "headers": {…}, "body": "…"}` |
/// | `kv.get` | `{"key": "…"}` | `{"value": "…"}`, or `null` for none |
/// | `kv.set` | `{"key": "…", "value": "…"}` | `{}` |
/// | `kv.delete` | `{"key": "…"}` | `{}` |
/// | `kv.list` | `{"prefix": "…"}` | `{"keys": ["…"]}` |
///
/// A header's value is a text, or `{"secret": "NAME", "prefix": "Bearer "}`: the host puts the secret in, and the plugin
/// never sees it.
pub struct Broker {
    id: String,
    grant: Grant,
    kv: Arc<dyn KvStore>,
    fetch: Option<Arc<dyn Fetch>>,
    resolver: Box<dyn Resolve + Send + Sync>,
    secrets: BTreeMap<String, Secret<String>>,
    policy: UrlPolicy,
    refused: Mutex<BTreeMap<String, Refusals>>,
}

/// What was refused of one name.
#[derive(Debug, Default)]
struct Refusals {
    count: u64,
    /// Why the last one was.
    why: String,
}

impl Broker {
    /// Answers a plugin within what it was granted. Keys and values are kept in memory, and no host is reached.
    #[must_use]
    pub fn new(plugin: &PreparedPlugin) -> Self {
        Self::within(plugin.id(), plugin.grant().clone())
    }

    /// Answers whoever has this name, within a grant.
    #[must_use]
    pub fn within(id: &str, grant: Grant) -> Self {
        let mut policy = UrlPolicy::default();
        policy.ports = grant.http.iter().flat_map(|rule| rule.ports.iter().copied()).collect();
        policy.allowed_hosts = grant.http.iter().map(|rule| rule.host.clone()).collect();
        policy.max_redirects = 0;
        Self {
            id: id.to_owned(),
            grant,
            kv: Arc::new(MemoryKv::default()),
            fetch: None,
            resolver: Box::new(SystemResolver),
            secrets: BTreeMap::new(),
            policy,
            refused: Mutex::default(),
        }
    }

    /// Keeps keys and values there.
    #[must_use]
    pub fn with_kv(mut self, kv: Arc<dyn KvStore>) -> Self {
        self.kv = kv;
        self
    }

    /// Makes requests with this client.
    #[must_use]
    pub fn with_fetch(mut self, fetch: Arc<dyn Fetch>) -> Self {
        self.fetch = Some(fetch);
        self
    }

    /// Resolves names with this.
    #[must_use]
    pub fn with_resolver(mut self, resolver: impl Resolve + Send + Sync + 'static) -> Self {
        self.resolver = Box::new(resolver);
        self
    }

    /// Has these secrets for headers. Those that were not granted are dropped.
    #[must_use]
    pub fn with_secrets(
        mut self,
        secrets: impl IntoIterator<Item = (String, Secret<String>)>,
    ) -> Self {
        let granted = secrets.into_iter().filter(|(name, _)| self.grant.secrets.contains(name));
        self.secrets = granted.collect();
        self
    }

    /// Denies these hosts too, or reaches networks that are not public: what the operator's policy says beside the
    /// grant. Hosts, ports and redirects stay the grant's.
    #[must_use]
    pub fn with_policy(mut self, policy: UrlPolicy) -> Self {
        let (ports, hosts) = (self.policy.ports, self.policy.allowed_hosts);
        self.policy = policy;
        (self.policy.ports, self.policy.allowed_hosts) = (ports, hosts);
        self.policy.max_redirects = 0;
        self
    }

    /// Returns how often what was refused.
    #[must_use]
    pub fn refused(&self) -> BTreeMap<String, u64> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().map(|(name, all)| (name.clone(), all.count)).collect()
    }

    /// Returns why what was refused last was, without anything of the request.
    #[must_use]
    pub fn why_refused(&self) -> BTreeMap<String, String> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().map(|(name, all)| (name.clone(), all.why.clone())).collect()
    }

    fn answer(&self, name: &str, request: &[u8], deadline: Duration) -> Result<Vec<u8>, Refused> {
        if !self.grant.capabilities().contains(name) {
            return Err(Refused::NotGranted);
        }
        let answer = match name {
            "http" => http::answer(self, request, deadline)?,
            "kv.get" | "kv.set" | "kv.delete" | "kv.list" => {
                kv::answer(&*self.kv, &self.id, self.grant.kv.0, name, request)?
            }
            // The engine answers these itself.
            _ => return Err(Refused::NotGranted),
        };
        serde_json::to_vec(&answer).map_err(|error| Refused::Failed(error.to_string()))
    }
}

impl Capabilities for Broker {
    fn ask(&self, name: &str, request: &[u8], deadline: Duration) -> Result<Vec<u8>, Refused> {
        let answer = self.answer(name, request, deadline);
        if let Err(why) = &answer {
            // Names are the plugin's: those that nobody knows are one.
            let known = KNOWN.contains(&name);
            let name = if known { name } else { "unknown" };
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            let refused = refused.entry(name.to_owned()).or_default();
            (refused.count, refused.why) = (refused.count + 1, why.to_string());
        }
        answer
    }
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker")
            .field("id", &self.id)
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}

fn invalid(reason: impl std::fmt::Display) -> Refused {
    Refused::Invalid(reason.to_string())
}

/// Says of a request that it is not the JSON that is asked for, and nothing of what is in it.
fn malformed(error: &serde_json::Error) -> Refused {
    invalid(format!("it is not the JSON that this takes, at byte {}", error.column()))
}

const KNOWN: [&str; 8] =
    ["http", "kv.get", "kv.set", "kv.delete", "kv.list", "log", "clock", "random"];
