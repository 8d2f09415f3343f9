//! `auditctl forecast`.

use std::fmt::Write as _;
use std::path::Path;

use crate::auditctl;

/// Writes a week of a disk that grows by a tenth an hour, with rows that are none.
fn disk(folder: &Path) -> String {
    let mut text = "value,host,timestamp\r\nx,a,2026-01-01T00:00:00Z\n".to_owned();
    for hour in 0..168 {
        let value = 50.0 + f64::from(hour) / 10.0;
        writeln!(text, "{value},a,{}", 1_770_000_000 + hour * 3600).unwrap();
    }
    text.push_str("NaN,a,1770604800\n");
    let file = folder.join("disk.csv");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_file_is_answered_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let ended = auditctl(&["forecast", &disk(folder.path()), "--limit", "70"]);
    assert_eq!(
        ended.stdout,
        "disk: 95 % used, 94 % at most for 95 % of the time, grows by 3.4 % a day; at its limit in 33 h, 80 %: 33-33 h\n"
    );
    assert_eq!(ended.stderr, "note: 2 of 170 rows have no time or no finite value\n");
    assert_eq!(ended.code, Some(0));
}

#[test]
fn what_may_end_soon_exits_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = disk(folder.path());
    for (hours, code) in [("30", 0), ("34", 1)] {
        let ended = auditctl(&["forecast", &file, "--limit", "70", "--fail-within", hours]);
        assert_eq!(ended.code, Some(code), "{ended:?}");
    }
    assert_eq!(
        auditctl(&["forecast", &file, "--floor", "0", "--fail-within", "9999"]).code,
        Some(0)
    );
    assert_eq!(auditctl(&["forecast", &file, "--floor", "67", "--fail-within", "0"]).code, Some(1));
}

#[test]
fn what_is_full_already_fails_whatever_was_seen_before() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("disk.csv");
    std::fs::write(&file, "timestamp,value\n1770000000,70\n").unwrap();
    let args = ["forecast", file.to_str().unwrap(), "--limit", "70", "--fail-within", "24"];
    let ended = auditctl(&args);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.ends_with("at its limit now\n"), "{ended:?}");
}

#[test]
fn json_has_the_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let ended = auditctl(&["forecast", &disk(folder.path()), "--limit", "70", "--format", "json"]);
    let object: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(object["forecast"]["kind"], "ends");
    let median = object["forecast"]["median_hours"].as_f64().unwrap();
    assert!((median - 33.0).abs() < 0.1, "{median}");
    assert_eq!(object["limit"], 70.0);
    assert!((object["per_day"].as_f64().unwrap() - 2.4).abs() < 1e-9);
}

#[test]
fn what_is_no_series_exits_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "time,value\n").unwrap();
    let ended = auditctl(&["forecast", file.to_str().unwrap(), "--limit", "1"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("no column `timestamp`"), "{}", ended.stderr);
    assert_eq!(auditctl(&["forecast", "/nonexistent", "--limit", "1"]).code, Some(2));
    for args in [&[][..], &["--limit", "x"], &["--limit", "1", "--floor", "0"], &["--limit", "inf"]]
    {
        let args = [&["forecast", file.to_str().unwrap()], args].concat();
        assert_eq!(auditctl(&args).code, Some(2), "{args:?}");
    }
}
