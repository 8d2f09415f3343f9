//! The forms of a report of bots that are wrong on purpose, as the programs want them that read them.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::auditctl;

#[test]
fn sarif_and_json_are_what_their_schemas_say() {
    let sarif = include_str!("../../../../crates/audit/tests/it/schemas/sarif-2.1.0.json");
    let json = include_str!("../../../../docs/reference/audit-report.schema.json");
    for (format, schema) in [("sarif", sarif), ("json", json)] {
        // One of the patterns has a bracket too many.
        let schema: Value = serde_json::from_str(&schema.replace("{2}]?$", "{2}$")).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        for bot in ["python", "node"] {
            let value: Value = serde_json::from_str(&report(bot, format)).unwrap();
            let wrong: Vec<String> =
                validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{format} of {bot}: {wrong:?}");
            let results = if format == "json" { &value["findings"] } else { &value["runs"] };
            assert!(!results.as_array().unwrap().is_empty());
        }
    }
}

#[test]
fn every_block_is_in_the_roadmap_once() {
    let text = report("node", "md");
    let (blocks, roadmap) = text.split_once("## Roadmap").unwrap();
    let titles: Vec<&str> = blocks.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let steps: Vec<&str> = roadmap.lines().filter(|line| line.contains('[')).collect();
    assert!(titles.len() > 10 && titles.len() == steps.len(), "{} {}", titles.len(), steps.len());
    for title in titles.iter().collect::<BTreeSet<_>>() {
        let count = |lines: &[&str]| lines.iter().filter(|line| line.contains(*title)).count();
        assert!(count(&steps) >= count(&titles), "{title}");
    }
}

fn report(bot: &str, format: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/vulnerable-bots");
    let bot = root.join(bot).display().to_string();
    let ended = auditctl(&["check", &bot, "--engine", "ast,flow,secrets,conf", "--format", format]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    ended.stdout
}
