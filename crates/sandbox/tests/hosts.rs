//! Hosts that lack something: the answer is told, never a silent downgrade.

use std::process::Command;

const PROBER: &str = env!("CARGO_BIN_EXE_sandbox-door");

/// Returns what a host without these system calls can enforce, a line for each guarantee.
fn without(calls: &[&str]) -> Vec<String> {
    let output = Command::new(PROBER).arg("probe").args(calls).output().expect("it can be started");
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).expect("it is text");
    told.lines().map(str::to_owned).collect()
}

fn check(calls: &[&str], expected: &[(&str, &str)]) {
    let told = without(calls);
    for (guarantee, start) in expected {
        let line = told.iter().find_map(|line| line.strip_prefix(&format!("{guarantee}: ")));
        let line = line.expect("every guarantee is told");
        assert!(line.starts_with(start), "without {calls:?}: {guarantee}: {line}");
    }
}

#[test]
fn without_landlock_files_are_held_by_the_root_alone() {
    let told = "approximate: an empty read-only root, but the kernel has no Landlock";
    check(
        &["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"],
        &[("files", told), ("processes", "enforced"), ("network", "enforced")],
    );
}

#[test]
fn without_namespaces_landlock_and_the_filter_hold_what_they_can() {
    check(
        &["fsopen", "fsmount", "move_mount"],
        &[
            ("files", "approximate: Landlock version"),
            ("network", "enforced: no system call that makes a socket"),
            ("processes", "approximate: signals end at Landlock's scope"),
            ("deadline", "approximate"),
        ],
    );
}

#[test]
fn without_namespaces_and_landlock_nothing_holds_files() {
    check(&["fsopen", "landlock_create_ruleset"], &[("files", "absent"), ("processes", "absent")]);
}

#[test]
fn without_filters_system_calls_are_open_and_the_network_is_a_namespace() {
    check(
        &["seccomp"],
        &[
            ("system-calls", "absent: filtering system calls failed: Function not implemented"),
            ("telemetry", "absent"),
            ("network", "approximate: a network namespace"),
            ("files", "enforced"),
        ],
    );
}

#[test]
fn without_cgroups_limits_are_approximate_and_say_what_would_help() {
    check(
        &["mkdir", "mkdirat"],
        &[
            (
                "memory",
                "approximate: the address space of each process: run it as root, or have systemd",
            ),
            ("cpu", "approximate: stopped and continued"),
        ],
    );
}
