//! A restore into a place of its own, and what is asked of the result.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::rand::{GetRandomFlags, getrandom};

use super::report::Checked;
use super::{DrillError, DrillReport, Manifest, Probe, RestoredTree, Sum};
use crate::engine::{Event, Index, Observer, Repository, RestoreOptions, RestoreReport, Role};
use crate::format::{Id, Snapshot};

/// A restore into a place of its own, and what is asked of the result.
///
/// What was restored is removed again, whatever was found.
#[derive(Debug)]
pub struct Drill<'a> {
    /// A directory that is ours alone, with room for the snapshot.
    scratch: PathBuf,
    host: String,
    isolation: String,
    manifest: Option<&'a Manifest>,
    probes: Vec<&'a dyn Probe>,
    previous: Option<Id>,
}

impl<'a> Drill<'a> {
    /// A drill that restores into a new directory in `scratch`, which is made if it is not there.
    #[must_use]
    pub fn new(scratch: impl Into<PathBuf>) -> Self {
        Self {
            scratch: scratch.into(),
            host: String::new(),
            isolation: "none".to_owned(),
            manifest: None,
            probes: Vec::new(),
            previous: None,
        }
    }

    /// Names the host in the report.
    #[must_use]
    pub fn on_host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Says in the report what keeps programs that are started from harm.
    #[must_use]
    pub fn isolated_by(mut self, isolation: impl Into<String>) -> Self {
        self.isolation = isolation.into();
        self
    }

    /// Compares the files with what was read when the snapshot was made.
    #[must_use]
    pub fn with_manifest(mut self, manifest: &'a Manifest) -> Self {
        self.manifest = Some(manifest);
        self
    }

    /// Asks more of the result.
    #[must_use]
    pub fn with_probe(mut self, probe: &'a dyn Probe) -> Self {
        self.probes.push(probe);
        self
    }

    /// Names the report before this one.
    #[must_use]
    pub fn after(mut self, previous: Option<Id>) -> Self {
        self.previous = previous;
        self
    }

    /// Restores the snapshot and looks. What is wrong with it is in the report.
    ///
    /// # Errors
    ///
    /// When there is no place to restore to. A repository that cannot be read is a failure in the report.
    pub fn hold<R: Role>(
        &self,
        repository: &Repository<R>,
        index: &Index,
        (id, snapshot): (&Id, &Snapshot),
        observer: &dyn Observer,
    ) -> Result<DrillReport, DrillError> {
        let place = Place::new(&self.scratch)?;
        let clock = repository.clock();
        let mut report = DrillReport {
            version: 1,
            host: self.host.clone(),
            repository: repository.config().id.to_string(),
            snapshot: id.to_string(),
            taken: snapshot.time.to_string(),
            began: clock.now().to_string(),
            restore_millis: 0,
            files: 0,
            bytes: 0,
            compared: 0,
            isolation: self.isolation.clone(),
            failures: Vec::new(),
            more_failures: 0,
            probes: Vec::new(),
            previous: self.previous.map(|id| id.to_string()),
        };
        let begin = clock.uptime();
        let restored =
            repository.restore(index, snapshot, &RestoreOptions::new(&place.0), observer);
        let took = clock.uptime().saturating_sub(begin);
        report.restore_millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match restored {
            Ok(restored) => take(&mut report, &restored),
            Err(error) => {
                report.fail(format!("the snapshot cannot be restored: {}", chain(&error)));
            }
        }
        let tree = RestoredTree::new(&place.0);
        self.compare(&tree, &mut report, observer);
        for probe in &self.probes {
            let verdict = probe.run(&tree, &|| observer.is_cancelled());
            report.probes.push(Checked { probe: probe.id(), verdict });
        }
        if observer.is_cancelled() {
            report.fail("the drill was broken off");
        }
        Ok(report)
    }

    fn compare(&self, tree: &RestoredTree, report: &mut DrillReport, observer: &dyn Observer) {
        let files = self.manifest.into_iter().flat_map(Manifest::files);
        for (path, sum) in files {
            if observer.is_cancelled() {
                return;
            }
            observer.event(&Event::Path(path));
            match differs(tree, path, sum) {
                Ok(None) => report.compared += 1,
                Ok(Some(reason)) => report.fail(format!("{}: {reason}", path.display())),
                Err(error) => report.fail(format!("{}: {error}", path.display())),
            }
        }
    }
}

fn take(report: &mut DrillReport, restored: &RestoreReport) {
    (report.files, report.bytes) = (restored.files, restored.bytes);
    for failed in &restored.failed {
        report.fail(format!("{}: {}", failed.path.display(), chain(&failed.reason)));
    }
    let listed = u64::try_from(restored.failed.len()).unwrap_or(u64::MAX);
    report.more_failures += restored.failed_count.saturating_sub(listed);
}

fn differs(tree: &RestoredTree, path: &Path, sum: &Sum) -> io::Result<Option<&'static str>> {
    let file: File = tree.open_exactly(path)?;
    if file.metadata()?.len() != sum.size {
        return Ok(Some("it has another size than what was read when it was backed up"));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    let is_same = hasher.finalize() == blake3::Hash::from_bytes(sum.hash);
    Ok((!is_same).then_some("it is not what was read when it was backed up"))
}

/// A directory for one restore, which goes with everything in it.
struct Place(PathBuf);

impl Place {
    fn new(scratch: &Path) -> Result<Self, DrillError> {
        let failed = |path: &Path, source| DrillError::Scratch { path: path.to_owned(), source };
        let private = |path: &Path| DirBuilder::new().mode(0o700).create(path);
        match private(scratch) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(scratch, error));
            }
            _ => {}
        }
        let mut name = [0; 8];
        getrandom(&mut name, GetRandomFlags::empty())
            .map_err(|errno| failed(scratch, errno.into()))?;
        let path = scratch.join(format!("drill-{:016x}", u64::from_be_bytes(name)));
        private(&path).map_err(|error| failed(&path, error))?;
        Ok(Self(path))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "a drill's files are left");
        }
    }
}

pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
