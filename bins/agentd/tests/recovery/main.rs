//! agentd in trouble: killed, out of disk, on a read-only disk, under more connections than it may hold.
//!
//! Mounts small file systems, so it needs root: `cargo test -p wardkit-agentd --features recovery`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

#[expect(dead_code, reason = "the other suites use the rest")]
#[path = "../it/support.rs"]
mod support;

#[expect(dead_code, reason = "the other suites use the rest")]
#[path = "../it/alert_support.rs"]
mod alert_support;

mod alerts;
mod backups;
mod enforce;
mod services;

use std::ffi::CStr;
use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use support::{Daemon, Ended, agentd, dir, run, until_some};
use tempfile::TempDir;

/// A file system of a mebibyte: what agentd keeps of its own accord within minutes leaves room to fill.
struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    fn new() -> Self {
        Self::with(SIZE)
    }

    fn with(options: &CStr) -> Self {
        let dir = dir();
        mount("tmpfs", dir.path(), "tmpfs", MountFlags::empty(), options).unwrap();
        fs::create_dir(dir.path().join("data")).unwrap();
        Self { dir }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let mut file = fs::File::create(self.dir.path().join("ballast")).unwrap();
        while file.write_all(&[0; 512]).is_ok() {}
    }

    fn make_read_only(&self) {
        mount_remount(self.dir.path(), MountFlags::RDONLY, "").unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Left mounted it would only outlive the test.
        let _ = unmount(self.dir.path(), UnmountFlags::DETACH);
    }
}

const SIZE: &CStr = c"size=1m,mode=0700";

fn start_on(data: &Path) -> Ended {
    run(&["--data-dir", data.to_str().unwrap(), "--listen", "127.0.0.1:0"])
}

#[test]
fn full_disk_is_refused_in_words() {
    let disk = SmallDisk::new();
    disk.fill();
    let ended = start_on(&disk.data());
    assert_eq!(ended.code, Some(74), "{ended:?}");
    assert!(ended.stderr.contains(disk.data().to_str().unwrap()), "{ended:?}");
    assert!(ended.stderr.contains("because: No space left on device"), "{ended:?}");
    fs::remove_file(disk.dir.path().join("ballast")).unwrap();
    assert_eq!(Daemon::start(&disk.data(), &[]).status()["health"]["state"], "up");
}

#[test]
fn read_only_disk_is_refused_in_words() {
    let disk = SmallDisk::new();
    disk.make_read_only();
    let ended = start_on(&disk.data());
    assert_eq!(ended.code, Some(74), "{ended:?}");
    assert!(ended.stderr.contains("because: Read-only file system"), "{ended:?}");
}

#[test]
fn disk_that_fills_later_stops_neither_service_nor_reload() {
    let disk = SmallDisk::new();
    let daemon = Daemon::start(&disk.data(), &[]);
    disk.fill();
    assert_eq!(daemon.command(&["reload"]).code, Some(0));
    assert_eq!(daemon.request("/healthz").status, 200);
}

#[test]
fn entries_wait_while_the_disk_is_full_and_none_is_lost() {
    let disk = SmallDisk::new();
    let daemon = Daemon::start(&disk.data(), &[]);
    let metric = |name: &str| -> u64 {
        let metrics = daemon.request("/metrics").body;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name));
        value.unwrap().trim().parse().unwrap()
    };
    disk.fill();
    let mut commands = 0;
    // What is allocated to the log's file takes some entries still.
    until_some(|| {
        assert_eq!(daemon.command(&["reload"]).code, Some(0));
        commands += 1;
        (metric("agentd_trail_waiting_entries ") >= 5).then_some(())
    });
    assert!(metric("agentd_trail_errors_total ") > 0);
    let trail = |status: &serde_json::Value| {
        let parts = status["parts"].as_array().unwrap();
        parts.iter().find(|part| part["name"] == "trail").unwrap()["health"]["state"].clone()
    };
    assert_eq!(trail(&daemon.status()), "degraded");
    fs::remove_file(disk.dir.path().join("ballast")).unwrap();
    until_some(|| (metric("agentd_trail_waiting_entries ") == 0).then_some(()));
    daemon.logged(&["trail.append.resumed"]);
    assert_eq!(trail(&daemon.status()), "up");
    daemon.signal("TERM");
    let data = daemon.data_dir.clone();
    assert_eq!(daemon.ended(), Some(0));

    let text = fs::read_to_string(data.join("trail/000000000000.jsonl")).unwrap();
    let count = |words: &str| text.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count(r#""kind":"control.command.allowed","subject":"reload""#), commands);
    assert_eq!((count("trail.append.failed"), count("trail.append.resumed")), (1, 1));
    assert_eq!(count("trail.entries.lost"), 0);
    let custody = wardkit_custody::Custody::new(&data, "any");
    let proof = wardkit_custody::Proof::new();
    assert!(custody.prove(data.join("trail"), &proof).unwrap().is_intact());
}

#[test]
fn kill_at_any_moment_of_the_start_leaves_nothing_in_the_way() {
    let dir = dir();
    let data = dir.path().join("data");
    for step in 0..40 {
        let mut child = agentd(&["--data-dir", data.to_str().unwrap(), "--listen", "127.0.0.1:0"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // A later moment each time: from before the first instruction to long after the last file is written.
        std::thread::park_timeout(std::time::Duration::from_micros(step * 250));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(Daemon::start(&data, &[]).status()["health"]["state"], "up");
}

#[test]
fn ten_thousand_silent_connections_shut_nobody_out() {
    let hard = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard }).unwrap();
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let mut silent = Vec::new();
    for index in 0..10_000 {
        let mut stream = TcpStream::connect(daemon.address()).unwrap();
        // Half a request line; one that was displaced meanwhile may refuse it.
        let _ = stream.write_all(b"GET /");
        silent.push(stream);
        if index % 500 == 0 {
            assert_eq!(daemon.request("/healthz").status, 200, "after {index}");
        }
    }
    assert_eq!(daemon.status()["health"]["state"], "up");
    let metrics = daemon.request("/metrics").body;
    let open = metrics
        .lines()
        .find_map(|line| line.strip_prefix("agentd_server_active_connections "))
        .unwrap();
    assert!(open.parse::<u32>().unwrap() <= 1024, "{open}");
}
