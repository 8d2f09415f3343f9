//! The least that the tests of a plugin needed, from what it asked its host for while they ran.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use wardkit_sandbox::{Capabilities, Refused};
use wardkit_validation::{Accept as _, SafeUrl, UrlPolicy};

use crate::manifest::{HttpWish, Method, Permissions};
use crate::{Kind, Package};

/// The least that the tests of a plugin needed, beside what its manifest asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Proposal {
    /// What is asked for and can be left out.
    pub unused: Vec<Unused>,
    /// What was tried and is not asked for: a capability with its target, as `http GET api.example.com`.
    pub missing: Vec<String>,
    /// The permissions that were used, as the manifest asks for them.
    pub least: Permissions,
}

/// A permission that is asked for and was not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Unused {
    /// Its key in the manifest.
    pub key: String,
    /// How that is known.
    pub why: &'static str,
}

impl Proposal {
    /// Returns the permissions that were used, as lines of a manifest; nothing when there are none.
    #[must_use]
    pub fn to_toml(&self) -> String {
        if self.least.is_empty() {
            return String::new();
        }
        // What was read from a manifest can be written as one.
        toml::to_string(&BTreeMap::from([("permissions", &self.least)])).unwrap_or_default()
    }
}

/// Answers as somebody else does, and remembers what was asked for.
pub(super) struct Watch {
    answers: Arc<dyn Capabilities>,
    /// Reads URLs, whatever their hosts.
    any_host: UrlPolicy,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    names: BTreeSet<String>,
    /// By method and origin, since a plugin may make many requests.
    requests: BTreeMap<(Method, String), SafeUrl>,
    secrets: BTreeSet<String>,
}

impl Watch {
    pub(super) fn new(answers: &Arc<dyn Capabilities>, package: &Package) -> Self {
        let mut any_host = UrlPolicy::default();
        let wishes = package.manifest().permissions.http.iter();
        any_host.ports.extend(wishes.flat_map(|wish| wish.ports.iter().copied()));
        Self { answers: Arc::clone(answers), any_host, asked: Mutex::default() }
    }

    /// Proposes what a package should ask for. `denied` is what its sandbox denied it.
    pub(super) fn proposal(&self, package: &Package, denied: &[&str]) -> Proposal {
        let manifest = package.manifest();
        let all = &manifest.permissions;
        if manifest.plugin.kind == Kind::Native {
            // What the kernel grants a native plugin, nothing here sees it use.
            return Proposal { least: all.clone(), ..Proposal::default() };
        }
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let imports = package.entry().map(crate::validate::imports).unwrap_or_default();
        let mut left_out = LeftOut::default();
        let imported = |name: &str| imports.iter().any(|import| import == name);
        let least = Permissions {
            http: all.http.iter().filter_map(|wish| asked.used_of(wish, &mut left_out)).collect(),
            kv: left_out.unless(asked.has_kv(), "kv", NO_TEST, all.kv.as_ref()),
            log: left_out.unless(imported("log"), "log", NO_IMPORT, all.log.as_ref()),
            clock: left_out.unless(imported("now"), "clock", NO_IMPORT, all.clock.as_ref()),
            random: left_out.unless(imported("random"), "random", NO_IMPORT, all.random.as_ref()),
            secrets: all
                .secrets
                .iter()
                .filter(|wish| {
                    let key = format!("secrets: {}", wish.name);
                    let is_used = asked.secrets.contains(&wish.name);
                    left_out.unless(is_used, &key, NO_TEST, Some(wish)).is_some()
                })
                .cloned()
                .collect(),
            ..all.clone()
        };
        Proposal { unused: left_out.0, missing: asked.beyond(all, denied), least }
    }
}

impl Capabilities for Watch {
    fn ask(&self, name: &str, request: &[u8], deadline: Duration) -> Result<Vec<u8>, Refused> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.note(name, request, &self.any_host);
        drop(asked);
        self.answers.ask(name, request, deadline)
    }
}

impl Asked {
    fn note(&mut self, name: &str, request: &[u8], any_host: &UrlPolicy) {
        self.names.insert(name.to_owned());
        if name != "http" {
            return;
        }
        let Ok(request) = serde_json::from_slice::<Value>(request) else { return };
        let headers = request["headers"].as_object().into_iter().flatten();
        let secrets = headers.filter_map(|(_, value)| value["secret"].as_str());
        self.secrets.extend(secrets.map(str::to_owned));
        let method = request.get("method").cloned().unwrap_or_else(|| "GET".into());
        let method = serde_json::from_value::<Method>(method).ok();
        let url = request["url"].as_str().and_then(|url| any_host.accept(url).ok());
        if let (Some(method), Some(url), true) = (method, url, self.requests.len() < MOST) {
            self.requests.insert((method, origin(&url)), url);
        }
    }

    fn has_kv(&self) -> bool {
        self.names.iter().any(|name| name.starts_with("kv."))
    }

    /// Returns a wish with the methods that were used, if any was.
    fn used_of(&self, wish: &HttpWish, left_out: &mut LeftOut) -> Option<HttpWish> {
        let used = |method: &Method| {
            let one = [HttpWish { methods: [*method].into(), ..wish.clone() }];
            let rules = crate::HttpGrants::asked_by(&one);
            self.requests.iter().any(|((of, _), url)| rules.allows(*of, url).is_some())
        };
        let (methods, others): (BTreeSet<Method>, BTreeSet<Method>) =
            wish.methods.iter().partition(|method| used(method));
        for method in others {
            let key = format!("http: {} {}", method.as_str(), wish.host);
            left_out.0.push(Unused { key: format!("permissions.{key}"), why: NO_TEST });
        }
        (!methods.is_empty()).then(|| HttpWish { methods, ..wish.clone() })
    }

    /// What was tried beyond what is asked for.
    fn beyond(&self, all: &Permissions, denied: &[&str]) -> Vec<String> {
        let rules = crate::HttpGrants::asked_by(&all.http);
        let outside =
            self.requests.iter().filter(|((of, _), url)| rules.allows(*of, url).is_none());
        let outside = outside.map(|((of, origin), _)| format!("http {} {origin}", of.as_str()));
        let ungranted = denied.iter().filter(|name| match **name {
            "http" => all.http.is_empty(),
            name => name.starts_with("kv.") && all.kv.is_none(),
        });
        outside.chain(ungranted.map(|name| (*name).to_owned())).collect()
    }
}

#[derive(Default)]
struct LeftOut(Vec<Unused>);

impl LeftOut {
    /// Returns the wish if it was used, and notes it otherwise.
    fn unless<T: Clone>(
        &mut self,
        is_used: bool,
        key: &str,
        why: &'static str,
        wish: Option<&T>,
    ) -> Option<T> {
        if wish.is_some() && !is_used {
            self.0.push(Unused { key: format!("permissions.{key}"), why });
        }
        wish.filter(|_| is_used).cloned()
    }
}

fn origin(url: &SafeUrl) -> String {
    format!("{}://{}:{}", url.scheme().as_str(), url.host(), url.port())
}

const NO_IMPORT: &str = "the module does not import it";
const NO_TEST: &str = "no test used it";

/// Requests to different places that are remembered.
const MOST: usize = 64;
