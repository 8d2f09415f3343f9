//! What scripts rely on: exit codes, locks, names, and what is never touched.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, symlink};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use wardkit_backup::engine::{
    LockGuard, LockKind, OpenOptions, Password, Pruner, Repository, Silent,
};
use wardkit_backup::store::{LocalDir, PrunableStore};

use super::host::Host;

impl Host {
    fn restored(&self, below: &str) -> PathBuf {
        self.path("out").join(self.path(below).strip_prefix("/").unwrap())
    }

    /// A lock of this process, which lives.
    fn lock(&self) -> LockGuard {
        let store: Arc<dyn PrunableStore> =
            Arc::new(LocalDir::open(self.path("repository")).unwrap());
        let password = Password::new("correct horse");
        let opened = Repository::<Pruner>::open(store, &password, OpenOptions::default());
        opened.unwrap().lock(LockKind::Exclusive, &Silent).unwrap()
    }

    fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn count(&self, folder: &str) -> usize {
        self.objects(folder).len()
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), signal).unwrap();
}

#[test]
fn holes_and_names_that_are_no_text_are_restored_as_they_were() {
    let host = Host::new();
    let sparse = host.path("tree/sparse");
    let file = File::create(&sparse).unwrap();
    file.set_len(4 << 20).unwrap();
    file.write_at(b"data", 2 << 20).unwrap();
    let (name, target) = (OsStr::from_bytes(b"na\xffme\n"), OsStr::from_bytes(b"../to\xfe"));
    symlink(target, host.path("tree").join(name)).unwrap();
    let ran = host.json(&["run", &host.text("tree")], 0);
    assert_eq!(ran["outcome"], "complete");
    host.assert_ended(&["restore", "latest", "--target", &host.text("out")], 0, &["proven"]);
    let below = host.restored("tree");
    assert_eq!(fs::read_link(below.join(name)).unwrap(), target);
    assert_eq!(fs::read(below.join("sparse")).unwrap(), fs::read(&sparse).unwrap());
    let blocks = fs::metadata(below.join("sparse")).unwrap().blocks();
    assert!(blocks * 512 < 1 << 20, "{blocks} blocks");
}

#[test]
fn a_wrong_password_is_2_whatever_is_asked() {
    let host = Host::new();
    host.json(&["run", &host.text("tree")], 0);
    fs::write(host.path("wrong"), "wrong\n").unwrap();
    let (wrong, out) = (host.text("wrong"), host.text("out"));
    for args in [
        &["run", "tree"][..],
        &["list"],
        &["ls", "latest"],
        &["find", "a"],
        &["diff", "latest", "latest"],
        &["restore", "latest", "--target", &out],
        &["check", "--read-data"],
        &["forget", "--keep-last", "1"],
        &["prune"],
        &["drill"],
        &["key", "list"],
        &["kit", "--out", "kit"],
        &["repair", "index"],
    ] {
        host.assert_refused(&[args, &["--password-file", &wrong]].concat(), &["opens none"]);
    }
    assert!(!host.path("out").exists() && !host.path("kit").exists());
}

#[test]
fn a_lock_of_who_lives_is_heeded_and_one_who_waits_can_be_ended() {
    let host = Host::new();
    let tree = host.text("tree");
    let lock = host.lock();
    host.assert_refused(&["run", &tree], &["--wait"]);
    let mut waiting = host.start(&["run", &tree, "--wait", "600"]);
    let mut said = BufReader::new(waiting.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("note: waiting for"), "{line}");
    signal(&waiting, Signal::TERM);
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(waiting.wait().unwrap().code(), Some(143), "{rest}");
    assert_eq!((host.count("locks"), host.count("snapshots")), (1, 0));
    // Who cannot write there can read all the same.
    host.assert_refused(&["check"], &["--wait"]);
    host.assert_ended(&["check", "--no-lock"], 0, &["clean"]);
    lock.release().unwrap();
    host.assert_ended(&["run", &tree], 0, &["complete"]);
    assert_eq!(host.count("locks"), 0);
}

#[test]
fn a_lock_is_held_while_a_run_reads_and_goes_with_the_dead() {
    let host = Host::new();
    for name in ["ready", "hold"] {
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, host.path(name), FileType::Fifo, mode, 0).unwrap();
    }
    let script = "echo > ready; read x < hold";
    let mut running = host.start(&["run", "--stdin-from-command", "--", "sh", "-c", script]);
    fs::read(host.path("ready")).unwrap();
    // What is to be read is made ready first, so that nothing is written where there is nothing to back up.
    while !host.objects("locks").iter().any(|path| path.file_name().unwrap().len() == 64) {
        assert!(running.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    running.kill().unwrap();
    running.wait().unwrap();
    // The command outlives it, and is let go.
    fs::write(host.path("hold"), "\n").unwrap();
    assert_eq!((host.count("locks"), host.count("snapshots")), (1, 0));
    host.assert_ended(&["forget", "--keep-last", "1"], 0, &["0 snapshots forgotten"]);
    assert_eq!(host.count("locks"), 0);
}

#[test]
fn a_repository_holds_neither_itself_nor_what_is_restored_of_it() {
    let host = Host::new();
    let all = host.text("");
    let ran = host.run(&["run", &all]);
    assert!(ran.code == Some(0) && ran.stderr.contains("left out"), "{ran:?}");
    let listed = host.run(&["ls", "latest"]).stdout;
    assert!(listed.contains("/tree/d/b") && !listed.contains("/repository"), "{listed}");
    for target in ["repository", "repository/new/folder"] {
        let restore = ["restore", "latest", "--target", &host.text(target)];
        host.assert_refused(&restore, &["within the repository"]);
    }
    host.assert_refused(&["restore", "latest", "--target", &host.text("key")], &["key"]);
    assert_eq!(fs::read_to_string(host.path("key")).unwrap(), "correct horse\n");
}

#[test]
fn who_stops_reading_the_answer_is_no_failure() {
    let host = Host::new();
    host.json(&["run", &host.text("tree")], 0);
    let mut listing = host.start(&["ls", "latest"]);
    drop(listing.stdout.take());
    assert_eq!(listing.wait().unwrap().code(), Some(0));
}

#[test]
fn a_path_that_the_snapshot_has_not_is_told() {
    let host = Host::new();
    host.json(&["run", &host.text("tree")], 0);
    let (folder, file, gone) = (host.text("tree/d"), host.text("tree/d/b"), host.text("tree/x"));
    let ended = host.run(&["ls", "latest", &file, &gone, &folder]);
    assert_eq!((ended.code, ended.stdout), (Some(3), format!("{folder}\n{file}\n")));
    assert!(ended.stderr.contains(&gone), "{}", ended.stderr);
}
