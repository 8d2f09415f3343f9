//! The report in SARIF 2.1.0, within the limits of GitHub's code scanning.

mod form;

use std::collections::BTreeMap;

use form::{
    ArtifactLocation, Automation, BaseUri, CodeFlow, Configuration, Driver, FlowLocation,
    Invocation, Log, Message, Notification, Physical, Place, Properties, Region, Result, Rule, Run,
    Suppression, ThreadFlow, Tool,
};

use crate::{
    Check, Finding, Kind, Location, Note, NoteKind, Report, Severity, Status, Suppressed,
    SuppressedBy,
};

/// Renders a report in SARIF 2.1.0.
///
/// GitHub takes no more than 25 000 results of a run, 1000 places of a result and 20 tags of a rule: more is cut, and a
/// notification says so.
#[must_use]
pub fn sarif(report: &Report) -> String {
    let rules: Vec<Rule> = report.catalogue.iter().map(rule).collect();
    let index: BTreeMap<&str, usize> =
        report.catalogue.iter().enumerate().map(|(at, check)| (check.id.as_ref(), at)).collect();
    // What is on no changed line was not asked for.
    let told = report.suppressed.iter().filter(|one| one.by != SuppressedBy::Unchanged);
    let all = report.findings.len() + told.clone().count();
    let found = report.findings.iter().map(|finding| result(finding, &index));
    let results: Vec<Result> =
        found.chain(told.map(|one| muted(one, &index))).take(MOST_RESULTS).collect();
    let mut notifications: Vec<Notification> = report.notes.iter().map(notification).collect();
    if all > results.len() {
        let text = format!("{} of {all} results are left out", all - results.len());
        notifications.push(Notification::new("warning", text, None));
    }
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "auditctl",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules,
                },
            },
            automation_details: Automation { id: "auditctl/" },
            original_uri_base_ids: base_uris(),
            invocations: [Invocation {
                execution_successful: report.notes.iter().all(|one| one.kind == NoteKind::Skipped),
                tool_execution_notifications: notifications,
            }],
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    // Maps with keys that are texts, and numbers, are all that there is.
    serde_json::to_string_pretty(&log).map(|text| text + "\n").unwrap_or_default()
}

fn rule(check: &Check) -> Rule {
    let security = (check.kind == Kind::Security).then_some(match check.severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.5",
    });
    let mut tags: Vec<String> = security.map(|_| "security".to_owned()).into_iter().collect();
    tags.extend(check.cwe.iter().map(|number| format!("external/cwe/cwe-{number:03}")));
    tags.extend(check.owasp.iter().map(|item| format!("owasp/{}", item.replace(':', "-"))));
    tags.truncate(MOST_TAGS);
    Rule {
        id: check.id.to_string(),
        short_description: Message::new(check.title.as_ref()),
        full_description: Message::new(check.description.as_ref()),
        help: Message::new(format!("{}\n\n{}", check.expected, check.recommendation)),
        default_configuration: Configuration { level: level(check.severity) },
        properties: Properties { tags, security_severity: security },
    }
}

fn result(finding: &Finding, index: &BTreeMap<&str, usize>) -> Result {
    let (kind, level) = match finding.status {
        Status::Fail => ("fail", level(finding.severity)),
        Status::Manual => ("review", "none"),
        Status::Unknown => ("open", "none"),
        Status::Pass => ("pass", "none"),
        Status::NotApplicable => ("notApplicable", "none"),
    };
    let mut locations: Vec<Place> = finding.files.iter().take(MOST_PLACES).map(place).collect();
    if locations.is_empty() {
        // A result without a place is refused.
        locations.push(place(&Location::file(".")));
    }
    let mut text = format!("{}: {}", finding.title, finding.current);
    for seen in finding.evidence.iter().take(MOST_EVIDENCE) {
        text.push('\n');
        text.push_str(seen);
    }
    Result {
        rule_id: finding.id.clone(),
        rule_index: index.get(finding.id.as_str()).copied(),
        kind,
        level,
        message: Message::new(text),
        locations,
        partial_fingerprints: BTreeMap::from([
            ("auditctl/v1", finding.fingerprint.clone()),
            ("primaryLocationLineHash", finding.fingerprint.clone()),
        ]),
        code_flows: flow(finding).into_iter().collect(),
        suppressions: None,
    }
}

fn muted(one: &Suppressed, index: &BTreeMap<&str, usize>) -> Result {
    let kind = if one.by == SuppressedBy::Comment { "inSource" } else { "external" };
    let suppression = Suppression { kind, justification: one.reason.clone() };
    Result { suppressions: Some([suppression]), ..result(&one.finding, index) }
}

fn flow(finding: &Finding) -> Option<CodeFlow> {
    if finding.code_flow.is_empty() {
        return None;
    }
    let locations = finding.code_flow.iter().take(MOST_PLACES).map(|step| FlowLocation {
        location: Place { message: Some(Message::new(&step.message)), ..place(&step.location) },
    });
    Some(CodeFlow { thread_flows: [ThreadFlow { locations: locations.collect() }] })
}

fn place(location: &Location) -> Place {
    let region = Region {
        // GitHub wants a line also where the file as a whole is meant.
        start_line: location.line.unwrap_or(1),
        start_column: location.column,
        end_line: location.end_line,
    };
    let (base, path) = match location.path.strip_prefix('/') {
        Some(path) => (HOST, path),
        None => (TREE, location.path.as_str()),
    };
    let artifact_location = ArtifactLocation { uri: encoded(path), uri_base_id: base };
    Place { physical_location: Physical { artifact_location, region }, message: None }
}

fn notification(note: &Note) -> Notification {
    let level = if note.kind == NoteKind::Skipped { "note" } else { "warning" };
    let path = if note.path.is_empty() { "." } else { &note.path };
    Notification::new(level, note.message.clone(), Some(place(&Location::file(path))))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

fn base_uris() -> BTreeMap<&'static str, BaseUri> {
    let of = |text: &str, uri| BaseUri { uri, description: Message::new(text) };
    BTreeMap::from([
        (TREE, of("The root of what was audited.", None)),
        (HOST, of("The root of the host.", Some("file:///"))),
    ])
}

/// Encodes a path for a relative reference (RFC 3986, section 3.3). A colon is encoded, too: in the first name it would
/// make it a scheme.
fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len() + 8);
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            super::put!(&mut uri, "%{byte:02X}");
        }
    }
    uri
}

const TREE: &str = "SRCROOT";
const HOST: &str = "HOSTROOT";

/// GitHub's limits; of a rule's tags it shows ten.
const MOST_RESULTS: usize = 25_000;
const MOST_PLACES: usize = 1000;
const MOST_TAGS: usize = 10;

/// A message is read, not searched.
const MOST_EVIDENCE: usize = 20;
