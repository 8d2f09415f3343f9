//! What a plugin gets: what it asked for, the operator gave and the host can bear, all three.

mod http;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_sandbox::{Limits, Policy, Share, Size};

pub use http::{HttpGrants, HttpRule};

use crate::manifest::{NameWish, Span};
use crate::{Kind, Manifest};

/// A set of permissions with limits. Two of them have a [`meet`](Self::meet), which grants what both grant and nothing
/// else; there is no way to join two.
///
/// An operator writes one as TOML. What is left out is not granted, and limits that are left out are the defaults.
///
/// ```
/// use wardkit_plugin::Grant;
///
/// let asked: Grant = toml::from_str("log = true\nclock = true\n[limits]\nmemory = \"200MB\"")?;
/// let given: Grant = toml::from_str("log = true")?;
/// let effective = asked.meet(&given);
/// assert!(effective.log && !effective.clock);
/// assert_eq!(effective.limits.memory.0, 50_000_000);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "each is a permission of its own")]
#[non_exhaustive]
pub struct Grant {
    /// Requests to other hosts.
    #[serde(skip_serializing_if = "HttpGrants::is_empty")]
    pub http: HttpGrants,
    /// The size of the store of keys and values; none without it.
    #[serde(skip_serializing_if = "is_none")]
    #[schemars(with = "String")]
    pub kv: Size,
    /// Lines in the host's log.
    pub log: bool,
    /// The time of day.
    pub clock: bool,
    /// Random bytes.
    pub random: bool,
    /// Being run by the processor, for native plugins: only the kernel's fences hold them.
    pub native: bool,
    /// The interpreters and libraries of the host, for native plugins.
    pub runtime: bool,
    /// Variables of the environment, for native plugins.
    pub env: BTreeSet<String>,
    /// Secrets, by name.
    pub secrets: BTreeSet<String>,
    /// Events that it is called on.
    pub events: BTreeSet<String>,
    /// How much of the host it may use.
    pub limits: Most,
}

/// The most of the host that a plugin may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Most {
    /// Memory: 50 MB.
    #[schemars(with = "String")]
    pub memory: Size,
    /// Share of one processor: 10 %.
    #[schemars(with = "String")]
    pub cpu: Share,
    /// From the start of a call to its end: 30 seconds.
    pub timeout: Span,
    /// The longest input: 1 MiB.
    #[schemars(with = "String")]
    pub input: Size,
    /// The longest output: 1 MiB.
    #[schemars(with = "String")]
    pub output: Size,
    /// From its bytes to its first instruction: half a second.
    pub load: Span,
    /// Calls at one time: 1.
    pub concurrency: u32,
    /// Calls in a minute: 60.
    pub calls_per_minute: u32,
}

impl Default for Most {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            memory: limits.memory,
            cpu: limits.cpu,
            timeout: Span(limits.timeout),
            input: limits.input,
            output: limits.output,
            load: Span(limits.load),
            concurrency: 1,
            calls_per_minute: 60,
        }
    }
}

impl Grant {
    /// Returns what a manifest asks for.
    #[must_use]
    pub fn asked_by(manifest: &Manifest) -> Self {
        let wishes = &manifest.permissions;
        let names = |list: &[NameWish]| list.iter().map(|one| one.name.clone()).collect();
        let is_native = manifest.plugin.kind == Kind::Native;
        let defaults = Most::default();
        let asked = &manifest.limits;
        Self {
            http: HttpGrants::asked_by(&wishes.http),
            kv: wishes.kv.as_ref().map_or(Size(0), |kv| kv.bytes),
            log: wishes.log.is_some(),
            clock: wishes.clock.is_some(),
            random: wishes.random.is_some(),
            native: is_native,
            runtime: is_native && wishes.runtime.is_some(),
            env: if is_native { names(&wishes.env) } else { BTreeSet::new() },
            secrets: names(&wishes.secrets),
            events: names(&wishes.events),
            limits: Most {
                memory: asked.memory.unwrap_or(defaults.memory),
                cpu: asked.cpu.unwrap_or(defaults.cpu),
                timeout: asked.timeout.unwrap_or(defaults.timeout),
                input: asked.input.unwrap_or(defaults.input),
                output: asked.output.unwrap_or(defaults.output),
                load: asked.load.unwrap_or(defaults.load),
                concurrency: asked.concurrency.unwrap_or(defaults.concurrency),
                calls_per_minute: asked.calls_per_minute.unwrap_or(defaults.calls_per_minute),
            },
        }
    }

    /// Returns what both grant.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        let both = |one: &BTreeSet<String>, two: &BTreeSet<String>| one & two;
        Self {
            http: self.http.meet(&other.http),
            kv: self.kv.min(other.kv),
            log: self.log && other.log,
            clock: self.clock && other.clock,
            random: self.random && other.random,
            native: self.native && other.native,
            runtime: self.runtime && other.runtime,
            env: both(&self.env, &other.env),
            secrets: both(&self.secrets, &other.secrets),
            events: both(&self.events, &other.events),
            limits: self.limits.meet(&other.limits),
        }
    }

    /// Returns the same within these limits.
    #[must_use]
    pub fn capped(&self, most: &Most) -> Self {
        Self { limits: self.limits.meet(most), ..self.clone() }
    }

    /// Whether everything that this grants, the other one grants too.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.meet(other) == *self
    }

    /// Returns the names of what it may ask its host for.
    #[must_use]
    pub fn capabilities(&self) -> BTreeSet<String> {
        let plain = [
            ("log", self.log),
            ("clock", self.clock),
            ("random", self.random),
            ("http", !self.http.is_empty()),
        ];
        let granted = plain.into_iter().filter(|(_, is_granted)| *is_granted).map(|(name, _)| name);
        let store = KV_NAMES.into_iter().filter(|_| self.kv.0 > 0);
        granted.chain(store).map(str::to_owned).collect()
    }

    /// Returns the policy that a sandbox runs it under. `environment` is where the values of granted variables are.
    #[must_use]
    pub fn policy(&self, environment: &BTreeMap<String, String>) -> Policy {
        let mut policy = Policy::default();
        let Most { memory, cpu, timeout, input, output, load, .. } = &self.limits;
        (policy.limits.memory, policy.limits.cpu) = (*memory, *cpu);
        (policy.limits.timeout, policy.limits.load) = (timeout.0, load.0);
        (policy.limits.input, policy.limits.output) = (*input, *output);
        let granted = environment.iter().filter(|(name, _)| self.env.contains(*name));
        policy.grants.environment =
            granted.map(|(name, value)| (name.clone(), value.clone())).collect();
        policy.grants.capabilities = self.capabilities();
        policy.grants.runtime = self.runtime;
        policy
    }
}

impl Most {
    fn meet(&self, other: &Self) -> Self {
        Self {
            memory: self.memory.min(other.memory),
            cpu: self.cpu.min(other.cpu),
            timeout: self.timeout.min(other.timeout),
            input: self.input.min(other.input),
            output: self.output.min(other.output),
            load: self.load.min(other.load),
            concurrency: self.concurrency.min(other.concurrency),
            calls_per_minute: self.calls_per_minute.min(other.calls_per_minute),
        }
    }

    /// Returns the longest that a call may take.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.timeout.0
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_none(size: &Size) -> bool {
    size.0 == 0
}

/// What a store of keys and values is asked.
const KV_NAMES: [&str; 4] = ["kv.get", "kv.set", "kv.delete", "kv.list"];
