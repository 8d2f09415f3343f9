//! Programs that live long.

use std::io::{self, PipeReader, PipeWriter, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

use wardkit_sandbox::{
    Attendant, Bind, Ended, Guarantee, Native, Outcome, Policy, Report, SandboxError, Sink,
    Strength,
};

/// A policy for a host of which nothing is known.
fn lenient() -> Policy {
    let mut policy = Policy::default();
    policy.limits.tasks = 8;
    policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Absent)).into();
    policy
}

/// Sends a signal when the program says that it is ready, and keeps the rest.
struct Bystander {
    signal: u8,
    way: Option<PipeWriter>,
    signals: PipeReader,
    output: Vec<u8>,
    report: Option<Report>,
    denied: Vec<String>,
}

impl Bystander {
    fn new(signal: u8) -> Self {
        let (signals, way) = io::pipe().expect("a pipe");
        let (output, denied) = (Vec::new(), Vec::new());
        Self { signal, way: Some(way), signals, output, report: None, denied }
    }

    fn holds(&mut self, script: &str, directory: Option<&Path>, policy: &Policy) -> Outcome {
        self.tries(script, directory, policy).expect("a shell can be run")
    }

    fn tries(
        &mut self,
        script: &str,
        directory: Option<&Path>,
        policy: &Policy,
    ) -> Result<Outcome, SandboxError> {
        let arguments = ["-c".into(), script.into()];
        Native::new().hold(Path::new("/bin/sh"), &arguments, directory, policy, self)
    }
}

impl Attendant for Bystander {
    fn starts(&mut self, report: &Report) {
        self.report = Some(report.clone());
    }

    fn denied(&mut self, call: &str) {
        self.denied.push(call.to_owned());
    }

    fn signals(&self) -> Option<BorrowedFd<'_>> {
        Some(self.signals.as_fd())
    }
}

impl Sink for Bystander {
    fn output(&mut self, part: &[u8]) -> io::Result<()> {
        self.output.extend_from_slice(part);
        // Nothing more comes: that must not be taken for a signal.
        self.way.take().map_or(Ok(()), |mut way| way.write_all(&[self.signal]))
    }

    fn errors(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_signal_that_a_program_handles_is_its_own() {
    let mut bystander = Bystander::new(15);
    let script = "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
    let outcome = bystander.holds(script, None, &lenient());
    assert_eq!(outcome.ended, Ended::Exited(3));
    assert_eq!(String::from_utf8_lossy(&bystander.output), "ready\nbye\n");
    assert_eq!(bystander.report, Some(outcome.report));
}

#[test]
fn a_signal_that_a_program_leaves_to_the_kernel_ends_it() {
    let mut bystander = Bystander::new(15);
    let outcome = bystander.holds("echo ready; while :; do sleep 0.05; done", None, &lenient());
    assert_eq!(outcome.ended, Ended::Killed(15));
}

#[test]
fn a_signal_that_a_program_waits_for_is_left_to_it() {
    let script = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [15])\nprint('ready', flush=True)\n\
                  print(signal.sigwait([15]))";
    let mut bystander = Bystander::new(15);
    let python = Path::new("/usr/bin/python3");
    let outcome = Native::new()
        .hold(python, &["-c".into(), script.into()], None, &lenient(), &mut bystander)
        .expect("python can be run");
    assert_eq!(outcome.ended, Ended::Exited(0));
    assert_eq!(String::from_utf8_lossy(&bystander.output), "ready\n15\n");
}

#[test]
fn a_signal_that_ends_nobody_ends_no_program() {
    let mut bystander = Bystander::new(28);
    let outcome = bystander.holds("echo ready; sleep 0.2; exit 4", None, &lenient());
    assert_eq!(outcome.ended, Ended::Exited(4));
}

#[test]
fn a_program_starts_in_its_directory_where_it_sees_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().canonicalize().expect("it is there");
    let mut policy = lenient();
    policy.grants.binds.push(Bind::read_only(&path));
    // Run as root, a program is a user that nobody else is.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, open).expect("it is ours");
    let mut bystander = Bystander::new(28);
    let outcome = bystander.holds("pwd", Some(&path), &policy);
    assert_eq!(outcome.ended, Ended::Exited(0));
    assert_eq!(String::from_utf8_lossy(&bystander.output).trim(), path.display().to_string());
}

#[test]
fn a_directory_that_was_not_granted_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().canonicalize().expect("it is there");
    let mut bystander = Bystander::new(28);
    let error = bystander.tries("pwd", Some(&path), &lenient()).expect_err("it is not shown");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
}

#[test]
fn each_call_that_is_denied_is_told() {
    let mut policy = Policy::default();
    policy.limits.tasks = 8;
    policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Approximate)).into();
    let mut bystander = Bystander::new(28);
    let script = "mkdir /tmp/new 2>/dev/null; mkdir /tmp/newer 2>/dev/null; exit 5";
    let outcome = match bystander.tries(script, None, &policy) {
        Ok(outcome) => outcome,
        // A host that cannot do it says so.
        Err(error) => {
            assert!(matches!(error, SandboxError::Unenforceable { .. }), "{error}");
            return;
        }
    };
    assert_eq!(outcome.ended, Ended::Exited(5));
    let told = bystander.denied.iter().filter(|call| call.starts_with("mkdir")).count();
    let is_enforced = outcome.report.strength(Guarantee::Telemetry) == Strength::Enforced;
    assert_eq!(told, if is_enforced { 2 } else { 0 }, "{:?}", bystander.denied);
}

#[test]
fn a_policy_is_checked_without_a_program() {
    let native = Native::new();
    native.check(&lenient()).expect("it can be kept anywhere");
    let mut policy = lenient();
    policy.grants.binds.push(Bind::read_only("/no/such/place"));
    let error = native.check(&policy).expect_err("it is not there");
    assert!(error.to_string().contains("/no/such/place"), "{error}");
}
