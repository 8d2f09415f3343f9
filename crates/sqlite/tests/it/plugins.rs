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
fn a_call_that_is_counted_undoes_no_revocation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugins.sqlite");
    let id = "org.example.hello".parse().unwrap();
    let open = || Plugins::new(PluginRegistry::open(&path).unwrap());
    let (mut daemon, mut operator) = (open(), open());
    daemon.add(version("0.1.0", "aa")).unwrap();
    daemon.activate(&id, "aa").unwrap();
    assert!(operator.active(&id).unwrap().is_some());
    operator.revoke(&id, "it leaks").unwrap();
    assert!(daemon.active(&id).unwrap().is_none(), "at the next call");
    assert!(daemon.called(&id, true).is_err());
    assert_eq!(daemon.all().unwrap()[0].state, PluginState::Revoked);
}

#[test]
fn a_database_that_another_process_put_in_its_place_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugins.sqlite");
    let mut plugins = Plugins::new(PluginRegistry::open(&path).unwrap());
    plugins.add(version("0.1.0", "aa")).unwrap();
    std::fs::rename(&path, folder.path().join("aside")).unwrap();
    let mut other = Plugins::new(PluginRegistry::open(&path).unwrap());
    other.add(version("0.2.0", "bb")).unwrap();
    let seen: Vec<String> = plugins.all().unwrap().into_iter().map(|one| one.digest).collect();
    assert_eq!(seen, ["bb"]);
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
