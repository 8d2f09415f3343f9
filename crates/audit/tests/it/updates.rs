//! What apt would install, told from its lists.

use std::fs;
use std::time::{Duration, SystemTime};

use wardkit_audit::{Facts, Status};
use wardkit_core::Clock as _;

use crate::clock;
use crate::host::{facts, judged, root};

const SECURITY_LIST: &str =
    "var/lib/apt/lists/security.example_dists_stable-security_main_binary-amd64_Packages";

fn package(name: &str, version: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
    )
}

fn offer(name: &str, version: &str) -> String {
    format!("Package: {name}\nArchitecture: amd64\nVersion: {version}\nFilename: pool/x.deb\n\n")
}

/// The facts of a host with these packages and these lists of apt.
fn with_lists(packages: &str, lists: &[(&str, &str)]) -> Facts {
    let mut files = vec![("var/lib/dpkg/status", packages)];
    files.extend(lists);
    let root = root(&files);
    let lists = root.path().join("var/lib/apt/lists/partial");
    fs::create_dir_all(&lists).unwrap();
    let asked = SystemTime::UNIX_EPOCH
        + Duration::from_secs(clock().now().as_unix_seconds().cast_unsigned());
    fs::File::open(&lists).unwrap().set_modified(asked).unwrap();
    facts(root.path())
}

fn updates(facts: Facts) -> (Status, String) {
    let report = judged(facts, "");
    let check = report.checks.iter().find(|check| check.id == "host-upkeep-updates").unwrap();
    (check.status, check.evidence.join("\n"))
}

#[test]
fn what_apt_would_install_is_named_with_the_command_for_it() {
    let packages = package("openssl", "3.0.11-1~deb12u2") + &package("bash", "5.2.15-2+b2");
    let offers = offer("openssl", "3.0.9-1") + &offer("openssl", "3.0.15-1~deb12u1");
    let (status, seen) = updates(with_lists(&packages, &[(SECURITY_LIST, &offers)]));
    assert_eq!(status, Status::Fail);
    assert!(seen.contains("openssl 3.0.11-1~deb12u2 -> 3.0.15-1~deb12u1"), "{seen}");
    assert!(seen.contains("`apt-get install --only-upgrade openssl`"), "{seen}");
    assert!(seen.contains("1 pending, 1 of them for security"), "{seen}");
    // What is newer, but not for security, waits for the next time.
    let list = "var/lib/apt/lists/example_dists_stable_main_binary-amd64_Packages";
    let (status, seen) = updates(with_lists(&packages, &[(list, &offer("bash", "5.2.21-1"))]));
    assert_eq!((status, seen.as_str()), (Status::Pass, "1 pending, 0 of them for security"));
    let installed = offer("openssl", "3.0.11-1~deb12u2");
    assert_eq!(updates(with_lists(&packages, &[(SECURITY_LIST, &installed)])).0, Status::Pass);
}

#[test]
fn what_apt_would_not_install_is_not_pending() {
    let held = package("openssl", "3.0.11-1").replace("install ok", "hold ok");
    let removed = package("curl", "7.1-1").replace("ok installed", "ok config-files");
    let offers = offer("openssl", "3.0.15-1") + &offer("curl", "8.0-1") + &offer("absent", "1");
    let (status, seen) = updates(with_lists(&(held + &removed), &[(SECURITY_LIST, &offers)]));
    assert_eq!((status, seen.as_str()), (Status::Pass, "0 pending, 0 of them for security"));
    let release = "var/lib/apt/lists/example_dists_stable-backports-security_InRelease";
    let list =
        "var/lib/apt/lists/example_dists_stable-backports-security_main_binary-amd64_Packages";
    let normal = "var/lib/apt/lists/example_dists_stable_main_binary-amd64_Packages";
    let backports = [
        (release, "NotAutomatic: yes\nButAutomaticUpgrades: yes\n"),
        (list, "Package: openssl\nVersion: 99-1\n"),
        (normal, ""),
    ];
    assert_eq!(updates(with_lists(&package("openssl", "3-1"), &backports)).0, Status::Pass);
}

#[test]
fn lists_that_are_old_or_closed_prove_nothing() {
    let installed = package("openssl", "3.0.15-1");
    let packed = SECURITY_LIST.to_owned() + ".lz4";
    let (status, seen) = updates(with_lists(&installed, &[(&packed, "")]));
    assert!(status == Status::Unknown && seen.contains("compressed"), "{seen}");
    let root = root(&[("var/lib/dpkg/status", &installed), (SECURITY_LIST, "")]);
    let lists = root.path().join("var/lib/apt/lists/partial");
    fs::create_dir_all(&lists).unwrap();
    fs::File::open(&lists).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let (status, seen) = updates(facts(root.path()));
    assert!(status == Status::Unknown && seen.contains("days old"), "{seen}");
}

#[test]
fn a_command_has_no_names_that_are_none() {
    let mut facts: serde_json::Value =
        serde_json::from_str(&facts(root(&[]).path()).to_json()).unwrap();
    facts["system"]["updates"] = serde_json::json!({"known": {"pending": 2, "security": 2, "patches": [
        {"package": "a; rm -rf /", "from": "1", "to": "2"}, {"package": "openssl", "from": "1", "to": "2"}]}});
    let (status, seen) = updates(Facts::parse(&facts.to_string()).unwrap());
    assert_eq!(status, Status::Fail);
    assert!(
        seen.ends_with(
            "`apt-get install --only-upgrade openssl`\n2 pending, 2 of them for security"
        ),
        "{seen}"
    );
}
