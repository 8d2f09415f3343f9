//! What is installed, in which state, and with what was granted.

mod memory;

use serde::{Deserialize, Serialize};
use wardkit_core::Timestamp;

pub use memory::MemoryRegistry;

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

    /// Puts rows in the place of those with the same plugin and digest, or adds them: all or none.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    fn put(&mut self, rows: &[Installed]) -> Result<(), Error>;
}

/// The rules of what is installed: one version of a plugin is active, an upgrade is one step, and what failed too often
/// is not called.
///
/// ```
/// use wardkit_core::Timestamp;
/// use wardkit_plugin::{Grant, Installed, MemoryRegistry, Plugins};
///
/// let mut plugins = Plugins::new(MemoryRegistry::default());
/// let id = "org.example.hello".parse()?;
/// for (version, digest) in [("0.1.0", "aa"), ("0.2.0", "bb")] {
///     let named = ("org.example.hello".parse()?, version.parse()?);
///     plugins.add(Installed::pending(named, digest, None, Grant::default(), Timestamp::UNIX_EPOCH))?;
///     plugins.activate(&id, digest)?; // its self-test passed
/// }
/// assert_eq!(plugins.active(&id)?.map(|one| one.digest), Some("bb".to_owned()));
/// assert_eq!(plugins.rollback(&id)?.digest, "aa");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Plugins<R> {
    registry: R,
    /// How many faults one after the other are too many.
    pub most_traps: u32,
}

impl<R: Registry> Plugins<R> {
    /// Keeps what is installed there.
    pub fn new(registry: R) -> Self {
        Self { registry, most_traps: 5 }
    }

    /// Returns everything that is installed.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn all(&mut self) -> Result<Vec<Installed>, Error> {
        self.registry.versions(None)
    }

    /// Returns the version that is called.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn active(&mut self, id: &PluginId) -> Result<Option<Installed>, Error> {
        let versions = self.registry.versions(Some(id))?;
        Ok(versions.into_iter().find(|one| one.state == PluginState::Active))
    }

    /// Adds a version, which is not called yet.
    ///
    /// # Errors
    ///
    /// When it is revoked, active already, or older than the active one.
    pub fn add(&mut self, mut new: Installed) -> Result<(), Error> {
        let versions = self.registry.versions(Some(&new.id))?;
        let state = |reason: String| refused(&new.id, "installed", reason);
        let same = versions.iter().find(|one| one.digest == new.digest);
        match same.map(|one| one.state) {
            Some(PluginState::Revoked) => return Err(state("it was revoked".to_owned())),
            Some(PluginState::Active) => return Err(state("it is active already".to_owned())),
            _ => {}
        }
        let newer = versions
            .iter()
            .find(|one| one.state == PluginState::Active && one.version > new.version);
        if let Some(newer) = newer {
            return Err(state(format!("{} is active; rollback goes back", newer.version)));
        }
        new.state = PluginState::Pending;
        self.registry.put(&[new])
    }

    /// Makes a version the active one, in one step with what was active before.
    ///
    /// # Errors
    ///
    /// When it is not there, or was revoked.
    pub fn activate(&mut self, id: &PluginId, digest: &str) -> Result<(), Error> {
        let versions = self.registry.versions(Some(id))?;
        let found = versions.iter().find(|one| one.digest == digest);
        let mut new = found.ok_or_else(|| refused(id, "activated", "it is not installed"))?.clone();
        if new.state == PluginState::Revoked {
            return Err(refused(id, "activated", "it was revoked"));
        }
        (new.state, new.traps) = (PluginState::Active, 0);
        "activated".clone_into(&mut new.why);
        let mut rows: Vec<Installed> = versions
            .into_iter()
            .filter(|one| one.state == PluginState::Active && one.digest != digest)
            .map(|one| changed(one, PluginState::Superseded, "another version took its place"))
            .collect();
        rows.push(new);
        self.registry.put(&rows)
    }

    /// Goes back to the version before, which it returns.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn rollback(&mut self, id: &PluginId) -> Result<Installed, Error> {
        let versions = self.registry.versions(Some(id))?;
        let before = versions.iter().filter(|one| one.state == PluginState::Superseded);
        let before = before.max_by(|one, two| one.version.cmp(&two.version)).cloned();
        let before =
            before.ok_or_else(|| refused(id, "rolled back", "there is no version before"))?;
        let current = versions.into_iter().filter(|one| {
            matches!(one.state, PluginState::Active | PluginState::Quarantined)
                && one.digest != before.digest
        });
        let mut rows: Vec<Installed> = current
            // Not superseded: the next rollback must not come back here.
            .map(|one| changed(one, PluginState::Pending, "rolled back"))
            .collect();
        let mut back = changed(before, PluginState::Active, "rolled back to");
        back.traps = 0;
        rows.push(back.clone());
        self.registry.put(&rows)?;
        Ok(back)
    }

    /// Takes a plugin back, in all versions, for ever.
    ///
    /// # Errors
    ///
    /// When it is not installed.
    pub fn revoke(&mut self, id: &PluginId, why: &str) -> Result<(), Error> {
        let versions = self.registry.versions(Some(id))?;
        if versions.is_empty() {
            return Err(refused(id, "revoked", "it is not installed"));
        }
        let rows: Vec<Installed> =
            versions.into_iter().map(|one| changed(one, PluginState::Revoked, why)).collect();
        self.registry.put(&rows)
    }

    /// Counts a call of the active version, and tells whether it may be called again.
    ///
    /// # Errors
    ///
    /// When it is not active, or the row cannot be written.
    pub fn called(&mut self, id: &PluginId, ended_well: bool) -> Result<PluginState, Error> {
        let active = self.active(id)?;
        let mut row = active.ok_or_else(|| refused(id, "counted", "it is not active"))?;
        row.calls += 1;
        row.traps = if ended_well { 0 } else { row.traps + 1 };
        if row.traps >= self.most_traps {
            let why = format!("{} faults one after the other", row.traps);
            row = changed(row, PluginState::Quarantined, &why);
        }
        let state = row.state;
        self.registry.put(&[row])?;
        Ok(state)
    }
}

fn changed(mut row: Installed, state: PluginState, why: &str) -> Installed {
    row.state = state;
    why.clone_into(&mut row.why);
    row
}

fn refused(id: &PluginId, wanted: &'static str, reason: impl Into<String>) -> Error {
    Error::State { id: id.to_string(), wanted, reason: reason.into() }
}
