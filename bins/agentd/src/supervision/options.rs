//! How guardian and daemon are started, and what services inherit.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use wardkit_core::{Clock as _, SystemClock};
use wardkit_runner::Options;
use wardkit_tlog::Hash;

use super::selves::{GUARDIAN, HOLDER, program};
use crate::app::App;
use crate::config::Config;

/// Returns how the services of this daemon are kept, how the daemon is started again, and what services inherit.
pub(crate) fn options(app: &App, config: &Config) -> Options {
    let secrets = config.secret_variables();
    let program = program().into_os_string();
    let data_dir = app.data_dir();
    let guardian = [program.clone(), GUARDIAN.into()];
    let mut options = Options::new(data_dir.join("services"), instance(data_dir), guardian);
    options.holder = vec![program.clone(), HOLDER.into()];
    options.master = vec![program, "run".into()];
    if let Some(file) = &app.fixed.config_file {
        options.master.extend(["--config".into(), file.clone().into()]);
    }
    options.master.extend(["--data-dir".into(), data_dir.into()]);
    if let Some(listen) = app.fixed.listen {
        options.master.extend(["--listen".into(), listen.to_string().into()]);
    }
    options.master_environment = std::env::vars_os().collect();
    options.environment = std::env::vars_os().filter(|(name, _)| !is_own(name, &secrets)).collect();
    if !options.environment.iter().any(|(name, _)| name == "PATH") {
        options.environment.push(("PATH".into(), USUAL_PATH.into()));
    }
    options.parts = config.recovery_parts();
    // What is left to chance must only differ from one start to the next.
    options.seed =
        SystemClock.now().as_unix_nanos().cast_unsigned() ^ u64::from(std::process::id());
    options.http = Arc::clone(&app.supervision.web) as _;
    options
}

/// Returns whether a variable is agentd's own: a secret of its, or its conversation with the service manager.
fn is_own(name: &OsString, secrets: &BTreeSet<String>) -> bool {
    name.to_str().is_some_and(|name| secrets.contains(name) || MANAGER.contains(&name))
}

/// Names this installation: the same for the same data directory.
fn instance(data_dir: &Path) -> String {
    let hash = Hash::leaf(data_dir.as_os_str().as_encoded_bytes());
    let mut number = [0; 8];
    number.copy_from_slice(&hash.as_bytes()[..8]);
    format!("agentd-{:016x}", u64::from_be_bytes(number))
}

const MANAGER: [&str; 6] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
];
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
