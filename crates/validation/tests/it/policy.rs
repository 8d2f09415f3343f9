//! Policies as data.

use wardkit_core::Timestamp;
use wardkit_validation::{Action, Error, Exception, Level, Policies, Policy, Sink, Strictness};

const ATTACK: &str = "en%0d%0aSet-Cookie: a=b";

#[test]
fn an_exception_holds_until_its_date_and_only_for_who_knows_the_date() {
    let until = Timestamp::from_unix_seconds(1_800_000_000);
    let mut policy = Policy::for_sink(Sink::Url);
    policy.exceptions =
        vec![Exception::new("header.encoded-line", until, "ann", "old proxy").unwrap()];
    let level =
        |now: i64| policy.check_at(ATTACK, Timestamp::from_unix_seconds(now)).unwrap().level();
    assert_eq!(level(1_799_999_999), Level::Clean);
    assert_eq!(level(1_800_000_000), Level::Reject);
    assert_eq!(policy.check(ATTACK).unwrap().level(), Level::Reject);
}

#[test]
fn an_exception_names_a_rule_an_owner_and_a_reason() {
    let at = Timestamp::UNIX_EPOCH;
    let error = Exception::new("sql.no-such", at, "ann", "because").unwrap_err();
    assert!(matches!(error, Error::Rule { ref id } if id == "sql.no-such"), "{error}");
    for (owner, reason) in [("", "because"), ("ann", " ")] {
        let error = Exception::new("header.line", at, owner, reason).unwrap_err();
        assert!(matches!(error, Error::Exception), "{error}");
    }
}

#[test]
fn what_to_do_follows_from_level_and_policy() {
    let attack = Policy::for_sink(Sink::Header).check(ATTACK).unwrap();
    let doubt = Policy::for_sink(Sink::Header).check("a%0d%0ab").unwrap();
    let clean = Policy::default().check("hello").unwrap();
    assert_eq!(
        [attack.level(), doubt.level(), clean.level()],
        [Level::Reject, Level::Suspicious, Level::Clean]
    );
    for (action, expected) in [
        (Action::Allow, [Action::Allow, Action::Allow, Action::Allow]),
        (Action::Flag, [Action::Flag, Action::Flag, Action::Allow]),
        (Action::Mask, [Action::Mask, Action::Flag, Action::Allow]),
        (Action::Reject, [Action::Reject, Action::Flag, Action::Allow]),
    ] {
        let mut policy = Policy::default();
        policy.action = action;
        let actions = [&attack, &doubt, &clean].map(|verdict| policy.action_for(verdict));
        assert_eq!(actions, expected);
    }
}

#[test]
fn strictness_is_one_to_four() {
    for level in 1..=4 {
        assert_eq!(u8::from(Strictness::new(level).unwrap()), level);
    }
    for level in [0, 5, 255] {
        assert!(matches!(Strictness::new(level), Err(Error::Strictness)));
    }
    assert_eq!(u8::from(Strictness::default()), 2);
}

#[test]
fn a_sink_without_a_policy_has_the_default() {
    let mut policies = Policies::default();
    let mut strict = Policy::default();
    strict.strictness = Strictness::new(4).unwrap();
    policies.sinks.insert(Sink::Sql, strict);
    assert_eq!(u8::from(policies.of(Some(Sink::Sql)).strictness), 4);
    assert_eq!(policies.of(Some(Sink::Sql)).sink, Some(Sink::Sql));
    assert_eq!(policies.of(Some(Sink::Html)), Policy::for_sink(Sink::Html));
    assert_eq!(policies.of(None), Policy::default());
}

#[cfg(feature = "serde")]
mod data {
    use super::*;

    #[test]
    fn policies_are_read_and_written() {
        let text = r#"
            [message]
            strictness = 1
            action = "flag"

            [sinks.sql]
            cap = 4096
            exceptions = [{ rule = "header.line", until = "2027-01-31T00:00:00Z", owner = "ann", reason = "x" }]
        "#;
        let policies: Policies = toml::from_str(text).unwrap();
        assert_eq!(policies.of(None).action, Action::Flag);
        let sql = policies.of(Some(Sink::Sql));
        assert_eq!((sql.cap, sql.exceptions[0].owner()), (4096, "ann"));
        assert_eq!(sql.exceptions[0].until().to_string(), "2027-01-31T00:00:00Z");
        let again: Policies = toml::from_str(&toml::to_string(&policies).unwrap()).unwrap();
        assert_eq!(again, policies);
    }

    #[test]
    fn mistakes_are_refused() {
        for (text, reason) in [
            ("strictness = 5", "the strictness is not 1, 2, 3 or 4"),
            ("strictnes = 1", "unknown field `strictnes`"),
            ("action = \"ignore\"", "unknown variant `ignore`"),
            ("sink = \"sql\"", "unknown field `sink`"),
            (
                "exceptions = [{ rule = \"a.b\", until = \"2027-01-31T00:00:00Z\", owner = \"a\", reason = \"b\" }]",
                "no rule is named `a.b`",
            ),
            ("exceptions = [{ rule = \"header.line\" }]", "missing field `until`"),
        ] {
            let error = toml::from_str::<Policy>(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        assert!(toml::from_str::<Policies>("[sinks.smtp]").is_err());
    }
}
