//! Installing, calling what is installed, and going back.

use std::path::Path;
use std::sync::{Arc, Mutex};

use wardkit_core::Timestamp;
use wardkit_plugin::manifest::PluginId;
use wardkit_plugin::{
    Candidate, Change, Error, Grant, HostTerms, InstallTerms, Installed, MemoryRegistry,
    PluginHome, PluginState, Registry, Revocations, SecretKey, Signature, TrustedKeys,
};

use crate::run::Host;

/// A registry that outlives the home that uses it, as one on a disk does.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<MemoryRegistry>>);

impl Registry for Kept {
    fn versions(&mut self, id: Option<&PluginId>) -> Result<Vec<Installed>, Error> {
        self.0.lock().unwrap().versions(id)
    }

    fn change(&mut self, id: &PluginId, change: Change<'_>) -> Result<(), Error> {
        self.0.lock().unwrap().change(id, change)
    }
}

fn id() -> PluginId {
    "org.example.hello".parse().unwrap()
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_random([seed; 40])
}

fn terms(seeds: &[u8]) -> HostTerms {
    let mut terms = HostTerms::default();
    terms.trusted = Some(TrustedKeys::new(seeds.iter().map(|seed| key(*seed).public())));
    terms
}

/// What an operator says who trusts scripts.
fn native() -> InstallTerms {
    let mut terms = InstallTerms::default();
    let mut grant = Grant::default();
    (grant.native, grant.log) = (true, true);
    terms.grant = Some(grant);
    terms
}

fn archive(version: &str, more: &str) -> Vec<u8> {
    let manifest = crate::manifest("native", "hello.py", more).replace("0.2.0", version);
    crate::package(&[("plugin.toml", manifest.as_bytes()), ("hello.py", b"pass")]).pack().unwrap()
}

fn signed(archive: &[u8], seed: u8) -> Signature {
    Signature::sign(archive, "hello.tar.zst", &key(seed), Timestamp::UNIX_EPOCH).unwrap()
}

fn home(folder: &Path, registry: &Kept) -> PluginHome<Kept> {
    PluginHome::open(folder, registry.clone(), terms(&[1, 2])).unwrap()
}

fn judged(home: &mut PluginHome<Kept>, archive: &[u8], terms: &InstallTerms) -> Candidate {
    home.judge(archive, Some(&signed(archive, 1)), terms).unwrap()
}

fn install(home: &mut PluginHome<Kept>, version: &str, more: &str) -> Result<Installed, Error> {
    let candidate = judged(home, &archive(version, more), &native());
    home.install(&candidate, &Host::default(), Timestamp::UNIX_EPOCH)
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("packages")).unwrap().count()
}

#[test]
fn what_is_installed_is_loaded_with_what_was_granted() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Kept::default();
    let mut home = home(folder.path(), &registry);
    let asked = "[permissions.log]\nwhy = \"says what it does\"\n[permissions.clock]\nwhy = \"tells the time\"\n";
    let installed = install(&mut home, "0.1.0", asked).unwrap();
    assert!(installed.grant.log && !installed.grant.clock);
    assert_eq!(installed.key, Some(key(1).public().id()));
    let loaded = home.load(&id()).unwrap();
    assert_eq!(loaded.grant, installed.grant);
    assert!(loaded.is_current(&home.plugins().active(&id()).unwrap().unwrap()));
    let host = Host::default();
    loaded.prepare(&host, &std::collections::BTreeMap::new()).unwrap();
    assert!(install(&mut home, "0.1.0", asked).is_err(), "it is active already");
}

#[test]
fn the_hosts_ceiling_holds_whatever_was_granted() {
    let folder = tempfile::tempdir().unwrap();
    let mut home = home(folder.path(), &Kept::default());
    install(&mut home, "0.1.0", "").unwrap();
    let mut less = terms(&[1]);
    less.ceiling = Some(toml::from_str("memory = \"1MB\"").unwrap());
    home.set_terms(less);
    assert_eq!(home.load(&id()).unwrap().grant.limits.memory.0, 1_000_000);
}

#[test]
fn the_earlier_version_is_called_until_the_new_one_has_proved_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut home = home(folder.path(), &Kept::default());
    install(&mut home, "0.1.0", "").unwrap();
    let before = home.load(&id()).unwrap();
    assert!(install(&mut home, "0.2.0", "[health]\ninput = \"trap\"").is_err());
    let all = home.plugins().all().unwrap();
    assert_eq!([all[0].state, all[1].state], [PluginState::Active, PluginState::Pending]);
    assert!(all[1].why.starts_with("its self-test did not pass"), "{}", all[1].why);
    assert!(before.is_current(&home.load(&id()).unwrap().installed));
    install(&mut home, "0.2.0", "[health]\ninput = \"well\"").unwrap();
    assert!(!before.is_current(&home.load(&id()).unwrap().installed));
    assert_eq!(home.rollback(&id()).unwrap().version.to_string(), "0.1.0");
    assert!(before.is_current(&home.load(&id()).unwrap().installed));
    assert!(home.rollback(&id()).is_err());
    assert_eq!(files(folder.path()), 2, "one package with its signature");
}

#[test]
fn nobody_goes_back_or_takes_over_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let mut home = home(folder.path(), &Kept::default());
    install(&mut home, "0.2.0", "").unwrap();
    let older = archive("0.1.0", "");
    let newer = archive("0.3.0", "");
    let refused = |home: &mut PluginHome<Kept>, archive: &[u8], seed, terms: &InstallTerms| {
        home.judge(archive, Some(&signed(archive, seed)), terms).unwrap_err().to_string()
    };
    assert!(refused(&mut home, &older, 1, &native()).contains("WKP016"));
    let told = refused(&mut home, &newer, 2, &native());
    assert!(told.contains("0.2.0 is signed by key"), "{told}");
    assert!(refused(&mut home, &newer, 3, &native()).contains("not trusted"));
    assert!(home.judge(&newer, None, &native()).is_err());
    assert!(home.judge(&newer, Some(&signed(&older, 1)), &native()).is_err());
    let plain = refused(&mut home, &newer, 1, &InstallTerms::default());
    assert!(plain.contains("it is native, and `native` is not granted"), "{plain}");

    let mut agreed = native();
    (agreed.danger_downgrade, agreed.danger_other_key) = (true, true);
    let candidate = home.judge(&older, Some(&signed(&older, 2)), &agreed).unwrap();
    assert_eq!(candidate.replaces().unwrap().version.to_string(), "0.2.0");
    home.install(&candidate, &Host::default(), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(home.load(&id()).unwrap().installed.version.to_string(), "0.1.0");
}

#[test]
fn whoever_was_first_while_another_was_judged_keeps_the_id() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Kept::default();
    let mut slow = home(folder.path(), &registry);
    let archive = archive("0.9.0", "");
    let candidate = slow.judge(&archive, Some(&signed(&archive, 2)), &native()).unwrap();
    install(&mut home(folder.path(), &registry), "0.1.0", "").unwrap();
    let installed = slow.install(&candidate, &Host::default(), Timestamp::UNIX_EPOCH);
    assert!(installed.unwrap_err().to_string().contains("0.1.0 is signed by key"));
}

#[test]
fn what_was_taken_back_is_not_loaded_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut home = home(folder.path(), &Kept::default());
    install(&mut home, "0.1.0", "").unwrap();
    let mut revoked = terms(&[1]);
    revoked.revoked = Revocations::default();
    revoked.revoked.keys.insert(key(1).public().id());
    home.set_terms(revoked);
    assert!(home.load(&id()).unwrap_err().to_string().contains("was revoked"));
    home.set_terms(terms(&[2]));
    assert!(home.load(&id()).unwrap_err().to_string().contains("not trusted"));
    home.set_terms(HostTerms::default());
    home.load(&id()).unwrap();

    home.set_terms(terms(&[1]));
    home.revoke(&id(), "it leaks").unwrap();
    assert!(home.load(&id()).is_err());
    assert_eq!(files(folder.path()), 0);
    assert!(install(&mut home, "0.1.0", "").is_err());
    assert!(install(&mut home, "0.1.0", "[limits]\nmemory = \"1MB\"").is_err(), "the same number");
    install(&mut home, "0.1.1", "").unwrap();
}

#[test]
fn a_package_that_was_changed_on_the_disk_is_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let mut home = home(folder.path(), &Kept::default());
    let installed = install(&mut home, "0.1.0", "").unwrap();
    let path = folder.path().join(format!("packages/{}.tar.zst", installed.digest));
    std::fs::write(&path, archive("0.2.0", "")).unwrap();
    assert!(home.load(&id()).unwrap_err().to_string().ends_with("was changed"));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(home.load(&id()), Err(Error::File { .. })));
}

#[test]
fn a_grant_is_changed_without_another_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut home = home(folder.path(), &Kept::default());
    let asked = "[permissions.log]\nwhy = \"says what it does\"\n";
    install(&mut home, "0.1.0", asked).unwrap();
    let before = home.load(&id()).unwrap();
    let mut terms = native();
    terms.grant.as_mut().unwrap().log = false;
    let less = judged(&mut home, &archive("0.1.0", asked), &terms);
    home.install(&less, &Host::default(), Timestamp::UNIX_EPOCH).unwrap();
    let after = home.load(&id()).unwrap();
    assert!(before.grant.log && !after.grant.log);
    assert!(!before.is_current(&after.installed));
    assert_eq!(home.plugins().all().unwrap().len(), 1);
}

#[test]
fn what_is_left_over_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Kept::default();
    install(&mut home(folder.path(), &registry), "0.1.0", "").unwrap();
    let packages = folder.path().join("packages");
    std::fs::write(packages.join("00.new"), "half").unwrap();
    std::fs::write(packages.join(format!("{}.tar.zst", "0".repeat(64))), "unknown").unwrap();
    let mut again = home(folder.path(), &registry);
    assert_eq!(files(folder.path()), 2);
    again.load(&id()).unwrap();
}

#[test]
fn a_folder_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let all = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(folder.path(), all).unwrap();
    let opened = PluginHome::open(folder.path(), Kept::default(), HostTerms::default());
    assert!(matches!(opened, Err(Error::File { .. })));
}

#[test]
fn packages_of_three_earlier_versions_are_kept_for_a_rollback() {
    let folder = tempfile::tempdir().unwrap();
    let mut home = home(folder.path(), &Kept::default());
    for minor in 1..=6 {
        install(&mut home, &format!("0.{minor}.0"), "").unwrap();
    }
    // Each with its signature.
    assert_eq!(files(folder.path()), 4 * 2);
    for minor in [5, 4, 3] {
        assert_eq!(home.rollback(&id()).unwrap().version.to_string(), format!("0.{minor}.0"));
        home.load(&id()).unwrap();
    }
    assert!(home.rollback(&id()).is_err(), "nobody has the package any more");
    assert_eq!(home.load(&id()).unwrap().installed.version.to_string(), "0.3.0");
}
