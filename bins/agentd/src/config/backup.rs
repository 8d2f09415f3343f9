//! `[backup]`: what is backed up into which repository, when, and how it is proven.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_backup::dr::Parses;
use wardkit_supervise::Cron;

/// What is backed up into which repository, when, and how it is proven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct BackupConfig {
    /// The folder of the repository, as `auditctl backup init` made it; nothing is backed up without one.
    pub repository: PathBuf,
    /// Where its password is: `file:/etc/wardkit/backup.password` or `env:NAME`.
    pub password: String,
    /// What is backed up: absolute paths.
    pub paths: Vec<PathBuf>,
    /// Patterns of what is left out, as restic has them.
    pub exclude: Vec<String>,
    /// SQLite databases that are copied while they are in use, instead of as files: absolute paths.
    pub sqlite: Vec<PathBuf>,
    /// Whether agentd's own state is backed up, too: its data directory, its configuration, its audit trail.
    pub own_state: bool,
    /// When backups begin, as a line of cron in UTC. One whose time came while agentd did not run is made up for.
    pub at: String,
    /// By how much one is put off at most, by chance, so that hosts do not all begin at once.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub jitter: Duration,
    /// How long one may take; it is broken off then, and the next one goes on from there.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub deadline: Duration,
    /// How old the newest complete backup may be before an alert says so.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub max_age: Duration,
    /// Within which time each pack of the repository is read again and proven; each backup is followed by a part of it.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub verify_within: Duration,
    /// How backups are proven to be of use.
    pub drill: DrillConfig,
}

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

impl Default for BackupConfig {
    fn default() -> Self {
        Self {
            repository: PathBuf::new(),
            password: String::new(),
            paths: Vec::new(),
            exclude: Vec::new(),
            sqlite: Vec::new(),
            own_state: true,
            at: "30 2 * * *".to_owned(),
            jitter: Duration::from_mins(15),
            deadline: Duration::from_hours(6),
            max_age: Duration::from_hours(26),
            verify_within: Duration::from_hours(24 * 30),
            drill: DrillConfig::default(),
        }
    }
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
            start: Vec::new(),
            start_in: PathBuf::new(),
            start_as: String::new(),
            start_within: Duration::from_mins(1),
        }
    }
}

impl BackupConfig {
    /// Whether anything is to be done.
    pub(crate) fn is_enabled(&self) -> bool {
        !self.repository.as_os_str().is_empty()
    }

    /// The folders that are written to, besides the data directory.
    pub(crate) fn written(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.repository, &self.drill.scratch]
            .into_iter()
            .filter(|path| !path.as_os_str().is_empty())
    }

    /// What is read.
    pub(crate) fn read(&self) -> impl Iterator<Item = &PathBuf> {
        self.paths.iter().chain(&self.sqlite)
    }

    /// Returns everything that is wrong: `(key, reason)`.
    pub(super) fn violations(&self) -> Vec<(String, String)> {
        if !self.is_enabled() {
            let says_more = *self != Self::default();
            let reason = "is missing: nothing is backed up without it";
            return says_more.then(|| found("repository", reason)).into_iter().collect();
        }
        let mut all = Vec::new();
        let repository = [("repository", &self.repository)].into_iter();
        let paths = self.paths.iter().map(|path| ("paths", path));
        let databases = self.sqlite.iter().map(|path| ("sqlite", path));
        for (key, path) in repository.chain(paths).chain(databases) {
            all.extend((!is_plain(path)).then(|| found(key, &not_plain(path))));
        }
        if !["file:", "env:"].iter().any(|kind| self.password.starts_with(kind)) {
            all.push(found(
                "password",
                "must be `file:PATH` or `env:NAME`, never the password itself",
            ));
        }
        if self.paths.is_empty() && self.sqlite.is_empty() && !self.own_state {
            all.push(found("paths", "there is nothing to back up"));
        }
        let holds = |path: &PathBuf| self.repository.starts_with(path);
        if let Some(path) = self.paths.iter().find(|path| holds(path)) {
            let excluded = self.exclude.iter().any(|one| Path::new(one) == self.repository);
            let reason = format!("{} holds the repository: exclude it", path.display());
            all.extend((!excluded).then(|| found("paths", &reason)));
        }
        all.extend(self.at.parse::<Cron>().is_err().then(|| found("at", NOT_CRON)));
        let spans = [("deadline", self.deadline), ("max-age", self.max_age)];
        for (key, span) in spans.into_iter().chain([("verify-within", self.verify_within)]) {
            all.extend((span < SHORTEST).then(|| found(key, "must be at least 1m")));
        }
        all.extend(self.drill.violations());
        all
    }
}

impl DrillConfig {
    /// Whether drills are held.
    pub(crate) fn is_enabled(&self) -> bool {
        !self.at.is_empty()
    }

    fn violations(&self) -> Vec<(String, String)> {
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

fn found(key: &str, reason: &str) -> (String, String) {
    (format!("backup.{key}"), reason.to_owned())
}

fn is_plain(path: &Path) -> bool {
    path.is_absolute() && !path.components().any(|part| part == Component::ParentDir)
}

fn not_plain(path: &Path) -> String {
    format!("{} is not an absolute path without `..`", path.display())
}

const NOT_CRON: &str = "must be five fields of cron, such as `30 2 * * *`";
const SHORTEST: Duration = Duration::from_mins(1);
