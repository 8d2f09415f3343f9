//! The report for programs.

use serde_json::json;

use crate::Report;

/// Renders the whole report as JSON.
#[must_use]
pub fn json(report: &Report) -> String {
    let text = serde_json::to_string_pretty(report);
    // Maps with keys that are texts, and numbers, are all that there is.
    text.map(|text| text + "\n").unwrap_or_default()
}

/// Renders how each check ended, and what it saw: `{"checks":[{"id":..,"status":..,"evidence":[..]}]}`.
#[must_use]
pub fn checks_json(report: &Report) -> String {
    let own = |id: &str| {
        let check = report.catalogue.iter().find(|check| check.id == id);
        check.is_some_and(|check| check.engine == crate::EngineKind::Audit)
    };
    let checks: Vec<_> = report.checks.iter().filter(|check| !own(&check.id)).collect();
    format!("{:#}\n", json!({"schema_version": report.schema_version, "checks": checks}))
}
