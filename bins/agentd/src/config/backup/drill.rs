//! `[backup.drill]`: how backups are proven to be of use.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_backup::dr::Parses;
use wardkit_supervise::Cron;

use super::{NOT_CRON, found, is_plain, not_plain};

/// How backups are proven to be of use: one is restored into a place of its own, and looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct DrillConfig {
    /// When drills begin, as a line of cron in UTC; none without one.
    pub at: String,
    /// The folder that is restored into, with room for everything; a folder in the data directory without one.
    pub scratch: PathBuf,
    /// A file that is in every backup and always says the same, as `canary-text`.
    pub canary: PathBuf,
    /// What the canary says.
    pub canary_text: String,
    /// Files that have to parse, by the endings of their names: `.json` or `.toml`.
    pub parse: Vec<PathBuf>,
    /// SQLite databases that have to be whole.
    pub sqlite: Vec<PathBuf>,
    /// Which part of the rows that each of their tables had at the last backup they have to have, where `backup.sqlite`
    /// names them too: 1 is all of them, 0 does not look.
    pub min_rows_ratio: f64,
    /// A program that is started in `start-in` and has to end with 0: with its arguments, without a shell.
    pub start: Vec<String>,
    /// Where it is started: a folder of the backup.
    pub start_in: PathBuf,
    /// The user that it runs as; agentd as root starts nothing without one.
    pub start_as: String,
    /// How long it may take.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub start_within: Duration,
}

impl Default for DrillConfig {
    fn default() -> Self {
        Self {
            at: "30 4 * * *".to_owned(),
            scratch: PathBuf::new(),
            canary: PathBuf::new(),
            canary_text: String::new(),
            parse: Vec::new(),
            sqlite: Vec::new(),
            min_rows_ratio: 1.0,
            start: Vec::new(),
            start_in: PathBuf::new(),
            start_as: String::new(),
            start_within: Duration::from_mins(1),
        }
    }
}

impl DrillConfig {
    /// Whether drills are held.
    pub(crate) fn is_enabled(&self) -> bool {
        !self.at.is_empty()
    }

    pub(super) fn violations(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        if self.is_enabled() && self.at.parse::<Cron>().is_err() {
            all.push(found("drill.at", NOT_CRON));
        }
        let given = |path: &PathBuf| !path.as_os_str().is_empty();
        let single = [
            ("drill.scratch", &self.scratch),
            ("drill.canary", &self.canary),
            ("drill.start-in", &self.start_in),
        ];
        let several = self.parse.iter().map(|path| ("drill.parse", path));
        let several = several.chain(self.sqlite.iter().map(|path| ("drill.sqlite", path)));
        for (key, path) in single.into_iter().filter(|(_, path)| given(path)).chain(several) {
            all.extend((!is_plain(path)).then(|| found(key, &not_plain(path))));
        }
        for path in self.parse.iter().filter(|path| Parses::by_name(*path).is_none()) {
            let reason = format!("{} ends neither in .json nor in .toml", path.display());
            all.push(found("drill.parse", &reason));
        }
        if !(0.0..=1.0).contains(&self.min_rows_ratio) {
            all.push(found("drill.min-rows-ratio", "must be between 0 and 1"));
        }
        if given(&self.canary) == self.canary_text.is_empty() {
            all.push(found("drill.canary", "needs `canary-text`, and that needs a canary"));
        }
        if self.start.is_empty() && (given(&self.start_in) || !self.start_as.is_empty()) {
            all.push(found("drill.start", "is missing"));
        }
        if !self.start.is_empty() && !given(&self.start_in) {
            all.push(found("drill.start-in", "is missing: where is the program started?"));
        }
        all
    }
}
