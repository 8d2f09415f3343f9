//! `auditctl rules`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::auditctl;

const RULES: &str = "\
groups:
- name: g
  rules:
  - alert: Down
    expr: up == 0
    for: 1m
";

fn tests(value: u8) -> String {
    format!(
        "rule_files: [rules.yml]\ntests:\n- interval: 1m\n  name: down\n  input_series:\n  \
         - {{series: 'up{{job=\"a\"}}', values: '0 0 0'}}\n  promql_expr_test:\n  \
         - {{expr: sum(up), eval_time: 1m, exp_samples: [{{value: {value}}}]}}\n  \
         alert_rule_test:\n  - {{eval_time: 1m, alertname: Down, exp_alerts: [{{exp_labels: {{job: a}}}}]}}\n"
    )
}

fn file(directory: &Path, name: &str, text: &str) -> (PathBuf, String) {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    let shown = path.display().to_string();
    (path, shown)
}

#[test]
fn good_rules_are_counted_and_bad_ones_named_in_a_line() {
    let directory = tempfile::tempdir().unwrap();
    let (_, good) = file(directory.path(), "rules.yml", RULES);
    let ended = auditctl(&["rules", "check", &good]);
    assert_eq!(
        (ended.code, ended.stdout),
        (Some(0), format!("{good}: 1 rule in 1 group, all well\n"))
    );
    let (_, bad) = file(directory.path(), "bad.yml", &RULES.replace("up == 0", "up ==\n"));
    let ended = auditctl(&["rules", "check", &good, &bad]);
    assert_eq!(ended.code, Some(1));
    let line = ended.stdout.lines().nth(1).unwrap();
    assert!(
        line.starts_with(&format!("{bad}:5:11: group \"g\", rule 1 \"Down\": expr: ")),
        "{line}"
    );
    let missing = directory.path().join("none.yml").display().to_string();
    let ended = auditctl(&["rules", "check", &missing]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.starts_with(&format!("{missing}: ")), "{}", ended.stdout);
}

#[test]
fn rules_that_are_there_twice_are_remarked_and_no_error() {
    let directory = tempfile::tempdir().unwrap();
    let twice = format!("{RULES}  - {{alert: Down, expr: up}}\n");
    let (_, path) = file(directory.path(), "rules.yml", &twice);
    let ended = auditctl(&["rules", "check", &path]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("Down{} is there more than once"), "{}", ended.stderr);
}

#[test]
fn tests_of_rules_pass_and_fail() {
    let directory = tempfile::tempdir().unwrap();
    file(directory.path(), "rules.yml", RULES);
    let (_, good) = file(directory.path(), "good.yml", &tests(0));
    let (_, bad) = file(directory.path(), "bad.yml", &tests(7));
    let ended = auditctl(&["rules", "test", &good]);
    assert_eq!((ended.code, ended.stdout), (Some(0), format!("{good}: 1 test, all pass\n")));
    let ended = auditctl(&["rules", "test", &good, &bad]);
    assert_eq!(ended.code, Some(1));
    let expected = format!(
        "{bad}: 1 failure\n  test 1 \"down\": expr: \"sum(up)\", time: 1m\n    exp: {{}} 7\n    got: {{}} 0\n"
    );
    assert!(ended.stdout.ends_with(&expected), "{}", ended.stdout);
}

#[test]
fn answers_come_as_json() {
    let directory = tempfile::tempdir().unwrap();
    let (_, rules) = file(directory.path(), "rules.yml", &RULES.replace("1m", "x"));
    let ended = auditctl(&["rules", "check", &rules, "--format", "json"]);
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    let problem = &answer[0]["problems"][0];
    assert_eq!(
        [&answer[0]["file"], &problem["line"], &problem["key"], &problem["name"]],
        [&json!(rules), &json!(6), &json!("for"), &json!("Down")]
    );
    let (_, tests) = file(directory.path(), "tests.yml", "tests: x\n");
    let ended = auditctl(&["rules", "test", &tests, "--format", "json"]);
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(ended.code, Some(1));
    let message = format!("{tests}:1:8: tests: a list is wanted here");
    assert_eq!(answer[0]["failures"], json!([{"test": 0, "message": message}]));
}

#[test]
fn without_files_it_is_a_wrong_command_line() {
    for args in [&["rules"][..], &["rules", "check"], &["rules", "test"], &["rules", "bogus"]] {
        assert_eq!(auditctl(args).code, Some(2), "{args:?}");
    }
}
