//! What a command writes, as a source.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::PidfdFlags;
use wardkit_backup::source::{
    CommandStdout, EntryKind, FileTime, Program, Source as _, SourceError,
};

use crate::source_files::{content, walk};

fn shell(script: &str, deadline: Duration) -> CommandStdout {
    let program = Program::new(["sh", "-c", script], deadline).unwrap();
    let taken = FileTime { seconds: 1_700_000_000, nanos: 5 };
    CommandStdout::new("/dumps/all.sql", program, taken).unwrap()
}

#[test]
fn the_output_of_a_command_is_a_file() {
    let mut source = shell("printf 'a%s' b; seq 100000 | tail -n 1", LONG);
    let found = walk(&mut source);
    assert_eq!(found.below(Path::new("/")), ["dumps", "dumps/all.sql"]);
    assert_eq!(found.entries[0].metadata.kind, EntryKind::Directory);
    let file = &found.entries[1];
    assert_eq!((file.metadata.modified.seconds, file.metadata.mode), (1_700_000_000, 0o644));
    assert!(!file.content.as_ref().unwrap().is_told_by_metadata());
    assert_eq!(content(file), b"ab100000\n");
    assert!(file.content.as_ref().unwrap().open().is_err());
    source.finish().unwrap();
}

#[test]
fn a_command_that_fails_leaves_no_snapshot() {
    let mut source = shell("echo half; echo no such table >&2; exit 3", LONG);
    let found = walk(&mut source);
    assert_eq!(content(&found.entries[1]), b"half\n");
    let error = source.finish().unwrap_err();
    assert_eq!(error.to_string(), "`sh` ended with exit status: 3: no such table");

    let mut source = shell("kill -9 $$", LONG);
    let found = walk(&mut source);
    assert_eq!(content(&found.entries[1]), b"");
    assert!(matches!(source.finish(), Err(SourceError::Unsuccessful { .. })));

    let program = Program::new(["/nowhere/dump"], LONG).unwrap();
    let mut source = CommandStdout::new("/x", program, FileTime::default()).unwrap();
    assert!(matches!(source.prepare(), Err(SourceError::Start { .. })));
    assert!(matches!(source.finish(), Err(SourceError::NotRead { .. })));
}

#[test]
fn of_what_a_command_says_the_end_is_kept() {
    let mut source = shell("seq 100000 >&2; exit 1", LONG);
    let found = walk(&mut source);
    assert_eq!(content(&found.entries[1]), b"");
    let error = source.finish().unwrap_err().to_string();
    assert!(error.ends_with("99999\n100000") && error.len() < 5000);
}

#[test]
fn an_output_that_nobody_read_is_an_error() {
    let mut source = shell("yes", LONG);
    let found = walk(&mut source);
    drop(found);
    assert!(source.finish().is_err());

    let mut source = shell("printf abc", LONG);
    let found = walk(&mut source);
    let mut opened = found.entries[1].content.as_ref().unwrap().open().unwrap();
    opened.read_exact(&mut [0; 3]).unwrap();
    drop(opened);
    assert!(matches!(source.finish(), Err(SourceError::NotRead { .. })));
}

#[test]
fn a_command_that_takes_too_long_is_killed_with_its_group() {
    let mut source = shell("sleep 1000 & echo $!; wait", SHORT);
    let found = walk(&mut source);
    let mut opened = found.entries[1].content.as_ref().unwrap().open().unwrap();
    let mut child = String::new();
    let _ = opened.read_to_string(&mut child);
    let error = source.finish().unwrap_err();
    assert!(matches!(error, SourceError::Deadline { .. }), "{error}");
    assert!(ends(child.trim()));
}

#[test]
fn a_program_that_left_the_group_does_not_hold_the_backup_up() {
    let mut source = shell("setsid sleep 1000 & echo $!; exit 0", SHORT);
    let found = walk(&mut source);
    let mut opened = found.entries[1].content.as_ref().unwrap().open().unwrap();
    let mut said = Vec::new();
    assert!(opened.read_to_end(&mut said).is_err());
    let child = String::from_utf8(said).unwrap();
    let child = rustix::process::Pid::from_raw(child.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(child, rustix::process::Signal::KILL).unwrap();
    assert!(matches!(source.finish(), Err(SourceError::Deadline { .. })));
}

#[test]
fn a_command_ends_when_the_backup_does() {
    let mut source = shell("sleep 1000 & echo $!; wait", LONG);
    let found = walk(&mut source);
    let mut opened = found.entries[1].content.as_ref().unwrap().open().unwrap();
    let mut said = [0; 32];
    let length = opened.read(&mut said).unwrap();
    let child = String::from_utf8_lossy(&said[..length]).trim().to_owned();
    drop(source);
    assert!(ends(&child));
    let mut rest = Vec::new();
    assert_eq!(opened.read_to_end(&mut rest).ok().unwrap_or_default(), 0);
}

#[test]
fn nothing_of_the_arguments_is_told() {
    let program = Program::new(["dump", "--password=hush"], LONG).unwrap();
    assert!(!format!("{program:?}").contains("hush"));
    assert!(Program::new([""; 0], LONG).is_none() && Program::new([""], LONG).is_none());
    assert!(CommandStdout::new("/", program, FileTime::default()).is_err());
}

/// Whether a process ends soon: a signal that was sent takes its time.
fn ends(child: &str) -> bool {
    let pid = rustix::process::Pid::from_raw(child.parse().unwrap()).unwrap();
    let Ok(process) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else { return true };
    let mut polled = [PollFd::new(&process, PollFlags::IN)];
    let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
    rustix::event::poll(&mut polled, Some(&patience)).unwrap() == 1
}

const LONG: Duration = Duration::from_mins(1);

/// Long enough for a shell to say a word, also on a busy machine.
const SHORT: Duration = Duration::from_secs(2);
