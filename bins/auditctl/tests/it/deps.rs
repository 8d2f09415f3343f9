//! `auditctl db` and `auditctl sbom`, and what `check` makes of advisories.

use std::fs;

use serde_json::Value;

use crate::auditctl;

const ADVISORY: &str = r#"{"id": "CVE-2026-1", "modified": "2026-11-20T00:00:00Z", "affected": [{
    "package": {"ecosystem": "PyPI", "name": "jinja2"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.4"}]}]}]}"#;

#[test]
fn advisories_are_imported_and_found_in_a_tree() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir(at("bot")).unwrap();
    fs::write(at("bot/requirements.txt"), "jinja2==3.1.2\n").unwrap();
    fs::write(at("a.json"), ADVISORY).unwrap();
    let (bot, index) = (at("bot"), at("data/osv.index"));
    let check = ["check", &bot, "--engine", "deps", "--no-cache", "--format", "json"];
    let missing = [&check[..], &["--db", &index]].concat();
    assert_eq!(auditctl(&missing).code, Some(2));
    let imported = auditctl(&["db", "import", &at("a.json"), "--db", &index]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert!(imported.stdout.contains("1 advisories for      1 packages, the newest of 2026-11-20"));
    let status = auditctl(&["db", "status", "--db", &index, "--format", "json"]);
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["ecosystems"]["PyPI"]["advisories"], 1);
    // However long ago that day is when this runs.
    let found = auditctl(&[&missing[..], &["--db-max-age", "4000000"]].concat());
    let report: Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!((found.code, &report["findings"][0]["id"]), (Some(1), &"dep-vuln".into()));
    for refused in [
        &["db", "import", "/missing", "--db", &index][..],
        &["db", "import", &bot, "--db", &index],
        &["db", "import", &at("a.json"), "--date", "today", "--db", &index],
        &["db", "status", "--db", &at("a.json")],
    ] {
        assert_eq!(auditctl(refused).code, Some(2), "{refused:?}");
    }
}

#[test]
fn a_bill_is_written_in_either_form() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display().to_string();
    fs::write(folder.path().join("requirements.txt"), "aiogram==3.4.1\n").unwrap();
    let bill = auditctl(&["sbom", &place]);
    let json: Value = serde_json::from_str(&bill.stdout).unwrap();
    assert_eq!((bill.code, &json["components"][0]["name"]), (Some(0), &"aiogram".into()));
    let out = folder.path().join("out").display().to_string();
    assert_eq!(auditctl(&["sbom", &place, "--format", "spdx", "-o", &out]).code, Some(0));
    assert!(fs::read_to_string(&out).unwrap().contains("SPDX-2.3"));
    fs::write(folder.path().join("Cargo.lock"), "[[package]]\nname = 1\n").unwrap();
    assert_eq!(auditctl(&["sbom", &place]).code, Some(3));
    for refused in [&["sbom", "/missing"][..], &["sbom", &place, "--format", "text"]] {
        assert_eq!(auditctl(refused).code, Some(2), "{refused:?}");
    }
}
