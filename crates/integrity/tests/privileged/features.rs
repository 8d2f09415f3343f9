//! What a file system or another process can do to a file that no system call on its path shows.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::mount::{UnmountFlags, unmount};
use wardkit_integrity::{
    Change, ChangeKind, Field, Fields, Known as _, Reuse, ScanOptions, Snapshot, diff,
};

use crate::seen::directory;

fn scan(root: &Path) -> Snapshot {
    ScanOptions::new([root]).run().unwrap()
}

fn compare(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    diff(before.entries(), after.entries(), |_, _| Fields::ALL).collect()
}

/// An ext4 file system.
struct Ext4(PathBuf);

impl Ext4 {
    /// Makes one, or `None` where the kernel refuses the feature.
    fn with(feature: &str, options: &[&str], base: &Path) -> Option<Self> {
        let (image, path) = (base.join("image"), base.join("disk"));
        fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
        fs::create_dir(&path).unwrap();
        let mut make = Command::new("mkfs.ext4");
        make.args(["-q", "-O", feature]).args(options).arg(&image);
        assert!(make.status().unwrap().success());
        let mounted = Command::new("mount").args(["-o", "loop"]).args([&image, &path]).output();
        mounted.unwrap().status.success().then(|| Self(path))
    }
}

/// A kernel that was built without a feature of ext4 refuses it, and one that has it does not.
fn assert_used_where_there_is(feature: &str, is_used: bool) {
    assert_eq!(is_used, Path::new("/sys/fs/ext4/features").join(feature).exists(), "{feature}");
}

impl Drop for Ext4 {
    fn drop(&mut self) {
        unmount(&self.0, UnmountFlags::DETACH).unwrap();
    }
}

#[test]
fn what_is_written_to_a_page_that_stays_mapped_is_found_when_everything_is_read() {
    let (_dir, root) = directory();
    let path = root.join("mapped");
    fs::write(&path, "0".repeat(8192)).unwrap();
    // Writes once, so that the page is dirty and its time set, waits, and writes again.
    let program = "
import mmap, sys
with open(sys.argv[1], 'r+b') as file:
    page = mmap.mmap(file.fileno(), 0)
    page[0] = ord('1')
    print('first', flush=True)
    sys.stdin.read(1)
    page[0] = ord('2')
    print('second', flush=True)
    sys.stdin.read(1)
";
    let mut python = Command::new("python3");
    python.args(["-c", program]).arg(&path).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().unwrap();
    let (mut tell, mut told) = (python.stdin.take().unwrap(), python.stdout.take().unwrap());
    let mut word = |word: &str| {
        let mut line = vec![0; word.len()];
        told.read_exact(&mut line).unwrap();
        assert_eq!(line, word.as_bytes());
    };
    word("first\n");
    let before = scan(&root);
    tell.write_all(b"\n").unwrap();
    word("second\n");
    let again = |reuse| ScanOptions::new([&root]).with_known(&before, reuse).run().unwrap();
    let full = compare(&before, &again(Reuse::Nothing));
    let [change] = full.as_slice() else { panic!("{full:#?}") };
    assert_eq!((change.kind, &change.path), (ChangeKind::Modified, &path));
    let content = change.field(Field::Content).unwrap();
    assert!(content.old.is_some() && content.new.is_some(), "{content:#?}");
    // The file is as young as the scan before: its digest is not taken over either.
    assert_eq!(compare(&before, &again(Reuse::Unchanged)), full);
    tell.write_all(b"\n").unwrap();
    assert!(python.wait().unwrap().success());
}

#[test]
fn a_directory_that_folds_case_is_reported_and_its_names_are_as_they_were_given() {
    let (_dir, base) = directory();
    let disk = Ext4::with("casefold", &["-E", "encoding=utf8"], &base);
    assert_used_where_there_is("casefold", disk.is_some());
    let Some(disk) = disk else { return };
    let folded = disk.0.join("d");
    fs::create_dir(&folded).unwrap();
    let before = scan(&disk.0);
    assert!(Command::new("chattr").arg("+F").arg(&folded).status().unwrap().success());
    let after = scan(&disk.0);
    let changes = compare(&before, &after);
    let [change] = changes.as_slice() else { panic!("{changes:#?}") };
    let flags = change.field(Field::Flags).unwrap();
    assert!(flags.new.as_ref().unwrap().to_string().contains("case-folded"), "{change:#?}");
    // Another spelling of a name is the same file, and no other one.
    fs::write(folded.join("Name"), "1").unwrap();
    let before = scan(&disk.0);
    fs::write(folded.join("NAME"), "2").unwrap();
    for reuse in [Reuse::Nothing, Reuse::Unchanged] {
        let after = ScanOptions::new([&disk.0]).with_known(&before, reuse).run().unwrap();
        let changes = compare(&before, &after);
        let [change] = changes.as_slice() else { panic!("{changes:#?}") };
        assert_eq!((change.kind, &change.path), (ChangeKind::Modified, &folded.join("Name")));
        assert!(change.field(Field::Content).is_some(), "{change:#?}");
    }
}

#[test]
fn a_file_that_is_sealed_with_verity_and_one_that_no_longer_is_are_reported() {
    let (_dir, base) = directory();
    let disk = Ext4::with("verity", &[], &base).unwrap();
    let path = disk.0.join("f");
    fs::write(&path, "content").unwrap();
    let before = scan(&disk.0);
    // FS_IOC_ENABLE_VERITY with version 1, SHA-256, blocks of 4096 bytes.
    let program = "
import fcntl, os, struct, sys
arguments = struct.pack('=IIIIQIIQ88x', 1, 1, 4096, 0, 0, 0, 0, 0)
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x40806685, arguments)
";
    let sealed = Command::new("python3").args(["-c", program]).arg(&path).output().unwrap();
    assert_used_where_there_is("verity", sealed.status.success());
    if !sealed.status.success() {
        return;
    }
    let after = scan(&disk.0);
    let changes = compare(&before, &after);
    let [change] = changes.as_slice() else { panic!("{changes:#?}") };
    let flags = change.field(Field::Flags).unwrap();
    assert!(flags.new.as_ref().unwrap().to_string().contains("verity"), "{change:#?}");
    assert_eq!(change.field(Field::Content), None);
    // It cannot be taken off: the file is replaced.
    fs::remove_file(&path).unwrap();
    fs::write(&path, "content").unwrap();
    let open = scan(&disk.0);
    let changes = compare(&after, &open);
    let change = changes.iter().find(|change| change.path == path).unwrap();
    let flags = change.field(Field::Flags).unwrap();
    assert!(flags.old.as_ref().unwrap().to_string().contains("verity"), "{change:#?}");
    assert!(open.entry(&path).is_some());
}
