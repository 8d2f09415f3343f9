//! `auditctl backup key`.

use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_backup::engine::{KeyInfo, KeyOptions};
use wardkit_backup::format::{Compression, Id};
use wardkit_cli::{Format, Report};

use super::memory::chain;
use super::opened::{Opener, new_password};
use super::{INCOMPLETE, line, refused};
use crate::cli::backup::NewPassword;
use crate::commands::table::table;
use crate::commands::{could_not_run, note, print};

/// Lists the keys.
pub(super) fn list(opener: &Opener<'_>) -> Result<ExitCode, Report> {
    let repository = opener.reader()?;
    let found = repository.keys().map_err(refused)?;
    let keys: Vec<_> = found
        .keys
        .iter()
        .map(|key| {
            json!({
                "id": key.id.to_string(),
                "short_id": key.id.to_short(),
                "host": key.host,
                "user": key.user,
                "created": key.created.as_ref().map(|time| time.as_str().to_owned()),
                "current": key.is_current,
            })
        })
        .collect();
    let keys = Value::Array(keys);
    let columns = [
        ("ID", "short_id"),
        ("HOST", "host"),
        ("USER", "user"),
        ("CREATED", "created"),
        ("IN USE", "current"),
    ];
    print(&match opener.format() {
        Format::Text => table(&keys, &columns, "no keys"),
        Format::Json => line(&json!({"keys": keys}))?,
    })?;
    for one in &found.damaged {
        note(&chain(&one.error));
    }
    Ok(ExitCode::from(if found.damaged.is_empty() { 0 } else { INCOMPLETE }))
}

/// Adds a password.
pub(super) fn add(opener: &Opener<'_>, new: &NewPassword) -> Result<ExitCode, Report> {
    let repository = opener.writer(Compression::default())?;
    let password = asked(new)?;
    let id = repository.add_key(&password, &KeyOptions::of_this_user()).map_err(refused)?;
    told(opener, "added", id)
}

/// Removes a key.
pub(super) fn remove(opener: &Opener<'_>, digits: &str) -> Result<ExitCode, Report> {
    let repository = opener.pruner()?;
    let found = repository.keys().map_err(refused)?;
    let mut named = found.keys.iter().filter(|key| is_named(key, digits));
    let id = match (named.next(), named.next()) {
        (Some(key), None) => key.id,
        (None, _) => return Err(unknown(format!("there is no key `{digits}`"))),
        _ => return Err(unknown(format!("several keys begin with `{digits}`"))),
    };
    repository.remove_key(&id).map_err(refused)?;
    told(opener, "removed", id)
}

/// Exchanges the password in use.
pub(super) fn change(opener: &Opener<'_>, new: &NewPassword) -> Result<ExitCode, Report> {
    let mut repository = opener.pruner()?;
    let password = asked(new)?;
    let options = KeyOptions::of_this_user();
    let id = repository.change_password(&password, &options).map_err(refused)?;
    told(opener, "in use", id)
}

fn asked(new: &NewPassword) -> Result<wardkit_backup::engine::Password, Report> {
    new_password(new.new_password_file.as_deref(), new.new_password.as_ref(), "the new key")
}

fn is_named(key: &KeyInfo, digits: &str) -> bool {
    !digits.is_empty() && key.id.to_string().starts_with(digits)
}

fn unknown(text: String) -> Report {
    could_not_run(text).with_hint("list them: auditctl backup key list")
}

fn told(opener: &Opener<'_>, what: &str, id: Id) -> Result<ExitCode, Report> {
    print(&match opener.format() {
        Format::Text => format!("key {} {what}\n", id.to_short()),
        Format::Json => line(&json!({"id": id.to_string(), "state": what}))?,
    })?;
    Ok(ExitCode::SUCCESS)
}
