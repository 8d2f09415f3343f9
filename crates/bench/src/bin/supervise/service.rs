//! The program that is kept up: says when it runs, and sleeps.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use rustix::time::{ClockId, clock_gettime};

use crate::Result;

/// Names the service in the environment of its process, which outlives the program's own arguments.
pub(crate) const MARK: &str = "WARDKIT_BENCH_SERVICE";

/// `--service`: tells the harness, and becomes a sleeper.
pub(crate) fn run(name: &str, socket: &str) -> Result<()> {
    let told = format!("{name} {} {}", std::process::id(), nanos());
    // The harness may be gone already when everything is stopped.
    let _ = UnixDatagram::unbound()?.send_to(told.as_bytes(), socket);
    let error = Command::new("sleep").arg("31536000").env(MARK, format!("{socket}/{name}")).exec();
    Err(error.into())
}

/// `--daemon`: starts the service in the background, as monit expects of a program, and leaves its number.
pub(crate) fn daemon(name: &str, socket: &str, pid_file: &str) -> Result<()> {
    let child = Command::new(std::env::current_exe()?)
        .args(["--service", name, socket])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    Ok(fs::write(pid_file, format!("{}\n", child.id()))?)
}

/// The same clock in all processes.
pub(crate) fn nanos() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

/// Loops that take what processor there is.
pub(crate) struct Busy(Vec<Child>);

impl Busy {
    pub(crate) fn start(count: usize) -> Result<Self> {
        let start = |_| Command::new("sh").args(["-c", "while :; do :; done"]).spawn();
        Ok(Self((0..count).map(start).collect::<std::io::Result<_>>()?))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // One that is gone is not in the way.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
