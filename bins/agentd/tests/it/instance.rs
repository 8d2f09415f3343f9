use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Daemon, agentd, dir, run};

#[test]
fn second_instance_exits_75_and_names_the_holder() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let second = daemon.command(&["run", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, Some(75), "{second:?}");
    assert!(second.stderr.contains(&format!("pid {}", daemon.child.id())), "{second:?}");
    assert_eq!(daemon.request("/healthz").status, 200);
}

#[test]
fn killed_daemon_leaves_nothing_in_the_way() {
    let dir = dir();
    for _ in 0..3 {
        let mut daemon = Daemon::start(dir.path(), &[]);
        assert_eq!(daemon.status()["health"]["state"], "up");
        daemon.child.kill().unwrap();
        daemon.child.wait().unwrap();
    }
}

#[test]
fn data_directory_that_others_may_write_is_refused() {
    let dir = dir();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let ended = run(&["--data-dir", dir.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(78), "{ended:?}");
    assert!(
        ended.stderr.contains("mode 777") && ended.stderr.contains("hint: make it private: chmod"),
        "{ended:?}"
    );
}

#[test]
fn data_directory_lies_below_the_state_home() {
    let dir = dir();
    let state = dir.path().join("state");
    for (name, value, expected) in [
        ("XDG_STATE_HOME", state.as_path(), state.join("wardkit")),
        ("HOME", dir.path(), dir.path().join(".local/state/wardkit")),
        ("WARDKIT_DATA_DIR", &dir.path().join("own"), dir.path().join("own")),
    ] {
        // Nothing listens there yet, and the message names the place.
        let output = agentd(&["status"]).env(name, value).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(expected.to_str().unwrap()), "{name}: {stderr}");
    }
    let nowhere = run(&["status"]);
    assert!(nowhere.stderr.contains("hint: name one: --data-dir DIR"), "{nowhere:?}");
}

#[test]
fn taken_address_is_refused_with_a_way_out() {
    let dir = dir();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = run(&["--data-dir", dir.path().to_str().unwrap(), "--listen", &address]);
    assert_eq!(ended.code, Some(69), "{ended:?}");
    assert!(ended.stderr.contains(&address) && ended.stderr.contains("\nhint: "), "{ended:?}");
}

#[test]
fn very_long_data_directory_has_a_control_socket() {
    let dir = dir();
    let long = dir.path().join("long".repeat(20)).join("path".repeat(20));
    let daemon = Daemon::start(&long, &[]);
    assert_eq!(daemon.status()["health"]["state"], "up");
}

#[test]
fn directory_in_place_of_the_control_socket_is_refused_as_a_matter_of_the_disk() {
    let dir = dir();
    fs::create_dir(dir.path().join("control.sock")).unwrap();
    let ended = run(&["--data-dir", dir.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(74), "{ended:?}");
    assert!(
        ended.stderr.contains("control.sock") && ended.stderr.contains("\nhint: "),
        "{ended:?}"
    );
}
