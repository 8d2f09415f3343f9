//! `auditctl services logs`: what a service wrote, and what it writes.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use wardkit_api::services::{Command, Log};
use wardkit_api::{CONTROL_SOCKET, ControlClient, Error};
use wardkit_cli::{Common, Report};
use wardkit_core::{Clock as _, SystemClock};
use wardkit_logs::{Config, Tail};

use super::super::could_not_run;

/// Prints the last lines, and what comes.
pub(super) fn run(
    common: &Common,
    name: &str,
    count: usize,
    follow: bool,
) -> Result<ExitCode, Report> {
    let data_dir = common.data_dir(|name| std::env::var_os(name))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(could_not_run)?;
    let path = runtime.block_on(path(&data_dir, name))?;
    let shown = if follow {
        runtime.block_on(followed(&path, count))
    } else {
        last(&path, count).and_then(|lines| show(&lines))
    };
    match shown {
        // Whoever read has enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(could_not_run(format!("{}: {error}", path.display()))),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

/// Returns where the log is: agentd knows, and where it does not run, its log may still be there.
async fn path(data_dir: &Path, name: &str) -> Result<PathBuf, Report> {
    let client = ControlClient::new(data_dir.join(CONTROL_SOCKET));
    match client.services::<Log>(&Command::Log { name: name.to_owned() }).await {
        Ok(log) => Ok(log.path.into()),
        Err(error @ Error::NotRunning { .. }) => {
            let is_name = !name.starts_with('.') && !name.contains('/');
            let path = data_dir.join("services/logs").join(format!("{name}.log"));
            let path = path.canonicalize().ok().filter(|_| is_name);
            path.ok_or_else(|| refused(error))
        }
        Err(error) => Err(refused(error)),
    }
}

fn refused(error: Error) -> Report {
    let hint = error.hint();
    could_not_run(error).with_hints(hint)
}

fn last(path: &Path, count: usize) -> io::Result<Vec<Vec<u8>>> {
    wardkit_logs::writer::last_lines(path, count)
}

/// Prints lines as they are, each with its end.
fn show(lines: &[Vec<u8>]) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in lines {
        out.write_all(line)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Prints the last lines, then each that comes, through rotation, for ever.
async fn followed(path: &Path, count: usize) -> io::Result<()> {
    let mut config = Config::of([path]);
    config.max_line = LONGEST_LINE;
    let mut tail = Tail::new(&config).map_err(io::Error::other)?;
    let mut new = || {
        let mut lines = Vec::new();
        tail.poll(SystemClock.uptime(), |line| lines.push(line.text.as_bytes().to_vec()));
        lines
    };
    // From here on nothing is missed; what is in both is shown once.
    let _ = new();
    let shown = last(path, count)?;
    show(&shown)?;
    let mut lines: VecDeque<_> = new().into();
    let both = (1..=lines.len().min(shown.len()))
        .rev()
        .find(|both| lines.iter().take(*both).eq(&shown[shown.len() - both..]));
    lines.drain(..both.unwrap_or(0));
    show(lines.make_contiguous())?;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        show(&new())?;
    }
}

/// As soon as a person would notice.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Of a longer one the rest is left out while it is followed.
const LONGEST_LINE: usize = 256 << 10;
