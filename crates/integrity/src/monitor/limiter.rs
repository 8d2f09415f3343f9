//! How often a rule may report.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Cause, Group, Report};

/// A token bucket for each rule. What exceeds it is merged into one report for when there is a token again.
#[derive(Debug)]
pub(super) struct Limiter {
    burst: u32,
    refill: Duration,
    of: BTreeMap<String, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    /// When the bucket is full again.
    full_at: Duration,
    held: Option<Group>,
}

impl Limiter {
    pub(super) fn new(burst: u32, refill: Duration) -> Self {
        Self { burst: burst.max(1), refill, of: BTreeMap::new() }
    }

    /// Returns the report, or keeps it until its rule may report again.
    pub(super) fn admit(&mut self, now: Duration, report: Report, most: usize) -> Option<Report> {
        let Some(rule) = rule_of(&report) else { return Some(report) };
        // Rules are few, but whose names they are is not known here.
        let is_known = self.of.contains_key(&rule) || self.of.len() < MOST_RULES;
        let rule = if is_known { rule } else { OTHERS.to_owned() };
        let (room, refill) = (self.room(), self.refill);
        let new = || Bucket { full_at: now, held: None };
        let bucket = self.of.entry(rule.clone()).or_insert_with(new);
        if bucket.held.is_none() && bucket.take(now, room, refill) {
            return Some(report);
        }
        let held = |at| Group::new(Cause::Rule(rule), at);
        match report {
            Report::Finding(finding) => {
                let held = bucket.held.get_or_insert_with(|| held(finding.at));
                held.add(*finding, most);
            }
            Report::Group(group) => {
                bucket.held.get_or_insert_with(|| held(group.at)).merge(group, most);
            }
            other => return Some(other),
        }
        None
    }

    /// Returns what was held and may be reported now.
    pub(super) fn pass(&mut self, now: Duration) -> Vec<Report> {
        let (room, refill) = (self.room(), self.refill);
        let mut reports = Vec::new();
        for bucket in self.of.values_mut() {
            if bucket.held.is_some() && bucket.take(now, room, refill) {
                reports.extend(bucket.held.take().map(Report::Group));
            }
        }
        self.of.retain(|_, bucket| bucket.held.is_some() || bucket.full_at > now);
        reports
    }

    pub(super) fn due(&self) -> Option<Duration> {
        let held = self.of.values().filter(|bucket| bucket.held.is_some());
        held.map(|bucket| bucket.full_at.saturating_sub(self.room())).min()
    }

    /// How far from full a bucket may be that still has a token.
    fn room(&self) -> Duration {
        self.refill.saturating_mul(self.burst - 1)
    }
}

impl Bucket {
    fn take(&mut self, now: Duration, room: Duration, refill: Duration) -> bool {
        let full_at = self.full_at.max(now);
        if full_at.saturating_sub(now) > room {
            return false;
        }
        self.full_at = full_at.saturating_add(refill);
        true
    }
}

/// Returns what a report is limited by. Packages are not: a transaction is one report already.
fn rule_of(report: &Report) -> Option<String> {
    match report {
        Report::Finding(finding) => Some(finding.rule.clone().unwrap_or_default()),
        Report::Group(group) => match &group.cause {
            Cause::Packages(_) => None,
            _ => Some(group.findings.first()?.rule.clone().unwrap_or_default()),
        },
        _ => None,
    }
}

const MOST_RULES: usize = 1024;
const OTHERS: &str = "others";
