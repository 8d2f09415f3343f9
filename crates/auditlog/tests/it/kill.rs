//! A process that is killed while it writes.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use wardkit_auditlog::Durability;
use wardkit_tlog::Hash;

use crate::support::{entry, lines, options, verify};

/// Set in the child, which writes until it is killed.
const DIR: &str = "WARDKIT_AUDITLOG_KILL_TEST";

/// What the child does: appends, and says what was acknowledged.
fn write_until_killed(dir: &Path) {
    let log = options().with_segment_bytes(4_000).open(dir).unwrap();
    let mut out = std::io::stderr().lock();
    for number in 0.. {
        let durability = if number % 3 == 0 { Durability::Sealed } else { Durability::Synced };
        for receipt in log.append_all((0..5).map(entry), durability).unwrap() {
            writeln!(out, "acknowledged {} {}", receipt.seq, receipt.leaf).unwrap();
        }
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    if let Some(dir) = env::var_os(DIR) {
        return write_until_killed(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    for round in 1..=6 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "kill::what_was_acknowledged_survives_a_kill", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut acknowledged: Vec<(usize, Hash)> = Vec::new();
        let mut killed = false;
        for line in output {
            let line = line.unwrap();
            let mut words =
                line.strip_prefix("acknowledged ").into_iter().flat_map(|rest| rest.split(' '));
            // The last line may be cut short.
            if let (Some(seq), Some(Ok(leaf))) = (words.next(), words.next().map(str::parse)) {
                acknowledged.push((seq.parse().unwrap(), leaf));
            }
            if acknowledged.len() > round * 23 && !killed {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        assert!(killed, "the child ended by itself");

        let log = options().with_segment_bytes(4_000).open(dir.path()).unwrap();
        let head = log.seal().unwrap();
        let lines = lines(dir.path());
        assert_eq!(lines.len() as u64, head.size);
        for (seq, leaf) in acknowledged {
            assert_eq!(Hash::leaf(lines[seq].as_bytes()), leaf, "entry {seq}");
        }
        assert_eq!(verify(dir.path()).failures, []);
    }
}
