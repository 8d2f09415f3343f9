//! What is installed, in which state, and with what was granted.

mod memory;
mod plugins;

use serde::{Deserialize, Serialize};
use wardkit_core::Timestamp;

pub use memory::MemoryRegistry;
pub use plugins::Plugins;

use crate::manifest::PluginId;
use crate::{Error, Grant, KeyId};

/// One installed version of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Installed {
    /// The plugin.
    pub id: PluginId,
    /// The version.
    pub version: semver::Version,
    /// The BLAKE3 of the package.
    pub digest: String,
    /// Who signed it.
    pub key: Option<KeyId>,
    /// What the operator granted.
    pub grant: Grant,
    /// In which state it is.
    pub state: PluginState,
    /// When it was installed.
    pub at: Timestamp,
    /// Calls since.
    pub calls: u64,
    /// Calls that ended in a fault of its own, one after the other.
    pub traps: u32,
    /// Why it is in this state.
    pub why: String,
}

impl Installed {
    /// A version that was installed now and runs not yet.
    #[must_use]
    pub fn pending(
        (id, version): (PluginId, semver::Version),
        digest: impl Into<String>,
        key: Option<KeyId>,
        grant: Grant,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            version,
            digest: digest.into(),
            key,
            grant,
            state: PluginState::Pending,
            at,
            calls: 0,
            traps: 0,
            why: "installed".to_owned(),
        }
    }
}

/// In which state an installed version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PluginState {
    /// Its self-test did not pass yet.
    Pending,
    /// It is called.
    Active,
    /// Another version took its place; a rollback makes it active again.
    Superseded,
    /// It failed too often, and is not called.
    Quarantined,
    /// It was taken back, for ever.
    Revoked,
}

impl PluginState {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Active, Self::Superseded, Self::Quarantined, Self::Revoked];

    /// Returns the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Superseded => "superseded",
            Self::Quarantined => "quarantined",
            Self::Revoked => "revoked",
        }
    }
}

/// Keeps the rows. [`Plugins`] calls it, on whichever thread it is called itself; an error means that nothing changed.
pub trait Registry: Send {
    /// Returns all versions of a plugin, or of all plugins, in the order in which they were installed.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn versions(&mut self, id: Option<&PluginId>) -> Result<Vec<Installed>, Error>;

    /// Hands all versions of a plugin to `change`, and puts the rows that it returns in the place of those with the same
    /// plugin and digest, or adds them: all or none. Nobody else, in no other process either, changes this plugin
    /// between the reading and the writing: a count of calls must not undo a revocation.
    ///
    /// # Errors
    ///
    /// What `change` says, or when they cannot be read or written.
    fn change(&mut self, id: &PluginId, change: Change<'_>) -> Result<(), Error>;
}

/// What a change makes of the versions of a plugin: the rows that are other or new.
pub type Change<'c> = &'c mut dyn FnMut(Vec<Installed>) -> Result<Vec<Installed>, Error>;
