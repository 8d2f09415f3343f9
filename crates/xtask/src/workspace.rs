//! What cargo knows about the workspace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Error, Result, exec};

/// The crates that keep a lockfile of their own.
pub(crate) const EXCLUDED: [&str; 16] = [
    "crates/audit-code/fuzz",
    "crates/audit-conf/fuzz",
    "crates/audit-deps/fuzz",
    "crates/audit-secrets/fuzz",
    "crates/auditlog/fuzz",
    "crates/backup/fuzz",
    "crates/bench",
    "crates/harden/fuzz",
    "crates/integrity/fuzz",
    "crates/metrics/fuzz",
    "crates/plugin/fuzz",
    "crates/promql/fuzz",
    "crates/retry-backoff",
    "crates/sandbox-wasm/fuzz",
    "crates/tlog/fuzz",
    "crates/validation/fuzz",
];

/// A test target with this name, behind a feature with this name, runs other programs against ours.
pub(crate) const INTEROP: &str = "interop";

/// Test targets with these names, behind features with these names, take minutes, or need root.
pub(crate) const SLOW: [&str; 3] = ["privileged", "recovery", "slow"];

/// The members of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// One member.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    manifest_path: PathBuf,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) targets: Vec<Target>,
    /// `None`: to any registry; empty: to none.
    publish: Option<Vec<String>>,
}

/// Something cargo builds from a member.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    kind: Vec<String>,
    #[serde(default, rename = "required-features")]
    pub(crate) required_features: Vec<String>,
}

/// Returns the folder of the workspace this program was started for.
///
/// # Errors
///
/// When cargo did not start this program and the current folder is unknown.
pub(crate) fn root() -> Result<PathBuf> {
    // Cargo's variable, not the path known at build time: checkouts may share a target folder.
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(xtask) => {
            Ok(Path::new(&xtask).ancestors().nth(2).unwrap_or(Path::new(&xtask)).to_owned())
        }
        None => std::env::current_dir().map_err(Error::file(".")),
    }
}

impl Workspace {
    /// Asks cargo for the members below `root`.
    ///
    /// # Errors
    ///
    /// When cargo cannot read the manifests.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let text = exec::capture(&mut exec::cargo(
            root,
            ["metadata", "--no-deps", "--format-version", "1"],
        ))?;
        serde_json::from_str(&text).map_err(|source| Error::Json {
            what: "the output of cargo metadata".to_owned(),
            source,
        })
    }

    /// Returns the member called `name`, with or without the prefix `wardkit-`.
    ///
    /// # Errors
    ///
    /// When there is none; the message lists those there are.
    pub(crate) fn package(&self, name: &str) -> Result<&Package> {
        let is_it = |package: &&Package| package.name == name || package.short_name() == name;
        self.packages.iter().find(is_it).ok_or_else(|| {
            let known: Vec<&str> = self.packages.iter().map(Package::short_name).collect();
            Error::Usage(format!("no crate `{name}`; there are {}", known.join(", ")))
        })
    }

    /// Returns the members that strangers may depend on.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_published_library())
    }
}

impl Package {
    pub(crate) fn short_name(&self) -> &str {
        self.name.strip_prefix("wardkit-").unwrap_or(&self.name)
    }

    /// Returns the folder of the manifest.
    pub(crate) fn dir(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("."))
    }

    pub(crate) fn manifest(&self) -> &Path {
        &self.manifest_path
    }

    /// Returns the targets of a kind: `lib`, `test`, `bench`, `example`.
    pub(crate) fn targets_of(&self, kind: &str) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(move |target| target.kind.iter().any(|k| k == kind))
    }

    /// Returns the features that a user may turn on: not `default`, and not those that gate a suite.
    pub(crate) fn own_features(&self) -> impl Iterator<Item = &str> {
        let is_own = |&feature: &&str| {
            feature != "default" && feature != INTEROP && !SLOW.contains(&feature)
        };
        self.features.keys().map(String::as_str).filter(is_own)
    }

    fn is_published_library(&self) -> bool {
        self.publish.as_ref().is_none_or(|to| !to.is_empty())
            && self.targets_of("lib").next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Workspace {
        serde_json::from_value(serde_json::json!({
            "workspace_root": "/w", "target_directory": "/w/target", "packages": [
                {"name": "wardkit-retry", "manifest_path": "/w/crates/retry/Cargo.toml", "publish": null,
                 "features": {"default": [], "slow": [], "tokio": []},
                 "targets": [{"name": "wardkit_retry", "kind": ["lib"]}, {"name": "gate", "kind": ["bench"]},
                     {"name": "slow", "kind": ["test"], "required-features": ["slow", "tokio"]}]},
                {"name": "xtask", "manifest_path": "/w/crates/xtask/Cargo.toml", "publish": [],
                 "features": {}, "targets": [{"name": "xtask", "kind": ["bin"]}]},
            ]
        }))
        .unwrap()
    }

    #[test]
    fn a_crate_is_found_by_its_short_and_its_long_name() {
        let made = made();
        assert_eq!(made.package("retry").unwrap().dir(), Path::new("/w/crates/retry"));
        assert_eq!(made.package("wardkit-retry").unwrap().name, "wardkit-retry");
        assert_eq!(
            made.package("rtery").unwrap_err().to_string(),
            "no crate `rtery`; there are retry, xtask"
        );
    }

    #[test]
    fn libraries_are_the_published_ones() {
        let made = made();
        let libraries: Vec<&str> = made.libraries().map(|package| package.name.as_str()).collect();
        assert_eq!(libraries, ["wardkit-retry"]);
    }

    #[test]
    fn features_are_those_a_user_may_turn_on() {
        assert_eq!(made().packages[0].own_features().collect::<Vec<_>>(), ["tokio"]);
    }

    #[test]
    fn targets_are_found_by_their_kind() {
        let made = made();
        let names = |kind| -> Vec<&str> {
            made.packages[0].targets_of(kind).map(|target| target.name.as_str()).collect()
        };
        assert_eq!(names("bench"), ["gate"]);
        assert_eq!(names("test"), ["slow"]);
        assert_eq!(names("bin"), Vec::<&str>::new());
    }
}
