//! Runs a program and goes by its exit code.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::{fs, io};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::{ExecTarget, Outcome};

/// Whoever drops the future kills the program and its process group.
pub(super) async fn ask(target: &ExecTarget) -> Outcome {
    let Some((program, arguments)) = target.command.split_first() else {
        return Outcome::failed("no program is named");
    };
    // It runs with our rights. A program that is not there is told by the attempt.
    if fs::metadata(program).is_ok_and(|found| found.permissions().mode() & WRITABLE != 0) {
        let reason = "every user of this machine may write it; chmod o-w it";
        return Outcome::failed(format!("cannot run {program}: {reason}"));
    }
    let spawned = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("LC_ALL", "C")
        .envs(&target.env)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return Outcome::failed(format!("cannot run {program}: {error}")),
    };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let group = Group::of(&child);
    // Until both pipes are closed, whoever writes to them belongs to the run.
    let said = tokio::try_join!(beginning(out), beginning(err));
    let Ok((out, err)) = said else {
        return Outcome::failed(format!("wrote more than {MOST_OUTPUT} bytes"));
    };
    let ended = group.leader_ended().await;
    // What the program left behind would be one process more with every run. Its number cannot be another's yet: the
    // program itself is waited for only now.
    drop(group);
    let waited = match ended {
        Ok(()) => child.wait().await,
        Err(error) => Err(error),
    };
    match waited {
        Ok(status) => judge(target, status, &out, &err),
        Err(error) => Outcome::failed(format!("cannot wait for {program}: {error}")),
    }
}

fn judge(target: &ExecTarget, status: ExitStatus, out: &[u8], err: &[u8]) -> Outcome {
    let ended = match (status.code(), status.signal()) {
        (Some(code), _) if target.exit_codes.contains(&code) => return Outcome::Passed,
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    };
    let line = first_line(out).or_else(|| first_line(err));
    let reason = line.map_or_else(|| ended.clone(), |line| format!("{ended}: {line}"));
    match status.code() {
        Some(code) if target.degraded_codes.contains(&code) => Outcome::degraded(reason),
        _ => Outcome::failed(reason),
    }
}

fn first_line(output: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(output);
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

/// Reads to the end and keeps the beginning; fails where there is no end in sight.
async fn beginning(pipe: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, ()> {
    let mut kept = Vec::new();
    let Some(mut pipe) = pipe else { return Ok(kept) };
    let mut buffer = [0; 4096];
    let mut total = 0_usize;
    loop {
        // A pipe that breaks is one that has ended.
        let count = pipe.read(&mut buffer).await.unwrap_or(0);
        if count == 0 {
            return Ok(kept);
        }
        total += count;
        if total > MOST_OUTPUT {
            return Err(());
        }
        let room = LONGEST_KEPT - kept.len();
        kept.extend_from_slice(&buffer[..count.min(room)]);
    }
}

/// The program's process group, killed when this is dropped.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        Self(number.and_then(Pid::from_raw))
    }

    /// Waits until the program has ended, and leaves its number taken.
    async fn leader_ended(&self) -> io::Result<()> {
        let Some(leader) = self.0 else { return Ok(()) };
        let mut ends = signal(SignalKind::child())?;
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(leader), look)?.is_none() {
            ends.recv().await;
        }
        Ok(())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Fails when all of them have ended, which is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// By those who are neither the owner nor of the group.
const WRITABLE: u32 = 0o002;
const LONGEST_KEPT: usize = 4096;
const MOST_OUTPUT: usize = 1 << 20;
