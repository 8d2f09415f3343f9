//! The registry of plugins.

use wardkit_core::Timestamp;
use wardkit_plugin::{Grant, Installed, PluginState, Plugins};
use wardkit_sqlite::PluginRegistry;

fn version(version: &str, digest: &str) -> Installed {
    let named = ("org.example.hello".parse().unwrap(), version.parse().unwrap());
    let mut grant = Grant::default();
    grant.log = true;
    Installed::pending(named, digest, None, grant, Timestamp::from_unix_seconds(5))
}

#[test]
fn what_is_installed_survives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugins.sqlite");
    let id = "org.example.hello".parse().unwrap();
    let open = || Plugins::new(PluginRegistry::open(&path).unwrap());
    let mut plugins = open();
    for (number, digest) in [("0.1.0", "aa"), ("0.2.0", "bb")] {
        plugins.add(version(number, digest)).unwrap();
        plugins.activate(&id, digest).unwrap();
    }
    let before = plugins.all().unwrap();
    drop(plugins);
    let mut plugins = open();
    assert_eq!(plugins.all().unwrap(), before);
    assert!(before[1].grant.log);
    assert_eq!(plugins.rollback(&id).unwrap().digest, "aa");
    plugins.revoke(&id, "its key leaked").unwrap();
    drop(plugins);
    let states: Vec<PluginState> = open().all().unwrap().iter().map(|one| one.state).collect();
    assert_eq!(states, [PluginState::Revoked; 2]);
}

#[test]
fn a_row_that_cannot_be_read_is_told_and_not_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugins.sqlite");
    let mut plugins = Plugins::new(PluginRegistry::open(&path).unwrap());
    plugins.add(version("0.1.0", "aa")).unwrap();
    drop(plugins);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("UPDATE plugin SET row = '{}'", []).unwrap();
    drop(connection);
    let mut plugins = Plugins::new(PluginRegistry::open(&path).unwrap());
    let error = plugins.all().unwrap_err().to_string();
    assert!(error.contains("a row cannot be read"), "{error}");
}
