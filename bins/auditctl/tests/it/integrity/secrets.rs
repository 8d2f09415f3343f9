//! Secrets in files that are watched: neither what is printed nor what is kept has them.

use std::fs::{self, File};
use std::path::Path;

use super::host::Host;

#[test]
fn secrets_of_a_changed_configuration_are_nowhere() {
    let host = Host::new();
    let token = ["gh", "p_16C7e42F292c6912E7710c838347Ae178B4a"].concat();
    let secrets = ["hunter2", "sesame", "swordfish", "4539 5787", &token];
    let config = |port: u16, password: &str| {
        format!(
            "port = {port}\nDB_PASSWORD = {password}\nsetup = IDENTIFIED BY 'sesame'\n\
             note = paid with card 4539 5787 6362 1486\nremote = https://{token}@example.org/bot\n"
        )
    };
    host.write("a", &config(80, "hunter2"));
    let policy = host.path("policy.toml");
    fs::write(
        &policy,
        format!("[[rule]]\nmatch = \"{}/**\"\nprofile = \"config\"\n", host.text("tree")),
    )
    .unwrap();
    let init = ["init", "--root", &host.text("tree"), "--policy", policy.to_str().unwrap()];
    let mut said = vec![host.run(&init)];
    host.write("a", &config(81, "swordfish"));

    let verified = host.run(&["verify"]);
    assert_eq!(verified.code, Some(1), "{verified:?}");
    for line in ["-port = 80\n", "+port = 81\n", "+DB_PASSWORD = ***"] {
        assert!(verified.stdout.contains(line), "{line} is not in {}", verified.stdout);
    }
    said.push(verified);
    said.push(host.run(&["verify", "--format", "json"]));
    let noted = format!(
        "{{\"kind\":\"test.noted\",\"subject\":\"{token}\",\"detail\":{{\"DB_PASSWORD\":\"hunter2\"}}}}\n"
    );
    fs::write(host.path("noted"), noted).unwrap();
    let noted = File::open(host.path("noted")).unwrap();
    let appended = host.command(&["trail", "append"]).stdin(noted).output().unwrap();
    assert!(appended.status.success(), "{appended:?}");
    for args in [
        &["integrity", "update", "--accept", "all", "--baseline", &host.text("baseline")][..],
        &["integrity", "diff", "--from", "1", "--baseline", &host.text("baseline")],
        &["trail", "show"],
        &["trail", "query"],
    ] {
        said.push(host.auditctl(args));
    }
    assert_eq!(host.trail("test.noted")[0]["detail"]["DB_PASSWORD"], "***");
    for ended in &said {
        assert_ne!(ended.code, Some(2), "{ended:?}");
    }
    let said: String = said.iter().map(|ended| ended.stdout.clone() + &ended.stderr).collect();
    let kept = host.text("");
    for secret in secrets {
        assert!(!said.contains(secret), "{secret} is in {said}");
        for dir in ["data", "baseline"] {
            assert!(!holds(&Path::new(&kept).join(dir), secret), "{secret} is kept in {dir}");
        }
    }
    assert!(holds(&host.path("baseline"), "port = 80"));
}

/// Tells whether a text is in a file below a directory.
fn holds(dir: &Path, text: &str) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        let is_in = |bytes: Vec<u8>| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        if path.is_dir() { holds(&path, text) } else { fs::read(path).is_ok_and(is_in) }
    })
}
