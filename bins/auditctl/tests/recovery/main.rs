//! The audit trail in trouble: killed in the middle of a line, out of disk.
//!
//! Mounts a small file system, so it needs root: `cargo test -p wardkit-auditctl --features recovery`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod integrity;
mod packages;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use serde_json::Value;

/// Appends in a data directory, with receipts for programs.
fn appender(dir: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_auditctl"))
        .args(["trail", "append", "--format", "json"])
        .env_clear()
        .env("WARDKIT_DATA_DIR", dir.join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn verify(dir: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_auditctl"))
        .args(["trail", "verify"])
        .env_clear()
        .env("WARDKIT_DATA_DIR", dir.join("data"))
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn line(round: usize, number: usize) -> String {
    format!(
        "{{\"kind\":\"test.happened\",\"subject\":\"{round} {number}\",\"detail\":\"{}\"}}\n",
        "x".repeat(200)
    )
}

/// Feeds an appender until it ends or `enough` says so, and returns what it acknowledged: number and subject.
fn feed(mut child: Child, round: usize, kill_after: Option<usize>) -> BTreeMap<u64, String> {
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        // It ends when nobody reads any more.
        (0..).try_for_each(|number| input.write_all(line(round, number).as_bytes()))
    });
    let mut acknowledged = BTreeMap::new();
    let mut number = 0;
    for receipt in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        // The last one may be cut short.
        let Ok(receipt) = serde_json::from_str::<Value>(&receipt) else { break };
        let (Some(first), Some(last)) = (receipt["first"].as_u64(), receipt["last"].as_u64())
        else {
            continue;
        };
        for seq in first..=last {
            acknowledged.insert(seq, format!("{round} {number}"));
            number += 1;
        }
        if kill_after.is_some_and(|limit| number > limit) {
            let _ = child.kill();
        }
    }
    child.wait().unwrap();
    assert!(writer.join().unwrap().is_err());
    acknowledged
}

/// Asserts that each acknowledged entry is in the log, at its place.
fn assert_kept(dir: &Path, acknowledged: &BTreeMap<u64, String>) {
    let text = fs::read_to_string(dir.join("data/trail/000000000000.jsonl")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for (seq, subject) in acknowledged {
        let line = lines[usize::try_from(*seq).unwrap()];
        assert!(line.starts_with(&format!("{{\"seq\":{seq},")), "{line}");
        assert!(line.contains(&format!("\"subject\":\"{subject}\"")), "{seq} {subject}: {line}");
    }
}

#[test]
fn what_was_acknowledged_survives_two_hundred_kills() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..200 {
        // Three at once: some are killed while they wait for the lock.
        let others: Vec<Child> = (0..2).map(|_| appender(dir.path())).collect();
        let acknowledged = feed(appender(dir.path()), round, Some(round % 7 * 40));
        for mut other in others {
            let _ = other.stdin.take().unwrap().write_all(line(round, 999_999).as_bytes());
            if round % 2 == 0 {
                other.kill().unwrap();
            }
            other.wait().unwrap();
        }
        let (code, verdict) = verify(dir.path());
        assert_eq!(code, Some(0), "round {round}: {verdict}");
        assert_kept(dir.path(), &acknowledged);
        // A long log would make proving it the slowest part.
        if fs::metadata(dir.path().join("data/trail/000000000000.jsonl")).unwrap().len() > 256 << 10
        {
            fs::remove_dir_all(dir.path().join("data")).unwrap();
        }
    }
}

#[test]
fn a_full_disk_loses_nothing_and_the_log_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    mount("tmpfs", dir.path(), "tmpfs", MountFlags::empty(), c"size=2m,mode=0700").unwrap();
    let ballast = dir.path().join("ballast");
    fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    let acknowledged = feed(appender(dir.path()), 0, None);
    assert!(acknowledged.len() > 1_000, "{}", acknowledged.len());
    assert_kept(dir.path(), &acknowledged);
    let (code, verdict) = verify(dir.path());
    assert_eq!(code, Some(0), "{verdict}");
    // There is no room for one more, and it is not acknowledged.
    assert_eq!(feed(appender(dir.path()), 1, None).len(), 0);

    fs::remove_file(ballast).unwrap();
    let later = feed(appender(dir.path()), 2, Some(100));
    assert_eq!(*later.keys().next().unwrap(), acknowledged.keys().last().unwrap() + 1);
    assert_kept(dir.path(), &acknowledged);
    assert_kept(dir.path(), &later);
    assert_eq!(verify(dir.path()).0, Some(0));
    unmount(dir.path(), UnmountFlags::DETACH).unwrap();
}
