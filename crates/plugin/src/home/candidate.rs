use wardkit_core::Timestamp;

use crate::{
    Error, Grant, Installed, KeyId, Kind, Manifest, Most, Package, PluginState, Revocations,
    Signature, Trust, TrustedKeys, Validator, VerifiedPlugin,
};

/// What a host says of all plugins.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct HostTerms {
    /// The keys whose packages are taken. Without them none is installed that is signed, and what was installed is
    /// called on the proof that was given then.
    pub trusted: Option<TrustedKeys>,
    /// Whether packages that nobody signed are taken.
    pub danger_unsigned: bool,
    /// What was taken back.
    pub revoked: Revocations,
    /// The most of the host that any plugin may use; without it, what its own grant says.
    pub ceiling: Option<Most>,
}

/// What an operator says of one installation.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct InstallTerms {
    /// What is granted at most; without it, [`Grant::agreed`].
    pub grant: Option<Grant>,
    /// Whether it may replace a newer version.
    pub danger_downgrade: bool,
    /// Whether it may replace a version that another key signed: it gets what that one has kept, and its grants.
    pub danger_other_key: bool,
}

/// A package that was looked through, with what it would be granted. [`PluginHome::install`](crate::PluginHome::install)
/// installs it.
#[derive(Clone, Debug)]
pub struct Candidate {
    plugin: VerifiedPlugin,
    archive: Vec<u8>,
    signature: Option<Signature>,
    grant: Grant,
    replaces: Option<Installed>,
    terms: InstallTerms,
}

impl Candidate {
    /// Returns what was looked through.
    #[must_use]
    pub fn plugin(&self) -> &VerifiedPlugin {
        &self.plugin
    }

    /// Returns what it would be granted.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Returns the active version, whose place it would take.
    #[must_use]
    pub fn replaces(&self) -> Option<&Installed> {
        self.replaces.as_ref()
    }

    pub(super) fn judge(
        (package, archive): (Package, &[u8]),
        signature: Option<&Signature>,
        versions: &[Installed],
        (host, terms): (&HostTerms, &InstallTerms),
    ) -> Result<Self, Error> {
        let trust = host.trust(archive, signature)?;
        check_key(package.manifest(), trust, versions, terms)?;
        let active = versions.iter().find(|one| one.state == PluginState::Active);
        let mut validator = Validator::default();
        (validator.revoked, validator.is_packed) = (host.revoked.clone(), true);
        if !terms.danger_downgrade {
            validator.installed = active.map(|active| active.version.clone());
        }
        let plugin = validator.verify(package, trust)?;
        let manifest = plugin.manifest();
        let operator = terms.grant.clone().unwrap_or_else(|| Grant::agreed(manifest));
        let grant = host.bear(&Grant::asked_by(manifest).meet(&operator));
        grant.check_kind(manifest)?;
        Ok(Self {
            grant,
            plugin,
            archive: archive.to_vec(),
            signature: signature.filter(|_| trust != Trust::Unsigned).cloned(),
            replaces: active.cloned(),
            terms: terms.clone(),
        })
    }

    /// Returns the row of the registry that it begins with.
    pub(super) fn pending(&self, at: Timestamp) -> Result<Installed, Error> {
        let package = self.plugin.package();
        let named = &package.manifest().plugin;
        let digest = package.digest().ok_or_else(|| Error::Package {
            reason: "it was not read from an archive".to_owned(),
        })?;
        let named = (named.id.clone(), named.version.clone());
        Ok(Installed::pending(named, digest, key_of(self.plugin.trust()), self.grant.clone(), at))
    }

    pub(super) fn archive(&self) -> &[u8] {
        &self.archive
    }

    pub(super) fn signature(&self) -> Option<&Signature> {
        self.signature.as_ref()
    }

    pub(super) fn is_downgrade_agreed(&self) -> bool {
        self.terms.danger_downgrade
    }

    /// Somebody may have installed another one since it was judged.
    pub(super) fn check_again(&self, versions: &[Installed]) -> Result<(), Error> {
        check_key(self.plugin.manifest(), self.plugin.trust(), versions, &self.terms)
    }
}

impl HostTerms {
    /// Returns what of a grant this host bears.
    #[must_use]
    pub fn bear(&self, grant: &Grant) -> Grant {
        self.ceiling.as_ref().map_or_else(|| grant.clone(), |ceiling| grant.capped(ceiling))
    }

    fn trust(&self, archive: &[u8], signature: Option<&Signature>) -> Result<Trust, Error> {
        match signature {
            Some(signature) => {
                let keys = self.trusted.clone().unwrap_or_default();
                keys.verify(archive, signature)
            }
            None if self.danger_unsigned => Ok(Trust::Unsigned),
            None => Err(Error::Signature { reason: "there is none" }),
        }
    }

    /// What was proven when it was installed holds, unless this host names keys now.
    pub(super) fn trust_again(
        &self,
        archive: &[u8],
        signature: Option<&Signature>,
        proven: Option<KeyId>,
    ) -> Result<Trust, Error> {
        match (&self.trusted, proven) {
            (None, Some(key)) => Ok(Trust::Signed(key)),
            _ => self.trust(archive, signature),
        }
    }
}

/// Who has the key of a plugin's versions has what they were granted, and what they kept. Another key is another author.
fn check_key(
    manifest: &Manifest,
    trust: Trust,
    versions: &[Installed],
    terms: &InstallTerms,
) -> Result<(), Error> {
    let theirs = versions.iter().rev().find(|one| one.state != PluginState::Pending);
    match theirs {
        Some(theirs) if theirs.key != key_of(trust) && !terms.danger_other_key => {
            let key = theirs.key.map_or_else(|| "nobody".to_owned(), |key| format!("key {key}"));
            Err(Error::State {
                id: manifest.plugin.id.to_string(),
                wanted: "replaced",
                reason: format!("{} is signed by {key}, and this is not", theirs.version),
            })
        }
        _ => Ok(()),
    }
}

fn key_of(trust: Trust) -> Option<KeyId> {
    match trust {
        Trust::Signed(key) => Some(key),
        Trust::Unsigned => None,
    }
}

impl Grant {
    /// Returns what an operator agrees to who says nothing more than yes: what is asked for, within the default limits
    /// and in the engine of WebAssembly. More than that is written down.
    #[must_use]
    pub fn agreed(manifest: &Manifest) -> Self {
        let mut agreed = Self::asked_by(manifest).capped(&Most::default());
        agreed.native = false;
        agreed
    }

    /// Refuses a native plugin that nobody granted the processor.
    pub(crate) fn check_kind(&self, manifest: &Manifest) -> Result<(), Error> {
        if manifest.plugin.kind != Kind::Native || self.native {
            return Ok(());
        }
        let reason = "it is native, and `native` is not granted".to_owned();
        Err(Error::State { id: manifest.plugin.id.to_string(), wanted: "run", reason })
    }
}
