//! From a declaration to a start, and from what went wrong to what trying again may do.

use std::ffi::OsString;
use std::io;

use rustix::io::Errno;
use wardkit_guardian::{Error, Spawn};
use wardkit_process::{Account, Step};
use wardkit_supervise::{ServiceSpec, SpawnError, SpawnErrorClass};

/// Makes the start of a run, without what parts add to it.
pub(crate) fn spawn(
    spec: &ServiceSpec,
    generation: u64,
    inherited: &[(OsString, OsString)],
) -> Result<Spawn, SpawnError> {
    let mut spawn = Spawn::new(spec.name.as_str(), generation, &spec.command);
    let is_own = |name: &OsString| name.to_str().is_some_and(|name| spec.env.contains_key(name));
    spawn.environment = inherited.iter().filter(|(name, _)| !is_own(name)).cloned().collect();
    if let Some(user) = spec.user.as_deref() {
        take_name(&mut spawn.environment, user);
    }
    spawn.environment.extend(spec.env.iter().map(|(name, value)| (name.into(), value.into())));
    spawn.directory.clone_from(&spec.working_directory);
    spawn.account = account(spec)?;
    Ok(spawn)
}

/// Has the environment name the user that the service runs as, in place of ours.
fn take_name(environment: &mut Vec<(OsString, OsString)>, user: &str) {
    let Some(entry) = entry(user) else { return };
    let names = [("USER", 0), ("LOGNAME", 0), ("HOME", 5), ("SHELL", 6)];
    for (name, field) in names {
        environment.retain(|(present, _)| present != name);
        let value = entry.get(field).filter(|value| !value.is_empty());
        environment.extend(value.map(|value| (name.into(), value.into())));
    }
}

/// Returns the fields of a user, by name or number, in the system's own file.
fn entry(user: &str) -> Option<Vec<String>> {
    let users = std::fs::read_to_string(USERS).ok()?;
    let mut entries = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let is_it = |fields: &Vec<&str>| fields.first() == Some(&user) || fields.get(2) == Some(&user);
    Some(entries.find(is_it)?.into_iter().map(str::to_owned).collect())
}

/// Finds the user and group that a service runs as; `None` for ours.
pub(crate) fn account(spec: &ServiceSpec) -> Result<Option<Account>, SpawnError> {
    let wrong = |reason: String| SpawnError::new(SpawnErrorClass::Configuration, reason);
    let group = spec.group.as_deref().map(group).transpose()?;
    let Some(user) = spec.user.as_deref() else {
        let Some(group) = group else { return Ok(None) };
        let uid = rustix::process::geteuid().as_raw();
        return Ok(Account::new(uid, group, &[group]));
    };
    let named = entry(user).and_then(|fields| fields.into_iter().next());
    if let (Ok(uid), None) = (user.parse::<u32>(), &named) {
        let gid = group.unwrap_or(uid);
        let account = Account::new(uid, gid, &[gid]);
        return account.map(Some).ok_or_else(|| wrong(format!("user {user}: is no number of one")));
    }
    let account =
        Account::look_up(named.as_deref().unwrap_or(user)).map_err(|error| match error {
            wardkit_process::Error::UnknownUser { .. } => {
                wrong(format!("user {user}: there is no such user"))
            }
            error => SpawnError::new(
                SpawnErrorClass::Transient,
                format!("user {user}: {}", chain(&error)),
            ),
        })?;
    let Some(group) = group else { return Ok(Some(account)) };
    let groups: Vec<u32> = account.group_ids().collect();
    Ok(Account::new(account.uid(), group, &groups))
}

/// Looks a group up in the system's own file.
fn group(name: &str) -> Result<u32, SpawnError> {
    if let Ok(gid) = name.parse() {
        return Ok(gid);
    }
    let wrong = |class, reason| Err(SpawnError::new(class, format!("group {name}: {reason}")));
    let groups = match std::fs::read_to_string(GROUPS) {
        Ok(groups) => groups,
        Err(error) => return wrong(SpawnErrorClass::Transient, format!("{GROUPS}: {error}")),
    };
    let found = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_it = fields.next() == Some(name);
        is_it.then(|| fields.nth(1)?.parse().ok())?
    });
    found.map_or_else(
        || wrong(SpawnErrorClass::Configuration, format!("there is no such group in {GROUPS}")),
        Ok,
    )
}

/// Says what a failed start means; what was not found or not allowed is named.
pub(crate) fn failure(spawn: &Spawn, error: &Error) -> SpawnError {
    let program = spawn.command.first().map(|program| program.to_string_lossy().into_owned());
    let program = program.unwrap_or_default();
    let (class, about) = match error {
        Error::Spawn { step: Step::Execute, source } => (of_program(source), program),
        Error::Spawn { step: Step::Directory, source } if !is_short(source) => {
            let directory = spawn.directory.as_deref().unwrap_or(std::path::Path::new("."));
            (SpawnErrorClass::Configuration, directory.display().to_string())
        }
        Error::Spawn { source, .. } | Error::Prepare(source) | Error::System(source) => {
            let class = if is_short(source) {
                SpawnErrorClass::Transient
            } else {
                SpawnErrorClass::Configuration
            };
            (class, program)
        }
        Error::TooLarge { .. } | Error::Name => (SpawnErrorClass::Configuration, program),
        _ => (SpawnErrorClass::Transient, program),
    };
    SpawnError::new(class, format!("{about}: {}", chain(error)))
}

fn of_program(error: &io::Error) -> SpawnErrorClass {
    match Errno::from_io_error(error) {
        Some(Errno::TXTBSY) => SpawnErrorClass::Transient,
        _ if is_short(error) => SpawnErrorClass::Transient,
        // While a program is being replaced it is absent, without its permissions, or half there.
        Some(Errno::NOENT | Errno::NOEXEC | Errno::ACCESS | Errno::NOTDIR) => {
            SpawnErrorClass::Program
        }
        _ => SpawnErrorClass::Configuration,
    }
}

/// Tells whether the system is short of something that comes back.
fn is_short(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(
        errno,
        Some(
            Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::NOSPC | Errno::INTR
        )
    )
}

/// Returns an error with its causes.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";
