//! Tests of the program as its user runs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod alerts;
mod backup;
mod check;
mod cleanup;
mod deps;
mod detect;
mod forecast;
mod forms;
mod harden;
mod integrity;
mod mask;
mod metrics;
mod plugin;
mod probe;
mod rules;
mod samples;
mod sandbox;
mod services;
mod services_import;
mod status;
mod trail;
mod validate;
mod wrong_input;

use std::process::Command;

/// How a run of auditctl ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn auditctl(args: &[&str]) -> Ended {
    let output =
        Command::new(env!("CARGO_BIN_EXE_auditctl")).args(args).env_clear().output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn every_shell_gets_a_completion_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = auditctl(&["completions", shell]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("auditctl") && ended.stdout.contains("status"), "{shell}");
    }
}

#[test]
fn wrong_command_line_exits_2() {
    for args in
        [&[][..], &["--bogus"], &["bogus"], &["status", "--bogus"], &["completions", "bogus"]]
    {
        assert_eq!(auditctl(args).code, Some(2), "{args:?}");
    }
}
