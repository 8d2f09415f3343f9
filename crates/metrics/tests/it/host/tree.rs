//! A made-up host.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use wardkit_core::{ManualClock, Timestamp};
use wardkit_metrics::host::{Host, HostConfig, HostPart, HostPaths};
use wardkit_metrics::{Collector as _, Samples};

pub(super) struct Tree {
    dir: TempDir,
    pub(super) clock: Arc<ManualClock>,
}

impl Tree {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("proc")).unwrap();
        Self { dir, clock: Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)) }
    }

    /// A tree with these files in `proc`.
    pub(super) fn with_proc(files: &[(&str, &str)]) -> Self {
        let tree = Self::new();
        for (path, text) in files {
            tree.write(&format!("proc/{path}"), text);
        }
        tree
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(super) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Not cut first: ext4 writes a file that was cut to the disk when it is closed.
        let mut file =
            fs::OpenOptions::new().create(true).truncate(false).write(true).open(path).unwrap();
        file.write_all(text.as_ref()).unwrap();
        file.set_len(text.as_ref().len() as u64).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    pub(super) fn host(&self, config: HostConfig) -> Host {
        Host::new(HostPaths::below(self.dir.path()), config)
            .unwrap()
            .with_clock(Arc::clone(&self.clock))
    }

    /// A host of which only some parts are measured.
    pub(super) fn only(&self, parts: &[HostPart]) -> Host {
        self.host(only(parts))
    }

    pub(super) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

pub(super) fn only(parts: &[HostPart]) -> HostConfig {
    let mut config = HostConfig::default();
    config.without = ALL.into_iter().filter(|part| !parts.contains(part)).collect();
    config
}

/// Returns what the host measures now, without what it says of its collectors.
pub(super) fn collect(host: &mut Host) -> BTreeMap<String, f64> {
    let mut all = everything(host);
    all.retain(|series, _| !series.starts_with("node_scrape_collector"));
    all
}

/// Returns what the host measures now. No series may come twice.
pub(super) fn everything(host: &mut Host) -> BTreeMap<String, f64> {
    let mut samples = Samples::new();
    host.collect(&mut samples).unwrap();
    let mut found = BTreeMap::new();
    let mut names = BTreeSet::new();
    for family in samples.families() {
        assert!(names.insert(family.name().to_owned()), "{} comes twice", family.name());
        for sample in family.samples() {
            let before = found.insert(sample.series.to_owned(), sample.value);
            assert_eq!(before, None, "{} comes twice", sample.series);
        }
    }
    found
}

/// Asserts that exactly these series are there.
#[track_caller]
pub(super) fn assert_series(found: &BTreeMap<String, f64>, expected: &[(&str, f64)]) {
    let expected: BTreeMap<String, f64> =
        expected.iter().map(|(series, value)| ((*series).to_owned(), *value)).collect();
    assert_eq!(*found, expected);
}

/// Tells whether a part was measured.
pub(super) fn success(all: &BTreeMap<String, f64>, part: HostPart) -> f64 {
    all[&format!("node_scrape_collector_success{{collector=\"{}\"}}", part.as_str())]
}

pub(super) fn make_pipe(path: &Path) {
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RUSR).unwrap();
}

const ALL: [HostPart; 15] = [
    HostPart::Cpu,
    HostPart::Meminfo,
    HostPart::Vmstat,
    HostPart::Loadavg,
    HostPart::Filefd,
    HostPart::Uname,
    HostPart::Pressure,
    HostPart::Conntrack,
    HostPart::Diskstats,
    HostPart::Filesystem,
    HostPart::Netdev,
    HostPart::Netstat,
    HostPart::Sockstat,
    HostPart::Cgroup,
    HostPart::Processes,
];
