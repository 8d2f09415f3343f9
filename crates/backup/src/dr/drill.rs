//! A restore into a place of its own, and what is asked of the result.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::rand::{GetRandomFlags, getrandom};

use super::perform::Performance;
use super::runbook::Ground;
use super::{DrillError, DrillReport, Manifest, Probe, Runbook};
use crate::engine::{Index, Observer, Repository, Role};
use crate::format::{Id, Snapshot};

/// A restore into a place of its own, and what is asked of the result: the rehearsal of a [`Runbook`].
///
/// What was restored is removed again, whatever was found.
#[derive(Debug)]
pub struct Drill<'a> {
    /// A directory that is ours alone, with room for the snapshot.
    scratch: PathBuf,
    about: About<'a>,
}

/// A [`Runbook`] in earnest: the snapshot is restored where its files belong, and what works with them is started.
///
/// Files that are there are replaced; the report has the form of a drill's.
#[derive(Debug)]
pub struct Recovery<'a> {
    target: PathBuf,
    about: About<'a>,
}

/// What a drill and a recovery have in common.
#[derive(Debug)]
pub(super) struct About<'a> {
    pub(super) host: String,
    pub(super) isolation: String,
    pub(super) manifest: Option<&'a Manifest>,
    pub(super) probes: Vec<&'a dyn Probe>,
    pub(super) runbook: Runbook,
    pub(super) previous: Option<Id>,
}

impl<'a> Drill<'a> {
    /// A drill that restores into a new directory in `scratch`, which is made if it is not there.
    #[must_use]
    pub fn new(scratch: impl Into<PathBuf>) -> Self {
        Self { scratch: scratch.into(), about: About::new() }
    }

    /// Names the host in the report.
    #[must_use]
    pub fn on_host(mut self, host: impl Into<String>) -> Self {
        self.about.host = host.into();
        self
    }

    /// Says in the report what keeps programs that are started from harm.
    #[must_use]
    pub fn isolated_by(mut self, isolation: impl Into<String>) -> Self {
        self.about.isolation = isolation.into();
        self
    }

    /// Compares the files with what was read when the snapshot was made.
    #[must_use]
    pub fn with_manifest(mut self, manifest: &'a Manifest) -> Self {
        self.about.manifest = Some(manifest);
        self
    }

    /// Asks more of the result.
    #[must_use]
    pub fn with_probe(mut self, probe: &'a dyn Probe) -> Self {
        self.about.probes.push(probe);
        self
    }

    /// Rehearses these steps, instead of restoring and verifying alone.
    #[must_use]
    pub fn with_runbook(mut self, runbook: Runbook) -> Self {
        self.about.runbook = runbook;
        self
    }

    /// Names the report before this one.
    #[must_use]
    pub fn after(mut self, previous: Option<Id>) -> Self {
        self.about.previous = previous;
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
        let performance =
            Performance { about: &self.about, ground: Ground::Scratch, root: &place.0, observer };
        Ok(performance.run(repository, index, (id, snapshot)))
    }
}

impl<'a> Recovery<'a> {
    /// Restores below `target`: `/` where files belong to this host.
    #[must_use]
    pub fn new(target: impl Into<PathBuf>, runbook: Runbook) -> Self {
        Self { target: target.into(), about: About { runbook, ..About::new() } }
    }

    /// Names the host in the report.
    #[must_use]
    pub fn on_host(mut self, host: impl Into<String>) -> Self {
        self.about.host = host.into();
        self
    }

    /// Compares the files with what was read when the snapshot was made.
    #[must_use]
    pub fn with_manifest(mut self, manifest: &'a Manifest) -> Self {
        self.about.manifest = Some(manifest);
        self
    }

    /// Asks more of the result, before anything is started.
    #[must_use]
    pub fn with_probe(mut self, probe: &'a dyn Probe) -> Self {
        self.about.probes.push(probe);
        self
    }

    /// Does the steps until one fails. What became of each is in the report.
    pub fn run<R: Role>(
        &self,
        repository: &Repository<R>,
        index: &Index,
        (id, snapshot): (&Id, &Snapshot),
        observer: &dyn Observer,
    ) -> DrillReport {
        let root = &self.target;
        let performance = Performance { about: &self.about, ground: Ground::Live, root, observer };
        performance.run(repository, index, (id, snapshot))
    }
}

impl About<'_> {
    fn new() -> Self {
        Self {
            host: String::new(),
            isolation: "none".to_owned(),
            manifest: None,
            probes: Vec::new(),
            runbook: Runbook::default(),
            previous: None,
        }
    }
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
