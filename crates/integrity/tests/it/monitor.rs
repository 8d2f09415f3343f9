//! What the monitor tells, when, and how often.

mod props;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

use wardkit_core::{Clock as _, ManualClock, Severity, Timestamp};
use wardkit_integrity::{
    Action, Assessment, Batch, Cause, Change, ChangeKind, Field, FieldChange, FieldValue, Input,
    Lost, LostReason, Moment, Monitor, MonitorOptions, Observation, Outcome, Package,
    PackageChange, Report, Ruling, Touch, Touched, Verdict,
};

/// A monitor, a clock, and files that each have a state: none is what the baseline says.
struct World {
    clock: ManualClock,
    monitor: Monitor,
    files: BTreeMap<PathBuf, u64>,
    /// What was asked for and is not answered.
    pending: VecDeque<Action>,
    reports: Vec<Report>,
    detected: u64,
    /// How many changes an inspection or a scan found that differ from what was found there before.
    news: u64,
    last: BTreeMap<PathBuf, u64>,
    assessor: fn(&Path) -> Verdict,
}

impl World {
    fn new(options: MonitorOptions) -> Self {
        Self {
            clock: ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000)),
            monitor: Monitor::new(options),
            files: BTreeMap::new(),
            pending: VecDeque::new(),
            reports: Vec::new(),
            detected: 0,
            news: 0,
            last: BTreeMap::new(),
            assessor: |_| Verdict::default(),
        }
    }

    fn step(&mut self, input: Input) {
        let actions = self.monitor.step(Moment::of(&self.clock), input);
        for action in actions {
            match action {
                Action::Report(report) => self.reports.push(report),
                Action::Detected(_) => self.detected += 1,
                other => self.pending.push_back(other),
            }
        }
    }

    fn touch(&mut self, path: &str) {
        let touched = vec![Touched::new(path, Touch::Written)];
        self.step(Input::Watched(Batch { touched, ..Batch::default() }));
    }

    fn lose(&mut self, scope: &str, reason: LostReason) {
        let lost = vec![Lost { scope: scope.into(), reason }];
        self.step(Input::Watched(Batch { lost, ..Batch::default() }));
    }

    fn write(&mut self, path: &str, state: u64) {
        if state == 0 {
            self.files.remove(Path::new(path));
        } else {
            self.files.insert(path.into(), state);
        }
        self.touch(path);
    }

    /// Answers the oldest of what was asked for.
    fn answer(&mut self) -> bool {
        let Some(action) = self.pending.pop_front() else { return false };
        match action {
            Action::Inspect(path) => {
                let state = self.files.get(&path).copied();
                self.found(&path, state);
                let observation = state.map(|state| Box::new(observation(&path, state)));
                self.step(Input::Inspected { path, observation });
            }
            Action::Rescan(scope) => self.scan(&scope),
            Action::Assess { batch, cases } => {
                let verdicts: Vec<Verdict> =
                    cases.iter().map(|case| (self.assessor)(&case.finding.change.path)).collect();
                let packages = vec![greeting()];
                let assessment = Assessment { packages, verdicts };
                self.step(Input::Assessed { batch, assessment });
            }
            other => panic!("{other:?}"),
        }
        true
    }

    fn scan(&mut self, scope: &Path) {
        let below = |path: &Path| path.starts_with(scope);
        let files: Vec<(PathBuf, u64)> = self
            .files
            .iter()
            .filter(|(path, _)| below(path))
            .map(|(p, s)| (p.clone(), *s))
            .collect();
        self.last.retain(|path, _| !below(path) || self.files.contains_key(path));
        for (path, state) in &files {
            self.found(path, Some(*state));
        }
        let observations = files.iter().map(|(path, state)| observation(path, *state)).collect();
        let started = self.clock.uptime();
        self.step(Input::ScanFinished { scope: scope.into(), started, observations });
    }

    fn found(&mut self, path: &Path, state: Option<u64>) {
        let before = match state {
            Some(state) => self.last.insert(path.to_owned(), state),
            None => self.last.remove(path),
        };
        self.news += u64::from(state.is_some() && before != state);
    }

    fn advance(&mut self, by: Duration) {
        let end = self.clock.uptime() + by;
        loop {
            while self.answer() {}
            match self.monitor.wake_at() {
                Some(at) if at <= end => {
                    self.clock.advance(at.saturating_sub(self.clock.uptime()));
                    self.step(Input::Tick);
                }
                _ => break,
            }
        }
        self.clock.advance(end.saturating_sub(self.clock.uptime()));
    }

    fn told(&self) -> u64 {
        self.reports.iter().map(Report::count).sum()
    }

    fn changes(&self) -> Vec<&Report> {
        self.reports.iter().filter(|report| report.count() > 0).collect()
    }
}

fn greeting() -> PackageChange {
    PackageChange {
        source: "dpkg".to_owned(),
        name: "greeting".to_owned(),
        old: Some("1.2".to_owned()),
        new: Some("1.3".to_owned()),
    }
}

fn vouched() -> Verdict {
    let package = Package {
        source: "dpkg".to_owned(),
        name: "greeting".to_owned(),
        version: "1.3".to_owned(),
    };
    Verdict { ruling: Ruling::Vouched, package: Some(package) }
}

fn observation(path: &Path, state: u64) -> Observation {
    let field = FieldChange {
        field: Field::Content,
        old: Some(FieldValue::Text("0".to_owned())),
        new: Some(FieldValue::Text(state.to_string())),
    };
    let change = Change::new(path, ChangeKind::Modified, vec![field]);
    Observation::new(change, None).with_rule("etc", Severity::Error)
}

fn options() -> MonitorOptions {
    MonitorOptions::new(["/srv"])
}

#[test]
fn change_is_detected_at_once_and_reported_after_two_quiet_seconds() {
    let mut world = World::new(options());
    world.write("/srv/a", 1);
    assert!(world.answer());
    assert_eq!((world.detected, world.told()), (1, 0));
    world.advance(Duration::from_millis(1999));
    assert_eq!(world.told(), 0);
    world.advance(Duration::from_millis(1));
    let [Report::Finding(finding)] = world.changes()[..] else { panic!("{:?}", world.reports) };
    assert_eq!(finding.change.path, Path::new("/srv/a"));
    assert_eq!((finding.severity, finding.ruling), (Severity::Error, Ruling::Unassessed));
    assert_eq!(finding.to_event().kind.as_str(), "integrity.file.changed");
    assert_eq!(world.monitor.wake_at(), None);
}

#[test]
fn report_waits_thirty_seconds_at_most_however_much_goes_on() {
    let mut world = World::new(options());
    for state in 1..=29 {
        world.write("/srv/a", state);
        world.advance(Duration::from_secs(1));
        assert_eq!(world.told(), 0, "after {state} s");
    }
    world.write("/srv/a", 30);
    world.advance(Duration::from_secs(1));
    // Nothing of the 30 states was seen twice; the last may still be in the next window.
    assert!(world.told() >= 28, "{}", world.told());
    world.advance(Duration::from_mins(1));
    assert_eq!(world.told(), world.news);
}

#[test]
fn state_is_told_once_until_it_changes_again() {
    let mut world = World::new(options());
    world.write("/srv/a", 1);
    world.advance(Duration::from_secs(10));
    for _ in 0..5 {
        world.touch("/srv/a");
        world.advance(Duration::from_secs(10));
        world.scan(Path::new("/srv"));
        world.advance(Duration::from_secs(10));
    }
    assert_eq!(world.told(), 1);
    world.write("/srv/a", 2);
    world.advance(Duration::from_secs(10));
    assert_eq!(world.told(), 2);
}

#[test]
fn what_was_undone_and_done_again_is_told_again() {
    let mut world = World::new(options());
    for told in 1..=3 {
        world.write("/srv/a", 1);
        world.advance(Duration::from_secs(10));
        assert_eq!(world.told(), told);
        world.write("/srv/a", 0);
        world.advance(Duration::from_secs(10));
    }
    // The same where only scans see it.
    world.files.insert("/srv/a".into(), 1);
    world.scan(Path::new("/srv"));
    world.files.clear();
    world.clock.advance(Duration::from_secs(1));
    world.scan(Path::new("/srv"));
    world.advance(Duration::from_secs(10));
    world.files.insert("/srv/a".into(), 1);
    world.scan(Path::new("/srv"));
    world.advance(Duration::from_secs(10));
    assert_eq!(world.told(), 5);
}

#[test]
fn accepted_change_is_told_again_when_it_comes_back() {
    let mut world = World::new(options());
    world.write("/srv/a", 1);
    world.advance(Duration::from_secs(10));
    world.step(Input::Accepted { generation: 2, paths: vec!["/srv/a".into()] });
    world.touch("/srv/a");
    world.advance(Duration::from_secs(10));
    assert_eq!(world.told(), 2);
    let kinds: Vec<String> =
        world.reports.iter().map(|report| report.to_event().kind.to_string()).collect();
    assert_eq!(
        kinds,
        ["integrity.file.changed", "integrity.baseline.accepted", "integrity.file.changed"]
    );
}

#[test]
fn tamper_that_was_undone_before_the_report_is_still_told() {
    let mut world = World::new(options());
    world.write("/srv/a", 1);
    assert!(world.answer());
    world.write("/srv/a", 0);
    world.advance(Duration::from_secs(10));
    let [Report::Finding(finding)] = world.changes()[..] else { panic!("{:?}", world.reports) };
    assert_eq!(finding.outcome, Outcome::Reverted);
}

#[test]
fn package_upgrade_is_one_report_for_the_record() {
    let mut world = World::new(options());
    world.assessor = |_| vouched();
    for file in 0..312 {
        world.write(&format!("/srv/greeting/{file}"), 1);
    }
    world.advance(Duration::from_secs(10));
    let [Report::Group(group)] = world.changes()[..] else { panic!("{:?}", world.reports) };
    assert_eq!((group.count, group.findings.len()), (312, 312));
    let event = group.to_event();
    assert_eq!(
        (event.kind.as_str(), event.severity),
        ("integrity.package.changed", Severity::Info)
    );
    assert_eq!(event.message, "greeting 1.2 -> 1.3: 312 changes, all match");
}

#[test]
fn tampered_file_of_an_upgrade_is_a_report_of_its_own() {
    let mut world = World::new(options());
    world.assessor = |path| {
        let ruling = if path.ends_with("7") { Ruling::Differs } else { Ruling::Vouched };
        Verdict { ruling, ..vouched() }
    };
    for file in 0..312 {
        world.write(&format!("/srv/greeting/{file}"), 1);
    }
    world.advance(Duration::from_secs(10));
    let [Report::Group(group), Report::Finding(finding)] = world.changes()[..] else {
        panic!("{:?}", world.reports)
    };
    assert_eq!((group.count, group.severity), (311, Severity::Info));
    assert_eq!((finding.severity, finding.ruling), (Severity::Error, Ruling::Differs));
}

#[test]
fn record_that_anybody_may_write_groups_and_does_not_demote() {
    let mut world = World::new(options());
    world.assessor = |_| Verdict { ruling: Ruling::RecordExposed, ..vouched() };
    for file in 0..3 {
        world.write(&format!("/srv/greeting/{file}"), 1);
    }
    world.advance(Duration::from_secs(10));
    let [Report::Group(group)] = world.changes()[..] else { panic!("{:?}", world.reports) };
    assert_eq!((group.count, group.severity), (3, Severity::Error));
    assert_eq!(group.to_event().message, "greeting 1.2 -> 1.3: 3 changes, not vouched for");
}

#[test]
fn package_manager_at_work_is_waited_for_and_not_for_ever() {
    let mut world = World::new(options());
    world.assessor = |_| Verdict { ruling: Ruling::Pending, package: None };
    world.write("/srv/a", 1);
    world.advance(Duration::from_secs(115));
    assert_eq!(world.told(), 0);
    world.advance(Duration::from_secs(10));
    assert_eq!(world.told(), 1);
    assert_eq!(world.monitor.wake_at(), None);
}

#[test]
fn changes_are_reported_where_nobody_assesses_them() {
    let mut world = World::new(options());
    world.write("/srv/a", 1);
    assert!(world.answer());
    world.clock.advance(Duration::from_secs(2));
    world.step(Input::Tick);
    let Some(Action::Assess { batch, .. }) = world.pending.pop_front() else { panic!() };
    world.clock.advance(Duration::from_secs(30));
    world.step(Input::Tick);
    assert_eq!(world.told(), 1);
    // An answer that comes too late changes nothing.
    world.step(Input::Assessed { batch, assessment: Assessment::default() });
    assert_eq!(world.told(), 1);
}

#[test]
fn many_changes_are_grouped_by_directory_with_their_list() {
    let mut world = World::new(options());
    for file in 0..30 {
        world.write(&format!("/srv/a/{file}"), 1);
        world.write(&format!("/srv/b/{file}"), 1);
    }
    world.advance(Duration::from_secs(10));
    let causes: Vec<(Cause, usize)> = world
        .changes()
        .iter()
        .map(|report| match report {
            Report::Group(group) => (group.cause.clone(), group.findings.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(causes, [(Cause::Below("/srv/a".into()), 30), (Cause::Below("/srv/b".into()), 30)]);
}

#[test]
fn rule_that_reports_too_often_is_merged_and_counted() {
    let mut world = World::new(options().with_rate(3, Duration::from_secs(30)));
    for file in 0..10 {
        world.write(&format!("/srv/{file}"), 1);
    }
    world.advance(Duration::from_secs(2));
    assert_eq!(world.changes().len(), 3);
    world.advance(Duration::from_mins(1));
    let [.., Report::Group(group)] = world.changes()[..] else { panic!("{:?}", world.reports) };
    assert_eq!((world.changes().len(), group.count, group.findings.len()), (4, 7, 7));
    assert_eq!(group.cause, Cause::Rule("etc".to_owned()));
    assert_eq!(group.to_event().message, "7 changes found by \"etc\"");
}

#[test]
fn overflow_is_told_and_scanned_for() {
    let mut world = World::new(options());
    world.files.insert("/srv/a".into(), 1);
    world.lose("/srv", LostReason::Overflow);
    world.lose("/srv", LostReason::Overflow);
    // One scan runs; what was lost meanwhile is for the next.
    assert_eq!(world.pending.len(), 1);
    world.advance(Duration::from_secs(10));
    assert_eq!(world.monitor.wake_at(), Some(Duration::from_mins(1)));
    let kinds: Vec<String> =
        world.reports.iter().map(|report| report.to_event().kind.to_string()).collect();
    assert_eq!(
        kinds,
        ["integrity.watch.lost", "integrity.scan.finished", "integrity.file.changed"]
    );
    // The second loss is told with all others of its minute.
    world.advance(Duration::from_mins(1));
    assert_eq!(world.reports.len(), 4);
    assert_eq!(world.monitor.wake_at(), None);
}

#[test]
fn losses_without_end_are_few_reports_and_scans_with_rests() {
    let mut world = World::new(options());
    let mut scans = 0;
    for _ in 0..600 {
        world.lose("/srv", LostReason::Overflow);
        for action in std::mem::take(&mut world.pending) {
            let Action::Rescan(scope) = action else { panic!("{action:?}") };
            scans += 1;
            world.pending.push_back(Action::Rescan(scope));
            world.answer();
        }
        world.clock.advance(Duration::from_millis(200));
        world.step(Input::Tick);
    }
    // Two minutes: the first loss, and one report for those of each minute.
    assert!((2..=3).contains(&world.reports.len()), "{:?}", world.reports);
    assert!((100..=121).contains(&scans), "{scans}");
    // The last one is scanned for and told, too.
    world.advance(Duration::from_mins(2));
    assert_eq!(world.reports.len(), 3);
    assert_eq!(world.monitor.wake_at(), None);
}

#[test]
fn scan_that_failed_is_told_and_tried_again() {
    let mut world = World::new(options());
    world.files.insert("/srv/a".into(), 1);
    world.lose("/srv", LostReason::Started);
    world.pending.clear();
    world.step(Input::ScanFailed { scope: "/srv".into(), reason: "no space".to_owned() });
    assert_eq!(world.monitor.wake_at(), Some(Duration::from_secs(10)));
    world.advance(Duration::from_secs(20));
    assert_eq!(world.told(), 1);
    assert_eq!(world.reports[0].to_event().kind.as_str(), "integrity.scan.failed");
}

#[test]
fn full_memory_counts_and_scans() {
    let mut world = World::new(options().with_most_paths(10));
    for file in 0..100 {
        world.write(&format!("/srv/{file}"), 1);
        while matches!(world.pending.front(), Some(Action::Inspect(_))) {
            world.answer();
        }
    }
    world.advance(Duration::from_mins(10));
    assert!(world.told() >= 100, "{}", world.told());
    // In the end every path was listed, by itself or in a group.
    let mut listed: Vec<&Path> = Vec::new();
    for report in world.changes() {
        match report {
            Report::Finding(finding) => listed.push(&finding.change.path),
            Report::Group(group) => {
                listed.extend(group.findings.iter().map(|one| one.change.path.as_path()));
            }
            other => panic!("{other:?}"),
        }
    }
    listed.sort();
    listed.dedup();
    assert_eq!(listed.len(), 100);
}

#[test]
fn file_that_is_written_all_the_time_is_looked_at_now_and_then() {
    let mut world = World::new(options());
    for state in 1..=10_000 {
        world.write("/srv/log", state);
        while world.answer() {}
        world.advance(Duration::from_millis(1));
    }
    // Each look sees another state.
    assert!((10..=30).contains(&world.news), "{} looks in 10 s", world.news);
    world.advance(Duration::from_mins(1));
    assert_eq!(world.told(), world.news);
    assert_eq!(world.last.get(Path::new("/srv/log")), Some(&10_000));
}

#[test]
fn idle_day_has_no_alert() {
    let mut world = World::new(options());
    world.step(Input::BaselineCreated { entries: 200_000, unreadable: 3 });
    world.lose("/srv", LostReason::Started);
    for _ in 0..24 * 12 {
        world.touch("/srv/a");
        world.lose("/srv", LostReason::Polled);
        world.advance(Duration::from_mins(5));
    }
    assert_eq!(world.reports.len(), 1);
    let event = world.reports[0].to_event();
    assert_eq!(
        (event.kind.as_str(), event.severity),
        ("integrity.baseline.created", Severity::Notice)
    );
}
