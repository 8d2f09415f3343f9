use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wardkit_retry::{
    BreakerConfig, BudgetConfig, BulkheadConfig, ChainConfig, HedgeConfig, Limits, RetryPolicy,
    Schedule,
};

#[test]
fn default_policy_prints_every_key() {
    let text = toml::to_string(&RetryPolicy::default()).unwrap();
    let expected = r#"max-attempts = 3
jitter = "full"
attempt-timeout = "none"
total-deadline = "none"
budget = "none"
on = ["transient", "throttled", "overloaded", "timeout"]

[schedule]
kind = "exponential"
base = "100ms"
factor = 2.0
cap = "10s"

[retry-after]
honour = true
max = "1m"
"#;
    assert_eq!(text, expected);
}

#[test]
fn presets_survive_the_way_through_text() {
    for policy in [
        RetryPolicy::default(),
        RetryPolicy::http(),
        RetryPolicy::llm(),
        RetryPolicy::db(),
        RetryPolicy::local_io(),
        RetryPolicy::never(),
    ] {
        let text = toml::to_string(&policy).unwrap();
        assert_eq!(toml::from_str::<RetryPolicy>(&text).unwrap(), policy, "{text}");
    }
}

#[test]
fn absent_keys_keep_their_defaults() {
    let policy: RetryPolicy =
        toml::from_str("max-attempts = 7\ntotal-deadline = \"1m 30s\"\nbudget = \"search\"")
            .unwrap();
    let mut expected = RetryPolicy::default();
    expected.max_attempts = 7;
    expected.total_deadline = Some(Duration::from_secs(90));
    expected.budget = Some("search".to_owned());
    assert_eq!(policy, expected);
    assert_eq!(toml::from_str::<RetryPolicy>("").unwrap(), RetryPolicy::default());
}

#[test]
fn every_kind_of_schedule_is_read() {
    let rows = [
        ("kind = \"fixed\"\ndelay = \"1s\"", Schedule::Fixed { delay: Duration::from_secs(1) }),
        (
            "kind = \"decorrelated\"\nbase = \"1s\"\ncap = \"1m\"",
            Schedule::Decorrelated { base: Duration::from_secs(1), cap: Duration::from_mins(1) },
        ),
        (
            "kind = \"list\"\ndelays = [\"0s\", \"5s\"]",
            Schedule::List { delays: vec![Duration::ZERO, Duration::from_secs(5)] },
        ),
        (
            "kind = \"linear\"\nbase = \"1s\"\nstep = \"2s\"\ncap = \"1m\"",
            Schedule::Linear {
                base: Duration::from_secs(1),
                step: Duration::from_secs(2),
                cap: Duration::from_mins(1),
            },
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(toml::from_str::<Schedule>(text).unwrap(), expected);
    }
}

#[test]
fn misspelt_and_mistyped_values_are_refused() {
    let rows = [
        ("max-attempt = 3", "unknown field `max-attempt`"),
        ("attempt-timeout = \"soon\"", "not a duration such as 250ms or 1m 30s: \"soon\""),
        ("attempt-timeout = 5", "invalid type: integer `5`"),
        ("on = [\"permanent\"]", "unknown variant `permanent`"),
        ("schedule = { kind = \"fixed\", delay = \"1s\", cap = \"2s\" }", "unknown field `cap`"),
        ("schedule = { kind = \"fixe\" }", "unknown variant `fixe`"),
        ("retry-after = { honor = true }", "unknown field `honor`"),
    ];
    for (text, expected) in rows {
        let error = toml::from_str::<RetryPolicy>(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn every_other_setting_survives_the_way_through_text() {
    fn check<C: Default + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned>() {
        let text = toml::to_string(&C::default()).unwrap();
        assert_eq!(toml::from_str::<C>(&text).unwrap(), C::default(), "{text}");
        assert_eq!(toml::from_str::<C>("").unwrap(), C::default());
        assert!(toml::from_str::<C>("misspelt = 1").is_err());
    }
    check::<BreakerConfig>();
    check::<BudgetConfig>();
    check::<BulkheadConfig>();
    check::<ChainConfig>();
    check::<HedgeConfig>();
    check::<Limits>();
}
