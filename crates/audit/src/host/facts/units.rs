//! What starts by itself.

use serde::{Deserialize, Serialize};

use super::FileFact;

/// A service that the host's owner wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::host) struct Unit {
    pub(in crate::host) name: String,
    pub(in crate::host) file: FileFact,
    /// Its text with that of its drop-ins, without the values of its environment.
    pub(in crate::host) text: String,
    /// What it starts, and where it works.
    pub(in crate::host) programs: Vec<FileFact>,
}

impl Unit {
    /// Returns the value of a setting that counts: the last one.
    pub(in crate::host) fn value(&self, key: &str) -> Option<&str> {
        let mut values = self.text.lines().filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == key).then(|| value.trim())
        });
        values.next_back().filter(|value| !value.is_empty())
    }

    /// Whether it is a program that stays.
    pub(in crate::host) fn is_daemon(&self) -> bool {
        self.value("ExecStart").is_some() && self.value("Type") != Some("oneshot")
    }
}

/// A job of cron.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::host) struct CronJob {
    pub(in crate::host) user: String,
    /// The table or the folder that names it, then what it runs.
    pub(in crate::host) files: Vec<FileFact>,
    pub(in crate::host) line: u32,
}

/// A line of the configuration of the SSH daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::host) struct SshSetting {
    pub(in crate::host) file: String,
    pub(in crate::host) line: u32,
    /// In lower case.
    pub(in crate::host) key: String,
    pub(in crate::host) value: String,
    /// Whom it is for, when not for all.
    pub(in crate::host) only: Option<String>,
}
