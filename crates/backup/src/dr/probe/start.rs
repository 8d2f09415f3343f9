use std::ffi::OsString;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use wardkit_process::{Account, Exit, Launch, Limit, Output, State, Tree};

use super::{Probe, RestoredTree, Verdict};
use crate::dr::drill::chain;

/// A program that is started in the restored tree and has to end with 0 within some time.
///
/// It runs without any variable of ours, in a session of its own, with its outputs kept back, and is ended with
/// everything that it started. That is no sandbox: it sees the host's files as its account does.
#[derive(Clone, Debug)]
pub struct StartCommand {
    command: Vec<OsString>,
    directory: PathBuf,
    within: Duration,
    account: Option<Account>,
    limits: Vec<Limit>,
}

impl StartCommand {
    /// Starts `command` in `directory`, a path of the host, in the tree.
    #[must_use]
    pub fn new<I>(command: I, directory: impl Into<PathBuf>, within: Duration) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        let command = command.into_iter().map(Into::into).collect();
        Self { command, directory: directory.into(), within, account: None, limits: Vec::new() }
    }

    /// Runs it as somebody else.
    #[must_use]
    pub fn as_account(mut self, account: Account) -> Self {
        self.account = Some(account);
        self
    }

    /// Holds it within limits.
    #[must_use]
    pub fn with_limits(mut self, limits: impl IntoIterator<Item = Limit>) -> Self {
        self.limits = limits.into_iter().collect();
        self
    }

    fn start(&self, tree: &RestoredTree, is_stopped: &dyn Fn() -> bool) -> io::Result<Verdict> {
        // What it says is kept in memory and not in the tree, which others compare.
        let errors = memfd_create("errors", MemfdFlags::CLOEXEC)?;
        let mut launch = Launch::new(&self.command);
        launch.directory = Some(tree.place(&self.directory));
        launch.account.clone_from(&self.account);
        launch.limits.clone_from(&self.limits);
        launch.stderr = Output::To(errors.try_clone()?);
        let process = match launch.start() {
            Ok(process) => process,
            Err(error) => return Ok(Verdict::failed(chain(&error))),
        };
        let all = Tree::new(process.identity().clone());
        let mut waited = Duration::ZERO;
        let ended = loop {
            let step = STEP.min(self.within.saturating_sub(waited));
            if process.wait(Some(step)).map_err(io::Error::other)? {
                break true;
            }
            waited += step;
            if waited >= self.within || is_stopped() {
                break false;
            }
        };
        let exit = match process.state().map_err(io::Error::other)? {
            State::Ended { exit, .. } if ended => Some(exit),
            _ => None,
        };
        all.kill_and_wait(PATIENCE).map_err(io::Error::other)?;
        let _ = process.wait(Some(PATIENCE));
        Ok(match exit {
            Some(Exit::Code(0)) => Verdict::passed("it ended with 0"),
            Some(exit) => Verdict::failed(format!("it ended with {exit}{}", said(errors))),
            None if is_stopped() => Verdict::not_run("the drill was broken off"),
            None => {
                let within = self.within.as_secs_f64();
                Verdict::failed(format!("it did not end within {within} s{}", said(errors)))
            }
        })
    }
}

impl Probe for StartCommand {
    fn id(&self) -> String {
        let program = self.command.first().map(|program| program.to_string_lossy());
        format!("start {}", program.unwrap_or_default())
    }

    fn run(&self, tree: &RestoredTree, is_stopped: &dyn Fn() -> bool) -> Verdict {
        self.start(tree, is_stopped)
            .unwrap_or_else(|error| Verdict::not_run(format!("it cannot be run: {error}")))
    }
}

/// The end of what it said, to be added to a reason.
fn said(errors: OwnedFd) -> String {
    let mut errors = std::fs::File::from(errors);
    let mut text = Vec::new();
    let length = errors.metadata().map_or(0, |data| data.len());
    let from = length.saturating_sub(MOST_SAID);
    let read = errors.seek(SeekFrom::Start(from)).and_then(|_| errors.read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    match text.trim() {
        said if read.is_ok() && !said.is_empty() => format!(": {said}"),
        _ => String::new(),
    }
}

/// How often it is asked whether the drill goes on.
const STEP: Duration = Duration::from_millis(100);
/// How long what it started may take to end.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_SAID: u64 = 300;
