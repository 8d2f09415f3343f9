//! Checks as an operator writes them.

use std::time::Duration;

use wardkit_probe::{Config, Target};

const WHOLE: &str = r#"
max-parallel = 4

[[check]]
name = "db"
target.tcp.address = "127.0.0.1:5432"
interval = "1m 30s"
critical = false

[[check]]
name = "site"
depends-on = ["db"]
slow-after = "500ms"
fall = 5

[check.target.http]
url = "https://bot.example/healthz"
status = [200, 204]
contains = "well"

[[check]]
name = "backup"
target = { file = { path = "/var/backups/bot.tar", max-age = "1d 2h", min-size = 1024 } }
"#;

#[test]
fn a_configuration_is_read_as_it_is_written() {
    let config: Config = toml::from_str(WHOLE).unwrap();
    assert_eq!(config.violations(), []);
    assert_eq!(config.max_parallel, 4);
    let [db, site, backup] = &config.checks[..] else { panic!("there are three") };
    assert_eq!((db.interval, db.critical, db.fall), (Duration::from_secs(90), false, 3));
    assert_eq!(site.slow_after, Some(Duration::from_millis(500)));
    let Target::Http(page) = &site.target else { panic!("it is a page") };
    assert_eq!(
        (page.status.as_slice(), page.contains.as_deref()),
        ([200, 204].as_slice(), Some("well"))
    );
    let Target::File(file) = &backup.target else { panic!("it is a file") };
    assert_eq!(file.max_age, Some(Duration::from_hours(26)));
    assert_eq!(site.depends_on, ["db"]);
    let written = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<Config>(&written).unwrap(), config);
}

#[test]
fn nothing_is_a_configuration() {
    assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
    assert_eq!(Config::default().violations(), []);
}

#[test]
fn a_key_that_there_is_not_is_refused() {
    for text in [
        "parallel = 1",
        "[[check]]\nname = \"a\"\nevery = \"5s\"",
        "[[check]]\nname = \"a\"\ntarget.tcp.adress = \"127.0.0.1:1\"",
        "[[check]]\nname = \"a\"\ntarget.tpc.address = \"127.0.0.1:1\"",
        "[[check]]\nname = \"a\"\ninterval = 5",
        "[[check]]\nname = \"a\"\ninterval = \"5\"",
    ] {
        assert!(toml::from_str::<Config>(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_wrong_is_named_by_key() {
    let rows = [
        ("max-parallel = 0", "max-parallel: 0 is not between 1 and 256"),
        ("[[check]]", "check[0].name: is not 1 to 64 letters, digits, `-`, `_` and `.`"),
        (
            "[[check]]\nname = \"a\"",
            "check[0].target: is missing: give target.http.url or its like",
        ),
        (
            "[[check]]\nname = \"a\"\ntarget.exec.command = [\"true\"]",
            "check[0].target.exec.command: begins with a program that is no absolute path",
        ),
        (
            "[[check]]\nname = \"a\"\ntarget.http.url = \"ftp://x\"",
            "check[0].target.http.url: is no URL such as http://127.0.0.1:8080/healthz",
        ),
        (
            "[[check]]\nname = \"a\"\ntarget.tcp.address = \"localhost\"",
            "check[0].target.tcp.address: is no host and port such as 127.0.0.1:6379 or [::1]:6379",
        ),
        (
            "[[check]]\nname = \"a\"\ntarget.tcp.address = \"::1:80\"",
            "check[0].target.tcp.address: is no host and port such as 127.0.0.1:6379 or [::1]:6379",
        ),
        (
            "[[check]]\nname = \"a\"\ntarget.redis.address = \"/run/r.sock\"\ntarget.redis.user = \"x\"",
            "check[0].target.redis.user: is of no use without password-file",
        ),
        (
            "[[check]]\nname = \"a\"\ntarget.file.path = \"backup\"",
            "check[0].target.file.path: is no absolute path",
        ),
        (
            "[[check]]\nname = \"a\"\ntarget.unix.path = \"/s\"\ninterval = \"1ms\"",
            "check[0].interval: 1ms is not between 100ms and 24 hours",
        ),
        (
            "[[check]]\nname = \"a\"\ntarget.unix.path = \"/s\"\nslow-after = \"5s\"",
            "check[0].slow-after: is not below timeout",
        ),
        (
            "[[check]]\nname = \"a\"\ntarget.unix.path = \"/s\"\nfall = 0",
            "check[0].fall: 0 is not between 1 and 100",
        ),
        (
            "[[check]]\nname = \"a\"\ntarget.unix.path = \"/s\"\nflap-changes = 1",
            "check[0].flap-changes: one change is no flapping: 0, or 2 at least",
        ),
    ];
    for (text, expected) in rows {
        let config: Config = toml::from_str(text).unwrap();
        let found: Vec<String> = config.violations().iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|line| line == expected), "{text}: {found:?}");
    }
}

#[test]
fn a_status_is_flat_in_json() {
    use wardkit_core::Timestamp;
    use wardkit_probe::{Checks, Input, Moment};

    let config: Config = toml::from_str(WHOLE).unwrap();
    let now = Moment { wall: Timestamp::UNIX_EPOCH, uptime: Duration::from_mins(1) };
    let mut checks = Checks::new(config, now, 0).unwrap();
    let _ = checks.step(now, Input::Tick);
    let json = serde_json::to_value(&checks.status()[1]).unwrap();
    let expected = serde_json::json!({
        "name": "site", "kind": "http", "critical": true, "state": "starting",
        "since": "1970-01-01T00:00:00Z", "flapping": false, "runs": 0, "failures": 0, "last": null,
    });
    assert_eq!(json, expected);
}

#[cfg(feature = "schema")]
#[test]
fn every_key_is_explained() {
    let schema = serde_json::to_value(schemars::schema_for!(Config)).unwrap();
    let check = &schema["$defs"]["CheckConfig"]["properties"];
    for key in ["name", "target", "interval", "fall", "depends-on", "flap-within"] {
        assert!(check[key]["description"].is_string(), "{key}");
    }
}
