//! A program that says by its exit code how things are: as its service's user, in a tree of its own, which is ended
//! whole with it.

use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::pipe::PipeFlags;
use tokio::net::unix::pipe::Receiver;
use wardkit_guardian::Spawn;
use wardkit_process::{Exit, Launch, Output, Process, Signal, State, Tree, search_marked};
use wardkit_supervise::ProbeResult;

use crate::ended::ended;
use crate::start::chain;

/// Makes the start of a program as its service is started, but with a mark of its own.
pub(super) fn launch(spawn: Spawn, command: &[String], mark: &str) -> Launch {
    let mut launch = Launch::new(command);
    launch.environment = spawn.environment;
    launch.environment.push((MARKER.into(), mark.into()));
    launch.directory = spawn.directory;
    launch.account = spawn.account;
    launch
}

/// Runs a program. Whoever drops the future kills it with all that it has started.
pub(super) async fn run(mut launch: Launch, mark: &str) -> ProbeResult {
    let program = launch.command.first().cloned().unwrap_or_default();
    let cannot = |reason: &str| {
        ProbeResult::Failed(format!("cannot run {}: {reason}", program.to_string_lossy()))
    };
    let pipe = pipe()
        .and_then(|(read, write)| Ok((Receiver::from_owned_fd(read)?, write.try_clone()?, write)));
    let (output, stdout, stderr) = match pipe {
        Ok(pipe) => pipe,
        Err(error) => return cannot(&error.to_string()),
    };
    (launch.stdout, launch.stderr) = (Output::To(stdout), Output::To(stderr));
    let mut running = match launch.start() {
        Ok(process) => Running::new(process, mark),
        Err(error) => return cannot(&chain(&error)),
    };
    let mut said = Vec::new();
    let listening = async {
        loop {
            if output.readable().await.is_err() || listen(&output, &mut said) == Heard::End {
                break;
            }
            // One that never stops talking lets others have their turn.
            tokio::task::yield_now().await;
        }
        // Who closes its outputs may run on.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = running.ended() => {}
        () = listening => {}
    }
    // Somebody still has the outputs open.
    let has_left_others = listen(&output, &mut said) != Heard::End;
    let exit = running.reap(has_left_others);
    let line = String::from_utf8_lossy(&said);
    let line = line.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned);
    let how = match exit {
        Some(Exit::Code(0)) => return ProbeResult::Passed,
        Some(exit) => format!("{exit}"),
        None => "ended in an unknown way".to_owned(),
    };
    ProbeResult::Failed(line.map_or_else(|| how.clone(), |line| format!("{how}: {line}")))
}

/// Ends programs of probes that an earlier life of an installation has left. `all` and `ours` are what marks begin with.
pub(super) fn end_left(all: &str, ours: &str) {
    let is_left =
        |mark: &[u8]| mark.starts_with(all.as_bytes()) && !mark.starts_with(ours.as_bytes());
    for process in search_marked(MARKER, is_left).into_iter().flatten() {
        // One that has ended meanwhile is what is wanted.
        let _ = process.signal(Signal::KILL);
    }
}

/// What lies in the outputs now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// Nothing more for now.
    Pause,
    /// Nobody has them open any more.
    End,
}

/// Reads what is there, and keeps the beginning.
fn listen(output: &Receiver, said: &mut Vec<u8>) -> Heard {
    let mut buffer = [0; 4096];
    for _ in 0..AT_A_TIME {
        match output.try_read(&mut buffer) {
            Ok(0) => return Heard::End,
            Ok(count) => said.extend(&buffer[..count.min(MOST_KEPT.saturating_sub(said.len()))]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Heard::Pause,
            Err(_) => return Heard::End,
        }
    }
    Heard::Pause
}

/// A program that runs, and is killed with its tree when this is dropped.
struct Running {
    /// `None` once it was reaped.
    process: Option<Process>,
    tree: Tree,
    runtime: tokio::runtime::Handle,
}

impl Running {
    fn new(process: Process, mark: &str) -> Self {
        let tree = Tree::new(process.identity().clone()).with_marker(MARKER, mark);
        Self { process: Some(process), tree, runtime: tokio::runtime::Handle::current() }
    }

    async fn ended(&self) {
        if let Some(process) = &self.process {
            ended(process).await;
        }
    }

    /// Takes the exit of the program, which has ended, and ends what it has left.
    fn reap(&mut self, has_left_others: bool) -> Option<Exit> {
        let process = self.process.take()?;
        kill_group(&process);
        let exit = match process.state() {
            Ok(State::Ended { exit, .. }) => Some(exit),
            _ => None,
        };
        if has_left_others || exit.is_none() {
            self.end(Some(process));
        }
        exit
    }

    /// Ends the tree on a thread that may wait: all processes must be looked at.
    fn end(&self, process: Option<Process>) {
        let tree = self.tree.clone();
        self.runtime.spawn_blocking(move || {
            // What cannot be killed is left to the kernel.
            let _ = tree.kill_and_wait(PATIENCE);
            if let Some(process) = process {
                let _ = process.wait(Some(PATIENCE));
                let _ = process.state();
            }
        });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            // At once, in case there is no thread any more.
            kill_group(&process);
            self.end(Some(process));
        }
    }
}

/// Kills the group of a process that was not reaped, so that its number is nobody else's.
fn kill_group(process: &Process) {
    let number = i32::try_from(process.pid()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = number {
        // Fails when all have ended.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// A pipe that a program writes to as to any; the runtime sees to it that reading does not wait.
fn pipe() -> std::io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?)
}

/// Marks the programs of probes, which are no part of their services: `INSTANCE/PID/SERVICE/RUN`.
const MARKER: &str = "WARDKIT_PROBE";
/// Longer than the kernel takes for what can be killed.
const PATIENCE: Duration = Duration::from_secs(5);
/// Enough for a reason.
const MOST_KEPT: usize = 4096;
const AT_A_TIME: usize = 64;
