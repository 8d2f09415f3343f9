//! Rules on real directories, by `openat2` and without.

#![expect(clippy::unwrap_used, reason = "a scene that cannot be set ends the test")]

#[cfg(feature = "serde")]
mod config;
mod dangers;
mod rules;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use wardkit_cleanup::{Cleaner, Config, Report, Rule};
use wardkit_core::{Clock as _, ManualClock, SystemClock};

/// A directory, and a clock that is a week ahead of it: nobody can set back when a file was moved.
struct Scene {
    dir: tempfile::TempDir,
    clock: ManualClock,
    asks_kernel: Cell<bool>,
}

impl Scene {
    fn path(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    fn write(&self, name: &str, bytes: usize) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, vec![b'x'; bytes]).unwrap();
        path
    }

    fn rule(&self) -> Rule {
        let mut rule = Rule::new(self.path());
        rule.older_than = Some(DAY);
        rule.depth = 8;
        rule
    }

    fn cleaner(&self, rules: Vec<Rule>, change: impl FnOnce(&mut Config)) -> Cleaner {
        let mut config = Config::default();
        config.rules = rules;
        change(&mut config);
        let cleaner = Cleaner::new(config, Vec::new()).unwrap();
        if self.asks_kernel.get() { cleaner } else { cleaner.without_openat2() }
    }

    /// Runs rules, after a dry run that must say the same and remove nothing.
    fn run(&self, rules: Vec<Rule>, change: impl FnOnce(&mut Config)) -> Report {
        let cleaner = self.cleaner(rules, change);
        let before = self.left();
        let planned = cleaner.plan(&self.clock, &|| false);
        assert_eq!(self.left(), before, "a dry run removed something");
        let report = cleaner.run(&self.clock, &|| false);
        assert_eq!(report.rules, planned.rules);
        assert_eq!(report.cut_short, planned.cut_short);
        report
    }

    /// Returns everything that is there, sorted.
    fn left(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.path()];
        while let Some(directory) = open.pop() {
            for entry in directory.read_dir().unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    open.push(path.clone());
                }
                found.push(path.strip_prefix(self.path()).unwrap().display().to_string());
            }
        }
        found.sort();
        found
    }
}

/// Runs a test with `openat2` and without.
///
/// One test at a time: a program that another test is about to start holds, for a moment, whatever files are open here.
fn both_ways(test: impl Fn(&Scene)) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    for asks_kernel in [true, false] {
        let now = SystemClock.now().saturating_add(7 * DAY);
        test(&Scene {
            dir: tempfile::tempdir().unwrap(),
            clock: ManualClock::at(now),
            asks_kernel: Cell::new(asks_kernel),
        });
    }
}

/// Returns what was removed of one rule, by names below its directory.
fn removed(report: &Report) -> Vec<String> {
    let rule = &report.rules[0];
    rule.removed.iter().map(|removed| below(&removed.path, &rule.path)).collect()
}

/// Returns what stays of one rule, and why.
fn kept(report: &Report) -> Vec<(String, String)> {
    let rule = &report.rules[0];
    let shown = rule.kept.iter();
    shown.map(|kept| (below(&kept.path, &rule.path), kept.obstacle.to_string())).collect()
}

fn below(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap().display().to_string()
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(path, why)| ((*path).to_owned(), (*why).to_owned())).collect()
}

const DAY: Duration = Duration::from_hours(24);
