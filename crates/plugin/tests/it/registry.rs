//! What is installed.

use wardkit_core::Timestamp;
use wardkit_plugin::manifest::PluginId;
use wardkit_plugin::{Grant, Installed, MemoryRegistry, PluginState, Plugins};

fn id() -> PluginId {
    "org.example.hello".parse().unwrap()
}

fn version(version: &str, digest: &str) -> Installed {
    let named = (id(), version.parse().unwrap());
    Installed::pending(named, digest, None, Grant::default(), Timestamp::UNIX_EPOCH)
}

fn states(plugins: &mut Plugins<MemoryRegistry>) -> Vec<PluginState> {
    plugins.all().unwrap().iter().map(|one| one.state).collect()
}

#[test]
fn an_upgrade_supersedes_and_a_rollback_goes_back() {
    let mut plugins = Plugins::new(MemoryRegistry::default());
    plugins.add(version("0.1.0", "aa")).unwrap();
    assert!(plugins.active(&id()).unwrap().is_none(), "nothing is called before its self-test");
    plugins.activate(&id(), "aa").unwrap();
    plugins.add(version("0.2.0", "bb")).unwrap();
    plugins.activate(&id(), "bb").unwrap();
    assert_eq!(states(&mut plugins), [PluginState::Superseded, PluginState::Active]);
    assert!(plugins.add(version("0.1.5", "cc")).is_err(), "a downgrade");
    assert_eq!(plugins.rollback(&id()).unwrap().digest, "aa");
    assert_eq!(states(&mut plugins), [PluginState::Active, PluginState::Pending]);
    assert!(plugins.rollback(&id()).is_err());
    assert!(plugins.activate(&id(), "zz").is_err());
}

#[test]
fn what_fails_too_often_is_not_called() {
    let mut plugins = Plugins::new(MemoryRegistry::default());
    plugins.most_traps = 3;
    plugins.add(version("0.1.0", "aa")).unwrap();
    plugins.activate(&id(), "aa").unwrap();
    for well in [false, false, true, false, false] {
        assert_eq!(plugins.called(&id(), well).unwrap(), PluginState::Active);
    }
    assert_eq!(plugins.called(&id(), false).unwrap(), PluginState::Quarantined);
    assert!(plugins.called(&id(), true).is_err());
    assert_eq!(plugins.all().unwrap()[0].calls, 6);
    assert_eq!(plugins.all().unwrap()[0].why, "3 faults one after the other");
    plugins.activate(&id(), "aa").unwrap();
    assert_eq!(plugins.called(&id(), false).unwrap(), PluginState::Active);
}

#[test]
fn what_is_revoked_stays_revoked() {
    let mut plugins = Plugins::new(MemoryRegistry::default());
    assert!(plugins.revoke(&id(), "unknown").is_err());
    plugins.add(version("0.1.0", "aa")).unwrap();
    plugins.activate(&id(), "aa").unwrap();
    plugins.revoke(&id(), "its key leaked").unwrap();
    assert!(plugins.add(version("0.1.0", "aa")).is_err());
    assert!(plugins.activate(&id(), "aa").is_err());
    assert!(plugins.rollback(&id()).is_err());
    assert_eq!(states(&mut plugins), [PluginState::Revoked]);
}
