use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{NOON, at, moment, open, raw};

/// Set in the child, which writes until it is killed.
const DIR: &str = "WARDKIT_HISTORY_KILL_TEST";

/// What the child does: appends, and says what was taken in.
fn write_until_killed(dir: &Path) {
    let mut history = open(dir);
    let begun = raw(&history.reader(), "a", NOON, NOON + 900_000).len() as i64;
    let mut out = std::io::stderr().lock();
    for n in begun.. {
        history.append(at(NOON + n * 10), &moment([("a", n as f64), ("b", 1.0)])).unwrap();
        writeln!(out, "taken {n}").unwrap();
    }
}

#[test]
fn what_was_taken_in_survives_a_kill() {
    if let Some(dir) = env::var_os(DIR) {
        return write_until_killed(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    for round in 1..=6 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "history::kill::what_was_taken_in_survives_a_kill", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut taken: Option<i64> = None;
        let mut killed = false;
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            // The last line may be cut short.
            let line = line.unwrap();
            taken = line.strip_prefix("taken ").and_then(|n| n.parse().ok()).max(taken);
            if taken.is_some_and(|taken| taken > round * 1100) && !killed {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        assert!(killed, "the child ended by itself");
        let found = raw(&open(dir.path()).reader(), "a", NOON, NOON + 900_000);
        let expected: Vec<(i64, f64)> =
            (0..found.len() as i64).map(|n| (NOON + n * 10, n as f64)).collect();
        assert_eq!(found, expected);
        assert!(found.len() as i64 > taken.unwrap(), "{} of {taken:?}", found.len());
    }
}
