//! Scans of a tree in which somebody exchanges names as fast as the kernel can.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::fs::{CWD, FileType, Mode, RenameFlags};
use wardkit_integrity::{Algorithm, Entry, EntryKind, Fault, ScanOptions};

/// What takes turns with a regular file, or a directory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Other {
    Fifo,
    Socket,
    Link,
    DirectoryLink,
    Directory,
    Null,
}

/// Scans so many times, and holds every entry of every scan against what there is.
pub(crate) fn race(other: Other, rounds: usize) {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x"), SECRET).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (left, right) = (dir.path().join("left"), dir.path().join("right"));
    match other {
        Other::Directory | Other::DirectoryLink => {
            fs::create_dir(&left).unwrap();
            fs::write(left.join("x"), HARMLESS).unwrap();
        }
        _ => fs::write(&left, HARMLESS).unwrap(),
    }
    let node = |kind| {
        rustix::fs::mknodat(CWD, &right, kind, Mode::RUSR, rustix::fs::makedev(1, 3)).unwrap()
    };
    match other {
        Other::Fifo => node(FileType::Fifo),
        Other::Null => node(FileType::CharacterDevice),
        Other::Socket => drop(UnixListener::bind(&right).unwrap()),
        Other::Link => symlink(outside.path().join("x"), &right).unwrap(),
        Other::DirectoryLink => symlink(outside.path(), &right).unwrap(),
        Other::Directory => {
            fs::create_dir(&right).unwrap();
            fs::write(right.join("x"), HARMLESS).unwrap();
        }
    }
    amid_exchanges(&left, &right, || {
        for _ in 0..rounds {
            let snapshot = ScanOptions::new([dir.path()]).run().unwrap();
            assert!(snapshot.len() >= 3, "{other:?}");
            snapshot.entries().for_each(|entry| check(&entry, other));
        }
    });
}

fn check(entry: &Entry, other: Other) {
    let harmless = Algorithm::Blake3.digest(HARMLESS);
    assert_ne!(entry.content, Some(Algorithm::Blake3.digest(SECRET)), "{other:?}: {entry:?}");
    match (entry.kind, entry.fault) {
        // A name that is exchanged also moves the change time of what it names.
        (_, Some(fault)) => {
            assert!(matches!(fault, Fault::Raced | Fault::Unstable), "{other:?}: {entry:?}");
        }
        (EntryKind::File, None) => {
            assert_eq!(entry.content, Some(harmless), "{other:?}: {entry:?}")
        }
        (_, None) => assert_eq!(entry.content, None, "{other:?}: {entry:?}"),
    }
}

fn amid_exchanges(left: &Path, right: &Path, act: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                rustix::fs::renameat_with(CWD, left, CWD, right, RenameFlags::EXCHANGE).unwrap();
            }
        });
        // Also when `act` panics: the scope waits for the other thread.
        let _guard = Guard(&stop);
        act();
    });
}

struct Guard<'a>(&'a AtomicBool);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

const HARMLESS: &[u8] = b"harmless";
const SECRET: &[u8] = b"secret";
