//! What takes root: file systems that never answer, are full or read-only.
#![cfg(target_os = "linux")]
#![expect(clippy::float_cmp, reason = "one and zero are told as they are")]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod history;

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use wardkit_metrics::host::{Host, HostConfig, HostPart, HostPaths};
use wardkit_metrics::{Collector as _, Error, Samples};

/// A FUSE mount whose server reads nothing: the first question waits for it, and so does every other.
struct Silent {
    device: Option<File>,
    path: PathBuf,
}

impl Silent {
    fn at(path: &Path) -> Self {
        std::fs::create_dir_all(path).unwrap();
        let device = File::options().read(true).write(true).open("/dev/fuse").unwrap();
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", device.as_raw_fd());
        let options = CString::new(options).unwrap();
        mount("silent", path, "fuse", MountFlags::empty(), options.as_c_str()).unwrap();
        Self { device: Some(device), path: path.to_owned() }
    }

    /// Ends the server: whoever waits gets an error.
    fn end(&mut self) {
        self.device = None;
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.end();
        unmount(&self.path, UnmountFlags::DETACH).unwrap();
    }
}

fn collect(host: &mut Host) -> BTreeMap<String, f64> {
    let mut samples = Samples::new();
    host.collect(&mut samples).unwrap();
    let all = samples.families().flat_map(|family| family.samples().collect::<Vec<_>>());
    all.map(|sample| (sample.series.to_owned(), sample.value)).collect()
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn a_file_system_that_never_answers_stops_nothing_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut mounts = [Silent::at(&dir.path().join("one")), Silent::at(&dir.path().join("two"))];
    let mut config = HostConfig::default();
    config.file_system_deadline = Duration::from_millis(400);
    config.exclude_mount_points.clear();
    // The root of a container.
    config.exclude_file_systems.retain(|kind| kind != "overlay");
    let mut host = Host::new(HostPaths::default(), config).unwrap();
    let series = |value: &str, mount: &Silent| {
        let point = mount.path.display();
        format!(
            "node_filesystem_{value}{{device=\"silent\",fstype=\"fuse\",mountpoint=\"{point}\"}}"
        )
    };

    let before = threads();
    for _ in 0..20 {
        let found = collect(&mut host);
        for mount in &mounts {
            assert_eq!(found[&series("device_error", mount)], 1.0);
            assert!(!found.contains_key(&series("size_bytes", mount)));
        }
        assert!(found.contains_key("node_load1"));
        assert!(found.keys().any(|series| {
            series.starts_with("node_filesystem_size_bytes") && series.contains("mountpoint=\"/\"")
        }));
    }
    // One for each that is silent, and one that asks the others.
    assert!(threads() <= before + 3, "{} {before}", threads());
    // It is one change, however long it lasts.
    let [change] = &host.take_changes()[..] else { panic!() };
    assert_eq!(change.part, HostPart::Filesystem);
    assert!(
        matches!(&change.error, Some(Error::NoAnswer { others: 1, path, .. }) if *path == mounts[0].path)
    );

    // The servers end, so the threads come back, and the mounts answer with an error.
    for mount in &mut mounts {
        mount.end();
    }
    while host.take_changes().is_empty() {
        collect(&mut host);
    }
    let found = collect(&mut host);
    assert_eq!(found[&series("device_error", &mounts[0])], 1.0);
    assert_eq!(found["node_scrape_collector_success{collector=\"filesystem\"}"], 1.0);
    assert!(threads() <= before + 1);
}
