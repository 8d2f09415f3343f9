//! What changed and is not reported yet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Case;
use super::paths::add_actor;
use crate::{Actor, Cause, Finding, Group, Outcome};

/// What changed since it was quiet last.
#[derive(Debug, Default)]
pub(super) struct Window {
    cases: BTreeMap<PathBuf, Case>,
    /// What there was no room for, by root.
    counted: BTreeMap<PathBuf, Group>,
    /// When the first and the last of them came.
    span: Option<(Duration, Duration)>,
}

impl Window {
    pub(super) fn len(&self) -> usize {
        self.cases.len()
    }

    pub(super) fn has_room(&self, path: &Path, most: usize) -> bool {
        self.cases.len() < most || self.cases.contains_key(path)
    }

    pub(super) fn add(&mut self, now: Duration, case: Case) {
        self.extend(now);
        let path = case.finding.change.path.clone();
        match self.cases.remove(&path) {
            Some(older) => self.cases.insert(path, supersede(older, case)),
            None => self.cases.insert(path, case),
        };
    }

    /// Puts back what could not be judged yet. What came since is newer.
    pub(super) fn put_back(&mut self, now: Duration, case: Case) {
        self.extend(now);
        let path = case.finding.change.path.clone();
        match self.cases.remove(&path) {
            Some(newer) => self.cases.insert(path, supersede(case, newer)),
            None => self.cases.insert(path, case),
        };
    }

    /// Counts what there is no room for.
    pub(super) fn count(&mut self, now: Duration, root: &Path, finding: Finding) {
        self.extend(now);
        let new = || Group::new(Cause::Below(root.to_owned()), finding.at);
        let group = self.counted.entry(root.to_owned()).or_insert_with(new);
        group.add(finding, LISTED);
    }

    /// Adds who touched a path to what is to be reported of it.
    pub(super) fn attribute(&mut self, path: &Path, actors: &[Actor]) {
        if let Some(case) = self.cases.get_mut(path) {
            for actor in actors {
                add_actor(&mut case.finding.actors, actor.clone());
            }
        }
    }

    pub(super) fn revert(&mut self, path: &Path) {
        if let Some(case) = self.cases.get_mut(path) {
            case.finding.outcome = Outcome::Reverted;
            case.entry = None;
        }
    }

    pub(super) fn due(&self, quiet: Duration, longest: Duration) -> Option<Duration> {
        let (first, last) = self.span?;
        Some(last.saturating_add(quiet).min(first.saturating_add(longest)))
    }

    pub(super) fn close(&mut self) -> (Vec<Case>, Vec<Group>) {
        let window = std::mem::take(self);
        (window.cases.into_values().collect(), window.counted.into_values().collect())
    }

    fn extend(&mut self, now: Duration) {
        let first = self.span.map_or(now, |(first, _)| first);
        self.span = Some((first, now));
    }
}

fn supersede(older: Case, mut newer: Case) -> Case {
    newer.finding.superseded = newer.finding.superseded.saturating_add(older.finding.count());
    newer.finding.at = older.finding.at;
    newer.since = older.since;
    for actor in older.finding.actors {
        add_actor(&mut newer.finding.actors, actor);
    }
    newer
}

/// The window is full when this is used: a sample, and the scan that follows tells all.
const LISTED: usize = 20;
