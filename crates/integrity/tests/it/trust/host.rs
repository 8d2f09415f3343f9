//! A small system with a package database, scanned before and after something happens to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use wardkit_core::Timestamp;
use wardkit_integrity::{
    Action, Actor, Algorithm, Change, ChangeKind, Dpkg, Entry, Finding, Group, Input, Ledger,
    Moment, Monitor, MonitorOptions, Observation, Report, Ruling, ScanOptions, Touch, Touched,
    TrustSource, compare_entries, join,
};

pub(crate) struct Host {
    _dir: TempDir,
    pub(crate) root: PathBuf,
    before: Vec<Entry>,
    pub(crate) ledger: Ledger,
    pub(crate) monitor: Monitor,
    /// Who touched what, for those who watch.
    pub(crate) touched: Vec<Touched>,
    now: Duration,
}

pub(crate) fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

impl Host {
    pub(crate) fn new(sources: impl FnOnce(&Path) -> Vec<Box<dyn TrustSource>>) -> Self {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for path in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        for path in ["var/lib/dpkg/status", "var/lib/dpkg/available"] {
            fs::write(root.join(path), "").unwrap();
        }
        let ledger = Ledger::new(sources(&root), Algorithm::Blake3).with_owners([me()]);
        let monitor = Monitor::new(MonitorOptions::new([&root]));
        let touched = Vec::new();
        Self { _dir: dir, root, before: Vec::new(), ledger, monitor, touched, now: Duration::ZERO }
    }

    pub(crate) fn with_dpkg() -> Self {
        Self::new(|root| vec![Box::new(Dpkg::new(root).with_owners([me()]))])
    }

    /// Takes everything as it is: the baseline, and the databases.
    pub(crate) fn begin(&mut self) {
        self.before = self.scan();
        self.ledger.begin(None).unwrap();
    }

    pub(crate) fn scan(&self) -> Vec<Entry> {
        ScanOptions::new([&self.root]).run().unwrap().entries().collect()
    }

    pub(crate) fn touch(&mut self, path: &str, actor: Actor) {
        let path = self.root.join(path);
        self.touched.push(Touched::new(path, Touch::Written).with_actor(actor));
    }

    /// Lets the monitor see what changed since the last time, and returns what it tells.
    pub(crate) fn reports(&mut self) -> Vec<Report> {
        let after = self.scan();
        let mut pending: Vec<Input> = Vec::new();
        let fields = wardkit_integrity::Fields::ALL;
        let pairs: Vec<_> = join(self.before.clone(), after.clone()).collect();
        let observe = |(old, new): (Option<Entry>, Option<Entry>)| {
            compare_entries(old.as_ref(), new.as_ref(), fields)
                .map(|change| Observation::new(change, new))
        };
        let observations: Vec<Observation> = pairs.into_iter().filter_map(observe).collect();
        self.before = after;
        let touched = std::mem::take(&mut self.touched);
        let is_touched = |path: &Path| touched.iter().any(|one| one.path == path);
        let (seen, scanned): (Vec<_>, Vec<_>) =
            observations.into_iter().partition(|one| is_touched(&one.change.path));
        let batch = wardkit_integrity::Batch { touched, ..Default::default() };
        pending.push(Input::Watched(batch));
        pending.extend(seen.into_iter().map(|one| Input::Inspected {
            path: one.change.path.clone(),
            observation: Some(Box::new(one)),
        }));
        pending.push(Input::ScanFinished {
            scope: "/nowhere".into(),
            started: self.now,
            observations: scanned,
        });
        pending.push(Input::Tick);
        let mut reports = Vec::new();
        while !pending.is_empty() || self.monitor.waiting() > 0 {
            if pending.is_empty() {
                self.now = self.monitor.wake_at().unwrap().max(self.now);
                pending.push(Input::Tick);
            }
            for input in std::mem::take(&mut pending) {
                let moment = Moment { uptime: self.now, wall: Timestamp::UNIX_EPOCH };
                for action in self.monitor.step(moment, input) {
                    match action {
                        Action::Assess { batch, cases } => {
                            let (assessment, errors) = self.ledger.assess(self.now, &cases);
                            assert!(errors.is_empty(), "{errors:?}");
                            pending.push(Input::Assessed { batch, assessment });
                        }
                        Action::Report(report) if report.count() > 0 => reports.push(report),
                        _ => {}
                    }
                }
            }
        }
        reports
    }

    /// Judges one change by itself.
    pub(crate) fn judge(&mut self, change: Change, entry: Option<Entry>) -> Ruling {
        let finding = Finding::new(change, wardkit_core::Severity::Error, Timestamp::UNIX_EPOCH);
        let case = wardkit_integrity::Case::new(finding, entry, self.now);
        self.ledger.assess(self.now, &[case]).0.verdicts[0].ruling
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // As package managers do: a new file in the old one's place.
        let draft = path.with_extension("draft");
        fs::write(&draft, content).unwrap();
        fs::rename(&draft, &path).unwrap();
    }
}

/// Splits reports into groups and findings: paths below the root, with their rulings.
pub(crate) fn told(
    host: &Host,
    reports: &[Report],
) -> (Vec<Group>, Vec<(String, ChangeKind, Ruling)>) {
    let (mut groups, mut findings) = (Vec::new(), Vec::new());
    for report in reports {
        match report {
            Report::Group(group) => groups.push(group.clone()),
            Report::Finding(one) => {
                let path = one.change.path.strip_prefix(&host.root).unwrap();
                findings.push((path.display().to_string(), one.change.kind, one.ruling));
            }
            other => panic!("{other:?}"),
        }
    }
    (groups, findings)
}
