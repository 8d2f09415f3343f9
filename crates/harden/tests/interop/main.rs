//! Profiles are judged by the tools that load them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod apparmor;
mod sandbox;
mod seccomp;
mod selinux;
mod systemd;

use std::path::Path;
use std::process::{Command, Output};

use wardkit_harden::{Needs, Subject, manifest};

/// Needs of every kind, with names that mean something to the tools.
fn all_kinds() -> (Subject, Needs) {
    let needs = manifest(
        r#"
        user = "bot"
        reads = ["/srv/bot/", "/srv/bot x/*.py", "/etc/ssl/certs/", "/srv/q\"uote,{a,b}[c]^d@{e}$f\\g#h é"]
        lists = ["/srv/bot/plugins"]
        writes = ["/var/lib/bot/", "/var/log/bot.log", "/tmp/", "/dev/null", "/srv/?"]
        executes = ["/usr/bin/ffmpeg"]
        capabilities = ["net_bind_service", "CAP_BPF", "net_raw", "checkpoint_restore"]
        system-calls = ["@system-service", "bpf"]
        writes-code = true
        makes-namespaces = true
        [network]
        families = ["unix", "inet", "inet6", "netlink", "packet", "rds", "can", "tipc", "bluetooth", "alg", "vsock", "kcm", "smc", "xdp"]
        listen = [443]
        connect = [5432]
        "#,
    );
    (Subject::new("/srv/bot/bot.py").unwrap(), needs.unwrap())
}

/// Runs a tool to its end.
fn run(directory: &Path, program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory);
    // Where Debian keeps what administrators run.
    command.env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()));
    command.output().unwrap_or_else(|error| panic!("{program} could not be started: {error}"))
}

fn assert_ok(output: &Output, text: &str) {
    let (said, told) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{told}\n{text}");
}
