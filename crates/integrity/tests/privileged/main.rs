//! What takes root and file systems of our own: mounts and unmounts under the watchers.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod features;
#[path = "../support/seen.rs"]
mod seen;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tempfile::TempDir;
use wardkit_core::SystemClock;
use wardkit_integrity::{
    ChangeSource, FanotifyWatch, InotifyWatch, LostReason, PollWatch, Touch, WatchOptions,
};

use crate::seen::{Seen, directory};

/// A small file system, unmounted in the end.
struct Disk(PathBuf);

impl Disk {
    fn at(path: &Path) -> Self {
        fs::create_dir_all(path).unwrap();
        mount("tmpfs", path, "tmpfs", MountFlags::empty(), c"size=64m").unwrap();
        Self(path.to_owned())
    }

    /// Unmounts it as an operator would: not while anybody has something open there.
    fn unmount(self) {
        unmount(&self.0, UnmountFlags::empty()).unwrap();
        std::mem::forget(self);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(&self.0, UnmountFlags::DETACH).unwrap();
    }
}

fn sources(options: &WatchOptions) -> [(&'static str, Box<dyn ChangeSource>); 3] {
    [
        ("fanotify", Box::new(FanotifyWatch::new(options).unwrap())),
        ("inotify", Box::new(InotifyWatch::new(options).unwrap())),
        ("poll", Box::new(PollWatch::new(options, SystemClock))),
    ]
}

/// Makes a directory with a file system below it, and a source of each kind that watches it.
fn watched(at: &str) -> (TempDir, PathBuf, Disk, Vec<Seen>) {
    let (dir, base) = directory();
    let root = base.join("root");
    fs::create_dir(&root).unwrap();
    let disk = Disk::at(&base.join(at));
    let sources = sources(&WatchOptions::new([&root]));
    let seen = sources.into_iter().map(|(_, source)| Seen::new(source, &[&root])).collect();
    (dir, root, disk, seen)
}

#[test]
fn a_root_can_be_unmounted_and_that_is_a_loss() {
    let (_dir, root, disk, mut sources) = watched("root");
    disk.unmount();
    for seen in &mut sources {
        seen.lost(&root, LostReason::Mounts);
    }
}

#[test]
fn what_is_mounted_below_a_root_is_a_loss_there_and_again_when_it_goes() {
    let (_dir, root, disk, mut sources) = watched("root");
    let below = Disk::at(&root.join("below"));
    for seen in &mut sources {
        seen.lost(&root.join("below"), LostReason::Mounts);
        seen.all.lost.clear();
    }
    below.unmount();
    for seen in &mut sources {
        seen.lost(&root.join("below"), LostReason::Mounts);
    }
    disk.unmount();
}

#[test]
fn what_is_mounted_over_a_root_is_watched_from_then_on() {
    let (_dir, root, _disk, mut sources) = watched("other");
    let over = Disk::at(&root);
    for seen in &mut sources[..2] {
        seen.lost(&root, LostReason::Mounts);
        fs::create_dir_all(root.join("deep")).unwrap();
        fs::write(root.join("deep/file"), "1").unwrap();
        seen.until(|all| all.touched.iter().any(|touched| touched.path == root.join("deep/file")));
    }
    over.unmount();
}

#[test]
fn every_file_of_a_burst_is_told_or_a_loss_is() {
    let (_dir, base) = directory();
    let _disk = Disk::at(&base.join("root"));
    let root = base.join("root");
    for late in [false, true] {
        let mut source = FanotifyWatch::new(&WatchOptions::new([&root])).unwrap();
        source.next(Duration::ZERO).unwrap();
        let names: BTreeSet<PathBuf> =
            (0..40_000).map(|number| root.join(format!("{late}-{number}"))).collect();
        let (mut told, mut lost) = (BTreeSet::new(), Vec::new());
        let mut take = |source: &mut FanotifyWatch| {
            let batch = source.next(Duration::from_millis(500)).unwrap();
            told.extend(batch.touched.iter().map(|touched| touched.path.clone()));
            lost.extend(batch.lost.iter().map(|lost| (lost.scope.clone(), lost.reason)));
            batch.is_empty()
        };
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| names.iter().for_each(|name| drop(fs::File::create(name))));
            if late {
                writer.join().unwrap();
            }
            while !take(&mut source) {}
        });
        while !take(&mut source) {}
        let overflow = (root.clone(), LostReason::Overflow);
        assert!(
            told.is_superset(&names) || lost.contains(&overflow),
            "{} of 40000 told",
            told.len()
        );
        if late {
            // Nobody took what the queue could not hold.
            assert_eq!(lost, [overflow]);
        }
    }
}

#[test]
fn a_directory_that_moves_between_mounts_of_one_file_system_is_followed() {
    let (_dir, base) = directory();
    let disk = Disk::at(&base.join("disk"));
    let root = base.join("disk/root");
    fs::create_dir_all(base.join("disk/other/deep")).unwrap();
    fs::create_dir(&root).unwrap();
    let second = base.join("second");
    fs::create_dir(&second).unwrap();
    rustix::mount::mount_bind(base.join("disk"), &second).unwrap();
    let second = Disk(second);
    let source = FanotifyWatch::new(&WatchOptions::new([&root])).unwrap();
    let mut seen = Seen::new(source, &[&root]);
    // Seen through the other mount it is the same directory.
    fs::rename(second.0.join("other"), second.0.join("root/in")).unwrap();
    seen.lost(&root.join("in"), LostReason::Moved);
    fs::write(second.0.join("root/in/deep/file"), "1").unwrap();
    seen.touched(&root.join("in/deep/file"), Touch::Written);
    drop((second, disk));
}
