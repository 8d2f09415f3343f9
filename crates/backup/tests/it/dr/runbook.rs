use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wardkit_backup::dr::{
    Action, Canary, Drill, DrillReport, Recovery, Runbook, Step, StepMode, Verdict,
};
use wardkit_backup::engine::{BackupOptions, Repository, Silent, Writer};
use wardkit_backup::format::Id;
use wardkit_backup::source::{Files, FilesOptions};
use wardkit_backup::store::Memory;

use crate::support::init;

struct Scene {
    folder: tempfile::TempDir,
    repository: Repository<Writer>,
    snapshot: Id,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("canary"), "alive").unwrap();
        let repository = init(&Arc::new(Memory::default()));
        let mut files = Files::new([folder.path()], FilesOptions::default()).unwrap();
        let report = repository.backup(&mut files, &BackupOptions::default(), &Silent).unwrap();
        Self { folder, repository, snapshot: report.snapshot }
    }

    fn drill(&self, runbook: Runbook, canary: &str) -> DrillReport {
        let scratch = tempfile::tempdir().unwrap();
        let index = self.repository.load_index(&Silent).unwrap();
        let snapshot = self.repository.load_snapshot(&self.snapshot).unwrap();
        let canary = Canary::new(self.folder.path().join("canary"), canary);
        let drill = Drill::new(scratch.path()).with_probe(&canary).with_runbook(runbook);
        drill.hold(&self.repository, &index, (&self.snapshot, &snapshot), &Silent).unwrap()
    }

    fn recover(&self, runbook: Runbook, canary: &str, target: &Path) -> DrillReport {
        let index = self.repository.load_index(&Silent).unwrap();
        let snapshot = self.repository.load_snapshot(&self.snapshot).unwrap();
        let canary = Canary::new(self.folder.path().join("canary"), canary);
        let recovery = Recovery::new(target, runbook).with_probe(&canary);
        recovery.run(&self.repository, &index, (&self.snapshot, &snapshot), &Silent)
    }

    /// Restores, verifies, restarts by making a file, and asks whether it is there.
    fn runbook(&self) -> Runbook {
        let within = Duration::from_secs(20);
        let restart = Action::new(["/bin/touch", "restarted"], self.folder.path(), within);
        let health = Action::new(["/bin/cat", "canary"], self.folder.path(), within).rehearsed();
        Runbook::new([
            Step::Restore,
            Step::Verify,
            Step::Restart(restart),
            Step::HealthCheck(health),
        ])
        .unwrap()
    }
}

fn modes(report: &DrillReport) -> Vec<(&str, StepMode, bool)> {
    let about = report.steps.iter();
    about.map(|step| (step.step.as_str(), step.mode, step.verdict.is_passed())).collect()
}

#[test]
fn drill_rehearses_and_says_what_ran_and_what_was_only_checked() {
    let scene = Scene::new();
    let report = scene.drill(scene.runbook(), "alive");
    assert!(report.is_green(), "{report:?}");
    assert_eq!(
        modes(&report),
        [
            ("restore", StepMode::Ran, true),
            ("verify", StepMode::Ran, true),
            ("restart /bin/touch", StepMode::Checked, true),
            ("health-check /bin/cat", StepMode::Ran, true),
        ]
    );
    assert!(!scene.folder.path().join("restarted").exists());
}

#[test]
fn same_steps_in_earnest_restore_and_restart() {
    let scene = Scene::new();
    let target = tempfile::tempdir().unwrap();
    let report = scene.recover(scene.runbook(), "alive", target.path());
    assert!(report.is_green(), "{report:?}");
    assert!(report.steps.iter().all(|step| step.mode == StepMode::Ran), "{report:?}");
    let there = target.path().join(scene.folder.path().strip_prefix("/").unwrap());
    assert_eq!(fs::read_to_string(there.join("canary")).unwrap(), "alive");
    assert!(there.join("restarted").exists());
}

#[test]
fn nothing_is_started_after_a_step_that_failed() {
    let scene = Scene::new();
    let target = tempfile::tempdir().unwrap();
    for report in [
        scene.recover(scene.runbook(), "dead", target.path()),
        scene.drill(scene.runbook(), "dead"),
    ] {
        assert!(!report.is_green());
        let modes: Vec<_> = report.steps.iter().map(|step| step.mode).collect();
        assert_eq!(modes, [StepMode::Ran, StepMode::Ran, StepMode::Skipped, StepMode::Skipped]);
        assert_eq!(report.steps[1].verdict, Verdict::failed("1 things are not as they have to be"));
    }
    let there = target.path().join(scene.folder.path().strip_prefix("/").unwrap());
    assert!(!there.join("restarted").exists());
}

#[test]
fn program_that_is_nowhere_makes_a_drill_red() {
    let scene = Scene::new();
    for (program, reason) in [
        ("/nowhere/bot", "the program is neither in what was restored nor on this host"),
        ("touch", "the program's path is not absolute"),
    ] {
        let restart = Action::new([program], "/", Duration::from_secs(1));
        let steps = [Step::Restore, Step::Verify, Step::Restart(restart)];
        let report = scene.drill(Runbook::new(steps).unwrap(), "alive");
        assert_eq!(report.steps[2].verdict, Verdict::failed(reason));
        assert!(!report.is_green());
    }
}

#[test]
fn steps_that_prove_nothing_are_refused() {
    let run = || Step::Restart(Action::new(["/bin/true"], "/", Duration::from_secs(1)));
    for steps in [
        vec![],
        vec![Step::Verify],
        vec![Step::Restore],
        vec![Step::Verify, Step::Restore],
        vec![Step::Restore, Step::Verify, Step::Restore],
        vec![Step::Restore, run(), Step::Verify],
    ] {
        assert!(Runbook::new(steps.clone()).is_err(), "{steps:?}");
    }
    assert_eq!(Runbook::new([Step::Restore, Step::Verify, run()]).unwrap().steps().len(), 3);
}
