//! The unit that agentd makes for itself, read by systemd.

use std::fs;
use std::process::Command;

use crate::support::{dir, run};

#[test]
fn systemd_understands_the_unit_and_finds_little_that_agentd_may_do() {
    let dir = dir();
    let config = dir.path().join("agentd.toml");
    let service = "[[service]]\nname = \"bot\"\ncommand = [\"/bin/sleep\", \"9\"]\n";
    // How exposed systemd may find it, from 0 to 10: with services agentd passes on what they may need.
    let plugins = "plugins.isolation = \"process\"\n[[plugins.run]]\nplugin = \"org.example.a\"\napi = true\n";
    let rows = [
        ("", Some("daemon"), 3.0),
        ("", None, 4.0),
        (plugins, Some("daemon"), 4.0),
        (plugins, None, 5.0),
        (service, None, 9.6),
    ];
    for (text, user, most) in rows {
        fs::write(&config, text).unwrap();
        let mut arguments = vec!["config", "systemd-unit", "--config", config.to_str().unwrap()];
        arguments.extend(["--data-dir", "/var/lib/wardkit"]);
        arguments.extend(user.iter().flat_map(|user| ["--user", *user]));
        let made = run(&arguments);
        assert_eq!(made.code, Some(0), "{made:?}");
        let unit = dir.path().join("agentd.service");
        fs::write(&unit, made.stdout).unwrap();
        let verified = Command::new("systemd-analyze")
            .args(["--man=no", "verify"])
            .arg(&unit)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&verified.stderr);
        assert!(verified.status.success(), "{said}");
        // What it says of other units of the host is not ours, and before 254 it does not know one key, which it ignores.
        let ours = |line: &&str| {
            line.contains("agentd.service") && !line.contains("Unknown key 'DelegateSubgroup'")
        };
        assert_eq!(said.lines().find(ours), None);
        let judged = Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager"])
            .arg(&unit)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&judged.stdout);
        let level = said.split("exposure level for agentd.service: ").nth(1);
        let level = level.and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
        let level = level.unwrap_or_else(|| panic!("{said}"));
        assert!(level <= most, "{level} for {user:?} with {text:?}\n{said}");
    }
}
