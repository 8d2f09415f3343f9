//! Files that must not be opened unless they are what the baseline says.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use wardkit_auditlog::{Entry, Query};

use crate::support::{Daemon, dir, until_some};

fn entries(data: &Path) -> Vec<Entry> {
    let read = Query::new().read(data.join("trail")).unwrap();
    read.map_while(Result::ok).map(|record| record.entry).collect()
}

fn is_refused(path: &Path) -> bool {
    fs::read(path).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

#[test]
fn tampered_and_unlisted_files_are_not_opened_while_agentd_runs() {
    let dir = dir();
    let top = dir.path().canonicalize().unwrap();
    let (root, data, config) = (top.join("watched"), top.join("data"), top.join("agentd.toml"));
    let bin = root.join("bin");
    fs::create_dir_all(&bin).unwrap();
    for name in ["good", "evil"] {
        fs::write(bin.join(name), "as it was").unwrap();
    }
    fs::write(root.join("elsewhere"), "as it was").unwrap();
    let text = format!("[integrity]\nroots = [{root:?}]\nenforce = [{bin:?}]\n");
    fs::write(&config, text).unwrap();
    let start = || {
        let daemon = Daemon::start(&data, &["--config", config.to_str().unwrap()]);
        let is_up = || {
            let status = daemon.status();
            let parts = status["parts"].as_array().unwrap();
            let is_up = |part: &serde_json::Value| {
                part["name"] == "integrity" && part["health"]["state"] == "up"
            };
            parts.iter().any(is_up).then_some(())
        };
        until_some(is_up);
        daemon
    };
    let mut daemon = start();
    // Neither way asks about a file that is to be opened while it is as it was, or about one out of the directory.
    fs::write(bin.join("evil"), "tampered").unwrap();
    fs::rename(root.join("elsewhere"), bin.join("unlisted")).unwrap();
    assert_eq!(fs::read(bin.join("good")).unwrap(), b"as it was");
    for _ in 0..3 {
        assert!(is_refused(&bin.join("evil")));
    }
    assert!(is_refused(&bin.join("unlisted")));
    let denied = until_some(|| {
        let all = entries(&data);
        let denied: Vec<Entry> =
            all.into_iter().filter(|entry| entry.kind == "integrity.open.denied").collect();
        (denied.len() >= 2).then_some(denied)
    });
    for name in ["evil", "unlisted"] {
        let path = bin.join(name);
        let of_path = denied.iter().find(|entry| Path::new(&entry.subject) == path).unwrap();
        assert_eq!(of_path.detail["details"]["last_pid"], std::process::id());
        assert_eq!(of_path.detail["severity"], "error");
    }
    let metrics = daemon.request("/metrics").body;
    let counted =
        metrics.lines().find_map(|line| line.strip_prefix("agentd_integrity_opens_denied_total "));
    assert!(counted.unwrap().parse::<u64>().unwrap() >= 2, "{counted:?}");

    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    assert_eq!(
        fs::read(bin.join("evil")).unwrap(),
        b"tampered",
        "nobody hangs and nobody is refused"
    );
    let daemon = start();
    assert!(is_refused(&bin.join("evil")), "from the start on");
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));
    assert_eq!(fs::read(bin.join("unlisted")).unwrap(), b"as it was");
}
