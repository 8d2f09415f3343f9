//! How the logs of a service are declared.

use std::collections::BTreeSet;
use std::time::Duration;

use wardkit_supervise::{Amount, Config, LogSync, LogsConfig};

use crate::support::service;

#[test]
fn what_is_wrong_with_logs_is_named_by_its_key() {
    type Break = fn(&mut LogsConfig);
    let rows: &[(Break, &str)] = &[
        (|logs| logs.max_size = Amount::new(100.0), "max_size: 100 is less than 4KiB"),
        (|logs| logs.budget = Amount::new(1e6), "budget: 1MB is less than max_size, 16MiB"),
        (|logs| logs.max_age = Some(Duration::from_secs(1)), "max_age: is less than a minute"),
        (|logs| logs.keep = 5_000, "keep: 5000 is above 1000"),
        (|logs| logs.burst = Amount::new(1e3), "burst: 1kB is less than 64KiB, the longest line"),
        (
            |logs| logs.rate = Amount::new(0.5),
            "rate: is less than a byte a second: 0 keeps everything",
        ),
        (
            |logs| logs.sync = LogSync::Every(Duration::ZERO),
            "sync: 0ns is not between a second and an hour",
        ),
    ];
    for (change, expected) in rows {
        let mut bot = service("bot");
        change(&mut bot.logs);
        let found = Config::new([bot]).violations(&BTreeSet::new());
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, [format!("service[0].logs.{expected}")]);
    }
    let mut endless = service("bot");
    (endless.logs.rate, endless.logs.burst) = (Amount::new(0.0), Amount::new(0.0));
    assert_eq!(Config::new([endless]).violations(&BTreeSet::new()), []);
}

#[cfg(feature = "serde")]
#[test]
fn logs_are_read_as_people_write_them() {
    let text = r#"
        logs_budget = "2GiB"
        [[service]]
        name = "bot"
        command = ["/usr/bin/bot"]
        [service.logs]
        max_size = "1MiB"
        max_age = "24h"
        rate = 0
        sync = "5s"
        "#;
    let config: Config = toml::from_str(text).unwrap();
    let mut expected = LogsConfig::default();
    expected.max_size = Amount::new(1_048_576.0);
    expected.max_age = Some(Duration::from_hours(24));
    expected.rate = Amount::new(0.0);
    expected.sync = LogSync::Every(Duration::from_secs(5));
    assert_eq!(config.services[0].logs, expected);
    assert_eq!(config.logs_budget, Amount::new(2_147_483_648.0));
    let written = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<Config>(&written).unwrap(), config);

    let error = toml::from_str::<LogsConfig>("sync = 'soon'").unwrap_err();
    assert!(error.to_string().contains("is neither never nor rotation"), "{error}");
}
