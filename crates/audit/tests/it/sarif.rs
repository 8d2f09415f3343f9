//! SARIF as its authors and code hosts want it.

use std::collections::BTreeSet;
use std::io::Write as _;

use serde_json::Value;
use wardkit_audit::{
    Check, Engine, Facts, Finding, HostEngine, Location, Profile, Project, Sink, Status, Step,
    render,
};

use crate::{audit, check, clock, tree};

#[test]
fn what_is_rendered_is_what_the_schema_says() {
    // One of its patterns has a bracket too many.
    let text = include_str!("schemas/sarif-2.1.0.json").replace("{2}]?$", "{2}$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for text in reports() {
        let value: Value = serde_json::from_str(&text).unwrap();
        let wrong: Vec<String> =
            validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(beyond_limits(&value), Vec::<String>::new());
    }
    // The validator does say what is wrong.
    let mut broken: Value = serde_json::from_str(&reports()[0]).unwrap();
    broken["runs"][0]["results"][0]["level"] = "grave".into();
    assert!(!validator.is_valid(&broken));
}

#[test]
fn what_is_beyond_the_limits_is_seen() {
    let good: Value = serde_json::from_str(&reports()[0]).unwrap();
    let check = |pointer: &str, value: Value| {
        let mut broken = good.clone();
        *broken.pointer_mut(pointer).unwrap() = value;
        assert!(!beyond_limits(&broken).is_empty(), "{pointer}");
    };
    let uri = "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri";
    check(uri, "/etc/passwd".into());
    check(uri, "a b".into());
    check(uri, "../x".into());
    check("/runs/0/results/0/locations", Value::Array(Vec::new()));
    check("/runs/0/results/0/locations/0/physicalLocation/region/startLine", 0.into());
    check("/runs/0/tool/driver/rules/0/properties/tags", vec!["x"; 21].into());
    check("/runs/0/tool/driver/rules/0/properties/security-severity", 9.5.into());
    check("/runs/0/results/0/ruleIndex", 4000.into());
}

/// Reports with everything that the form has a place for.
fn reports() -> Vec<String> {
    let hostile = "bad('\u{202e}\u{1b}[2J\u{feff}', \"\\\\\", '</script>', '\u{fffd}\u{10ffff}')\n";
    let folder = tree(&[
        ("ordner mit leer/ü ñ %20#?.py", hostile),
        ("日本語/emoji 🤖.py", "bad\n"),
        ("c:/x:y.py", "bad # audit: allow(word-bad) reason=\"a \\\"b\\\" & <c>\"\n"),
        ("bin.py", "\0"),
        ("node_modules/x", ""),
        ("plain.py", "bad # audit: allow(word-bad)\n"),
    ]);
    std::os::unix::fs::symlink("/etc", folder.path().join("out")).unwrap();
    let clock = clock();
    let of = |profile| {
        let facts = HostEngine::new(Facts::default());
        let audit = audit(&clock).with_engine(Odd).with_engine(facts).with_profile(profile);
        render::sarif(&audit.of_tree(folder.path()).unwrap())
    };
    vec![of(Profile::Ci), of(Profile::Full)]
}

/// Finds what is no plain failure at a plain place.
struct Odd;

impl Engine for Odd {
    fn checks(&self) -> Vec<Check> {
        vec![Check { id: "odd".into(), ..check() }]
    }

    fn whole(&self, _: &Project<'_>, sink: &mut Sink) {
        let check = Check { id: "odd".into(), ..check() };
        for status in [Status::Manual, Status::Unknown, Status::Pass, Status::NotApplicable] {
            let place = Location::line("plain.py", 1).spanning(2, 1);
            let steps = (0..1200).map(|at| Step::new(place.clone(), format!("step {at}")));
            let finding = Finding::new(&check, status, "").with_flow(steps);
            let places = (1..1200).map(|line| Location::line("plain.py", line));
            sink.report(places.fold(finding, Finding::at).with_evidence("\u{1b}\n"));
            sink.report(Finding::new(&check, status, "nowhere"));
            sink.report(Finding::new(&check, status, "a host's").at(Location::file("/etc/a b")));
        }
    }
}

/// Returns what GitHub would cut or refuse.
fn beyond_limits(log: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |is_right: bool, what: &str| {
        if !is_right {
            wrong.push(what.to_owned());
        }
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let runs = list(&log["runs"]);
    expect(runs.len() <= 20, "runs");
    expect(zipped(log) <= 10_000_000, "size");
    for run in &runs {
        let (rules, results) = (list(&run["tool"]["driver"]["rules"]), list(&run["results"]));
        expect(rules.len() <= 25_000, "rules");
        expect(results.len() <= 25_000, "results");
        for rule in &rules {
            expect(list(&rule["properties"]["tags"]).len() <= 20, "tags");
            let severity = &rule["properties"]["security-severity"];
            let is_number = severity.as_str().is_some_and(|text| text.parse::<f32>().is_ok());
            expect(severity.is_null() || is_number, "security-severity");
        }
        let mut prints = BTreeSet::new();
        for result in &results {
            let places = list(&result["locations"]);
            expect((1..=1000).contains(&places.len()), "places");
            let named = result["ruleIndex"].as_u64().and_then(|at| usize::try_from(at).ok());
            let rule = named.and_then(|at| rules.get(at));
            expect(rule.is_some_and(|rule| rule["id"] == result["ruleId"]), "ruleIndex");
            let print = &result["partialFingerprints"]["primaryLocationLineHash"];
            expect(print.as_str().is_some_and(|print| prints.insert(print.to_owned())), "hash");
            expect(result["kind"] == "fail" || result["level"] == "none", "level");
            for flow in list(&result["codeFlows"]) {
                expect(list(&flow["threadFlows"][0]["locations"]).len() <= 10_000, "steps");
            }
            for place in places {
                let place = &place["physicalLocation"];
                let uri = place["artifactLocation"]["uri"].as_str().unwrap_or("/");
                let is_plain = uri.bytes().all(|byte| byte.is_ascii_graphic());
                let is_below = !uri.starts_with('/') && !uri.split('/').any(|name| name == "..");
                expect(is_plain && is_below && !uri.contains(':'), "uri");
                expect(place["region"]["startLine"].as_u64().is_some_and(|line| line > 0), "line");
            }
        }
    }
    wrong
}

/// An upper bound of what the file is when it is sent: gzip never makes it longer than this.
fn zipped(log: &Value) -> usize {
    let mut counted = Vec::new();
    write!(counted, "{log}").unwrap();
    counted.len()
}
