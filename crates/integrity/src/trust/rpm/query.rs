//! Runs `rpm`, with bounds on what it prints and on its time.

use std::io::Read as _;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use wardkit_core::{Clock as _, SystemClock};

use super::output::FORMAT;
use crate::Error;

/// Returns what `rpm` prints of some packages: as nobody, who cannot write the database. Where nobody cannot read it
/// either, as this program's own user.
pub(super) fn run(
    program: &Path,
    root: &Path,
    place: &str,
    selection: &[&str],
) -> Result<Vec<u8>, Error> {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").current_dir("/");
    if root != Path::new("/") {
        command.arg("--root").arg(root);
    }
    command.arg("--dbpath").arg(format!("/{place}"));
    command.args(["--nodigest", "--nosignature", "--queryformat", FORMAT]).args(selection);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    if rustix::process::geteuid().is_root() {
        let mut as_nobody = Command::new(program);
        as_nobody.env_clear().env("LC_ALL", "C").current_dir("/").args(command.get_args());
        as_nobody.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        as_nobody.uid(NOBODY).gid(NOBODY);
        if let Ok(printed) = output(&mut as_nobody, program) {
            return Ok(printed);
        }
    }
    output(&mut command, program)
}

fn output(command: &mut Command, program: &Path) -> Result<Vec<u8>, Error> {
    let mut child = command.spawn().map_err(Error::io("run", program))?;
    let result = collect(&mut child, program);
    if result.is_err() {
        // It may have ended by itself.
        let _ = child.kill();
    }
    let status = child.wait().map_err(Error::io("run", program))?;
    let printed = result?;
    if status.success() { Ok(printed) } else { Err(failed(program, "failed")) }
}

/// Reads until the program has ended.
fn collect(child: &mut Child, program: &Path) -> Result<Vec<u8>, Error> {
    let deadline = SystemClock.uptime().saturating_add(PATIENCE);
    let mut printed = Vec::new();
    let Some(mut pipe) = child.stdout.take() else { return Ok(printed) };
    let mut chunk = vec![0; CHUNK];
    loop {
        wait(pipe.as_fd(), deadline, program)?;
        let read = pipe.read(&mut chunk).map_err(Error::io("read from", program))?;
        if read == 0 {
            break;
        }
        if printed.len() + read > MOST_BYTES {
            return Err(failed(program, "printed more than 256 MiB"));
        }
        printed.extend(&chunk[..read]);
    }
    let error = |error: rustix::io::Errno| Error::io("wait for", program)(error.into());
    let ended = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).map_err(error)?;
    wait(ended.as_fd(), deadline, program)?;
    Ok(printed)
}

fn wait(fd: BorrowedFd<'_>, deadline: Duration, program: &Path) -> Result<(), Error> {
    loop {
        let left = deadline.saturating_sub(SystemClock.uptime());
        let timeout = Timespec::try_from(left).map_err(|_| failed(program, "took too long"))?;
        match poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Err(failed(program, "took longer than a minute")),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Error::io("wait for", program)(error.into())),
        }
    }
}

fn failed(program: &Path, reason: &'static str) -> Error {
    Error::Record { path: program.to_owned(), reason }
}

/// Who owns nothing.
const NOBODY: u32 = 65534;
const CHUNK: usize = 64 << 10;
/// A desktop with 300,000 files prints 40 MB.
const MOST_BYTES: usize = 256 << 20;
const PATIENCE: Duration = Duration::from_mins(1);
