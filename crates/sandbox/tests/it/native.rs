use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use wardkit_sandbox::{
    Bind, Ended, Guarantee, Input, Native, Outcome, Policy, Sandbox as _, SandboxError, Sink,
    Strength,
};

/// A policy for a host of which nothing is known.
fn lenient() -> Policy {
    let mut policy = Policy::default();
    policy.limits.tasks = 8;
    for guarantee in Guarantee::ALL {
        policy.at_least.insert(guarantee, Strength::Absent);
    }
    policy
}

fn shell(script: &str, policy: &Policy, input: &str) -> (Outcome, String, String) {
    let mut given = (Vec::new(), Vec::new());
    let arguments = ["-c".into(), script.into()];
    let input = Input::Bytes(input.as_bytes());
    let outcome = Native::new()
        .run(Path::new("/bin/sh"), &arguments, policy, input, &mut given)
        .expect("a shell can be run");
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (outcome, text(given.0), text(given.1))
}

#[test]
fn what_a_program_gives_is_passed_on() {
    let (outcome, output, errors) = shell("cat; echo bad >&2; exit 7", &lenient(), "hello");
    assert_eq!((output.as_str(), errors.as_str()), ("hello", "bad\n"), "{outcome:?}");
    assert_eq!(outcome.ended, Ended::Exited(7));
}

#[test]
fn a_program_sees_neither_the_hosts_files_nor_its_environment() {
    let (_, output, _) =
        shell("cat /etc/passwd /proc/1/environ; env; ls /home /root", &lenient(), "");
    assert_eq!(output, "PWD=/\n");
}

#[test]
fn a_program_is_ended_at_its_deadline_and_its_output_is_kept() {
    let mut policy = lenient();
    policy.limits.timeout = Duration::from_millis(300);
    let (outcome, output, _) = shell("echo before; sleep 60; echo after", &policy, "");
    assert_eq!(outcome.ended, Ended::Timeout);
    assert_eq!(output, "before\n");
}

#[test]
fn what_a_program_leaves_behind_ends_with_it() {
    // Twice forked, in a session of its own, and holding the output open.
    let script = "(setsid sleep 86123 & ) ; sleep 86124 & echo gone";
    let (outcome, output, _) = shell(script, &lenient(), "");
    assert_eq!((outcome.ended, output.as_str()), (Ended::Exited(0), "gone\n"));
    let all = fs::read_dir("/proc").expect("there is procfs").filter_map(Result::ok);
    let of = |entry: fs::DirEntry| fs::read(entry.path().join("cmdline")).unwrap_or_default();
    let is_left =
        |command: &Vec<u8>| [&b"sleep\x0086123\0"[..], b"sleep\x0086124\0"].contains(&&**command);
    assert_eq!(all.map(of).filter(is_left).count(), 0);
}

#[test]
fn a_deadline_that_comes_before_the_program_is_a_deadline() {
    let mut policy = lenient();
    policy.limits.timeout = Duration::from_nanos(1);
    let (outcome, output, _) = shell("echo never", &policy, "");
    assert_eq!((outcome.ended, output.as_str()), (Ended::Timeout, ""));
}

/// Takes nothing while another has a file locked.
struct WhileLocked(File);

impl Sink for WhileLocked {
    fn output(&mut self, _: &[u8]) -> io::Result<()> {
        self.0.lock()
    }

    fn errors(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_program_is_ended_at_its_deadline_although_nobody_takes_what_it_gives() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("it is ours");
    let path = folder.path().join("lock");
    let mut sink = WhileLocked(File::create(&path).expect("a file"));
    let mut policy = lenient();
    policy.grants.binds.push(Bind::read_only(folder.path()));
    policy.limits.timeout = Duration::from_millis(500);
    // It has the file locked as long as it lives, which would be longer than the test waits.
    let script = ["/bin/sh", "-c", "echo locked; sleep 30"];
    let arguments = [path.as_os_str()].into_iter().chain(script.map(OsStr::new));
    let arguments: Vec<OsString> = arguments.map(OsStr::to_os_string).collect();
    let flock = Path::new("/usr/bin/flock");
    let outcome = Native::new()
        .run(flock, &arguments, &policy, Input::Bytes(b""), &mut sink)
        .expect("it can be run");
    assert_eq!(outcome.ended, Ended::Timeout);
    assert!(outcome.usage.wall < Duration::from_secs(20), "{:?}", outcome.usage);
}

#[test]
fn a_program_that_gives_too_much_is_ended() {
    let mut policy = lenient();
    policy.limits.output = "100kB".parse().expect("a size");
    let (outcome, output, _) =
        shell("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done", &policy, "");
    assert_eq!(outcome.ended, Ended::OutputLimit);
    assert_eq!(output.len(), 100_000);
}

#[test]
fn a_program_that_does_not_exist_is_an_error() {
    let mut given = (Vec::new(), Vec::new());
    let missing = Path::new("/no/such/program");
    let error = Native::new()
        .run(missing, &[], &lenient(), Input::Bytes(b""), &mut given)
        .expect_err("there is no such program");
    assert!(matches!(error, SandboxError::Invalid { .. }), "{error}");
}

#[test]
fn what_is_found_of_a_host_is_what_a_run_reports() {
    let native = Native::new();
    let found = native.probe();
    let (outcome, ..) = shell("true", &lenient(), "");
    assert_eq!(outcome.report, found.best);
}
