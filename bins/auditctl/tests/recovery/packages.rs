//! An upgrade, on a package database of its own.

use std::process::Command;

/// Runs it where `/opt` and the database of packages are empty and nobody else's.
fn in_a_system_of_its_own(script: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let script = format!("{PREPARE}\n{script}");
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-ec", &script])
        .current_dir(dir.path())
        .env("AUDITCTL", env!("CARGO_BIN_EXE_auditctl"))
        .env("WARDKIT_DATA_DIR", dir.path().join("data"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

const PREPARE: &str = r#"
mount -t tmpfs tmpfs /opt
mount -t tmpfs tmpfs /var/lib/dpkg
mkdir /var/lib/dpkg/info /var/lib/dpkg/updates
touch /var/lib/dpkg/status
chmod -R go-w /opt /var/lib/dpkg
build() {
    mkdir -p "p/DEBIAN" "p/opt/bot"
    printf 'Package: bot\nVersion: %s\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: a test\n' "$1" >p/DEBIAN/control
    for number in 1 2 3 4 5; do echo "$1 $number" >"p/opt/bot/$number"; done
    dpkg-deb --root-owner-group --build p "bot-$1.deb" >&2
}
install() { dpkg --install "bot-$1.deb" >&2; }
verify() { "$AUDITCTL" integrity verify "$@" || test $? = 1; }
build 1
build 2
install 1
"$AUDITCTL" integrity init --root /opt/bot >&2
"#;

#[test]
fn an_upgrade_is_one_line_and_accepted_by_its_name() {
    let said = in_a_system_of_its_own(
        r#"
install 2
verify
verify --format json | tail -c 400
"$AUDITCTL" integrity update --accept package:bot | tail -n 1
verify
"#,
    );
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("package     bot 2: "), "{said}");
    assert!(lines[0].ends_with(" changes are as its record says"), "{said}");
    assert!(lines[1].contains("against baseline 1"), "{said}");
    assert!(lines[2].contains(r#""name":"bot","source":"dpkg","version":"2""#), "{said}");
    assert!(lines[4].starts_with("no change against baseline 2"), "{said}");
}

#[test]
fn what_the_record_does_not_vouch_for_is_listed_and_not_accepted_with_the_package() {
    let said = in_a_system_of_its_own(
        r#"
install 2
echo evil >/opt/bot/3
chmod u+s /opt/bot/4
"$AUDITCTL" integrity update --accept package:bot && exit 9
verify --format json
"#,
    );
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.iter().any(|line| line.ends_with("/opt/bot/3")), "{said}");
    assert!(!lines.iter().any(|line| line.ends_with("/opt/bot/1")), "{said}");
    let answer: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    let left: Vec<&serde_json::Value> =
        answer["changes"].as_array().unwrap().iter().map(|change| &change["path"]).collect();
    assert_eq!(left, ["/opt/bot/3", "/opt/bot/4"]);
}

#[test]
fn what_was_changed_without_an_upgrade_is_nobodys() {
    let said = in_a_system_of_its_own(
        r#"
echo evil >/opt/bot/3
"$AUDITCTL" integrity update --accept package:bot && exit 9
verify
"#,
    );
    assert!(said.contains("modified    /opt/bot/3") && !said.contains("package "), "{said}");
    assert!(said.ends_with("MB\n") && said.contains("against baseline 1"), "{said}");
}
