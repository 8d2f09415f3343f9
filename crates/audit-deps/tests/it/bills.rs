//! Bills of materials.

use serde_json::Value;
use wardkit_audit_deps::{Bill, BillForm};
use wardkit_core::SystemClock;

use crate::tree;

const LOCK: &str = r#"{"packages": {
  "": {"dependencies": {"@a/grammy": "^1.0.0"}},
  "node_modules/@a/grammy": {"version": "1.2.0", "license": "MIT", "dependencies": {"ws": "*"},
    "resolved": "https://registry.example.com/x/-/x.tgz", "integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
  "node_modules/ws": {"version": "8.0.0"}
}}"#;

fn bill(form: BillForm) -> Value {
    let tree = tree(&[("package-lock.json", LOCK), ("requirements.txt", "aiogram==3.4.1\n")]);
    let bill = Bill::of_tree(tree.path(), "bot", &SystemClock).unwrap();
    assert_eq!((bill.len(), bill.unread().len()), (3, 0));
    assert_eq!(
        bill.render(form),
        Bill::of_tree(tree.path(), "bot", &SystemClock).unwrap().render(form)
    );
    serde_json::from_str(&bill.render(form)).unwrap()
}

#[test]
fn cyclonedx_has_components_hashes_and_what_needs_what() {
    let bill = bill(BillForm::CycloneDx);
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let grammy = &bill["components"][0];
    assert_eq!(grammy["purl"], "pkg:npm/%40a/grammy@1.2.0");
    assert_eq!(grammy["hashes"][0]["content"], "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    let needs = bill["dependencies"].as_array().unwrap();
    let of = |name: &str| needs.iter().find(|one| one["ref"] == name).unwrap()["dependsOn"].clone();
    assert_eq!(of("pkg:npm/%40a/grammy@1.2.0"), serde_json::json!(["pkg:npm/ws@8.0.0"]));
    assert_eq!(
        of("program:bot"),
        serde_json::json!(["pkg:npm/%40a/grammy@1.2.0", "pkg:pypi/aiogram@3.4.1"])
    );
    let serial = bill["serialNumber"].as_str().unwrap();
    assert_eq!((serial.len(), &serial[23..24]), (45, "8"));
}

#[test]
fn spdx_names_each_package_once() {
    let bill = bill(BillForm::Spdx);
    assert_eq!(bill["spdxVersion"], "SPDX-2.3");
    let ids: std::collections::BTreeSet<&str> = bill["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["SPDXID"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 4);
    for one in bill["relationships"].as_array().unwrap() {
        assert!(ids.contains(one["relatedSpdxElement"].as_str().unwrap()), "{one}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let tree = tree(&[("package-lock.json", "{"), ("Cargo.lock", "")]);
    let bill = Bill::of_tree(tree.path(), "bot", &SystemClock).unwrap();
    assert!(bill.is_empty());
    assert_eq!(bill.unread(), ["package-lock.json: line 1: a text was expected"]);
}
