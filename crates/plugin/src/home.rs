//! Where plugins are installed: a folder with their packages, and a registry that says which of them is called.

mod candidate;
mod packages;

use std::collections::BTreeMap;
use std::path::Path;

use wardkit_core::Timestamp;
use wardkit_sandbox::Sandbox;

pub use candidate::{Candidate, HostTerms, InstallTerms};

use crate::manifest::PluginId;
use crate::{
    Broker, Error, Grant, Installed, Package, PluginState, Plugins, PreparedPlugin, Registry,
    Signature, Validator, VerifiedPlugin,
};
use packages::Packages;

/// The plugins of a host. What the registry says holds at once, for every process that uses the same folder: whoever
/// calls a plugin asks [`Plugins::active`] before each call and compares it with what it has
/// ([`LoadedPlugin::is_current`]).
///
/// However a process ends in the midst of something, the earlier version or the new one is active; what is left of the
/// other one is removed when the folder is opened next.
///
/// ```no_run
/// use std::path::Path;
/// use wardkit_core::Timestamp;
/// use wardkit_plugin::{HostTerms, InstallTerms, MemoryRegistry, PluginHome, PublicKey, Signature, TrustedKeys};
///
/// # fn install(sandbox: &dyn wardkit_sandbox::Sandbox, now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
/// let mut terms = HostTerms::default();
/// terms.trusted = Some(TrustedKeys::new([PublicKey::parse(&std::fs::read_to_string("author.pub")?)?]));
/// let mut home = PluginHome::open(Path::new("plugins"), MemoryRegistry::default(), terms)?;
///
/// let archive = std::fs::read("hello.tar.zst")?;
/// let signature = Signature::parse(&std::fs::read_to_string("hello.tar.zst.minisig")?)?;
/// let candidate = home.judge(&archive, Some(&signature), &InstallTerms::default())?;
/// println!("{:?} is granted {:?}", candidate.plugin().manifest().plugin.id, candidate.grant());
/// let installed = home.install(&candidate, sandbox, now)?; // its self-test passed
///
/// let hello = home.load(&installed.id)?;
/// let ready = hello.prepare(sandbox, &Default::default())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PluginHome<R> {
    packages: Packages,
    plugins: Plugins<R>,
    terms: HostTerms,
}

/// The active version of a plugin, with what it was granted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadedPlugin {
    /// What the registry says of it.
    pub installed: Installed,
    /// What was installed, looked through again.
    pub plugin: VerifiedPlugin,
    /// What it may do: what was granted, as far as the host bears it now.
    pub grant: Grant,
}

impl<R: Registry> PluginHome<R> {
    /// Opens the folder, and makes it where there is none. What earlier installations left behind is removed.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made, is another user's to change, or the registry cannot be read.
    pub fn open(folder: &Path, registry: R, terms: HostTerms) -> Result<Self, Error> {
        let packages = Packages::open(folder)?;
        let mut home = Self { packages, plugins: Plugins::new(registry), terms };
        // Whoever has the lock is about to name in the registry what it has written.
        if let Some(_lock) = home.packages.try_lock()? {
            home.tidy()?;
        }
        Ok(home)
    }

    /// Returns what is installed.
    pub fn plugins(&mut self) -> &mut Plugins<R> {
        &mut self.plugins
    }

    /// Takes other terms, from the next installation and the next [`load`](Self::load) on.
    pub fn set_terms(&mut self, terms: HostTerms) {
        self.terms = terms;
    }

    /// Looks through a package and works out what it would be granted. Nothing is changed, and nothing is run.
    ///
    /// # Errors
    ///
    /// What speaks against it: it is not one, nobody who is trusted signed it, it was revoked, would replace a newer
    /// version or one of another key, or something grave was found in it.
    pub fn judge(
        &mut self,
        archive: &[u8],
        signature: Option<&Signature>,
        terms: &InstallTerms,
    ) -> Result<Candidate, Error> {
        let package = Package::read(archive)?;
        let versions = self.plugins.versions(&package.manifest().plugin.id)?;
        Candidate::judge((package, archive), signature, &versions, (&self.terms, terms))
    }

    /// Installs a candidate: its self-test runs in the sandbox, and then it takes the place of what is active, which is
    /// called until that moment. A version that is active already is given the grant of the candidate.
    ///
    /// # Errors
    ///
    /// When it cannot be written, is refused by the sandbox or the registry, or its self-test fails. What was active
    /// stays so.
    pub fn install(
        &mut self,
        candidate: &Candidate,
        sandbox: &dyn Sandbox,
        at: Timestamp,
    ) -> Result<Installed, Error> {
        let _lock = self.packages.lock()?;
        let row = candidate.pending(at)?;
        let (id, digest) = (row.id.clone(), row.digest.clone());
        let versions = self.plugins.versions(&id)?;
        candidate.check_again(&versions)?;
        let active = versions.into_iter().find(|one| one.state == PluginState::Active);
        let is_active = active.as_ref().is_some_and(|active| active.digest == digest);
        if is_active && active.is_some_and(|active| active.grant == row.grant) {
            let reason = "it is active already, with the same grant".to_owned();
            return Err(Error::State { id: id.to_string(), wanted: "installed", reason });
        }
        self.packages.put(&digest, candidate.archive(), candidate.signature())?;
        if !is_active {
            if candidate.is_downgrade_agreed() {
                self.plugins.add_downgrade(row.clone())?;
            } else {
                self.plugins.add(row.clone())?;
            }
        }
        let tested = self_test(candidate.plugin(), &row.grant, sandbox);
        if is_active {
            tested?;
            self.plugins.regrant(&id, &digest, &row.grant)?;
        } else if let Err(error) = tested {
            let why = format!("its self-test did not pass: {error}");
            self.plugins.explain_pending(&id, &digest, &why)?;
            return Err(error);
        } else {
            self.plugins.activate(&id, &digest)?;
            // It is installed; what is left is removed when the folder is opened next, at the latest.
            let _ = self.tidy();
        }
        self.plugins.active(&id)?.ok_or_else(|| not_active(&id))
    }

    /// Reads the active version of a plugin and looks through it again: its bytes, who signed it and what was revoked.
    ///
    /// # Errors
    ///
    /// When none is active, or it is not taken any more.
    pub fn load(&mut self, id: &PluginId) -> Result<LoadedPlugin, Error> {
        let active = self.plugins.active(id)?.ok_or_else(|| not_active(id))?;
        self.load_version(active)
    }

    /// Reads a version that is installed, whatever its state.
    ///
    /// # Errors
    ///
    /// When its package is not there or was changed, or it is not taken any more.
    pub fn load_version(&self, installed: Installed) -> Result<LoadedPlugin, Error> {
        let (archive, signature) = self.packages.read(&installed.digest)?;
        let package = Package::read(&archive)?;
        let named = &package.manifest().plugin;
        if (&named.id, &named.version) != (&installed.id, &installed.version) {
            let reason = format!("it is not {} {}", installed.id, installed.version);
            return Err(Error::Package { reason });
        }
        let trust = self.terms.trust_again(&archive, signature.as_ref(), installed.key)?;
        let mut validator = Validator::default();
        (validator.revoked, validator.is_packed) = (self.terms.revoked.clone(), true);
        let plugin = validator.verify(package, trust)?;
        let asked = Grant::asked_by(plugin.manifest());
        let grant = self.terms.bear(&asked.meet(&installed.grant));
        Ok(LoadedPlugin { installed, plugin, grant })
    }

    /// Goes back to the version before, which it returns.
    ///
    /// # Errors
    ///
    /// When there is none, or it is not taken any more; what was active stays so.
    pub fn rollback(&mut self, id: &PluginId) -> Result<Installed, Error> {
        let _lock = self.packages.lock()?;
        let before = self.plugins.before(id)?;
        self.load_version(before)?;
        let back = self.plugins.rollback(id)?;
        self.tidy()?;
        Ok(back)
    }

    /// Takes a plugin back, in all versions that are installed, for ever, and removes their packages.
    ///
    /// # Errors
    ///
    /// When it is not installed, or cannot be written.
    pub fn revoke(&mut self, id: &PluginId, why: &str) -> Result<(), Error> {
        let _lock = self.packages.lock()?;
        self.plugins.revoke(id, why)?;
        self.tidy()
    }

    /// Removes packages that nothing goes back to. Whoever calls has the lock.
    fn tidy(&mut self) -> Result<(), Error> {
        let mut all = self.plugins.all()?;
        all.sort_by(|one, two| two.version.cmp(&one.version));
        let mut behind: BTreeMap<&PluginId, usize> = BTreeMap::new();
        let kept = all.iter().filter(|one| match one.state {
            PluginState::Active | PluginState::Quarantined => true,
            PluginState::Superseded => {
                let newer = behind.entry(&one.id).or_default();
                *newer += 1;
                *newer <= MOST_BEHIND
            }
            PluginState::Pending | PluginState::Revoked => false,
        });
        self.packages.remove_others(&kept.map(|one| one.digest.as_str()).collect())
    }
}

impl LoadedPlugin {
    /// Whether this is what the registry says now: the same version, active, with the same grant.
    #[must_use]
    pub fn is_current(&self, active: &Installed) -> bool {
        let is_same = |one: &Installed| (one.digest.clone(), one.grant.clone());
        active.state == PluginState::Active && is_same(active) == is_same(&self.installed)
    }

    /// Makes it ready to be called, within its grant. Values of granted variables are taken from `environment`.
    ///
    /// # Errors
    ///
    /// When the sandbox refuses it.
    pub fn prepare(
        &self,
        sandbox: &dyn Sandbox,
        environment: &BTreeMap<String, String>,
    ) -> Result<PreparedPlugin, Error> {
        self.plugin.prepare(sandbox, &self.grant, &self.grant, environment)
    }
}

/// Without secrets, network or a lasting store: what proves itself on one host proves itself on each.
fn self_test(plugin: &VerifiedPlugin, grant: &Grant, sandbox: &dyn Sandbox) -> Result<(), Error> {
    let prepared = plugin.prepare(sandbox, grant, grant, &BTreeMap::new())?;
    let broker = Broker::new(&prepared);
    prepared.self_test(&(std::sync::Arc::new(broker) as _))
}

/// As many versions a rollback can go back, one after the other.
const MOST_BEHIND: usize = 3;

fn not_active(id: &PluginId) -> Error {
    let reason = "no version of it is active".to_owned();
    Error::State { id: id.to_string(), wanted: "called", reason }
}
