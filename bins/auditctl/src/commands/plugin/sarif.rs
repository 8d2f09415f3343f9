//! Findings in SARIF 2.1.0, as code hosts read them.

use wardkit_audit::{Check, Effort, EngineKind, Kind, Location, Report, Severity, Status};
use wardkit_plugin::{Finding, FindingLevel, Rule};

pub(super) fn document(found: &[Finding]) -> String {
    let catalogue: Vec<Check> = Rule::ALL.iter().copied().map(check).collect();
    wardkit_audit::render::sarif(&Report::of(catalogue, found.iter().map(finding).collect()))
}

fn check(rule: Rule) -> Check {
    let (severity, kind) = match rule.level() {
        FindingLevel::Error => (Severity::High, Kind::Bug),
        _ => (Severity::Medium, Kind::Enhancement),
    };
    Check {
        id: rule.id().into(),
        engine: EngineKind::Import,
        component: "plugin".into(),
        title: rule.what().into(),
        severity,
        kind,
        description: rule.what().into(),
        expected: "The validator of plugins finds nothing.".into(),
        recommendation: rule.remedy().into(),
        effort: Effort::Small,
        cwe: [].as_slice().into(),
        owasp: [].as_slice().into(),
        profiles: [].as_slice().into(),
    }
}

fn finding(found: &Finding) -> wardkit_audit::Finding {
    // What is before a colon is a file, unless it is a key of the manifest.
    let file = found.at.split(": ").next().filter(|file| is_file(file)).unwrap_or("plugin.toml");
    let current = format!("{}: {}", found.at, found.message);
    let finding = wardkit_audit::Finding::new(&check(found.rule), Status::Fail, &current);
    finding.at(Location::file(file)).about(current, "")
}

fn is_file(at: &str) -> bool {
    let sections = ["plugin.", "permissions.", "limits.", "io.", "artifact", "health", "signature"];
    at.contains('.') && !sections.iter().any(|section| at.starts_with(section))
}
