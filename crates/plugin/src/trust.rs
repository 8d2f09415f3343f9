//! Whose packages are taken, and what was taken back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Error, KeyId, Package, PublicKey, Signature};

/// The keys whose packages are taken. A key is in it because an operator put it there; nobody else can.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct TrustedKeys(Vec<PublicKey>);

impl TrustedKeys {
    /// Trusts these keys.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// Proves that the owner of a trusted key signed these bytes.
    ///
    /// # Errors
    ///
    /// When the signature is of a key that is not here, or of other bytes.
    pub fn verify(&self, bytes: &[u8], signature: &Signature) -> Result<Trust, Error> {
        // Numbers of keys are no proof, and two keys may have the same.
        let mut last = Error::Signature { reason: "it is of a key that is not trusted" };
        for key in self.0.iter().filter(|key| key.id() == signature.key()) {
            match signature.verify(bytes, key) {
                Ok(()) => return Ok(Trust::Signed(key.id())),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl TryFrom<Vec<String>> for TrustedKeys {
    type Error = Error;

    fn try_from(lines: Vec<String>) -> Result<Self, Error> {
        lines.iter().map(|line| PublicKey::parse(line)).collect::<Result<_, _>>().map(Self)
    }
}

impl From<TrustedKeys> for Vec<String> {
    fn from(keys: TrustedKeys) -> Self {
        keys.0.iter().map(PublicKey::to_line).collect()
    }
}

/// Who answers for a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// The owner of this key, which is trusted.
    Signed(KeyId),
    /// Nobody.
    Unsigned,
}

/// Keys and packages that were taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Revocations {
    /// Keys, by number.
    pub keys: BTreeSet<KeyId>,
    /// Packages, by the BLAKE3 of the archive or of the entry in hexadecimal.
    pub digests: BTreeSet<String>,
    /// All versions of a plugin, by id.
    pub ids: BTreeSet<String>,
}

impl Revocations {
    /// Whether a key was taken back.
    #[must_use]
    pub fn has_key(&self, key: KeyId) -> bool {
        self.keys.contains(&key)
    }

    /// Whether a package was taken back.
    #[must_use]
    pub fn has_package(&self, package: &Package) -> bool {
        let manifest = package.manifest();
        let entry = package.entry().map(|bytes| blake3::hash(bytes).to_hex().to_string());
        self.ids.contains(manifest.plugin.id.as_str())
            || entry.is_some_and(|digest| self.digests.contains(&digest))
            || package.digest().is_some_and(|digest| self.digests.contains(digest))
    }
}
