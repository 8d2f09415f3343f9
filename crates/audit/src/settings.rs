//! `.auditctl.toml`: what a project says of its own audit.

use std::collections::{BTreeMap, BTreeSet};

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde::Deserialize;

use crate::{Day, Error, Severity};

/// What a project says of its own audit. The default says nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Settings {
    /// Globs of paths that are not looked at.
    pub exclude: Vec<String>,
    /// Checks that are not made.
    pub disable: BTreeSet<String>,
    /// Other severities for checks.
    pub severity: BTreeMap<String, Severity>,
    /// Findings that are not to be told.
    pub allow: Vec<Allow>,
    /// What is right on this host.
    pub host: HostSettings,
}

/// Findings of some checks in some files that are not to be told.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Allow {
    /// The checks.
    pub checks: Vec<String>,
    /// Globs of paths; of a host's files from `/`, with it.
    pub paths: Vec<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub until: Option<Day>,
}

/// What is right on this host.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct HostSettings {
    /// Ports that everybody may reach.
    pub public_ports: BTreeSet<u16>,
    /// Accounts that bots run as, besides those that local units name.
    pub bot_accounts: BTreeSet<String>,
    /// Programs that may be set-uid or set-gid, besides those of the distributions.
    pub suid: BTreeSet<String>,
}

impl Default for HostSettings {
    fn default() -> Self {
        Self {
            public_ports: BTreeSet::from([22, 80, 443]),
            bot_accounts: BTreeSet::new(),
            suid: BTreeSet::new(),
        }
    }
}

impl Settings {
    /// The name of the file, at the root of what is audited.
    pub const FILE: &'static str = ".auditctl.toml";

    /// Reads settings.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Settings`] for what is no TOML or has unknown keys, and [`Error::Setting`] for a glob that is none,
    /// or an exception that has no reason or covers everything.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let settings: Self =
            toml::from_str(text).map_err(|error| Error::Settings(Box::new(error)))?;
        globs("exclude", &settings.exclude)?;
        for (index, allow) in settings.allow.iter().enumerate() {
            let key = format!("allow[{index}]");
            globs(&key, &allow.paths)?;
            let refused = |reason: &str| Error::Setting { key: key.clone(), reason: reason.into() };
            if allow.reason.trim().is_empty() {
                return Err(refused("has no reason"));
            }
            if allow.checks.is_empty() || allow.checks.iter().any(|check| check == "*") {
                return Err(refused(
                    "name the checks: an exception for all of them hides what is new",
                ));
            }
            if allow.paths.is_empty() {
                return Err(refused(
                    "name the paths; a check that is never wanted goes to disable",
                ));
            }
        }
        Ok(settings)
    }

    pub(crate) fn excluded(&self) -> Result<GlobSet, Error> {
        globs("exclude", &self.exclude)
    }
}

impl Allow {
    pub(crate) fn globs(&self) -> Result<GlobSet, Error> {
        globs("allow", &self.paths)
    }
}

fn globs(key: &str, texts: &[String]) -> Result<GlobSet, Error> {
    let refused =
        |error: globset::Error| Error::Setting { key: key.into(), reason: error.to_string() };
    let mut set = GlobSetBuilder::new();
    for text in texts {
        set.add(Glob::new(text).map_err(refused)?);
    }
    set.build().map_err(refused)
}
