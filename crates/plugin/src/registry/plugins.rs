use super::{Installed, PluginState, Registry};
use crate::manifest::PluginId;
use crate::{Error, Grant};

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

    /// Gives back where it is kept.
    pub fn into_registry(self) -> R {
        self.registry
    }

    /// Returns everything that is installed.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn all(&mut self) -> Result<Vec<Installed>, Error> {
        self.registry.versions(None)
    }

    /// Returns all versions of a plugin, in the order in which they were installed.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn versions(&mut self, id: &PluginId) -> Result<Vec<Installed>, Error> {
        self.registry.versions(Some(id))
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
    /// When it is revoked, active already, or older than the active one or a revoked one.
    pub fn add(&mut self, new: Installed) -> Result<(), Error> {
        self.add_when(new, |versions, new| {
            let newer = |one: &&Installed| one.version > new.version;
            let mut active = versions.iter().filter(|one| one.state == PluginState::Active);
            active.find(newer).map(|one| format!("{} is active; rollback goes back", one.version))
        })
    }

    /// Adds a version that may be older than the active one: the operator said so.
    ///
    /// # Errors
    ///
    /// When it is revoked, active already, or older than a revoked one.
    pub fn add_downgrade(&mut self, new: Installed) -> Result<(), Error> {
        self.add_when(new, |_, _| None)
    }

    /// Makes a version the active one, in one step with what was active before.
    ///
    /// # Errors
    ///
    /// When it is not there, or was revoked.
    pub fn activate(&mut self, id: &PluginId, digest: &str) -> Result<(), Error> {
        self.registry.change(id, &mut |versions| {
            let found = versions.iter().find(|one| one.digest == digest);
            let found = found.ok_or_else(|| refused(id, "activated", "it is not installed"))?;
            if found.state == PluginState::Revoked {
                return Err(refused(id, "activated", "it was revoked"));
            }
            let mut new = changed(found.clone(), PluginState::Active, "activated");
            new.traps = 0;
            let others = versions.into_iter();
            let mut rows: Vec<Installed> = others
                // What is quarantined stays so: a rollback must not come back to what failed.
                .filter(|one| one.state == PluginState::Active && one.digest != digest)
                .map(|one| changed(one, PluginState::Superseded, "another version took its place"))
                .collect();
            rows.push(new);
            Ok(rows)
        })
    }

    /// Says why a version is not active yet.
    ///
    /// # Errors
    ///
    /// When it is not waiting for that, or cannot be written.
    pub fn explain_pending(&mut self, id: &PluginId, digest: &str, why: &str) -> Result<(), Error> {
        self.registry.change(id, &mut |versions| {
            let mut waiting = versions.into_iter().filter(|one| one.digest == digest);
            let row = waiting.find(|one| one.state == PluginState::Pending);
            let row = row.ok_or_else(|| refused(id, "kept back", "it is not pending"))?;
            Ok(vec![changed(row, PluginState::Pending, why)])
        })
    }

    /// Gives the active version another grant, from its next call on.
    ///
    /// # Errors
    ///
    /// When another version is active meanwhile, or it cannot be written.
    pub fn regrant(&mut self, id: &PluginId, digest: &str, grant: &Grant) -> Result<(), Error> {
        self.registry.change(id, &mut |versions| {
            let mut active = versions.into_iter().filter(|one| one.state == PluginState::Active);
            let row = active.find(|one| one.digest == digest);
            let row = row.ok_or_else(|| refused(id, "granted more or less", "it is not active"))?;
            let mut row = changed(row, PluginState::Active, "granted anew");
            row.grant = grant.clone();
            Ok(vec![row])
        })
    }

    /// Returns the version that [`rollback`](Self::rollback) goes back to.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn before(&mut self, id: &PluginId) -> Result<Installed, Error> {
        version_before(id, &self.registry.versions(Some(id))?)
    }

    /// Goes back to the version before, which it returns.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn rollback(&mut self, id: &PluginId) -> Result<Installed, Error> {
        let mut back = None;
        self.registry.change(id, &mut |versions| {
            let before = version_before(id, &versions)?;
            let current = versions.into_iter();
            let mut rows: Vec<Installed> = current
                .filter(|one| is_in_use(one.state) && one.digest != before.digest)
                // Not superseded: the next rollback must not come back here.
                .map(|one| changed(one, PluginState::Pending, "rolled back"))
                .collect();
            let mut before = changed(before, PluginState::Active, "rolled back to");
            before.traps = 0;
            back = Some(before.clone());
            rows.push(before);
            Ok(rows)
        })?;
        back.ok_or_else(|| refused(id, "rolled back", "there is no version before"))
    }

    /// Takes a plugin back, in all versions that are installed, for ever. A later version may be installed.
    ///
    /// # Errors
    ///
    /// When it is not installed.
    pub fn revoke(&mut self, id: &PluginId, why: &str) -> Result<(), Error> {
        self.registry.change(id, &mut |versions| {
            if versions.is_empty() {
                return Err(refused(id, "revoked", "it is not installed"));
            }
            let revoke = |one| changed(one, PluginState::Revoked, why);
            Ok(versions.into_iter().map(revoke).collect())
        })
    }

    /// Counts a call of the active version, and tells whether it may be called again.
    ///
    /// # Errors
    ///
    /// When it is not active, or the row cannot be written.
    pub fn called(&mut self, id: &PluginId, ended_well: bool) -> Result<PluginState, Error> {
        let most_traps = self.most_traps;
        let mut state = PluginState::Active;
        self.registry.change(id, &mut |versions| {
            let mut all = versions.into_iter();
            let active = all.find(|one| one.state == PluginState::Active);
            let mut row = active.ok_or_else(|| refused(id, "counted", "it is not active"))?;
            row.calls += 1;
            row.traps = if ended_well { 0 } else { row.traps + 1 };
            if row.traps >= most_traps {
                let why = format!("{} faults one after the other", row.traps);
                row = changed(row, PluginState::Quarantined, &why);
            }
            state = row.state;
            Ok(vec![row])
        })?;
        Ok(state)
    }

    fn add_when(
        &mut self,
        mut new: Installed,
        problem: fn(&[Installed], &Installed) -> Option<String>,
    ) -> Result<(), Error> {
        new.state = PluginState::Pending;
        let id = new.id.clone();
        self.registry.change(&id, &mut |versions| {
            let same = versions.iter().find(|one| one.digest == new.digest);
            let revoked = versions
                .iter()
                .any(|one| one.state == PluginState::Revoked && one.version >= new.version);
            let problem = match same.map(|one| one.state) {
                Some(PluginState::Active) => Some("it is active already".to_owned()),
                // Other bytes under the same number are the same promise.
                _ if revoked => Some("it was revoked".to_owned()),
                _ => problem(&versions, &new),
            };
            match problem {
                Some(reason) => Err(refused(&id, "installed", reason)),
                None => Ok(vec![new.clone()]),
            }
        })
    }
}

fn version_before(id: &PluginId, versions: &[Installed]) -> Result<Installed, Error> {
    let before = versions.iter().filter(|one| one.state == PluginState::Superseded);
    let before = before.max_by(|one, two| one.version.cmp(&two.version)).cloned();
    before.ok_or_else(|| refused(id, "rolled back", "there is no version before"))
}

/// Whether a version is what its plugin is now, well or not.
fn is_in_use(state: PluginState) -> bool {
    matches!(state, PluginState::Active | PluginState::Quarantined)
}

fn changed(mut row: Installed, state: PluginState, why: &str) -> Installed {
    row.state = state;
    why.clone_into(&mut row.why);
    row
}

fn refused(id: &PluginId, wanted: &'static str, reason: impl Into<String>) -> Error {
    Error::State { id: id.to_string(), wanted, reason: reason.into() }
}
