//! What is looked for.

mod compose;
mod data;
mod docker;
mod pipelines;
mod services;
mod stores;

use wardkit_audit::{Check, Effort, EngineKind, Kind, Profile, Severity};

/// A check, but for what those of one area share.
pub(crate) struct Row {
    id: &'static str,
    title: &'static str,
    severity: Severity,
    kind: Kind,
    effort: Effort,
    description: &'static str,
    expected: &'static str,
    recommendation: &'static str,
    cwe: &'static [u16],
    owasp: &'static [&'static str],
    profiles: &'static [Profile],
}

/// Checks of one part of a bot's system.
struct Area {
    component: &'static str,
    rows: &'static [Row],
}

/// Returns every check.
pub(crate) fn all() -> Vec<Check> {
    AREAS.iter().flat_map(|area| area.rows.iter().map(|row| made(area, row))).collect()
}

pub(crate) fn check(id: &str) -> Option<Check> {
    let rows = AREAS.iter().flat_map(|area| area.rows.iter().map(move |row| (area, row)));
    rows.into_iter().find(|(_, row)| row.id == id).map(|(area, row)| made(area, row))
}

fn made(area: &Area, row: &Row) -> Check {
    Check {
        id: row.id.into(),
        engine: EngineKind::Conf,
        component: area.component.into(),
        title: row.title.into(),
        severity: row.severity,
        kind: row.kind,
        description: row.description.into(),
        expected: row.expected.into(),
        recommendation: row.recommendation.into(),
        effort: row.effort,
        cwe: row.cwe.into(),
        owasp: row.owasp.into(),
        profiles: row.profiles.into(),
    }
}

/// What a bot's operator must put right.
const CI: &[Profile] = &[Profile::Ci];

/// What is judged when everything is.
const FULL: &[Profile] = &[Profile::Full];

const AREAS: [&Area; 9] = [
    &docker::AREA,
    &compose::AREA,
    &stores::REDIS,
    &stores::POSTGRES,
    &data::AREA,
    &pipelines::AREA,
    &services::NGINX,
    &services::MONITORING,
    &services::SETTINGS,
];
