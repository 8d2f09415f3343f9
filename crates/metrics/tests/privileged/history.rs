//! A history on a disk that is full, and on one that is read-only.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};
use tempfile::TempDir;
use wardkit_core::Timestamp;
use wardkit_metrics::history::{
    Aggregate, Config, Error, History, MemoryIndex, Range, Recovery, Selector,
};
use wardkit_metrics::{Family, Kind, Samples};

/// A file system of a mebibyte.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        mount("tmpfs", dir.path(), "tmpfs", MountFlags::empty(), c"size=1m,mode=0700").unwrap();
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let mut file = fs::File::create(self.path().join("ballast")).unwrap();
        while file.write_all(&[0; 512]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Left mounted it would only outlive the test.
        let _ = unmount(self.path(), UnmountFlags::DETACH);
    }
}

fn open(dir: &Path) -> Result<(History, Recovery), Error> {
    let mut config = Config::default();
    config.sync_seconds = 600;
    History::open(dir, config, MemoryIndex::new())
}

/// A moment of twenty series that no code makes smaller than some bytes.
fn moment(number: u32) -> Samples {
    let mut samples = Samples::new();
    samples.family(Family { name: "m", help: "", kind: Kind::Gauge });
    for series in 0..20_u32 {
        let value = if series == 0 { f64::from(number) } else { f64::from(number * series).sqrt() };
        samples.push(&[("s", &series.to_string())], value);
    }
    samples
}

fn append(history: &mut History, numbers: std::ops::Range<u32>) -> Vec<(u32, Error)> {
    let append = |number: u32| {
        let at = Timestamp::from_unix_seconds(i64::from(number) * 10);
        history.append(at, &moment(number)).err().map(|error| (number, error))
    };
    numbers.filter_map(append).collect()
}

/// Returns how many moments are known, which must be the first ones without a hole.
fn known(history: &History) -> u32 {
    let selector: Selector = "m{s=\"0\"}".parse().unwrap();
    let range = Range::new(Timestamp::UNIX_EPOCH, Timestamp::from_unix_seconds(1_000_000));
    let step = Duration::from_secs(10);
    let found = history.reader().query(&selector, range, step, Aggregate::Last).unwrap();
    let points = found.first().map_or(&[][..], |series| &series.points);
    for (number, point) in (0_u32..).zip(points) {
        assert_eq!(point.value, f64::from(number));
    }
    u32::try_from(points.len()).unwrap()
}

#[test]
fn a_disk_that_fills_is_told_of_once_and_costs_no_sample() {
    let disk = SmallDisk::new();
    let dir = disk.path().join("history");
    let (mut history, _) = open(&dir).unwrap();
    assert_eq!(append(&mut history, 0..300).len(), 0);
    disk.fill();
    // Beyond the window's end, so that neither the journal nor the blocks find room.
    let told = append(&mut history, 300..1100);
    assert_eq!(told.len(), 2, "{told:?}");
    for (_, error) in &told {
        let Error::Write { source, .. } = error else { panic!("{error:?}") };
        assert_eq!(source.kind(), ErrorKind::StorageFull);
    }
    assert_eq!(known(&history), 1100);
    disk.make_room();
    assert_eq!(append(&mut history, 1100..1200).len(), 0);
    let stats = history.reader().stats();
    assert_eq!((stats.samples, stats.lost_samples), (1200 * 20, 0));
    drop(history);
    let (history, found) = open(&dir).unwrap();
    assert_eq!((known(&history), found.damage), (1200, Vec::new()));
}

#[test]
fn a_start_on_a_full_disk_knows_what_there_is() {
    let disk = SmallDisk::new();
    let dir = disk.path().join("history");
    append(&mut open(&dir).unwrap().0, 0..1000);
    disk.fill();
    // What is there needs no room; what is new does, and waits in memory.
    let (mut history, _) = open(&dir).unwrap();
    assert_eq!(known(&history), 1000);
    append(&mut history, 1000..1050);
    assert_eq!(known(&history), 1050);
    drop(history);
    disk.make_room();
    assert!(known(&open(&dir).unwrap().0) >= 1000);
}

#[test]
fn a_read_only_disk_is_an_error_that_names_the_file_and_changes_nothing() {
    let disk = SmallDisk::new();
    append(&mut open(disk.path()).unwrap().0, 0..1000);
    mount_remount(disk.path(), MountFlags::RDONLY, "").unwrap();
    let error = open(disk.path()).unwrap_err();
    let Error::Write { path, source } = &error else { panic!("{error:?}") };
    assert_eq!((path.parent(), source.kind()), (Some(disk.path()), ErrorKind::ReadOnlyFilesystem));
    mount_remount(disk.path(), MountFlags::empty(), "").unwrap();
    let (history, found) = open(disk.path()).unwrap();
    assert_eq!((known(&history), found.damage), (1000, Vec::new()));
}
