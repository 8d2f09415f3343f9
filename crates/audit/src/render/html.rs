//! The report as one page that needs nothing else.

use super::xml::escaped;
use super::{put, references, summary};
use crate::{Finding, Location, Report, Status};

/// Renders a report as one HTML page. It has no script and loads nothing, and its own policy says so to the browser.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut out = format!("{HEAD}<h1>Audit</h1>\n<p>{}.</p>\n", escaped(&summary(report)));
    if !report.findings.is_empty() {
        out.push_str("<h2>Roadmap</h2>\n<ol>\n");
        for found in report.roadmap() {
            put!(
                &mut out,
                "<li><a href=\"#{}\">{}</a>, {}, effort {}</li>\n",
                anchor(found),
                escaped(&title(found)),
                found.severity,
                found.effort.as_str()
            );
        }
        out.push_str("</ol>\n<h2>Findings</h2>\n");
    }
    for found in &report.findings {
        block(&mut out, found);
    }
    checks(&mut out, report);
    if !report.notes.is_empty() {
        out.push_str("<h2>Not looked at</h2>\n<ul>\n");
        for note in &report.notes {
            let (path, message) = (escaped(&note.path), escaped(&note.message));
            put!(&mut out, "<li><code>{path}</code>: {message}</li>\n");
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn block(out: &mut String, found: &Finding) {
    let class = match found.status {
        Status::Fail => found.severity.as_str(),
        other => other.as_str(),
    };
    put!(out, "<section id=\"{}\" class=\"{class}\">\n", anchor(found));
    put!(out, "<h3>{}</h3>\n<dl>\n", escaped(&title(found)));
    let mut field =
        |name: &str, value: &str| put!(out, "<dt>{name}</dt><dd>{}</dd>\n", escaped(value));
    field("Check", &found.id);
    field("Status", found.status.as_str());
    field("Severity", found.severity.as_str());
    field("Type", found.kind.as_str());
    field("Description", &found.description);
    field("Current behaviour", &found.current);
    field("Expected behaviour", &found.expected);
    for place in &found.files {
        field("File", &place.shown());
    }
    for seen in &found.evidence {
        field("Evidence", seen);
    }
    for step in &found.code_flow {
        field("Flow", &format!("{}: {}", step.location.shown(), step.message));
    }
    field("Recommendation", &found.recommendation);
    field("Effort", found.effort.as_str());
    field("CWE/OWASP", &references(found).join(", "));
    out.push_str("</dl>\n</section>\n");
}

fn checks(out: &mut String, report: &Report) {
    out.push_str("<h2>Checks</h2>\n<table>\n");
    for check in &report.checks {
        let seen = check.evidence.join("; ");
        put!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            escaped(&check.id),
            check.status.as_str(),
            escaped(&seen)
        );
    }
    out.push_str("</table>\n");
}

fn title(found: &Finding) -> String {
    let place = found.files.first().map(Location::shown);
    let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
    format!("[{}] {}{place}", found.component, found.title)
}

/// The fingerprint is `v1:` and hexadecimal digits; the colon would have to be escaped in styles.
fn anchor(found: &Finding) -> String {
    found.fingerprint.chars().filter(char::is_ascii_alphanumeric).collect()
}

pub(super) const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">
<meta name=\"referrer\" content=\"no-referrer\">
<title>Audit</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
section { border-left: 6px solid #999; padding-left: 1rem; margin: 1.5rem 0; }
.Critical { border-color: #7b0d1e; } .High { border-color: #d1495b; }
.Medium { border-color: #edae49; } .Low { border-color: #66a182; }
dt { font-weight: 600; } dd { margin: 0 0 .4rem; overflow-wrap: anywhere; white-space: pre-wrap; }
td { padding: .1rem .8rem .1rem 0; vertical-align: top; }
</style>
</head>
<body>
";
