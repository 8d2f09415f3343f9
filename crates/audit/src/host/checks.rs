//! The checks of a host: each a pure function of its facts.

mod accounts;
mod answer;
mod files;
mod jobs;
mod kernel;
mod network;
mod ssh;
mod sudo;
mod upkeep;

use answer::Answer;

use super::facts::{Account, Fact, Facts, Unit};
use crate::check::Entry;
use crate::{
    Check, Effort, Engine, EngineKind, Finding, HostSettings, Kind, Profile, Project, Severity,
    Sink,
};

/// Judges a host by its facts.
///
/// ```
/// use wardkit_audit::{Collector, HostEngine};
/// use wardkit_core::SystemClock;
///
/// let facts = Collector::new("/").collect(&SystemClock);
/// let engine = HostEngine::new(facts);
/// # let _ = engine;
/// ```
pub struct HostEngine {
    facts: Facts,
    settings: HostSettings,
    exposure: Option<ExposureOf>,
}

/// Tells how exposed a unit leaves the host, from 0 to 100, by the unit's text.
type ExposureOf = fn(&str) -> Option<u64>;

impl HostEngine {
    /// Creates an engine that judges by these facts.
    #[must_use]
    pub fn new(facts: Facts) -> Self {
        Self { facts, settings: HostSettings::default(), exposure: None }
    }

    /// Takes over what is right on this host.
    #[must_use]
    pub fn with_settings(mut self, settings: HostSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Takes what tells how exposed a unit leaves the host, from 0 to 100, by its text. Without it that is unknown.
    #[must_use]
    pub fn with_exposure(mut self, exposure: fn(&str) -> Option<u64>) -> Self {
        self.exposure = Some(exposure);
        self
    }

    /// Returns the checks of a host.
    #[must_use]
    pub fn catalogue() -> Vec<Check> {
        AREAS.iter().flat_map(|area| area.rows.iter().map(|row| area.check(row))).collect()
    }
}

impl std::fmt::Debug for HostEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostEngine").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Engine for HostEngine {
    fn checks(&self) -> Vec<Check> {
        Self::catalogue()
    }

    fn whole(&self, _project: &Project<'_>, sink: &mut Sink) {
        let host = Host { facts: &self.facts, settings: &self.settings, exposure: self.exposure };
        for area in AREAS {
            for row in area.rows {
                if !sink.wants(row.id) {
                    continue;
                }
                let answer = (row.judge)(&host);
                sink.outcome(row.id, answer.status, answer.evidence.clone());
                if answer.status.is_open() {
                    sink.report(finding(&area.check(row), answer));
                }
            }
        }
    }
}

fn finding(check: &Check, answer: Answer) -> Finding {
    // What was seen tells a new fault from one that is known; a number that moves by itself is not in it.
    let about = answer.subjects.join("\n");
    let mut finding = Finding::new(check, answer.status, answer.current).about(about, "host");
    for place in answer.places {
        finding = finding.at(place);
    }
    for seen in answer.evidence {
        finding = finding.with_evidence(seen);
    }
    finding
}

/// What the checks see.
struct Host<'a> {
    facts: &'a Facts,
    settings: &'a HostSettings,
    exposure: Option<ExposureOf>,
}

impl Host<'_> {
    /// Returns the accounts that bots run as: those of the owner's own services, and those that the settings name.
    fn bots(&self) -> Result<Vec<&Account>, Answer> {
        let accounts = known(&self.facts.accounts)?;
        let units: &[Unit] = match &self.facts.units {
            Fact::Known(units) => units,
            Fact::Absent => &[],
            Fact::Unknown(why) => return Err(Answer::unknown(why)),
        };
        let users: Vec<&str> = units.iter().filter_map(|unit| unit.value("User")).collect();
        let is_bot = |account: &&Account| {
            let name = account.name.as_str();
            account.uid != 0 && (users.contains(&name) || self.settings.bot_accounts.contains(name))
        };
        Ok(accounts.iter().filter(is_bot).collect())
    }

    /// Returns the groups that an account is in.
    fn gids(&self, account: &Account) -> Vec<u32> {
        let groups = self.facts.groups.known().map(Vec::as_slice).unwrap_or_default();
        let joined = groups.iter().filter(|group| group.members.contains(&account.name));
        std::iter::once(account.gid).chain(joined.map(|group| group.gid)).collect()
    }
}

/// Returns what is known, or the answer of a check that cannot look.
fn known<T>(fact: &Fact<T>) -> Result<&T, Answer> {
    match fact {
        Fact::Known(value) => Ok(value),
        Fact::Absent => Err(Answer::not_applicable("the host has no such thing")),
        Fact::Unknown(why) => Err(Answer::unknown(why)),
    }
}

/// Checks of one part of a host.
struct Area {
    component: &'static str,
    rows: &'static [Row],
}

struct Row {
    id: &'static str,
    title: &'static str,
    severity: Severity,
    effort: Effort,
    description: &'static str,
    expected: &'static str,
    recommendation: &'static str,
    cwe: &'static [u16],
    judge: fn(&Host<'_>) -> Answer,
}

impl Area {
    fn check(&self, row: &Row) -> Check {
        let entry = Entry {
            id: row.id,
            component: self.component,
            title: row.title,
            severity: row.severity,
            kind: Kind::Security,
            description: row.description,
            expected: row.expected,
            recommendation: row.recommendation,
            effort: row.effort,
            cwe: row.cwe,
            owasp: &["A02:2025"],
            profiles: &[Profile::Host],
        };
        entry.check(EngineKind::Host)
    }
}

/// Judges by an answer that ends a check early.
fn settled(answer: Result<Answer, Answer>) -> Answer {
    answer.unwrap_or_else(|early| early)
}

const AREAS: [&Area; 8] = [
    &ssh::AREA,
    &accounts::AREA,
    &sudo::AREA,
    &files::AREA,
    &kernel::AREA,
    &network::AREA,
    &upkeep::AREA,
    &jobs::AREA,
];
