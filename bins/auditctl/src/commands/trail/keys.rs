//! `auditctl trail anchor` and `key`.

use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_cli::{Format, Report};
use wardkit_custody::Keyring;

use super::{Log, refused};
use crate::commands::{could_not_run, print};

/// Prints the newest checkpoint.
pub(super) fn anchor(log: &Log) -> Result<ExitCode, Report> {
    let note = log.newest_note()?.to_string();
    print(&match log.format {
        Format::Text => note,
        Format::Json => format!("{}\n", json!({"note": note})),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the public keys.
pub(super) fn key(log: &Log) -> Result<ExitCode, Report> {
    let of_log = log.custody.log_keyring(&log.dir).map_err(refused)?;
    let of_log = of_log.map(|keyring| keys(&keyring)).transpose()?;
    let of_baselines = log.custody.existing_keyring(BASELINES).map_err(refused)?;
    let of_baselines = of_baselines.map(|keyring| keys(&keyring)).transpose()?;
    if of_log.is_none() && of_baselines.is_none() {
        return Err(could_not_run(format!(
            "no keys of a log in {} are kept here",
            log.dir.display()
        ))
        .with_hint("name the log or the data directory: --log DIR, --data-dir DIR"));
    }
    print(&match log.format {
        Format::Text => {
            let keys = of_log.iter().chain(&of_baselines).flatten();
            keys.flat_map(|key| [key.as_str(), "\n"]).collect()
        }
        Format::Json => {
            format!(
                "{}\n",
                json!({"log": to_json(of_log.as_deref()), "baselines": to_json(of_baselines.as_deref())})
            )
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the identity, and the key of each day.
fn keys(keyring: &Keyring) -> Result<Vec<String>, Report> {
    let chain = keyring.chain().map_err(refused)?;
    Ok([chain.identity()].into_iter().chain(chain.keys()).map(ToString::to_string).collect())
}

fn to_json(keys: Option<&[String]>) -> Value {
    keys.and_then(<[String]>::split_first)
        .map_or(Value::Null, |(identity, keys)| json!({"identity": identity, "keys": keys}))
}

/// What signs baselines.
const BASELINES: &str = "fim";
