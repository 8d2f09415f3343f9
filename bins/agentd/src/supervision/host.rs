//! What this host lacks for a service to run: its program, its user, its directory.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::thread::CapabilitySet;
use wardkit_process::Account;
use wardkit_supervise::{Kind, ServiceSpec};

/// Returns what keeps a service from running here: `(key, reason)`.
pub(crate) fn problems(service: &ServiceSpec) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if let Some(directory) = &service.working_directory {
        match fs::metadata(directory) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => found.push(("working_directory", no(directory, "is not a directory"))),
            Err(error) => found.push(("working_directory", no(directory, error))),
        }
    }
    if let Some(reason) = service.user.as_deref().and_then(user) {
        found.push(("user", reason));
    }
    for (key, command) in [("command", &service.command), ("stop_command", &service.stop_command)] {
        let is_started = key == "stop_command" || service.kind != Kind::InProcess;
        if let Some(name) = command.first().filter(|name| is_started && !name.is_empty())
            && let Err(reason) = program(name, service)
        {
            found.push((key, reason));
        }
    }
    found
}

/// Returns why a service cannot run as this user.
fn user(name: &str) -> Option<String> {
    let uid = match name.parse::<u32>() {
        Ok(uid) => uid,
        Err(_) => match Account::look_up(name) {
            Ok(account) => account.uid(),
            Err(_) => return Some(format!("there is no user `{name}`")),
        },
    };
    let own = rustix::process::geteuid().as_raw();
    let may_become = rustix::thread::capabilities(None)
        .is_ok_and(|held| held.effective.contains(CapabilitySet::SETUID));
    (own != uid && !may_become)
        .then(|| format!("agentd runs as user {own} and cannot become `{name}`"))
}

/// Finds the program as whoever starts it will.
fn program(name: &str, service: &ServiceSpec) -> Result<(), String> {
    if name.contains('/') {
        let path = match &service.working_directory {
            Some(directory) => directory.join(name),
            None => PathBuf::from(name),
        };
        return executable(&path).map_err(|reason| no(&path, reason));
    }
    let own = service.env.get("PATH").map(|path| OsStr::new(path).to_owned());
    let Some(path) = own.or_else(|| std::env::var_os("PATH")) else { return Ok(()) };
    let is_there =
        std::env::split_paths(&path).any(|directory| executable(&directory.join(name)).is_ok());
    if is_there {
        Ok(())
    } else {
        Err(format!("there is no program `{name}` in {}", path.display()))
    }
}

fn executable(path: &Path) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("is not a file"));
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return Err(io::Error::other("may not be executed by anybody"));
    }
    Ok(())
}

fn no(path: &Path, reason: impl std::fmt::Display) -> String {
    format!("{}: {reason}", path.display())
}
