use std::path::PathBuf;
use std::time::Duration;

use wardkit_sandbox::{Guarantee, Policy, Size, Strength};

#[test]
fn a_policy_is_read_from_a_file() {
    let text = r#"
        [limits]
        memory = "20MB"
        cpu = "50%"
        timeout = "2s"
        tasks = 4
        [grants]
        runtime = true
        environment = { LANG = "C" }
        [[grants.binds]]
        path = "/srv/data"
        writable = true
        [at-least]
        memory = "approximate"
    "#;
    let policy = Policy::from_toml(text).expect("the policy is valid");
    assert_eq!(policy.limits.memory, Size(20_000_000));
    assert_eq!(policy.limits.cpu.thousandths(), 500);
    assert_eq!(policy.limits.timeout, Duration::from_secs(2));
    assert_eq!(policy.limits.output, Size(1 << 20), "the default");
    assert_eq!(policy.grants.binds[0].path, PathBuf::from("/srv/data"));
    assert!(policy.grants.binds[0].writable && policy.grants.runtime && !policy.grants.network);
    assert_eq!(policy.demands(Guarantee::Memory), Strength::Approximate);
    assert_eq!(policy.demands(Guarantee::Files), Strength::Enforced);
}

#[test]
fn an_empty_file_is_the_default_policy() {
    assert_eq!(Policy::from_toml("").expect("nothing is valid"), Policy::default());
}

#[test]
fn a_policy_that_is_wrong_is_refused_with_its_line() {
    let told = |text: &str| Policy::from_toml(text).expect_err(text).to_string();
    assert!(told("[limits]\nmemmory = \"1MB\"").starts_with("line 2 of the policy: unknown field"));
    assert!(told("[limits]\n\ncpu = \"10\"").contains("is no share of a processor"));
    assert!(told("[limits]\ntasks = 0").contains("at least one task"));
    assert!(told("[[grants.binds]]\npath = \"/srv/../etc\"").contains("absolute path without"));
    assert!(told("[[grants.binds]]\npath = \"/\"").contains("not the root"));
    assert!(told("[at-least]\nspeed = \"absent\"").contains("unknown variant"));
}

#[test]
fn a_policy_survives_being_written() {
    let mut policy = Policy::default();
    policy.limits.timeout = Duration::from_millis(1500);
    policy.at_least.insert(Guarantee::SystemCalls, Strength::Absent);
    let text = serde_json::to_string(&policy).expect("it is data");
    assert_eq!(serde_json::from_str::<Policy>(&text).expect("it was written"), policy);
}
