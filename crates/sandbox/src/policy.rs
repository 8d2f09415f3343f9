use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, PathBuf};
use std::time::Duration;

use crate::{Guarantee, Share, Size, Strength};

/// What a program may do, how much of the host it may use, and how well both must be kept.
///
/// The default grants nothing and demands that every guarantee is enforced exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields, rename_all = "kebab-case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Policy {
    /// How much of the host it may use.
    pub limits: Limits,
    /// What it may reach.
    pub grants: Grants,
    /// The guarantees for which less than [`Strength::Enforced`] will do. What is not here must be enforced, or the
    /// program is not run.
    pub at_least: BTreeMap<Guarantee, Strength>,
}

impl Policy {
    /// Returns how well a guarantee must be kept.
    #[must_use]
    pub fn demands(&self, guarantee: Guarantee) -> Strength {
        self.at_least.get(&guarantee).copied().unwrap_or(Strength::Enforced)
    }

    /// Reads a policy from TOML; what is not in it has its default.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Invalid`](crate::SandboxError::Invalid) names the line and what is wrong with it.
    #[cfg(feature = "file")]
    pub fn from_toml(text: &str) -> Result<Self, crate::SandboxError> {
        let policy: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
            let what = format!("line {line} of the policy");
            crate::SandboxError::Invalid { what, reason: error.message().into() }
        })?;
        policy.check()?;
        Ok(policy)
    }

    /// Refuses a policy that no sandbox can keep.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Invalid`](crate::SandboxError::Invalid) names the part.
    pub fn check(&self) -> Result<(), crate::SandboxError> {
        let wrong = |what: &str, reason: &str| {
            Err(crate::SandboxError::Invalid { what: what.into(), reason: reason.into() })
        };
        if self.limits.tasks == 0 {
            return wrong("limits.tasks", "a program is at least one task");
        }
        if self.limits.timeout.is_zero() {
            return wrong("limits.timeout", "a program needs some time");
        }
        if self.limits.descriptors < LEAST_DESCRIPTORS {
            return wrong("limits.descriptors", "a program has three, and opens its libraries");
        }
        let is_plain = |bind: &&Bind| {
            let mut parts = bind.path.components();
            parts.next() == Some(Component::RootDir)
                && parts.all(|part| matches!(part, Component::Normal(_)))
        };
        match self.grants.binds.iter().find(|bind| !is_plain(bind) || bind.path.parent().is_none())
        {
            Some(bind) => wrong(
                &format!("the bind {}", bind.path.display()),
                "must be an absolute path without `..`, and not the root",
            ),
            None => Ok(()),
        }
    }
}

/// How much of the host a program may use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields, rename_all = "kebab-case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Limits {
    /// Memory of everything that it is and has: pages, stacks, tables.
    pub memory: Size,
    /// Its share of one processor.
    pub cpu: Share,
    /// From its start to its end.
    #[cfg_attr(feature = "serde", serde(with = "crate::span::data"))]
    #[cfg_attr(feature = "schema", schemars(with = "crate::Span"))]
    pub timeout: Duration,
    /// The longest input that it is handed.
    pub input: Size,
    /// The longest output that is taken from it.
    pub output: Size,
    /// From the program's bytes to its first instruction, where an engine compiles them.
    #[cfg_attr(feature = "serde", serde(with = "crate::span::data"))]
    #[cfg_attr(feature = "schema", schemars(with = "crate::Span"))]
    pub load: Duration,
    /// Processes and threads at one time; one is itself.
    pub tasks: u32,
    /// Open descriptors at one time.
    pub descriptors: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: Size(50_000_000),
            cpu: TENTH,
            timeout: Duration::from_secs(30),
            input: Size(1 << 20),
            output: Size(1 << 20),
            load: Duration::from_millis(500),
            tasks: 1,
            descriptors: 64,
        }
    }
}

/// Input, output, errors and a library.
const LEAST_DESCRIPTORS: u32 = 4;

const TENTH: Share = match Share::from_thousandths(100) {
    Ok(share) => share,
    Err(_) => panic!("a tenth is a share"),
};

/// What a program may reach beside its own memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields, rename_all = "kebab-case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Grants {
    /// Places of the host that a native program sees.
    pub binds: Vec<Bind>,
    /// What its environment has. The host's own is never passed on.
    pub environment: BTreeMap<String, String>,
    /// Whether a native program may use the host's network.
    pub network: bool,
    /// What it may ask its host for, by name: `log`, `clock`, `random`, `http`. Anything else is refused before
    /// whoever answers hears of it.
    pub capabilities: BTreeSet<String>,
    /// Whether a native program sees the host's programs and libraries, `/usr` and `/lib`, to read and to run. Scripts
    /// and programs that are linked dynamically need it.
    pub runtime: bool,
}

impl Grants {
    /// Whether nothing is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.binds.is_empty()
            && self.environment.is_empty()
            && !self.network
            && self.capabilities.is_empty()
            && !self.runtime
    }
}

/// A place of the host that a native program sees at the same path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "kebab-case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Bind {
    /// The place, absolute.
    pub path: PathBuf,
    /// Whether it may be changed.
    #[cfg_attr(feature = "serde", serde(default))]
    pub writable: bool,
}

impl Bind {
    /// A place that can be read and run, and not changed.
    #[must_use]
    pub fn read_only(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), writable: false }
    }

    /// A place that can be changed.
    #[must_use]
    pub fn writable(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), writable: true }
    }
}
