//! Rules as text.

use wardkit_cleanup::{Cleaner, Config};

#[test]
fn rules_are_read_and_printed() {
    let text = r#"
every = "30m"
jitter = "1m"
max-files = 50
max-time = "10s"

[[rule]]
path = "/var/cache/bot"
names = ["*.tmp", "core.*"]
except = ["keep"]
depth = 3
older-than = "7d"
larger-than = "10MiB"
max-total = "2GiB"
keep = 5
also = ["empty-dirs", "foreign-owners"]
"#;
    let config: Config = toml::from_str(text).unwrap();
    assert_eq!(config.violations(&[]), []);
    let again: Config = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
    assert_eq!(again, config);
    let all: Config = toml::from_str("").unwrap();
    assert_eq!(all, Config::default());
    assert!(toml::from_str::<Config>("[[rule]]\nolder_than = \"1d\"").is_err());
}

#[test]
fn a_rule_that_would_remove_what_the_program_needs_is_refused() {
    let text = "[[rule]]\npath = \"/var/lib/bot/tmp\"\nolder-than = \"1d\"";
    let config: Config = toml::from_str(text).unwrap();
    for protected in ["/var/lib/bot", "/var/lib/bot/tmp", "/var/lib/bot/tmp/data"] {
        let refused = Cleaner::new(config.clone(), vec![protected.into()]).unwrap_err();
        let expected = format!("rule[0].path: would remove what this program needs: {protected}");
        assert_eq!(refused[0].to_string(), expected);
    }
    assert!(Cleaner::new(config, vec!["/var/lib/bot2".into()]).is_ok());
}
