//! Starts the command of a watched service.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, OFlags};
use tokio::sync::mpsc;
use wardkit_guardian::{Error, MARKER, Sink, Spawn};
use wardkit_process::{Cgroup, Launch, Output, Process, Signal, State, Tree, search_marked};

use super::run::Order;
use crate::ended::{ended, exit_of};

/// The command of a watched service, and what it started.
#[derive(Debug)]
pub(super) struct Launched {
    command: Arc<Process>,
    marker: String,
    cgroup: Option<Cgroup>,
}

impl Launched {
    /// Starts the command as a guardian would: marked, in a cgroup of its own where there are any.
    pub(super) fn start(spawn: &Spawn, instance: &str) -> Result<Self, Error> {
        let marker = format!("{}{}", marker(instance, &spawn.service), spawn.generation);
        let cgroup = match &spawn.cgroup {
            Some(parent) => Some(own_cgroup(parent, spawn)?),
            None => None,
        };
        let mut launch = Launch::new(&spawn.command);
        launch.environment.clone_from(&spawn.environment);
        launch.environment.push((MARKER.into(), marker.clone().into()));
        launch.directory.clone_from(&spawn.directory);
        launch.account.clone_from(&spawn.account);
        launch.limits.clone_from(&spawn.limits);
        (launch.stdout, launch.stderr) = (output(&spawn.stdout)?, output(&spawn.stderr)?);
        launch.cgroup.clone_from(&cgroup);
        launch.cgroups_v1 = spawn.cgroups_v1.iter().map(Cgroup::at).collect();
        launch.oom_score_adj = spawn.oom_score_adj;
        match launch.start() {
            Ok(command) => Ok(Self { command: Arc::new(command), marker, cgroup }),
            Err(error) => {
                if let Some(cgroup) = cgroup {
                    // One that stays is found and removed by whoever looks at the cgroups.
                    let _ = cgroup.remove();
                }
                Err(match error {
                    wardkit_process::Error::Spawn { step, source, .. } => {
                        Error::Spawn { step, source }
                    }
                    error => error.into(),
                })
            }
        }
    }

    /// Returns the process of the command itself.
    pub(super) fn process(&self) -> Arc<Process> {
        Arc::clone(&self.command)
    }

    /// Returns everything that the command has started, wherever it is by now.
    pub(super) fn tree(&self) -> Tree {
        let tree = Tree::new(self.command.identity().clone()).with_marker(MARKER, &self.marker);
        match &self.cgroup {
            Some(cgroup) => tree.with_cgroup(cgroup.clone()),
            None => tree,
        }
    }

    /// Removes what was made for it.
    pub(super) fn remove(&self) {
        if let Some(cgroup) = &self.cgroup {
            // As above.
            let _ = cgroup.remove();
        }
    }
}

/// Waits for a command to end, as a parent must, and says how it did.
pub(super) async fn reap(command: Arc<Process>, orders: mpsc::Sender<Order>) {
    ended(&command).await;
    let exit = match command.state() {
        Ok(State::Ended { exit, .. }) => exit_of(exit),
        _ => wardkit_supervise::Exit::Unknown,
    };
    let _ = orders.send(Order::CommandEnded(exit)).await;
}

/// Returns what the marks begin with of all that was ever started for a service.
pub(super) fn marker(instance: &str, service: &str) -> String {
    format!("{instance}/{service}/")
}

/// Kills what carries such a mark; returns whether nothing does any more.
pub(super) async fn clear(marker: String) -> bool {
    let clear = move || {
        for _ in 0..MOST_ROUNDS {
            let found = search_marked(MARKER, |mark| mark.starts_with(marker.as_bytes()))?;
            if found.is_empty() {
                return Ok(true);
            }
            for process in &found {
                match process.signal(Signal::KILL) {
                    Ok(()) | Err(wardkit_process::Error::Gone { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            for process in &found {
                process.wait(Some(ROUND))?;
            }
        }
        Ok(false)
    };
    matches!(tokio::task::spawn_blocking(clear).await, Ok(Ok(true)))
}

/// Makes the command's own group below the one that it is given.
fn own_cgroup(parent: &std::path::Path, spawn: &Spawn) -> Result<Cgroup, Error> {
    let cgroup = Cgroup::at(parent).child(&format!("{}.{}", spawn.service, spawn.generation))?;
    for (name, value) in &spawn.cgroup_values {
        cgroup.set(name, value).inspect_err(|_| {
            let _ = cgroup.remove();
        })?;
    }
    Ok(cgroup)
}

fn output(sink: &Sink) -> Result<Output, Error> {
    let Sink::Fifo(path) = sink else { return Ok(Output::Discard) };
    let mode = Mode::RUSR | Mode::WUSR;
    match rustix::fs::mknodat(CWD, path, FileType::Fifo, mode, 0) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
        Err(errno) => return Err(Error::Prepare(errno.into())),
    }
    // Open for both ways, so that the end of its reader does not end the service.
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || -> Result<OwnedFd, rustix::io::Errno> {
        let fifo = rustix::fs::open(path, flags, Mode::empty())?;
        if FileType::from_raw_mode(rustix::fs::fstat(&fifo)?.st_mode) != FileType::Fifo {
            return Err(rustix::io::Errno::EXIST);
        }
        rustix::io::ioctl_fionbio(&fifo, false)?;
        Ok(fifo)
    };
    open().map(Output::To).map_err(|errno| Error::Prepare(errno.into()))
}

/// What was killed is gone in a moment; what waits for a device is told and killed again later.
const MOST_ROUNDS: usize = 10;
const ROUND: Duration = Duration::from_millis(200);
