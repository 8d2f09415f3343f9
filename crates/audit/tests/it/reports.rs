//! Renderings.

use serde_json::Value;
use wardkit_audit::{Report, render};

use crate::{audit, clock, tree};

fn report() -> Report {
    let folder = tree(&[
        ("a b/ü:1.py", "def f():\n    bad('<script>alert(1)</script>', '% \u{1b}[2J', '](x)')\n"),
        ("bot.py", "bad\nbad # audit: allow(word-bad) reason=\"a & b\"\n"),
        ("node_modules/x", ""),
    ]);
    audit(&clock()).of_tree(folder.path()).unwrap()
}

#[test]
fn json_has_every_field_and_comes_back() {
    let report = report();
    let text = render::json(&report);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema_version"], 1);
    for field in [
        "id",
        "component",
        "title",
        "severity",
        "type",
        "description",
        "current",
        "expected",
        "files",
        "recommendation",
        "effort",
        "status",
        "evidence",
        "fingerprint",
        "code_flow",
        "cwe",
        "owasp",
    ] {
        assert!(!value["findings"][0][field].is_null(), "{field}");
    }
    assert_eq!(value["findings"][1]["severity"], "High");
    assert_eq!(value["findings"][1]["status"], "fail");
    let mut again = Report::from_json(&text).unwrap();
    again.catalogue.clone_from(&report.catalogue);
    assert_eq!(render::markdown(&again), render::markdown(&report));
    let newer = text.replace("\"schema_version\": 1", "\"schema_version\": 2");
    assert!(Report::from_json(&newer).is_err());
}

#[cfg(feature = "schema")]
#[test]
fn json_is_what_its_schema_says() {
    let schema = serde_json::to_value(Report::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let value: Value = serde_json::from_str(&render::json(&report())).unwrap();
    assert!(validator.is_valid(&value));
    assert!(!validator.is_valid(&serde_json::json!({"schema_version": "one"})));
}

#[test]
fn markdown_has_a_block_for_each_finding_and_a_roadmap() {
    let text = render::markdown(&report());
    let title = "[Words] A bad word \\| &lt;b&gt;\\`x\\`&lt;/b&gt;";
    assert_eq!(text.matches(&format!("### {title}\n")).count(), 2);
    let (blocks, roadmap) = text.split_once("## Roadmap\n").unwrap();
    assert_eq!(roadmap.matches(title).count(), 2);
    for field in [
        "**Severity:** High\n",
        "**Type:** Security\n",
        "**Description:** Bad words are bad.\n",
        "**Expected behaviour:** No bad words.\n",
        "- `bot.py:1`\n",
        "- `a b/ü:1.py:2`\n",
        "**Recommendation:** Use a better one.\n",
        "**Effort:** Small\n",
        "**CWE/OWASP:** CWE-78, A05:2025\n",
    ] {
        assert!(blocks.contains(field), "{field}\n{text}");
    }
    assert!(!text.contains("<script") && !text.contains('\u{1b}'));
}

#[test]
fn sarif_keeps_to_the_limits_of_code_hosts() {
    let text = render::sarif(&report());
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["version"], value["runs"].as_array().unwrap().len()), (&"2.1.0".into(), 1));
    let run = &value["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    let uri = |index: usize| {
        &results[index]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    };
    assert_eq!(uri(0), "a%20b/%C3%BC%3A1.py");
    let mut prints: Vec<&str> = Vec::new();
    for result in results {
        prints.push(result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap());
        assert_eq!((&result["kind"], &result["level"]), (&"fail".into(), &"error".into()));
        assert!(result["codeFlows"][0]["threadFlows"][0]["locations"][0]["location"].is_object());
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], result["ruleId"]);
        assert_eq!(rule["properties"]["security-severity"], "8.0");
    }
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), 3);
    assert_eq!(results[2]["suppressions"][0]["kind"], "inSource");
    assert_eq!(results[2]["suppressions"][0]["justification"], "a & b");
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!((notes.len(), &notes[0]["level"]), (1, &"note".into()));
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn sarif_is_cut_where_code_hosts_take_no_more() {
    let folder = tree(&[("bot.py", &"bad\n".repeat(25_003))]);
    let report = audit(&clock()).of_tree(folder.path()).unwrap();
    let value: Value = serde_json::from_str(&render::sarif(&report)).unwrap();
    let run = &value["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 25_000);
    let notes = &run["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notes[0]["message"]["text"], "3 of 25003 results are left out");
}

#[test]
fn html_holds_nothing_that_runs_or_loads() {
    let text = render::html(&report());
    assert!(text.contains("default-src 'none'"));
    assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    for word in ["<script", "http:", "https:", "src=", "url(", "@import", "\u{1b}"] {
        assert!(!text.contains(word), "{word}");
    }
    // What a browser's parser makes of it has the same parts.
    let body = text.split_once("<body>").unwrap().1;
    let parsed = ammonia::Builder::new()
        .add_tags(["section"])
        .add_generic_attributes(["id", "class"])
        .link_rel(None)
        .url_relative(ammonia::UrlRelative::PassThrough)
        .clean(body)
        .to_string();
    for part in ["<section", "<dt>", "<dd>", "<li>", "<tr>", "</section>"] {
        assert_eq!(parsed.matches(part).count(), body.matches(part).count(), "{part}");
    }
}

#[test]
fn junit_shows_what_passed_too() {
    let text = render::junit(&report());
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"));
    assert!(text.contains("tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"0\""));
    assert!(text.contains("<testcase classname=\"auditctl.audit\" name=\"suppression-unused\"/>"));
    assert!(text.contains("&lt;script&gt;") && !text.contains('\u{1b}'));
}

#[test]
fn annotations_are_one_line_each() {
    let text = render::github(&report());
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains("::error file=a b/ü%3A1.py,line=2,col=1,title=word-bad::"), "{text}");
    assert!(text.contains("'%25 "), "{text}");
}

#[test]
fn text_steers_no_terminal() {
    let text = render::text(&report());
    assert!(text.contains("High      word-bad  bot.py:1\n"));
    assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}[2J"));
    assert!(text.ends_with("2 high, 1 suppressed, 3 passed\n"), "{text}");
}
