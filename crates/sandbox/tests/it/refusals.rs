//! What a host cannot keep is refused before anything runs, unless the policy says that less will do.

use std::fs;
use std::path::Path;

use wardkit_sandbox::{
    Ended, Guarantee, Input, Layer, Native, Outcome, Policy, SandboxError, Strength,
};

/// Runs a program that would say so; returns what became of it and what it said.
fn run(native: &Native, policy: &Policy) -> (Result<Outcome, SandboxError>, Vec<u8>) {
    let mut given = (Vec::new(), Vec::new());
    let arguments = ["it runs".into()];
    let echo = Path::new("/bin/echo");
    let outcome = native.run(echo, &arguments, policy, Input::Bytes(b""), &mut given);
    (outcome, given.0)
}

/// A policy to which one guarantee matters, which is the best that it can be by default.
fn only(guarantee: Guarantee) -> Policy {
    let mut policy = Policy::default();
    policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Absent)).into();
    policy.at_least.remove(&guarantee);
    policy
}

fn check(native: &Native, guarantee: Guarantee, expected: Strength) {
    let (outcome, said) = run(native, &only(guarantee));
    match outcome {
        Err(SandboxError::Unenforceable { guarantee: named, found, .. }) => {
            assert_eq!((named, found), (guarantee, expected), "{native:?}");
        }
        other => panic!("{guarantee} without {native:?}: {other:?}"),
    }
    assert_eq!(said, b"", "it ran");
    let mut policy = only(guarantee);
    policy.at_least.insert(guarantee, expected);
    let (outcome, said) = run(native, &policy);
    let outcome = outcome.expect("the policy says that this will do");
    assert_eq!((outcome.ended, said.as_slice()), (Ended::Exited(0), &b"it runs\n"[..]));
    assert_eq!(outcome.report.strength(guarantee), expected);
}

#[test]
fn each_wall_that_is_missing_is_refused_by_the_name_of_what_it_keeps() {
    use Guarantee::{Cpu, Deadline, Files, Memory, Network, Processes, SystemCalls, Telemetry};
    use Layer::{Cgroups, Landlock, Limits, Namespaces, UserNamespace};
    let root = [UserNamespace, Namespaces];
    let open = [UserNamespace, Namespaces, Landlock, Layer::SystemCalls];
    let rows: &[(&[Layer], Guarantee, Strength)] = &[
        (&[Landlock], Files, Strength::Approximate),
        (&root, Files, Strength::Approximate),
        (&root, Processes, Strength::Approximate),
        (&root, Deadline, Strength::Approximate),
        (&[Layer::SystemCalls], SystemCalls, Strength::Absent),
        (&[Layer::SystemCalls], Network, Strength::Approximate),
        (&[Layer::Telemetry], Telemetry, Strength::Approximate),
        (&[Cgroups], Memory, Strength::Approximate),
        (&[Cgroups], Cpu, Strength::Approximate),
        (&[Cgroups, Limits], Memory, Strength::Absent),
        (&open, Files, Strength::Absent),
        (&open, Network, Strength::Absent),
        (&open, Processes, Strength::Absent),
        (&open, Deadline, Strength::Absent),
    ];
    for (without, guarantee, expected) in rows {
        check(&Native::danger_without(without), *guarantee, *expected);
    }
}

#[test]
fn a_group_that_was_not_delegated_keeps_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let native = Native::with_cgroup(&folder.path().join("missing"));
    check(&native, Guarantee::Memory, Strength::Approximate);
    let control = folder.path().join("cgroup.subtree_control");
    // Others were delegated; or it says what it cannot do.
    for delegated in ["io\n", "cpu memory pids\n"] {
        fs::write(&control, delegated).expect("a file");
        let native = Native::with_cgroup(folder.path());
        check(&native, Guarantee::Memory, Strength::Approximate);
        check(&native, Guarantee::Cpu, Strength::Approximate);
    }
}
