//! What a configuration may say.

use std::path::PathBuf;
use std::time::Duration;

use wardkit_metrics::Error;
use wardkit_metrics::host::{Host, HostConfig, HostPaths, ProcessGroup};

#[track_caller]
fn refused(change: impl FnOnce(&mut HostConfig), expected: &[&str]) {
    let mut config = HostConfig::default();
    change(&mut config);
    let found: Vec<String> = config.validate().iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
    let made = Host::new(HostPaths::default(), config);
    assert_eq!(matches!(made, Err(Error::Refused { .. })), !expected.is_empty());
}

#[test]
fn what_cannot_be_is_refused_with_its_key() {
    refused(|_| {}, &[]);
    refused(
        |config| config.file_system_deadline = Duration::from_millis(1),
        &["file-system-deadline: not between 10ms and 60s"],
    );
    refused(
        |config| config.exclude_mount_points = vec![PathBuf::from("mnt")],
        &["exclude-mount-points[0]: not an absolute path"],
    );
    refused(
        |config| config.cgroups = vec!["/a/../..".to_owned(), "a".to_owned()],
        &[
            "cgroups[0]: must be a path without `..`",
            "cgroups[1]: must begin with `/`, the hierarchy's root",
        ],
    );
    refused(
        |config| {
            let mut both = ProcessGroup::by_command("b", "bot");
            both.pid_file = Some("run.pid".into());
            config.processes = vec![
                ProcessGroup::by_command("a", "sixteen-bytes-xx"),
                both,
                ProcessGroup::default(),
                ProcessGroup::by_cgroup("a", "/x"),
            ];
        },
        &[
            "processes[0].command: must have between 1 and 15 bytes: the kernel keeps no more of a process's name",
            "processes[1]: needs one of `command`, `pid-file` and `cgroup`",
            "processes[1].pid-file: not an absolute path",
            "processes[2].name: must have between 1 and 128 bytes",
            "processes[2]: needs one of `command`, `pid-file` and `cgroup`",
            "processes[3].name: `a` is the name of another group",
        ],
    );
}

#[cfg(feature = "serde")]
#[test]
fn keys_are_those_of_the_reference() {
    let config: HostConfig = serde_json::from_str(
        r#"{
            "without": ["processes", "netdev"],
            "file-system-deadline": "250ms",
            "exclude-mount-points": ["/mnt"],
            "cgroups": [],
            "processes": [{"name": "shop", "pid-file": "/run/shop.pid"}]
        }"#,
    )
    .unwrap();
    assert_eq!(config.file_system_deadline, Duration::from_millis(250));
    assert_eq!(config.processes, [ProcessGroup::by_pid_file("shop", "/run/shop.pid")]);
    assert_eq!(config.exclude_disks, HostConfig::default().exclude_disks);
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<HostConfig>(&text).unwrap(), config);
    for wrong in [
        r#"{"file-system-dead-line": "1s"}"#,
        r#"{"without": ["disk"]}"#,
        r#"{"processes": [{"x": 1}]}"#,
    ] {
        assert!(serde_json::from_str::<HostConfig>(wrong).is_err(), "{wrong}");
    }
}
