//! The operating system and its upkeep.

use serde::{Deserialize, Serialize};

use super::Fact;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::host) struct System {
    /// `ID` and `VERSION_ID` of `os-release`: `debian 12`.
    pub(in crate::host) release: Fact<String>,
    pub(in crate::host) reboot_required: Fact<bool>,
    /// What the package manager says of updates, and whether those of security are among it.
    pub(in crate::host) updates: Fact<Updates>,
    /// Whether updates install themselves.
    pub(in crate::host) has_auto_updates: Fact<bool>,
    pub(in crate::host) is_time_synced: Fact<bool>,
    pub(in crate::host) has_swap: Fact<bool>,
    /// Modules of the kernel that enforce profiles.
    pub(in crate::host) enforcers: Fact<Vec<String>>,
    /// The soft limit that processes begin with.
    pub(in crate::host) core_limit: Fact<String>,
    pub(in crate::host) is_journal_kept: Fact<bool>,
}

/// What the package manager says of updates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::host) struct Updates {
    pub(in crate::host) pending: u32,
    pub(in crate::host) security: u32,
    /// What waits for security, as far as it is known by name.
    #[serde(default)]
    pub(in crate::host) patches: Vec<Patch>,
    /// How many days ago the package manager asked for the last time.
    #[serde(default)]
    pub(in crate::host) age_in_days: Option<u64>,
}

/// An update that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::host) struct Patch {
    pub(in crate::host) package: String,
    pub(in crate::host) from: String,
    pub(in crate::host) to: String,
}

impl Patch {
    /// Whether a name is one of a package. It goes into a command that a person copies.
    pub(in crate::host) fn is_name(name: &str) -> bool {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte);
        name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
            && name.bytes().all(is_sign)
    }
}

/// A file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::host) struct Mount {
    pub(in crate::host) target: String,
    pub(in crate::host) kind: String,
    pub(in crate::host) options: String,
    /// How full it is, in percent; of files as well.
    pub(in crate::host) used: Option<u8>,
    pub(in crate::host) files_used: Option<u8>,
}
