//! Documents for one reader each, and evidence for controls.

use std::collections::BTreeSet;

use serde_json::Value;
use wardkit_audit::{
    Audit, Compliance, Document, Facts, HostEngine, Profile, Report, oscal, render,
};
use wardkit_core::Timestamp;

use crate::{audit, clock, tree};

fn report() -> Report {
    let folder = tree(&[("a.py", "def run():\n    bad | <b>\n    bad\n")]);
    let clock = clock();
    let audit: Audit<'_> = audit(&clock);
    let engine = HostEngine::new(Facts::default());
    audit.with_engine(engine).with_profile(Profile::Full).of_tree(folder.path()).unwrap()
}

fn section<'d>(document: &'d Document, title: &str) -> &'d wardkit_audit::Section {
    document.sections.iter().find(|section| section.title == title).unwrap()
}

#[test]
fn security_is_told_by_component_with_what_owasp_calls_it_and_what_to_do_first() {
    let document = Document::security(&report());
    assert_eq!(section(&document, "Words").rows.len(), 2);
    assert_eq!(
        section(&document, "Roadmap").rows[0][..3],
        ["1", "[Words] A bad word | <b>`x`</b>", "High"]
    );
    let owasp = section(&document, "OWASP");
    assert!(owasp.rows.contains(&vec!["A05:2025".to_owned(), "1".to_owned(), "2".to_owned()]));
    // Nothing is known of the host, which is not to be overlooked.
    assert!(section(&document, "Not decided").rows.len() >= 50);
}

#[test]
fn performance_says_what_a_person_has_to_measure() {
    let document = Document::performance(&report());
    assert!(section(&document, "Roadmap").rows.is_empty());
    assert!(section(&document, "Only a running bot shows").rows.len() >= 5);
}

#[test]
fn remediation_counts_the_effort() {
    let document = Document::remediation(&report());
    assert_eq!(section(&document, "Effort").rows[0], ["Small", "0", "2", "0", "0"]);
    let plan = section(&document, "Plan");
    assert_eq!((plan.rows.len(), plan.rows[0][4].as_str()), (2, "a.py:2"));
}

#[test]
fn what_was_audited_is_no_markup_in_any_form() {
    for document in [Document::security(&report()), Document::remediation(&report())] {
        let markdown = render::document_markdown(&document);
        let row = markdown.lines().find(|line| line.contains("a.py:2")).unwrap();
        assert!(row.contains("bad word \\| &lt;b&gt;"), "{row}");
        let html = render::document_html(&document);
        assert!(html.contains("&lt;b&gt;") && !html.contains("<b>"), "{html}");
        let json: Value = serde_json::from_str(&render::document_json(&document)).unwrap();
        assert!(json["sections"].as_array().unwrap().len() >= 3);
    }
}

#[test]
fn controls_have_evidence_for_and_against_and_nothing_is_called_compliant() {
    let compliance = Compliance::of(&report()).unwrap();
    let find = |framework: &str, id: &str| {
        let framework = compliance.frameworks.iter().find(|one| one.id == framework).unwrap();
        framework.controls.iter().find(|one| one.id == id).unwrap()
    };
    let injection = find("owasp-top10", "A05:2025");
    assert_eq!(
        (injection.state(), &injection.evidence_against[..]),
        ("evidence against", &["word-bad".to_owned()][..])
    );
    let remote = find("nist-800-53", "AC-17");
    assert_eq!((remote.state(), remote.not_looked_at.len()), ("not looked at", 8));
    assert_eq!(find("gdpr", "25").state(), "for a person");
    let text = render::document_markdown(&Document::compliance(&compliance));
    assert!(
        text.contains("evidence against") && !text.to_lowercase().contains("compliant"),
        "{text}"
    );
    for framework in &compliance.frameworks {
        assert!(framework.percent_machine_checked < 50, "{framework:?}");
    }
    let document = Document::compliance(&compliance);
    let overview = section(&document, "Overview");
    assert_eq!(overview.rows.len(), compliance.frameworks.len());
    assert_eq!(overview.rows[0][..3], ["OWASP Top 10:2025", "10", "1"]);
    for row in &overview.rows {
        let counts = row[2..6].iter().map(|count| count.parse::<usize>().unwrap());
        assert_eq!(counts.sum::<usize>().to_string(), row[1], "{row:?}");
    }
}

#[test]
fn oscal_names_are_tokens_values_are_lines_and_only_failures_are_judged() {
    let at = Timestamp::from_unix_seconds(1_800_000_000);
    let compliance = Compliance::of(&report()).unwrap();
    let text = oscal(&compliance, at);
    assert_eq!(text, oscal(&compliance, at));
    assert!(!text.contains("\"satisfied\""), "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    let results = json["assessment-results"]["results"].as_array().unwrap();
    assert_eq!(results.len(), compliance.frameworks.len());
    let mut uuids = BTreeSet::new();
    walk(&json, &mut |key, value| {
        assert!(value.trim() == value && !value.is_empty() && !value.contains('\n'), "{value:?}");
        match key {
            "uuid" => assert!(is_uuid(value) && uuids.insert(value.to_owned()), "{value}"),
            "observation-uuid" => assert!(is_uuid(value), "{value}"),
            "control-id" | "target-id" => {
                assert!(value.starts_with(|c: char| c.is_ascii_alphabetic()), "{value}");
                assert!(
                    value.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)),
                    "{value}"
                );
            }
            _ => {}
        }
    });
    let found =
        results.iter().flat_map(|result| result["findings"].as_array().into_iter().flatten());
    let found: Vec<&Value> = found.map(|one| &one["target"]["target-id"]).collect();
    assert!(found.contains(&&Value::from("owasp-top10_a05-2025")), "{found:?}");
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
        && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
        && text.as_bytes()[14] == b'5'
        && text.as_bytes()[19] == b'8'
}

fn walk(value: &Value, see: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if let Some(text) = value.as_str() {
                    see(key, text);
                }
                walk(value, see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        _ => {}
    }
}
