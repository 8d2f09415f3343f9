//! Installations that are killed at each moment in turn.

use std::cell::Cell;
use std::io;
use std::sync::{Arc, Mutex};

use wardkit_core::Timestamp;
use wardkit_sandbox::{
    Capabilities, Ended, HostCaps, Outcome, Policy, Prepared, Report, Sandbox, SandboxError,
};

use crate::manifest::PluginId;
use crate::{
    Change, Error, Grant, HostTerms, InstallTerms, Installed, MemoryRegistry, Package, PluginHome,
    Registry,
};

thread_local! {
    /// The moments that this thread still lives through; without a number, all.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Fails at the moment of death and at all that come after it: nothing more reaches the disk.
pub(super) fn may_come() -> io::Result<()> {
    match LEFT.get() {
        Some(0) => Err(io::Error::other("killed")),
        Some(left) => {
            LEFT.set(Some(left - 1));
            Ok(())
        }
        None => Ok(()),
    }
}

/// A registry that outlives its users, who may die before and after each change.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<MemoryRegistry>>);

impl Registry for Kept {
    fn versions(&mut self, id: Option<&PluginId>) -> Result<Vec<Installed>, Error> {
        self.0.lock().unwrap().versions(id)
    }

    fn change(&mut self, id: &PluginId, change: Change<'_>) -> Result<(), Error> {
        let killed = |_| Error::Store { reason: "killed".to_owned(), transient: false };
        may_come().map_err(killed)?;
        self.0.lock().unwrap().change(id, change)?;
        may_come().map_err(killed)
    }
}

/// Takes everything.
struct Idle;

impl Sandbox for Idle {
    fn probe(&self) -> HostCaps {
        HostCaps::new(Report::default())
    }

    fn prepare(&self, _: &[u8], _: &Policy) -> Result<Box<dyn Prepared>, SandboxError> {
        Ok(Box::new(Self))
    }
}

impl Prepared for Idle {
    fn call(&self, _: &[u8], _: &Arc<dyn Capabilities>) -> Result<Outcome, SandboxError> {
        Ok(Outcome::new(Ended::Exited(0), Vec::new(), Report::default()))
    }
}

fn archive(version: &str) -> Vec<u8> {
    let manifest = format!(
        "[plugin]\nid = \"org.example.hello\"\nname = \"Hello\"\nversion = \"{version}\"\n\
         description = \"Greets whoever is named\"\nkind = \"native\"\nentry = \"hello.py\"\napi = \"1\"\n"
    );
    let files = [("plugin.toml", manifest.into_bytes()), ("hello.py", b"pass".to_vec())];
    let files = files.map(|(name, bytes)| (name.to_owned(), bytes));
    Package::from_files(files).unwrap().pack().unwrap()
}

fn open(folder: &std::path::Path, registry: &Kept) -> PluginHome<Kept> {
    let terms = HostTerms { danger_unsigned: true, ..HostTerms::default() };
    PluginHome::open(folder, registry.clone(), terms).unwrap()
}

fn install(home: &mut PluginHome<Kept>, version: &str) -> Result<Installed, Error> {
    let mut terms = InstallTerms::default();
    let grant = Grant { native: true, ..Grant::default() };
    terms.grant = Some(grant);
    let candidate = home.judge(&archive(version), None, &terms)?;
    home.install(&candidate, &Idle, Timestamp::UNIX_EPOCH)
}

/// Returns the version that is called once the folder was opened again, and how many files there are.
fn called(folder: &std::path::Path, registry: &Kept) -> (Option<String>, usize) {
    let mut home = open(folder, registry);
    let loaded = home.load(&"org.example.hello".parse().unwrap());
    let files = std::fs::read_dir(folder.join("packages")).unwrap().count();
    (loaded.ok().map(|loaded| loaded.installed.version.to_string()), files)
}

#[test]
fn an_upgrade_that_is_killed_at_any_moment_leaves_the_old_version_or_the_new_one() {
    let mut seen = Vec::new();
    for moments in 0.. {
        let (folder, registry) = (tempfile::tempdir().unwrap(), Kept::default());
        install(&mut open(folder.path(), &registry), "0.1.0").unwrap();
        let mut home = open(folder.path(), &registry);
        LEFT.set(Some(moments));
        let ended = install(&mut home, "0.2.0");
        LEFT.set(None);
        drop(home);
        let (version, files) = called(folder.path(), &registry);
        let version = version.expect("one of them is called");
        // The new one, and the old one, to which a rollback goes back.
        assert_eq!(files, if version == "0.1.0" { 1 } else { 2 }, "after {moments} moments");
        seen.push(version);
        // Whoever was killed tries again.
        if ended.is_err() && seen.last().is_some_and(|version| version == "0.1.0") {
            install(&mut open(folder.path(), &registry), "0.2.0").unwrap();
            assert_eq!(called(folder.path(), &registry), (Some("0.2.0".to_owned()), 2));
        }
        if ended.is_ok() {
            break;
        }
    }
    let old = seen.iter().filter(|version| *version == "0.1.0").count();
    // Six moments of one file, and before and after each of two changes of the registry.
    assert_eq!((seen.len(), old), (6 + 4 + 1, 6 + 3), "{seen:?}");
}

#[test]
fn a_first_installation_that_is_killed_at_any_moment_can_be_made_again() {
    for moments in 0.. {
        let (folder, registry) = (tempfile::tempdir().unwrap(), Kept::default());
        LEFT.set(Some(moments));
        let ended = install(&mut open(folder.path(), &registry), "0.1.0");
        LEFT.set(None);
        if ended.is_ok() {
            break;
        }
        let (version, files) = called(folder.path(), &registry);
        assert_eq!(files, usize::from(version.is_some()), "after {moments} moments");
        if version.is_none() {
            install(&mut open(folder.path(), &registry), "0.1.0").unwrap();
        }
        assert_eq!(called(folder.path(), &registry).0.as_deref(), Some("0.1.0"));
    }
}
