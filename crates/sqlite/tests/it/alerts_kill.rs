//! A program that is killed, and a disk that is full, with a real process in the middle.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use wardkit_alerting::{Batch, Durability, Store, StoreError};

use crate::alerts::{message, open};

const DIR: &str = "WARDKIT_TEST_ALERTS_DIR";
const COUNT: &str = "WARDKIT_TEST_ALERTS_COUNT";

fn commit(store: &mut dyn Store, number: u64) -> Result<(), StoreError> {
    let batch = Batch { messages: vec![message(number, "a", 1)], ..Batch::default() };
    store.commit(&batch, Durability::Full)
}

/// Run by the tests below in a process of its own: keeps message after message and tells the number of each.
#[test]
#[expect(clippy::print_stdout, reason = "its parent reads it")]
fn child_that_keeps_messages_until_it_cannot() {
    let (Ok(dir), Ok(count)) = (std::env::var(DIR), std::env::var(COUNT)) else { return };
    let mut store = open(Path::new(&dir));
    for number in 1..=count.parse().unwrap() {
        match commit(&mut store, number) {
            Ok(()) => println!("kept {number}"),
            Err(error) => {
                assert!(!error.is_damaged());
                println!("refused {number}");
            }
        }
    }
}

fn child(dir: &Path, count: u64, shell: &str) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{shell} exec \"$0\" \"$@\"")]).arg(program);
    command.args([
        "--exact",
        "alerts_kill::child_that_keeps_messages_until_it_cannot",
        "--nocapture",
    ]);
    command.env(DIR, dir).env(COUNT, count.to_string()).stdout(Stdio::piped());
    command
}

fn number(line: &str, word: &str) -> Option<u64> {
    line.split_once(word)?.1.trim().parse().ok()
}

#[test]
fn killed_program_loses_nothing_that_it_answered() {
    for after in [1, 7, 40] {
        let dir = tempfile::tempdir().unwrap();
        let mut child = child(dir.path(), 1_000_000, "").spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut kept = 0;
        for line in lines.map_while(Result::ok) {
            kept = number(&line, "kept ").unwrap_or(kept);
            if kept == after {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let loaded = open(dir.path()).load().unwrap();
        assert_eq!(loaded.damage, None);
        let found: Vec<u64> = loaded.messages.iter().map(|head| head.sequence).collect();
        assert!(kept >= after && found.len() as u64 >= kept, "{kept} kept, {} found", found.len());
        assert_eq!(found, (1..=found.len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn full_disk_fails_the_commit_and_damages_nothing() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    // No file may grow beyond 200 blocks of 512 bytes (or 1024, by the shell): a write beyond that fails.
    let shell = "trap '' XFSZ; ulimit -f 200;";
    let output = child(dir.path(), 300, shell).output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let kept: Vec<u64> = said.lines().filter_map(|line| number(line, "kept ")).collect();
    let refused = said.lines().filter(|line| line.contains("refused ")).count();
    assert!(!kept.is_empty() && refused > 0, "{} kept, {refused} refused", kept.len());
    // With room again, what was kept is there and more can be kept.
    let mut store = open(dir.path());
    let loaded = store.load().unwrap();
    assert_eq!(loaded.damage, None);
    let found: Vec<u64> = loaded.messages.iter().map(|head| head.sequence).collect();
    assert_eq!(found, kept);
    commit(&mut store, 1000).unwrap();
}
