//! What is remembered of checks from one start of agentd to the next.

use std::collections::BTreeMap;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use wardkit_audit::{Report, Status};
use wardkit_core::Timestamp;

use crate::app::App;

/// What is remembered of checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    /// When the host was checked last.
    pub checked: Option<Timestamp>,
    /// How each check ended.
    pub checks: BTreeMap<String, Status>,
}

impl Kept {
    /// What is to be remembered of a report.
    pub(crate) fn of(report: &Report, at: Timestamp) -> Self {
        let checks = report.checks.iter().map(|check| (check.id.clone(), check.status));
        Self { checked: Some(at), checks: checks.collect() }
    }

    /// Reads what was kept. What cannot be read is as if nothing had been kept: the host is checked at once then.
    pub(crate) fn read(app: &App) -> Self {
        let path = app.data_dir().join(STATE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::default(),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "what is known of checks cannot be read");
                return Self::default();
            }
        };
        serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!(path = %path.display(), %error, "what is known of checks is damaged");
            Self::default()
        })
    }

    /// Keeps it.
    pub(crate) fn write(&self, app: &App) -> io::Result<()> {
        app.write_file(STATE, &serde_json::to_vec_pretty(self)?)
    }
}

const STATE: &str = "audit-state.json";
