use std::ffi::{CString, OsString};
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Gid, Rlimit, Uid};

use crate::{Account, Cgroup, Error, Limit, Process, sys};

/// A program to be started: in a session of its own, with the signals of a new process, and with
/// no descriptor of ours but the three that are named.
///
/// ```
/// use wardkit_process::{Exit, Launch, State};
///
/// let sleeper = Launch::new(["true"]).start()?;
/// sleeper.wait(None)?;
/// assert!(matches!(sleeper.state()?, State::Ended { exit: Exit::Code(0), .. }));
/// # Ok::<(), wardkit_process::Error>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Launch {
    /// The program and its arguments; without a slash it is searched in the `PATH` of its environment.
    pub command: Vec<OsString>,
    /// The whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it starts; ours when there is none.
    pub directory: Option<PathBuf>,
    /// As whom; as ourselves when there is none.
    pub account: Option<Account>,
    /// What it may use.
    pub limits: Vec<Limit>,
    /// Where its standard input comes from; from nowhere when there is none.
    pub stdin: Option<OwnedFd>,
    /// Where its standard output goes.
    pub stdout: Output,
    /// Where its standard error goes.
    pub stderr: Output,
    /// The group that it is born into.
    pub cgroup: Option<Cgroup>,
    /// Groups of hierarchies of version 1 that it is born into besides.
    pub cgroups_v1: Vec<Cgroup>,
    /// How much rather than others it is killed when memory runs out, -1000 to 1000; as ourselves when there is none.
    pub oom_score_adj: Option<i16>,
}

/// Where a program's output goes.
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Output {
    /// Nowhere.
    #[default]
    Discard,
    /// Where ours goes.
    Inherit,
    /// Into a descriptor.
    To(OwnedFd),
}

/// What is done on the way from here to a program that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Step {
    /// The process itself.
    Fork,
    /// Into its session.
    Session,
    /// Into its cgroup.
    Cgroup,
    /// One of its limits.
    Limits,
    /// Its account.
    Account,
    /// Its directory.
    Directory,
    /// The program.
    Execute,
}

impl Launch {
    /// Returns a command, standard input and outputs from and to nowhere, with an environment that holds a `PATH` and nothing else.
    #[must_use]
    pub fn new<I>(command: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        Self {
            command: command.into_iter().map(Into::into).collect(),
            environment: vec![("PATH".into(), DEFAULT_PATH.into())],
            ..Self::default()
        }
    }

    /// Starts it; returns when the program runs or could not be executed.
    ///
    /// # Errors
    ///
    /// [`Error::Spawn`] with the step that was refused. Nothing is left running then.
    pub fn start(self) -> Result<Process, Error> {
        let program = self.command.first().cloned().unwrap_or_default();
        let failed = |step, source| Error::Spawn { program: program.clone(), step, source };
        if program.is_empty() {
            return Err(failed(Step::Execute, io::ErrorKind::InvalidInput.into()));
        }
        let mut command = Command::new(&program);
        command.args(self.command.iter().skip(1)).env_clear().envs(self.environment);
        command
            .stdin(self.stdin.map_or_else(Stdio::null, Stdio::from))
            .stdout(self.stdout.into_stdio())
            .stderr(self.stderr.into_stdio());
        let groups = self.cgroup.iter().chain(&self.cgroups_v1);
        let groups: io::Result<Vec<OwnedFd>> = groups.map(Cgroup::entrance).collect();
        let groups = groups.map_err(|source| failed(Step::Cgroup, source))?;
        let oom_score_adj = self.oom_score_adj.map(|value| value.to_string());
        let directory = match &self.directory {
            Some(path) => Some(
                sys::c_string(path.as_os_str().as_bytes())
                    .map_err(|source| failed(Step::Directory, source))?,
            ),
            None => None,
        };
        let (limits, account) = (self.limits, self.account);
        let child = Child { groups, oom_score_adj, directory, limits, account };
        sys::before_exec(&mut command, move || child.prepare());
        let mut child = command.spawn().map_err(|source| {
            let (step, source) = Step::decode(source);
            failed(step, source)
        })?;
        Process::of_child(child.id()).inspect_err(|_| {
            // It must not run unheld. It was not waited for, so its number is still its own.
            let _ = child.kill();
            let _ = child.wait();
        })
    }
}

impl Output {
    fn into_stdio(self) -> Stdio {
        match self {
            Self::Discard => Stdio::null(),
            Self::Inherit => Stdio::inherit(),
            Self::To(fd) => fd.into(),
        }
    }
}

/// What the child does before it becomes the program. All memory was made before the fork.
struct Child {
    groups: Vec<OwnedFd>,
    oom_score_adj: Option<String>,
    directory: Option<CString>,
    limits: Vec<Limit>,
    account: Option<Account>,
}

impl Child {
    fn prepare(&self) -> io::Result<()> {
        rustix::process::setsid().map_err(Step::Session.encode())?;
        for group in &self.groups {
            rustix::io::write(group, b"0").map_err(Step::Cgroup.encode())?;
        }
        if let Some(value) = &self.oom_score_adj {
            set_oom_score_adj(value.as_bytes()).map_err(Step::Limits.encode())?;
        }
        for limit in &self.limits {
            let values = Rlimit { current: limit.soft, maximum: limit.hard };
            rustix::process::setrlimit(limit.resource.raw(), values)
                .map_err(Step::Limits.encode())?;
        }
        if let Some(directory) = &self.directory {
            rustix::process::chdir(directory.as_c_str()).map_err(Step::Directory.encode())?;
        }
        if let Some(account) = &self.account {
            become_account(account).map_err(Step::Account.encode())?;
        }
        sys::close_on_exec();
        sys::reset_signals();
        Ok(())
    }
}

pub(crate) fn set_oom_score_adj(value: &[u8]) -> rustix::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(c"/proc/self/oom_score_adj", flags, Mode::empty())?;
    rustix::io::write(file, value).map(drop)
}

/// Each call is for this thread alone, and the child has no other.
fn become_account(account: &Account) -> rustix::io::Result<()> {
    let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
    let is_ourselves = rustix::process::geteuid() == uid && rustix::process::getegid() == gid;
    // An ordinary user may become nobody, not even itself.
    if is_ourselves && !uid.is_root() {
        return Ok(());
    }
    rustix::thread::set_thread_groups(account.groups())?;
    rustix::thread::set_thread_res_gid(gid, gid, gid)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid)
}

impl Step {
    const ALL: [Self; 7] = [
        Self::Fork,
        Self::Session,
        Self::Cgroup,
        Self::Limits,
        Self::Account,
        Self::Directory,
        Self::Execute,
    ];

    /// The standard library brings one number from the child to us: the step rides above the error's.
    fn encode(self) -> impl FnOnce(rustix::io::Errno) -> io::Error {
        let step = Self::ALL.iter().position(|step| *step == self).unwrap_or(0);
        move |errno| {
            let above = i32::try_from(step).unwrap_or(0) * STEP;
            io::Error::from_raw_os_error(above + errno.raw_os_error())
        }
    }

    fn decode(error: io::Error) -> (Self, io::Error) {
        let Some(number) = error.raw_os_error() else {
            return (Self::Execute, error);
        };
        if number < STEP {
            // What the standard library did itself: it forks, and it executes.
            let is_fork =
                [rustix::io::Errno::AGAIN, rustix::io::Errno::NOMEM, rustix::io::Errno::MFILE]
                    .iter()
                    .any(|errno| errno.raw_os_error() == number);
            return (if is_fork { Self::Fork } else { Self::Execute }, error);
        }
        let step = usize::try_from(number / STEP).ok().and_then(|step| Self::ALL.get(step));
        let source = io::Error::from_raw_os_error(number % STEP);
        (step.copied().unwrap_or(Self::Execute), source)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fork => "no process could be made",
            Self::Session => "it could not have a session of its own",
            Self::Cgroup => "it could not enter its cgroup",
            Self::Limits => "a limit could not be set",
            Self::Account => "it could not become its user",
            Self::Directory => "its directory could not be entered",
            Self::Execute => "the program could not be executed",
        })
    }
}

/// Above all numbers of errors on Linux, which end at 4095.
const STEP: i32 = 1 << 16;

/// Where a program is searched when nobody says.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
