use wardkit_sandbox::{Enforcement, Guarantee, Policy, Report, SandboxError, Strength};

#[test]
fn a_default_policy_demands_that_everything_is_enforced() {
    let mut report = Report::default();
    for guarantee in Guarantee::ALL {
        let error = report.satisfies(&Policy::default()).expect_err("something is missing yet");
        assert!(
            matches!(error, SandboxError::Unenforceable { found: Strength::Absent, .. }),
            "{error}"
        );
        report.note(guarantee, Enforcement::new(Strength::Enforced, "the test"));
    }
    report.satisfies(&Policy::default()).expect("all is enforced");
}

#[test]
fn what_is_only_approximate_is_refused_unless_the_policy_says_otherwise() {
    let mut report = Report::default();
    for guarantee in Guarantee::ALL {
        report.note(guarantee, Enforcement::new(Strength::Enforced, "the test"));
    }
    let weak =
        Enforcement::new(Strength::Approximate, "an address space").remedy("delegate a cgroup");
    report.note(Guarantee::Memory, weak);
    let error = report.satisfies(&Policy::default()).expect_err("memory is approximate");
    let told =
        "memory cannot be enforced here, it is approximate: an address space; delegate a cgroup";
    assert_eq!(error.to_string(), told);

    let mut policy = Policy::default();
    policy.at_least.insert(Guarantee::Memory, Strength::Approximate);
    report.satisfies(&policy).expect("approximate will do");
}
