//! `auditctl metrics`.

use serde_json::Value;

use crate::auditctl;

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
