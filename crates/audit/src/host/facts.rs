//! What is known of a host.

mod accounts;
mod files;
mod network;
mod system;
mod units;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(super) use accounts::{Account, Group, Line, Password};
pub(super) use files::{FileFact, Files};
pub(super) use network::{Firewall, Listener, Protocol};
pub(super) use system::{Mount, Patch, System, Updates};
pub(super) use units::{CronJob, SshSetting, Unit};

use crate::Error;

/// What is known of a host, collected once. It can be kept, and judged elsewhere; there is no secret in it: of a password
/// it says whether there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Facts {
    pub(super) schema_version: u32,
    /// The day of the collection, for what ends on a day.
    pub(super) day: Fact<String>,
    pub(super) accounts: Fact<Vec<Account>>,
    pub(super) groups: Fact<Vec<Group>>,
    pub(super) passwords: Fact<BTreeMap<String, Password>>,
    pub(super) sudoers: Fact<Vec<Line>>,
    pub(super) sudoers_files: Fact<Vec<FileFact>>,
    pub(super) sshd: Fact<Vec<SshSetting>>,
    pub(super) sysctls: BTreeMap<String, Fact<String>>,
    pub(super) listeners: Fact<Vec<Listener>>,
    /// Addresses that the whole internet can reach over IPv6.
    pub(super) has_global_ipv6: Fact<bool>,
    pub(super) firewall: Fact<Firewall>,
    pub(super) files: Fact<Files>,
    pub(super) preload: Fact<String>,
    /// The services that the host's owner wrote.
    pub(super) units: Fact<Vec<Unit>>,
    /// The names of all units that are started by others.
    pub(super) enabled: Fact<Vec<String>>,
    pub(super) cron: Fact<Vec<CronJob>>,
    pub(super) mounts: Fact<Vec<Mount>>,
    pub(super) packages: Fact<BTreeMap<String, String>>,
    pub(super) system: System,
}

impl Facts {
    pub(super) const VERSION: u32 = 1;

    /// Reads facts that [`Facts::to_json`] wrote.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Json`] for what is none, and [`Error::Version`] for those of another version.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let facts: Self = serde_json::from_str(text)
            .map_err(|source| Error::Json { what: "file of facts", source })?;
        if facts.schema_version == Self::VERSION {
            return Ok(facts);
        }
        Err(Error::Version {
            what: "file of facts",
            version: facts.schema_version,
            known: Self::VERSION,
        })
    }

    /// Returns the facts as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Maps with keys that are texts, and numbers, are all that there is.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    pub(super) fn sysctl(&self, name: &str) -> &Fact<String> {
        self.sysctls.get(name).unwrap_or(&NOT_COLLECTED)
    }
}

/// Something about the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fact<T> {
    /// It is so.
    Known(T),
    /// The host has no such thing.
    Absent,
    /// It could not be found out.
    Unknown(String),
}

static NOT_COLLECTED: Fact<String> = Fact::Unknown(String::new());

impl<T> Default for Fact<T> {
    fn default() -> Self {
        Self::Unknown("not collected".to_owned())
    }
}

impl<T> Fact<T> {
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(change(value)),
            Self::Absent => Fact::Absent,
            Self::Unknown(why) => Fact::Unknown(why),
        }
    }

    pub(super) fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }
}
