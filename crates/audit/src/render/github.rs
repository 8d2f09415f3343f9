//! The report as annotations of GitHub's workflows.

use super::put;
use crate::{Report, Severity, Status};

/// Renders a report as annotations of GitHub's workflows, one a line.
#[must_use]
pub fn github(report: &Report) -> String {
    let mut out = String::new();
    for found in &report.findings {
        let level = match (found.status, found.severity) {
            (Status::Fail, Severity::Critical | Severity::High) => "error",
            (Status::Fail, Severity::Medium) => "warning",
            _ => "notice",
        };
        let mut properties = String::new();
        if let Some(place) = found.files.first() {
            put!(&mut properties, "file={},", property(&place.path));
            if let Some(line) = place.line {
                put!(&mut properties, "line={line},");
            }
            if let Some(column) = place.column {
                put!(&mut properties, "col={column},");
            }
        }
        let message = format!("{}\n{}\n{}", found.title, found.current, found.recommendation);
        put!(&mut out, "::{level} {properties}title={}::{}\n", property(&found.id), data(&message));
    }
    out
}

/// A workflow reads `%`, and line breaks, in these forms only.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
