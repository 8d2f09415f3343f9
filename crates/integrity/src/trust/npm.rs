//! Packages of Node.js, by the lockfiles that npm leaves.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{
    Bookkeeping, Claim, Claims, Installed, Inventory, PathId, Revision, TrustSource, record,
};
use crate::{Actor, Error, FileTime};

/// The packages below the `node_modules` of one project: their names and versions, for one report of an upgrade.
///
/// It vouches for nothing, and makes no finding less severe, whoever owns the project. A lockfile has the digest of the
/// archive that a package came in and of none of its files, so what belongs to a package is what lies in its directory.
/// Every record therefore has the standing [`Exposed`](super::Standing::Exposed), and every path the claim
/// [`Listed`](Claim::Listed): whether a file is what its author published, nothing here can tell. What an upgrade changed
/// below them is [`RecordExposed`](crate::Ruling::RecordExposed): told as one, at the severity that its rules give it.
///
/// It reads what npm 7 and later write: `node_modules/.package-lock.json`, or else `package-lock.json`. A package whose
/// directory is missing, a link, or has a `package.json` of another version is not listed.
///
/// `npm` is a script: what its process runs is the interpreter. A writer counts as the package manager when it runs, or
/// descends from, a program named `node`, `npm`, `npx`, `yarn` or `pnpm`; so does a bot that is itself run by `node`.
#[derive(Clone, Debug)]
pub struct Npm {
    modules: PathBuf,
    lockfiles: [PathBuf; 2],
}

impl Npm {
    /// Creates a source from a project, the directory with `node_modules`.
    #[must_use]
    pub fn new(project: impl AsRef<Path>) -> Self {
        let modules = project.as_ref().join(MODULES);
        let hidden = modules.join(".package-lock.json");
        Self { modules, lockfiles: [hidden, project.as_ref().join("package-lock.json")] }
    }

    /// Reads the lockfile, and when it was written.
    fn lock(&self) -> Result<Option<(Lock, FileTime)>, Error> {
        for path in &self.lockfiles {
            let Some((lock, found)) = json::<Lock>(path)? else { continue };
            if !matches!(lock.lockfile_version, 2 | 3) {
                let reason = "neither version 2 nor 3 of npm's lockfiles";
                return Err(Error::Record { path: path.clone(), reason });
            }
            return Ok(Some((lock, record::ctime(&found))));
        }
        Ok(None)
    }

    /// Returns the directory of a package, if no link leads there.
    fn directory(&self, name: &str) -> Option<(PathBuf, Metadata)> {
        let mut path = self.modules.clone();
        let mut found = fs::symlink_metadata(&path).ok().filter(Metadata::is_dir)?;
        for part in Path::new(name).components() {
            let Component::Normal(part) = part else { return None };
            path.push(part);
            found = fs::symlink_metadata(&path).ok().filter(Metadata::is_dir)?;
        }
        Some((path, found))
    }

    fn installed(
        &self,
        name: &str,
        locked: Locked,
        written: FileTime,
        before: Option<&Installed>,
        budget: &mut Budget<'_>,
    ) -> Result<Option<Installed>, Error> {
        let Some(version) = locked.version else { return Ok(None) };
        let Some((directory, found)) = self.directory(name) else { return Ok(None) };
        // What cannot be read has no version.
        let manifest = json::<Manifest>(&directory.join("package.json")).ok().flatten();
        if manifest.and_then(|(manifest, _)| manifest.version).as_ref() != Some(&version) {
            return Ok(None);
        }
        // npm puts a new directory in the place of the old one. Its time is that of any change in it, by anybody.
        let parts = (&version, &locked.resolved, &locked.integrity, found.dev(), found.ino());
        let revision = Revision::of(format!("{parts:?}").as_bytes());
        let mut installed = Installed::new(version, revision);
        installed.recorded = record::ctime(&found).min(written);
        installed.paths = match before {
            Some(before) if before.revision == revision => {
                budget.take(before.paths.len())?;
                Arc::clone(&before.paths)
            }
            _ => {
                let files = self.files(&directory, budget)?;
                let mut paths: Vec<PathId> = files.iter().map(|path| PathId::of(path)).collect();
                paths.sort_unstable();
                paths.into()
            }
        };
        Ok(Some(installed))
    }

    /// Returns what lies in the directory of a package, and the directories that lead to it. Its own `node_modules` has
    /// other packages.
    fn files(&self, directory: &Path, budget: &mut Budget<'_>) -> Result<Vec<PathBuf>, Error> {
        let above = directory.ancestors().take_while(|above| above.starts_with(&self.modules));
        let mut paths: Vec<PathBuf> = above.map(Path::to_owned).collect();
        budget.take(paths.len())?;
        let inner = directory.join(MODULES);
        let mut waiting = vec![directory.to_owned()];
        while let Some(next) = waiting.pop() {
            // What went meanwhile, or may not be read, lists nothing.
            for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
                let path = entry.path();
                if path == inner {
                    continue;
                }
                budget.take(1)?;
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    waiting.push(path.clone());
                }
                paths.push(path);
            }
        }
        Ok(paths)
    }

    fn budget(&self) -> Budget<'_> {
        Budget { left: MOST_PATHS, modules: &self.modules }
    }
}

impl TrustSource for Npm {
    fn name(&self) -> &'static str {
        "npm"
    }

    fn inventory(&self, before: &Inventory) -> Result<Inventory, Error> {
        let mut inventory = Inventory::default();
        let Some((lock, written)) = self.lock()? else { return Ok(inventory) };
        let mut budget = self.budget();
        for (name, locked) in lock.packages.0 {
            let known = before.packages.get(&name);
            if let Some(installed) = self.installed(&name, locked, written, known, &mut budget)? {
                inventory.packages.insert(name, installed);
            }
        }
        Ok(inventory)
    }

    fn claims(&self, name: &str, _package: &Installed) -> Result<Claims, Error> {
        let Some((directory, _)) = self.directory(name) else { return Ok(Claims::new()) };
        let files = self.files(&directory, &mut self.budget())?;
        Ok(files.into_iter().map(|path| (path, Claim::Listed)).collect())
    }

    fn is_manager(&self, actor: &Actor) -> bool {
        let is_node = |program: &Path| {
            program.file_name().is_some_and(|name| MANAGERS.iter().any(|manager| name == *manager))
        };
        actor.programs().any(is_node)
    }

    fn bookkeeping(&self, path: &Path) -> Option<Bookkeeping> {
        let below = path.strip_prefix(&self.modules).ok()?;
        let is_bin = |place: &Path| place.ends_with("node_modules/.bin");
        let is_own = below.as_os_str().is_empty()
            || path == self.lockfiles[0]
            || path.ancestors().take_while(|above| *above != self.modules).any(is_bin);
        is_own.then_some(Bookkeeping::Any)
    }
}

/// How many paths may still be listed.
struct Budget<'a> {
    left: usize,
    modules: &'a Path,
}

impl Budget<'_> {
    fn take(&mut self, paths: usize) -> Result<(), Error> {
        let reason = "more paths than are looked at";
        let refused = || Error::Record { path: self.modules.to_owned(), reason };
        self.left = self.left.checked_sub(paths).ok_or_else(refused)?;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "lockfileVersion")]
    lockfile_version: u64,
    #[serde(default)]
    packages: Packages,
}

#[derive(Deserialize)]
struct Locked {
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    version: Option<String>,
}

/// By name: the path without the first `node_modules`. What lies elsewhere is a workspace, the project's own.
#[derive(Default)]
struct Packages(BTreeMap<String, Locked>);

impl<'de> Deserialize<'de> for Packages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PackagesVisitor)
    }
}

struct PackagesVisitor;

impl<'de> Visitor<'de> for PackagesVisitor {
    type Value = Packages;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("packages by path")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Packages, A::Error> {
        let mut packages = Packages::default();
        while let Some((path, locked)) = map.next_entry::<String, Locked>()? {
            let Some(name) = path.strip_prefix("node_modules/") else { continue };
            packages.0.insert(name.to_owned(), locked);
            if packages.0.len() > MOST_PACKAGES {
                return Err(serde::de::Error::custom("too many packages"));
            }
        }
        Ok(packages)
    }
}

/// Reads a file of JSON; `None` when there is none. Nesting is limited by the parser.
fn json<T: DeserializeOwned>(path: &Path) -> Result<Option<(T, Metadata)>, Error> {
    let Some((text, found)) = record::read_at_most(path, MOST_BYTES, "larger than 16 MiB")? else {
        return Ok(None);
    };
    let refused = |_| Error::Record { path: path.to_owned(), reason: "no JSON as npm writes it" };
    serde_json::from_slice(&text).map(|value| Some((value, found))).map_err(refused)
}

const MODULES: &str = "node_modules";
const MANAGERS: [&str; 5] = ["node", "npm", "npx", "yarn", "pnpm"];
const MOST_BYTES: u64 = 16 << 20;
const MOST_PACKAGES: usize = 100_000;
const MOST_PATHS: usize = 1_000_000;
