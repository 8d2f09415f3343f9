//! The keys that sign reports of drills, and those that reports are held against.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Common, Format, Report};
use wardkit_tlog::{SigningKey, VerifierKey};

use super::super::line;
use crate::commands::{could_not_run, custody, print};

/// Returns the key in a file, else this host's own of today, which agentd's drills are signed with too.
pub(super) fn signing(common: &Common, file: Option<&Path>) -> Result<SigningKey, Report> {
    let Some(path) = file else {
        let custody = custody(common)?;
        let keyring = custody.keyring(PURPOSE).and_then(|keyring| keyring.signing_key());
        return keyring.map_err(could_not_run);
    };
    let bytes = wardkit_cli::read_small(path).map(zeroize::Zeroizing::new);
    let bytes = bytes.map_err(|error| could_not_run(format!("{}: {error}", path.display())))?;
    let text = str::from_utf8(&bytes).ok().map(str::trim);
    let key = text.and_then(|text| SigningKey::from_text(text).ok());
    // What is wrong with it could be a part of it.
    key.ok_or_else(|| {
        could_not_run(format!("{} holds no signing key of a note", path.display()))
            .with_hint("without --key, this host's own signs")
    })
}

/// Returns the public keys that are given, as text or as files of them, else this host's own of all days.
pub(super) fn public(common: &Common, given: &[String]) -> Result<Vec<VerifierKey>, Report> {
    if given.is_empty() {
        let keys = own(common)?.into_iter().skip(1).collect::<Vec<_>>();
        return if keys.is_empty() {
            Err(could_not_run("no keys of drills are kept here")
                .with_hint(
                    "on the host that held the drill: auditctl backup drill key > drills.pub",
                )
                .with_hint("and then: --key drills.pub"))
        } else {
            Ok(keys)
        };
    }
    let mut keys = Vec::new();
    for one in given {
        if let Ok(key) = one.trim().parse() {
            keys.push(key);
            continue;
        }
        let text = wardkit_cli::read_small_text(Path::new(one)).map_err(|error| {
            could_not_run(format!("{one} is neither a key nor a file: {error}"))
        })?;
        for text in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let key = text.parse().map_err(|error: wardkit_tlog::Error| {
                could_not_run(format!("{one} holds `{text}`: {error}"))
            })?;
            keys.push(key);
        }
    }
    Ok(keys)
}

/// Prints the public keys, the identity first.
pub(super) fn print_public(common: &Common) -> Result<ExitCode, Report> {
    let keys: Vec<String> = own(common)?.iter().map(ToString::to_string).collect();
    let Some((identity, days)) = keys.split_first() else {
        return Err(could_not_run("no keys of drills are kept here").with_hint(
            "the first report makes them: auditctl backup drill --report FILE; agentd's drills do too",
        ));
    };
    print(&match common.format {
        Format::Text => keys.iter().flat_map(|key| [key.as_str(), "\n"]).collect(),
        Format::Json => line(&json!({"identity": identity, "keys": days}))?,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The identity, and the key of each day; nothing, where no drill was signed.
fn own(common: &Common) -> Result<Vec<VerifierKey>, Report> {
    let keyring = custody(common)?.existing_keyring(PURPOSE).map_err(could_not_run)?;
    let Some(keyring) = keyring else { return Ok(Vec::new()) };
    let chain = keyring.chain().map_err(could_not_run)?;
    Ok([chain.identity()].into_iter().chain(chain.keys()).cloned().collect())
}

/// As agentd names them.
const PURPOSE: &str = "drills";
