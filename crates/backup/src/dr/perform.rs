//! The steps of a runbook, one after the other; the same for a rehearsal and in earnest.

use std::fs::File;
use std::io;
use std::path::Path;

use super::drill::{About, chain};
use super::report::Checked;
use super::runbook::Ground;
use super::{DrillReport, Manifest, RestoredTree, Step, StepMode, StepReport, Sum, Verdict};
use crate::engine::{Event, Index, Observer, Repository, RestoreOptions, RestoreReport, Role};
use crate::format::{Id, Snapshot};

/// The steps of a runbook, in one place.
pub(super) struct Performance<'p> {
    pub(super) about: &'p About<'p>,
    pub(super) ground: Ground,
    /// Where paths are rebuilt below.
    pub(super) root: &'p Path,
    pub(super) observer: &'p dyn Observer,
}

impl Performance<'_> {
    pub(super) fn run<R: Role>(
        &self,
        repository: &Repository<R>,
        index: &Index,
        (id, snapshot): (&Id, &Snapshot),
    ) -> DrillReport {
        let mut report = self.begin(repository, id, snapshot);
        let tree = RestoredTree::new(self.root);
        let mut has_failed = false;
        for step in self.about.runbook.steps() {
            let (mode, verdict) = match step {
                // A restore that failed is looked at all the same: each probe says what is lost.
                Step::Restore | Step::Verify => {
                    let before = wrong(&report);
                    if matches!(step, Step::Restore) {
                        self.restore(repository, index, snapshot, &mut report);
                    } else {
                        self.verify(&tree, &mut report);
                    }
                    (StepMode::Ran, outcome(step, &report, wrong(&report) - before))
                }
                Step::Restart(_) | Step::HealthCheck(_) if has_failed => {
                    (StepMode::Skipped, Verdict::not_run("a step before it failed"))
                }
                Step::Restart(action) | Step::HealthCheck(action) => {
                    action.run(&tree, self.ground, &|| self.observer.is_cancelled())
                }
            };
            has_failed |= !verdict.is_passed();
            report.steps.push(StepReport { step: step.id(), mode, verdict });
        }
        if self.observer.is_cancelled() {
            report.fail("the drill was broken off");
        }
        report
    }

    fn begin<R: Role>(
        &self,
        repository: &Repository<R>,
        id: &Id,
        snapshot: &Snapshot,
    ) -> DrillReport {
        let About { host, isolation, previous, .. } = self.about;
        DrillReport {
            version: 1,
            host: host.clone(),
            repository: repository.config().id.to_string(),
            snapshot: id.to_string(),
            taken: snapshot.time.to_string(),
            began: repository.clock().now().to_string(),
            restore_millis: 0,
            files: 0,
            bytes: 0,
            compared: 0,
            isolation: isolation.clone(),
            failures: Vec::new(),
            more_failures: 0,
            probes: Vec::new(),
            steps: Vec::new(),
            previous: previous.map(|id| id.to_string()),
        }
    }

    fn restore<R: Role>(
        &self,
        repository: &Repository<R>,
        index: &Index,
        snapshot: &Snapshot,
        report: &mut DrillReport,
    ) {
        let clock = repository.clock();
        let begin = clock.uptime();
        let options = RestoreOptions::new(self.root);
        let restored = repository.restore(index, snapshot, &options, self.observer);
        let took = clock.uptime().saturating_sub(begin);
        report.restore_millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match restored {
            Ok(restored) => take(report, &restored),
            Err(error) => {
                report.fail(format!("the snapshot cannot be restored: {}", chain(&error)));
            }
        }
    }

    fn verify(&self, tree: &RestoredTree, report: &mut DrillReport) {
        self.compare(tree, report);
        for probe in &self.about.probes {
            let verdict = probe.run(tree, &|| self.observer.is_cancelled());
            report.probes.push(Checked { probe: probe.id(), verdict });
        }
    }

    fn compare(&self, tree: &RestoredTree, report: &mut DrillReport) {
        let files = self.about.manifest.into_iter().flat_map(Manifest::files);
        for (path, sum) in files {
            if self.observer.is_cancelled() {
                return;
            }
            self.observer.event(&Event::Path(path));
            match differs(tree, path, sum) {
                Ok(None) => report.compared += 1,
                Ok(Some(reason)) => report.fail(format!("{}: {reason}", path.display())),
                Err(error) => report.fail(format!("{}: {error}", path.display())),
            }
        }
    }
}

/// How much is wrong so far.
fn wrong(report: &DrillReport) -> u64 {
    let probes = report.probes.iter().filter(|checked| !checked.verdict.is_passed()).count();
    (report.failures.len() + probes) as u64 + report.more_failures
}

fn outcome(step: &Step, report: &DrillReport, wrong: u64) -> Verdict {
    match step {
        _ if wrong > 0 => Verdict::failed(format!("{wrong} things are not as they have to be")),
        Step::Restore => {
            Verdict::passed(format!("{} files, {} bytes, each proven", report.files, report.bytes))
        }
        _ => Verdict::passed(format!(
            "{} files compared, {} probes asked",
            report.compared,
            report.probes.len()
        )),
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
