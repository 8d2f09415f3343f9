//! Findings in SARIF 2.1.0, as code hosts read them.

use serde_json::{Value, json};
use wardkit_plugin::{Finding, Rule};

pub(super) fn document(found: &[Finding]) -> Value {
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "wardkit-plugin",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": Rule::ALL.iter().copied().map(rule).collect::<Vec<_>>(),
            }},
            "results": found.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn rule(rule: Rule) -> Value {
    json!({
        "id": rule.id(),
        "shortDescription": {"text": rule.what()},
        "help": {"text": rule.remedy()},
        "defaultConfiguration": {"level": rule.level().as_str()},
    })
}

fn result(found: &Finding) -> Value {
    // What is before a colon is a file, unless it is a key of the manifest.
    let file = found.at.split(": ").next().filter(|file| is_file(file)).unwrap_or("plugin.toml");
    json!({
        "ruleId": found.rule.id(),
        "level": found.level.as_str(),
        "message": {"text": format!("{}: {}", found.at, found.message)},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": file},
            "region": {"startLine": 1},
        }}],
    })
}

fn is_file(at: &str) -> bool {
    let sections = ["plugin.", "permissions.", "limits.", "io.", "artifact", "health", "signature"];
    at.contains('.') && !sections.iter().any(|section| at.starts_with(section))
}
