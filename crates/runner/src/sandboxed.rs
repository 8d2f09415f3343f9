//! The holder of a service in the native sandbox: a process between the guardian and the program.

mod notices;
mod signals;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use wardkit_process::Cgroup;
use wardkit_sandbox::{Attendant, Ended, Native, Outcome, Policy, Report, SandboxError, Sink};

use crate::confine::ORDERS;
use notices::Notices;
use signals::Signals;

/// How the program that takes the place of a service ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// With this status, where it does not end by a signal.
    pub status: u8,
    /// By this signal.
    pub signal: Option<i32>,
    /// What is to be written to standard error before: why a sandbox ended the program, or there is none.
    pub remark: Option<String>,
}

/// Holds a program in the sandbox until it has ended. The program that [`Options::holder`](crate::Options::holder) names
/// calls it with its environment and with the arguments that are not its own, and then ends as this says.
///
/// Statuses of its own: 71 when the sandbox could not be made this time, 78 when the policy cannot be kept, 124 at the
/// policy's deadline, 127 when there is no such program, 137 at one of its other limits.
#[must_use]
pub fn hold(variable: impl Fn(&str) -> Option<OsString>, program: &[OsString]) -> Held {
    match try_hold(&variable, program) {
        Ok(outcome) => Held::of(&outcome.ended),
        Err(Unheld::NoProgram(name)) => {
            Held::failed(NO_PROGRAM, format!("{}: there is no such program", name.display()))
        }
        Err(Unheld::Orders(reason)) => Held::failed(REFUSED, reason),
        Err(Unheld::Sandbox(error)) => {
            let status = match error {
                SandboxError::Unenforceable { .. } | SandboxError::Invalid { .. } => REFUSED,
                _ => NOT_MADE,
            };
            let reason = crate::start::chain(&error);
            Notices::new(&variable).refused(&reason);
            Held::failed(status, reason)
        }
    }
}

impl Held {
    fn of(ended: &Ended) -> Self {
        let by_signal = |signal| Self { status: LIMIT, signal: Some(signal), remark: None };
        let limit = |status, what: &str| Self::failed(status, format!("ended: {what}"));
        match ended {
            Ended::Exited(status) => Self { status: *status, signal: None, remark: None },
            Ended::Killed(signal) => by_signal(*signal),
            Ended::OutOfMemory => Self {
                remark: Some("ended: it wanted more memory than its policy allows".to_owned()),
                ..by_signal(KILL)
            },
            Ended::Timeout => limit(TIMEOUT, "its policy gives it no more time"),
            Ended::CpuBudget => limit(LIMIT, "it used all the time of processors of its policy"),
            Ended::OutputLimit => limit(LIMIT, "it wrote more than its policy allows"),
            other => limit(LIMIT, &format!("{other:?}")),
        }
    }

    fn failed(status: u8, reason: String) -> Self {
        Self { status, signal: None, remark: Some(reason) }
    }
}

/// Why a program was not held.
enum Unheld {
    NoProgram(OsString),
    Orders(String),
    Sandbox(SandboxError),
}

impl From<SandboxError> for Unheld {
    fn from(error: SandboxError) -> Self {
        Self::Sandbox(error)
    }
}

/// What a holder is to do.
#[derive(Deserialize)]
struct Orders {
    policy: Policy,
    directory: Option<PathBuf>,
}

fn try_hold(
    variable: &dyn Fn(&str) -> Option<OsString>,
    program: &[OsString],
) -> Result<Outcome, Unheld> {
    let unread = |reason: String| Unheld::Orders(format!("the orders of the sandbox: {reason}"));
    let orders = variable(ORDERS).ok_or_else(|| unread(format!("{ORDERS} is not set")))?;
    // The text may have secrets, which what is wrong with it must not show.
    let orders: Orders = serde_json::from_slice(orders.as_encoded_bytes())
        .map_err(|error| unread(format!("column {}: is no policy", error.column())))?;
    let (name, arguments) =
        program.split_first().ok_or_else(|| unread("there is no program".to_owned()))?;
    let path = find(name, variable("PATH").as_deref());
    let path = path.ok_or_else(|| Unheld::NoProgram(name.clone()))?;
    let signals = Signals::catch()
        .map_err(|source| SandboxError::Setup { step: "listening to signals", source })?;
    let notices = Arc::new(Notices::new(&variable));
    let mut attendant = Holder { notices: Arc::clone(&notices), signals: signals.source };
    let talk = signals.runtime.handle().clone();
    let waiting = signals.waiting;
    let told = Arc::clone(&notices);
    std::thread::Builder::new()
        .name("notices".to_owned())
        .spawn(move || {
            talk.spawn(waiting);
            signals.runtime.block_on(told.tell());
        })
        .map_err(|source| SandboxError::Setup { step: "starting a thread", source })?;
    let directory = orders.directory.as_deref();
    let outcome = native().hold(&path, arguments, directory, &orders.policy, &mut attendant)?;
    notices.last();
    Ok(outcome)
}

/// Passes on what the program gives, and tells what is to be known of it.
struct Holder {
    notices: Arc<Notices>,
    signals: io::PipeReader,
}

impl Attendant for Holder {
    fn starts(&mut self, report: &Report) {
        self.notices.starts(report);
    }

    fn denied(&mut self, call: &str) {
        self.notices.denied(call);
    }

    fn signals(&self) -> Option<BorrowedFd<'_>> {
        Some(self.signals.as_fd())
    }
}

impl Sink for Holder {
    fn output(&mut self, part: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(part)?;
        out.flush()
    }

    fn errors(&mut self, part: &[u8]) -> io::Result<()> {
        io::stderr().lock().write_all(part)
    }
}

/// Finds a program where the guardian would, but first among those that the sandbox shows with all that they need: a
/// version manager's wrapper in a home would find nothing of what it wraps.
fn find(name: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    let is_program = |path: &Path| {
        path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
    };
    if name.as_bytes().contains(&b'/') {
        return Some(PathBuf::from(name)).filter(|path| is_program(path));
    }
    let found = std::env::split_paths(path?).map(|folder| folder.join(name));
    let found: Vec<PathBuf> = found.filter(|path| is_program(path)).collect();
    let is_shown = |path: &&PathBuf| SHOWN.iter().any(|shown| path.starts_with(shown));
    found.iter().find(is_shown).or(found.first()).cloned()
}

/// Returns the sandbox with groups below the one that the guardian gave this service.
///
/// In version 2 a group with processes gives nothing to groups below it: this process makes room by moving to one of its
/// own, where the group is the service's and has controllers to give.
fn native() -> Native {
    let Some(group) = Cgroup::ours() else { return Native::new() };
    let offered = std::fs::read_to_string(group.path().join("cgroup.controllers"));
    let gives = offered.is_ok_and(|offered| !offered.trim().is_empty());
    let is_alone = group.pids().is_ok_and(|pids| pids == [std::process::id()]);
    if !gives || !is_alone {
        return Native::new();
    }
    let moved = group
        .child(LEAF)
        .and_then(|leaf| leaf.set("cgroup.procs", &std::process::id().to_string()));
    match moved {
        Ok(()) => Native::with_cgroup(group.path()),
        Err(_) => Native::new(),
    }
}

/// Folders of programs that the grant `runtime` shows.
const SHOWN: [&str; 3] = ["/usr", "/bin", "/sbin"];

/// The group of the holder itself.
const LEAF: &str = "wardkit-holder";

/// `EX_OSERR` and `EX_CONFIG` of sysexits.h.
const NOT_MADE: u8 = 71;
const REFUSED: u8 = 78;
/// As `timeout` of coreutils.
const TIMEOUT: u8 = 124;
/// As shells have it.
const NO_PROGRAM: u8 = 127;
/// As a shell tells of SIGKILL.
const LIMIT: u8 = 137;
const KILL: i32 = 9;
