//! The report as tests: one for each check, so that what passed is seen, too.

use std::collections::BTreeMap;

use super::put;
use super::xml::escaped;
use crate::{Check, Finding, Outcome, Report, Status};

/// Renders a report in `JUnit`'s XML.
#[must_use]
pub fn junit(report: &Report) -> String {
    let mut found: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for one in &report.findings {
        found.entry(&one.id).or_default().push(one);
    }
    let ended = |check: &Outcome, status| check.status == status;
    let count = |status| report.checks.iter().filter(|check| ended(check, status)).count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    put!(
        &mut out,
        "<testsuites>\n  <testsuite name=\"auditctl\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n",
        report.checks.len(),
        count(Status::Fail),
        count(Status::Unknown),
        count(Status::Manual) + count(Status::NotApplicable),
    );
    let catalogue: BTreeMap<&str, &Check> =
        report.catalogue.iter().map(|check| (check.id.as_ref(), check)).collect();
    for outcome in &report.checks {
        let check = catalogue.get(outcome.id.as_str());
        let class = check.map_or("audit", |check| check.engine.as_str());
        let findings = found.get(outcome.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        case(&mut out, class, outcome, findings);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(out: &mut String, class: &str, outcome: &Outcome, findings: &[&Finding]) {
    let name = escaped(&outcome.id);
    put!(out, "    <testcase classname=\"auditctl.{class}\" name=\"{name}\"");
    let element = match outcome.status {
        Status::Pass => {
            out.push_str("/>\n");
            return;
        }
        Status::Fail => "failure",
        Status::Unknown => "error",
        Status::Manual | Status::NotApplicable => {
            let why = outcome.evidence.join("; ");
            let status = outcome.status.as_str();
            put!(out, ">\n      <skipped message=\"{status}: {}\"/>\n", escaped(&why));
            out.push_str("    </testcase>\n");
            return;
        }
    };
    let first = findings.first().map_or(outcome.status.as_str(), |found| &found.title);
    put!(out, ">\n      <{element} message=\"{}\" type=\"{name}\">", escaped(first));
    for found in findings {
        let place = found.files.first().map(crate::Location::shown).unwrap_or_default();
        let line = format!("{} {place}\n{}\n", found.severity, found.current);
        put!(out, "{}", escaped(&line));
    }
    if findings.is_empty() {
        put!(out, "{}", escaped(&outcome.evidence.join("\n")));
    }
    put!(out, "</{element}>\n    </testcase>\n");
}
