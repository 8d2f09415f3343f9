//! `auditctl metrics`.

use serde_json::Value;

use wardkit_core::Health;

use crate::status::beside;
use crate::{Ended, auditctl};

/// Runs `auditctl` beside a daemon that answers.
fn asked(args: &[&str]) -> Ended {
    beside(Health::Up, &[args, &["--data-dir", "DIR"]].concat())
}

#[test]
fn the_files_are_printed_for_the_targets_that_are_named() {
    let ended = auditctl(&["metrics", "files", "prometheus-scrape", "--target", "host-1:9180"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("          - 'host-1:9180'\n"), "{}", ended.stdout);

    let ended = auditctl(&["metrics", "files", "prometheus-rules"]);
    assert!(ended.stdout.contains("- alert: FileSystemFull\n"), "{}", ended.stdout);

    let ended = auditctl(&["metrics", "files", "grafana"]);
    let dashboard: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(dashboard["uid"], "wardkit-host");

    let ended = auditctl(&["metrics", "files", "prometheus-rules", "--format", "json"]);
    let file: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(file["content"].as_str().unwrap().contains("- alert: AgentdDown\n"));
}

#[test]
fn a_target_that_could_write_yaml_is_refused() {
    for target in ["host", "host:0", "host:65536", "a'\n- b:1", "a b:1", ":1"] {
        let ended = auditctl(&["metrics", "files", "prometheus-scrape", "--target", target]);
        assert_eq!(ended.code, Some(2), "{target:?}");
        assert!(ended.stdout.is_empty(), "{target:?}");
    }
}

#[test]
fn a_series_is_shown_as_it_is_and_as_it_was() {
    let now = asked(&["metrics", "query", "load"]);
    assert_eq!((now.code, now.stdout.as_str()), (Some(0), "load{host=\"a\"} 1.5\n"), "{now:?}");
    let past = asked(&["metrics", "query", "load", "--since", "7d", "--aggregate", "max"]);
    assert_eq!(past.stdout, "load{host=\"a\"}\n  3 values, last 4, least 1, most 4\n", "{past:?}");
    let json = asked(&["metrics", "query", "load", "--since", "1h", "--format", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["series"][0]["points"][1][1], "NaN");
    let none = asked(&["metrics", "query", "none"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""), "{none:?}");
    assert!(none.stderr.contains("no series is chosen"), "{none:?}");
}

#[test]
fn a_question_that_cannot_be_answered_is_an_error() {
    let bad = asked(&["metrics", "query", "bad{"]);
    assert_eq!(bad.code, Some(2), "{bad:?}");
    assert!(bad.stderr.contains("the daemon answered 400: a brace is open"), "{bad:?}");
    let alone = asked(&["metrics", "query", "load", "--step", "1m"]);
    assert_eq!(alone.code, Some(2), "{alone:?}");
    assert!(alone.stderr.contains("hint: say of which: --since 1h"), "{alone:?}");
}

#[test]
fn an_export_is_what_detect_reads() {
    let csv = asked(&["metrics", "export", "load"]);
    assert_eq!(
        csv.stdout,
        "timestamp,value,series\n\
         2023-11-14T22:13:20Z,1,\"load{host=\"\"a\"\"}\"\n\
         2023-11-14T22:14:20Z,NaN,\"load{host=\"\"a\"\"}\"\n\
         2023-11-14T22:15:20Z,4,\"load{host=\"\"a\"\"}\"\n",
        "{csv:?}"
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("load.csv");
    std::fs::write(&path, csv.stdout).unwrap();
    let scored = auditctl(&["detect", path.to_str().unwrap()]);
    assert_eq!(scored.code, Some(0), "{scored:?}");
    assert_eq!(scored.stdout.lines().count(), 4, "{scored:?}");
}

#[test]
fn processes_bottleneck_and_forecast_are_told() {
    let top = asked(&["metrics", "top", "--most", "3"]);
    let line = top.stdout.lines().nth(1).unwrap();
    assert!(line.contains("812") && line.contains("50.0 %") && line.contains("3 MiB"), "{top:?}");
    assert!(!top.stdout.contains('\u{1b}'), "{top:?}");
    for args in [&["bottleneck"][..], &["metrics", "forecast", "load", "--limit", "7"]] {
        let told = asked(args);
        assert_eq!((told.code, told.stdout.as_str()), (Some(0), "nothing is short\n"), "{told:?}");
    }
}
