//! Scans of a tree in which somebody exchanges names as fast as the kernel can.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::fs::{CWD, FileType, Mode, RenameFlags};
use wardkit_integrity::{Algorithm, Entry, EntryKind, Fault, ScanOptions, Take, inspect};

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
        rustix::fs::mknodat(CWD, &right, kind, Mode::RUSR, rustix::fs::makedev(1, 3)).unwrap();
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
    let exchange = || {
        rustix::fs::renameat_with(CWD, &left, CWD, &right, RenameFlags::EXCHANGE).unwrap();
    };
    amid(exchange, || {
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
            assert_eq!(entry.content, Some(harmless), "{other:?}: {entry:?}");
        }
        (_, None) => assert_eq!(entry.content, None, "{other:?}: {entry:?}"),
    }
}

/// Scans so many times while a file grows, is cut and grows again.
pub(crate) fn race_with_writer(rounds: usize) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let grow = || {
        let mut file = File::create(&path).unwrap();
        for _ in 0..50 {
            file.write_all(&[b'x'; 4096]).unwrap();
        }
    };
    grow();
    amid(grow, || {
        for _ in 0..rounds {
            let entry = inspect(&path, Algorithm::Blake3, Take::Content, None).unwrap();
            let size = usize::try_from(entry.size).unwrap();
            match entry.fault {
                Some(fault) => assert_eq!((fault, entry.content), (Fault::Unstable, None)),
                None => {
                    assert_eq!(entry.content, Some(Algorithm::Blake3.digest(&vec![b'x'; size])));
                }
            }
        }
    });
}

/// Scans so many times while a file and a directory come and go.
pub(crate) fn race_with_vanishing(rounds: usize) {
    let dir = tempfile::tempdir().unwrap();
    let (file, below) = (dir.path().join("file"), dir.path().join("d/below"));
    let come_and_go = || {
        fs::create_dir_all(&below).unwrap();
        for path in [&file, &below.join("x")] {
            fs::write(path, HARMLESS).unwrap();
        }
        fs::remove_dir_all(below.parent().unwrap()).unwrap();
        fs::remove_file(&file).unwrap();
    };
    amid(come_and_go, || {
        for _ in 0..rounds {
            let snapshot = ScanOptions::new([dir.path()]).run().unwrap();
            for entry in snapshot.entries() {
                // A file that was made, but not yet written, is empty.
                let sound = [HARMLESS, b""].map(|content| Some(Algorithm::Blake3.digest(content)));
                let is_file = entry.kind == EntryKind::File && entry.fault.is_none();
                assert!(!is_file || sound.contains(&entry.content), "{entry:?}");
                let raced = [None, Some(Fault::Raced), Some(Fault::Unstable)];
                assert!(raced.contains(&entry.fault), "{entry:?}");
            }
        }
    });
}

/// Does one thing again and again while another is done.
fn amid(again: impl Fn() + Sync, act: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                again();
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
