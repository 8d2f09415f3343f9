//! This program as another than the daemon: the guardian, which holds services, the holder of a service's sandbox, and
//! the engine of one call of a plugin.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::ExitCode;

use wardkit_runner::hold;
use wardkit_sandbox::Native;

/// Is what the command line says, if that is not the daemon and none of its commands.
pub(crate) fn other_self(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let what = arguments.nth(1)?;
    if what == GUARDIAN {
        Some(guard())
    } else if what == HOLDER {
        Some(hold_sandboxed(&arguments.collect::<Vec<_>>()))
    } else if what == PLUGIN_WORKER {
        Some(work_for_a_plugin())
    } else {
        None
    }
}

/// `agentd --guardian`: holds services until it is told to end. Its socket is standard input.
fn guard() -> ExitCode {
    let Err(error) = wardkit_guardian::run(io::stdin().as_fd()) else {
        return ExitCode::SUCCESS;
    };
    say(&format!("guardian: {error}"));
    ExitCode::from(2)
}

/// `agentd --sandboxed PROGRAM ARGS..`: stands for a service whose program runs in the sandbox, and ends as that ends.
fn hold_sandboxed(program: &[OsString]) -> ExitCode {
    let held = hold(|name| std::env::var_os(name), program);
    if let Some(remark) = &held.remark {
        say(&format!("sandbox: {}", wardkit_cli::escaped(remark)));
    }
    if let Some(signal) = held.signal {
        Native::end_this_process_by(signal);
    }
    ExitCode::from(held.status)
}

/// `agentd --plugin-worker`: runs one call of a plugin, in a sandbox.
fn work_for_a_plugin() -> ExitCode {
    // Whoever gave the order learns of it by the end of the line.
    wardkit_sandbox_wasm::worker(io::stdin(), io::stdout())
        .map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

/// Returns where this program is, also when it was replaced since it was started.
pub(crate) fn program() -> PathBuf {
    let path = std::env::current_exe().unwrap_or_else(|_| "agentd".into());
    let replaced =
        path.to_str().and_then(|path| path.strip_suffix(" (deleted)")).map(PathBuf::from);
    replaced.unwrap_or(path)
}

fn say(text: &str) {
    // Nobody can be told that standard error is gone.
    let _ = writeln!(io::stderr(), "{text}");
}

pub(super) const GUARDIAN: &str = "--guardian";
pub(super) const HOLDER: &str = "--sandboxed";
pub(crate) const PLUGIN_WORKER: &str = "--plugin-worker";
