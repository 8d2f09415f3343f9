//! What a configuration says of services, checked.

use std::fs;

use crate::support::{Ended, dir, run};

fn check(text: &str) -> Ended {
    let dir = dir();
    let file = dir.path().join("agentd.toml");
    fs::write(&file, text).unwrap();
    run(&["check-config", "--config", file.to_str().unwrap()])
}

#[test]
fn every_service_at_fault_is_named_with_line_key_and_reason() {
    for (text, part) in [
        ("[[service]]\nname = \"a\"\n", ":1: service[0].command: is empty"),
        (
            "[[service]]\nname = \"a\"\ncomand = []\n",
            ":3: service[0].comand: unknown key; did you mean `command`?",
        ),
        ("[[service]]\nname = \"a\"\ncommand = 3\n", ":3: service[0].command: invalid type"),
        ("[[service]]\nname = \"a\"\nstop_timeout = \"soon\"\n", ":3: service[0].stop_timeout: "),
        ("service = 3\n", ":1: service: must be tables: [[service]]"),
        ("service = [3]\n", ":1: service[0]: must be a table"),
        (
            "profile = \"some\"\n",
            ":1: profile: unknown variant `some`, expected `full` or `supervise`",
        ),
        ("max_probes = 0\n", ":1: max_probes: 0 is not between"),
        (
            "[[service]]\nname = \"a\"\ncommand = [\"/bin/true\"]\ndepends = [\"b\"]\n",
            ":4: service[0].depends: there is no service `b`",
        ),
        (
            "[[service]]\nname = \"a\"\ncommand = [\"/bin/true\"]\ndepends = [\"b\"]\n\
             [[service]]\nname = \"b\"\ncommand = [\"/bin/true\"]\ndepends = [\"a\"]\n",
            "a -> b -> a",
        ),
        (
            "[[service]]\nname = \"a\"\ncommand = [\"/gone/away\"]\n",
            ":3: service[0].command: /gone/away: No such file or directory",
        ),
        (
            "[[service]]\nname = \"a\"\ncommand = [\"/etc/passwd\"]\n",
            ":3: service[0].command: /etc/passwd: may not be executed by anybody",
        ),
        (
            "[[service]]\nname = \"a\"\ncommand = [\"no-such-program\"]\nenv = { PATH = \"/bin\" }\n",
            ":3: service[0].command: there is no program `no-such-program` in /bin",
        ),
        (
            "[[service]]\nname = \"a\"\ncommand = [\"/bin/true\"]\nuser = \"nobody-of-that-name\"\n",
            ":4: service[0].user: there is no user `nobody-of-that-name`",
        ),
        (
            "[[service]]\nname = \"a\"\ncommand = [\"/bin/true\"]\nworking_directory = \"/gone\"\n",
            ":4: service[0].working_directory: /gone: No such file or directory",
        ),
        (
            "profile = \"supervise\"\n[[service]]\nname = \"a\"\ncommand = [\"/bin/true\"]\n\
             [[service.recovery]]\non = [\"core\"]\ndo = [\"escalate\"]\n",
            "service[0].recovery[0].do: `escalate` needs the part `alerting`",
        ),
        (
            "[[service]]\nname = \"a\"\ncommand = [\"/bin/true\"]\n\
             [[service.recovery]]\non = [\"core\"]\ndo = [\"isolate\"]\n",
            ":6: service[0].recovery[0].do: `isolate` needs the part `sandbox`",
        ),
    ] {
        let checked = check(text);
        assert_eq!(checked.code, Some(78), "{text}\n{checked:?}");
        assert!(checked.stderr.contains(part), "{part}\n{}", checked.stderr);
    }
}

#[test]
fn several_services_at_fault_are_named_in_one_report() {
    let text = "[[service]]\nname = \"a\"\ncommand = [\"/gone/a\"]\n\
                [[service]]\nname = \"b\"\ncommand = [\"/gone/b\"]\nstop_signal = \"NONE\"\n\
                [[service]]\nname = \"c\"\ncommand = [\"/bin/true\"]\n";
    let checked = check(text);
    for part in [
        ":3: service[0].command: /gone/a",
        ":6: service[1].command: /gone/b",
        ":7: service[1].stop_signal",
    ] {
        assert!(checked.stderr.contains(part), "{part}\n{}", checked.stderr);
    }
    assert!(!checked.stderr.contains("service[2]"), "{checked:?}");
}

#[test]
fn services_that_can_run_are_acceptable_and_unused_sections_are_remarked() {
    let service = "[[service]]\nname = \"a\"\ncommand = [\"/bin/sh\", \"-c\", \"true\"]\nenv = { MODE = \"x\" }\n\
                   probes.readiness = { tcp = \"127.0.0.1:5432\", period = \"200ms\" }\n\
                   [[service_group]]\nname = \"all\"\nservices = [\"a\"]\nstrategy = \"one_for_all\"\n";
    let checked = check(&format!("profile = \"full\"\nmax_probes = 4\n{service}"));
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{checked:?}");
    let checked = check(&format!("profile = \"supervise\"\n[metrics]\nenabled = false\n{service}"));
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.stderr.contains("[metrics] is not used"), "{checked:?}");
}
