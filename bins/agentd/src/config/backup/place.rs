//! Where repositories are, and what their servers ask for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_backup::store::Address;

use super::{NO_REFERENCE, found, is_plain, is_reference, not_plain};
use crate::reload::error_chain;

/// What the server of a repository asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct AccessConfig {
    /// The name, or the access key of a bucket; `file:PATH` and `env:NAME` say where it is.
    pub user: String,
    /// Where the password is, or the secret key of a bucket: `file:PATH` or `env:NAME`.
    pub secret: String,
    /// Where the session token of a bucket is, for credentials that expire: `file:PATH` or `env:NAME`.
    pub session_token: String,
    /// The region of a bucket, where the service has several.
    pub region: String,
}

/// A further place that each backup is copied to, byte for byte: the same repository, with the same passwords. Nothing is
/// removed there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ReplicaConfig {
    /// What it is called in events and metrics.
    pub name: String,
    /// The place, as `backup.repository` names one. What is not there is made.
    pub repository: String,
    /// What its server asks for.
    #[serde(default)]
    pub access: AccessConfig,
    /// What proves that a copy is whole.
    #[serde(default)]
    pub proof: CopyProof,
}

/// What proves that a copy is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CopyProof {
    /// It is read back, and has the hash that is its name.
    #[default]
    Content,
    /// The place tells its size.
    Size,
}

/// Returns what is wrong with a place: `(key, reason)`.
pub(super) fn violations(
    prefix: &str,
    repository: &str,
    access: &AccessConfig,
) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut wrong = |key: &str, reason: &str| all.push(found(&format!("{prefix}{key}"), reason));
    let address = match Address::parse(repository) {
        Ok(address) => address,
        Err(error) => {
            wrong("repository", &error_chain(&error));
            return all;
        }
    };
    if let Some(folder) = address.folder().filter(|folder| !is_plain(folder)) {
        wrong("repository", &not_plain(folder));
    }
    if address.is_remote() && address.to_string().contains("://***@") {
        wrong("repository", "holds a name or password: they belong into `access`");
    }
    for (key, reference) in
        [("access.secret", &access.secret), ("access.session-token", &access.session_token)]
    {
        if !reference.is_empty() && !is_reference(reference) {
            wrong(key, NO_REFERENCE);
        }
    }
    if address.is_bucket() && (access.user.is_empty() || access.secret.is_empty()) {
        wrong("access", "a bucket needs `user`, its access key, and `secret`");
    }
    if !address.is_remote() && *access != AccessConfig::default() {
        wrong("access", "a folder asks for nothing");
    }
    all
}

/// Whether it can stand in metrics, events and the names of files.
pub(super) fn is_name(name: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&name.len()) && name.bytes().all(is_known)
}
