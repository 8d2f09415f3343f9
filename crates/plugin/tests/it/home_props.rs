//! Installations, upgrades, faults and deaths in any order: one version is called or none, and grants never widen.

use std::path::Path;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use wardkit_core::Timestamp;
use wardkit_plugin::manifest::PluginId;
use wardkit_plugin::{
    Change, Error, Grant, HostTerms, InstallTerms, Installed, MemoryRegistry, PluginHome,
    PluginState, Registry, SecretKey, Signature, TrustedKeys,
};

use crate::run::Host;

/// A registry that outlives its users. It stops to answer after so many changes, as if its process had been killed.
#[derive(Clone, Debug, Default)]
struct Mortal(Arc<Mutex<(MemoryRegistry, Option<u32>)>>);

impl Mortal {
    fn dead() -> Error {
        Error::Store { reason: "killed".to_owned(), transient: false }
    }
}

impl Registry for Mortal {
    fn versions(&mut self, id: Option<&PluginId>) -> Result<Vec<Installed>, Error> {
        let mut kept = self.0.lock().unwrap();
        if kept.1 == Some(0) { Err(Self::dead()) } else { kept.0.versions(id) }
    }

    fn change(&mut self, id: &PluginId, change: Change<'_>) -> Result<(), Error> {
        let mut kept = self.0.lock().unwrap();
        match &mut kept.1 {
            Some(0) => return Err(Self::dead()),
            Some(left) => *left -= 1,
            None => {}
        }
        kept.0.change(id, change)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Install {
        version: u64,
        grant: Grant,
        is_downgrade: bool,
        passes: bool,
        dies_after: Option<u32>,
    },
    Rollback {
        dies_after: Option<u32>,
    },
    Revoke,
    Called {
        well: bool,
    },
    Ceiling(Option<u64>),
    Leave(String),
}

fn grant() -> impl Strategy<Value = Grant> {
    (any::<bool>(), any::<bool>(), any::<bool>(), 1..90_u64).prop_map(
        |(native, log, clock, memory)| {
            let mut grant = Grant::default();
            (grant.native, grant.log, grant.clock) = (native, log, clock);
            grant.limits.memory.0 = memory * 1_000_000;
            grant
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let dies = || prop::option::weighted(0.4, 0..3_u32);
    prop_oneof![
        6 => (1..6_u64, grant(), any::<bool>(), any::<bool>(), dies()).prop_map(
            |(version, grant, is_downgrade, passes, dies_after)| Step::Install {
                version, grant, is_downgrade, passes, dies_after
            }
        ),
        2 => dies().prop_map(|dies_after| Step::Rollback { dies_after }),
        1 => Just(Step::Revoke),
        3 => any::<bool>().prop_map(|well| Step::Called { well }),
        1 => prop::option::of(1..90_u64).prop_map(Step::Ceiling),
        1 => "[a-f0-9]{4}(\\.new|\\.minisig|\\.tar\\.zst)?".prop_map(Step::Leave),
    ]
}

fn id() -> PluginId {
    "org.example.hello".parse().unwrap()
}

/// Asks for the log and 60 MB, and answers its self-test well or not.
fn archive(version: u64, passes: bool) -> Vec<u8> {
    let input = if passes { "well" } else { "trap" };
    let asked = format!(
        "[permissions.log]\nwhy = \"says what it does\"\n[limits]\nmemory = \"60MB\"\n[health]\ninput = \"{input}\"\n"
    );
    let manifest = crate::manifest("native", "hello.py", &asked);
    let manifest = manifest.replace("0.2.0", &format!("0.{version}.0"));
    crate::package(&[("plugin.toml", manifest.as_bytes()), ("hello.py", b"pass")]).pack().unwrap()
}

fn open(folder: &Path, registry: &Mortal, ceiling: Option<u64>) -> PluginHome<Mortal> {
    let mut terms = HostTerms::default();
    terms.trusted = Some(TrustedKeys::new([SecretKey::from_random([1; 40]).public()]));
    terms.ceiling =
        ceiling.map(|memory| toml::from_str(&format!("memory = \"{memory}MB\"")).unwrap());
    let mut home = PluginHome::open(folder, registry.clone(), terms).unwrap();
    home.plugins().most_traps = 2;
    home
}

/// Does a step as a process would that may be killed in its midst.
fn take(home: &mut PluginHome<Mortal>, folder: &Path, registry: &Mortal, step: &Step) {
    let die_after = |left: Option<u32>| registry.0.lock().unwrap().1 = left;
    match step {
        Step::Install { version, grant, is_downgrade, passes, dies_after } => {
            let archive = archive(*version, *passes);
            let key = SecretKey::from_random([1; 40]);
            let signed = Signature::sign(&archive, "p", &key, Timestamp::UNIX_EPOCH).unwrap();
            let mut terms = InstallTerms::default();
            (terms.grant, terms.danger_downgrade) = (Some(grant.clone()), *is_downgrade);
            let Ok(candidate) = home.judge(&archive, Some(&signed), &terms) else { return };
            die_after(*dies_after);
            let _ = home.install(&candidate, &Host::default(), Timestamp::UNIX_EPOCH);
        }
        Step::Rollback { dies_after } => {
            die_after(*dies_after);
            let _ = home.rollback(&id());
        }
        Step::Revoke => drop(home.revoke(&id(), "it leaks")),
        Step::Called { well } => drop(home.plugins().called(&id(), *well)),
        Step::Leave(name) => std::fs::write(folder.join("packages").join(name), "half").unwrap(),
        Step::Ceiling(_) => {}
    }
    die_after(None);
}

fn active(rows: &[Installed]) -> Vec<&Installed> {
    rows.iter().filter(|row| row.state == PluginState::Active).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn one_version_is_called_or_none_and_within_its_grant(
        steps in prop::collection::vec(step(), 1..16),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let registry = Mortal::default();
        let mut ceiling = None;
        let mut before: Vec<Installed> = Vec::new();
        for step in steps {
            if let Step::Ceiling(new) = &step {
                ceiling = *new;
            }
            let mut home = open(folder.path(), &registry, ceiling);
            take(&mut home, folder.path(), &registry, &step);
            drop(home);

            let mut home = open(folder.path(), &registry, ceiling);
            let rows = home.plugins().all().unwrap();
            prop_assert!(active(&rows).len() <= 1, "{:?}", rows);
            for old in before.iter().filter(|old| old.state == PluginState::Revoked) {
                let now = rows.iter().find(|row| row.digest == old.digest).unwrap();
                prop_assert_eq!(now.state, PluginState::Revoked);
            }
            let may_end = matches!(step, Step::Revoke | Step::Called { well: false });
            if !may_end && !active(&before).is_empty() {
                prop_assert_eq!(active(&rows).len(), 1, "neither the old nor the new: {:?}", step);
            }
            if let [row] = active(&rows)[..] {
                let loaded = home.load(&row.id).unwrap();
                prop_assert!(loaded.is_current(row));
                prop_assert!(loaded.grant.is_within(&row.grant));
                prop_assert!(row.grant.is_within(&Grant::asked_by(loaded.plugin.manifest())));
                let most = ceiling.unwrap_or(u64::MAX / 1_000_000).min(60);
                prop_assert!(loaded.grant.limits.memory.0 <= most * 1_000_000);
                if let Step::Install { version, grant, .. } = &step
                    && row.version.minor == *version
                    && active(&before).first().is_none_or(|old| old.digest != row.digest)
                {
                    prop_assert!(row.grant.is_within(grant));
                }
            }
            before = rows;
        }
    }
}
