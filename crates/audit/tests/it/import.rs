//! What other tools found.

use serde_json::json;
use wardkit_audit::{ImportEngine, Report, Severity, SuppressedBy};

use crate::{audit, clock, tree};

fn report(sarif: &[serde_json::Value], files: &[(&str, &str)]) -> Report {
    let folder = tree(files);
    let clock = clock();
    let mut engine = ImportEngine::default();
    for one in sarif {
        engine.add(&one.to_string()).unwrap();
    }
    audit(&clock).with_engine(engine).of_tree(folder.path()).unwrap()
}

fn sarif(tool: &str, tags: &[&str], results: &serde_json::Value) -> serde_json::Value {
    let rule = json!({
        "id": "B602", "shortDescription": {"text": "A shell"},
        "properties": {"tags": tags, "security-severity": "8.1"},
    });
    json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": tool, "rules": [rule]}}, "results": results}]})
}

fn at(uri: &str, line: u32) -> serde_json::Value {
    json!({
        "ruleId": "B602", "message": {"text": "call with a shell"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}}],
    })
}

#[test]
fn what_a_peer_found_is_told_with_its_name() {
    let found = sarif("Bandit", &["security", "CWE-88"], &json!([at("./a%20b.py", 3)]));
    let report = report(&[found], &[("a.py", "")]);
    let [finding] = &report.findings[..] else { panic!("{:?}", report.findings) };
    assert_eq!((finding.id.as_str(), finding.component.as_str()), ("bandit:B602", "Bandit"));
    assert_eq!((finding.severity, &finding.cwe[..]), (Severity::High, &[88][..]));
    assert_eq!(finding.files[0].shown(), "a b.py:3");
    assert!(report.catalogue.iter().any(|check| check.id == "bandit:B602"));
}

#[test]
fn the_same_weakness_at_the_same_place_is_told_once() {
    let tags = ["external/cwe/cwe-078"];
    let bandit = sarif("Bandit", &tags, &json!([at("a.py", 1), at("a.py", 2)]));
    let semgrep = sarif("Semgrep OSS", &tags, &json!([at("a.py", 2)]));
    let report = report(&[bandit, semgrep], &[("a.py", "bad\n\n")]);
    let told: Vec<(&str, Option<u32>)> =
        report.findings.iter().map(|one| (one.id.as_str(), one.files[0].line)).collect();
    assert_eq!(told, [("bandit:B602", Some(2)), ("word-bad", Some(1))]);
    assert!(report.findings[0].evidence.contains(&"also found by semgrep-oss:B602".to_owned()));
    assert!(report.findings[1].evidence.contains(&"also found by bandit:B602".to_owned()));
}

#[test]
fn two_weaknesses_at_one_place_stay_two() {
    let bandit = sarif("Bandit", &["CWE-22"], &json!([at("a.py", 1)]));
    assert_eq!(report(&[bandit], &[("a.py", "bad\n")]).findings.len(), 2);
}

#[test]
fn what_passed_or_is_muted_is_not_told_and_our_suppressions_count() {
    let with = |key: &str, value: serde_json::Value| {
        let mut result = at("a.py", 1);
        result[key] = value;
        result
    };
    let results = json!([
        with("kind", json!("pass")),
        with("level", json!("none")),
        with("suppressions", json!([{"kind": "inSource"}])),
    ]);
    assert!(report(&[sarif("Bandit", &[], &results)], &[("a.py", "")]).findings.is_empty());
    let allowed = "x # audit: allow(bandit:B602) reason=\"a fixed command\"\n";
    let report = report(&[sarif("Bandit", &[], &json!([at("a.py", 1)]))], &[("a.py", allowed)]);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.suppressed[0].by, SuppressedBy::Comment);
}

#[test]
fn what_is_no_sarif_is_refused() {
    for text in ["", "{}", "[]", "{\"runs\": 1}", "{\"runs\": [{}]}"] {
        assert!(ImportEngine::default().add(text).is_err(), "{text}");
    }
}
