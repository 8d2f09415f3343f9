//! `[backup]`: what is backed up into which repository, when, and how it is proven.

mod drill;
mod keep;
mod place;
mod runbook;

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_backup::store::Address;
use wardkit_supervise::Cron;

pub(crate) use drill::DrillConfig;
use keep::KeepConfig;
pub(crate) use place::{AccessConfig, CopyProof, ReplicaConfig};
pub(crate) use runbook::{StepConfig, StepKind};

/// What is backed up into which repository, when, and how it is proven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct BackupConfig {
    /// The repository, as `auditctl backup init` made it: a folder, `rest:https://host/path/` or
    /// `s3:https://host/bucket/path`; nothing is backed up without one.
    pub repository: String,
    /// Where its password is: `file:/etc/wardkit/backup.password` or `env:NAME`.
    pub password: String,
    /// What the server of the repository asks for.
    pub access: AccessConfig,
    /// Whether the repository is only put into: nothing is removed there, not even a lock.
    pub put_only: bool,
    /// Further places that each backup is copied to, byte for byte.
    pub replica: Vec<ReplicaConfig>,
    /// In how many places, the repository and its replicas, a backup has to be before an alert is taken back: 1 is
    /// the repository alone.
    pub require: usize,
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
    /// How long lies between the begins of two backups, such as `6h`, instead of `at`.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub every: Duration,
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
    /// Which snapshots stay, and when the others go; all stay without a rule.
    pub keep: KeepConfig,
    /// How backups are proven to be of use.
    pub drill: DrillConfig,
    /// What is done when this host is gone, step by step; drills rehearse it.
    pub runbook: Vec<StepConfig>,
}

impl Default for BackupConfig {
    fn default() -> Self {
        Self {
            repository: String::new(),
            password: String::new(),
            access: AccessConfig::default(),
            put_only: false,
            replica: Vec::new(),
            require: 1,
            paths: Vec::new(),
            exclude: Vec::new(),
            sqlite: Vec::new(),
            own_state: true,
            at: "30 2 * * *".to_owned(),
            every: Duration::ZERO,
            jitter: Duration::from_mins(15),
            deadline: Duration::from_hours(6),
            max_age: Duration::from_hours(26),
            verify_within: Duration::from_hours(24 * 30),
            keep: KeepConfig::default(),
            drill: DrillConfig::default(),
            runbook: Vec::new(),
        }
    }
}

impl BackupConfig {
    /// Whether anything is to be done.
    pub(crate) fn is_enabled(&self) -> bool {
        !self.repository.is_empty()
    }

    /// The folders that are written to, besides the data directory.
    pub(crate) fn written(&self) -> impl Iterator<Item = PathBuf> {
        let places = [&self.repository].into_iter();
        let places = places.chain(self.replica.iter().map(|replica| &replica.repository));
        let folder = |place: &String| Some(Address::parse(place).ok()?.folder()?.to_owned());
        let scratch = self.drill.scratch.clone();
        places.filter_map(folder).chain([scratch]).filter(|path| !path.as_os_str().is_empty())
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
        let mut all = self.wrong_places();
        all.extend(self.wrong_sources());
        if !is_reference(&self.password) {
            all.push(found("password", NO_REFERENCE));
        }
        if self.every.is_zero() {
            all.extend(self.at.parse::<Cron>().is_err().then(|| found("at", NOT_CRON)));
        } else if self.at != Self::default().at {
            all.push(found("every", "stands instead of `at`: only one of them is possible"));
        }
        let spans = [("deadline", self.deadline), ("max-age", self.max_age)];
        let every = (!self.every.is_zero()).then_some(("every", self.every));
        for (key, span) in
            spans.into_iter().chain([("verify-within", self.verify_within)]).chain(every)
        {
            all.extend((span < SHORTEST).then(|| found(key, "must be at least 1m")));
        }
        all.extend(self.keep.violations(self.put_only));
        all.extend(self.drill.violations());
        all.extend(runbook::violations(&self.runbook));
        all
    }

    fn wrong_places(&self) -> Vec<(String, String)> {
        let mut all = place::violations("", &self.repository, &self.access);
        for (index, replica) in self.replica.iter().enumerate() {
            let prefix = format!("replica[{index}].");
            all.extend(place::violations(&prefix, &replica.repository, &replica.access));
            let is_twice = self.replica[..index].iter().any(|other| other.name == replica.name);
            if is_twice || !place::is_name(&replica.name) {
                let reason = "must be of its own, of letters, digits, `-` and `_`";
                all.push(found(&format!("{prefix}name"), reason));
            }
            let others = self.replica[..index].iter().map(|other| &other.repository);
            if others.chain([&self.repository]).any(|other| *other == replica.repository) {
                all.push(found(&format!("{prefix}repository"), "is a place that has it already"));
            }
        }
        if !(1..=self.replica.len() + 1).contains(&self.require) {
            let reason = format!(
                "must be between 1 and {}: so many places are named",
                self.replica.len() + 1
            );
            all.push(found("require", &reason));
        }
        all
    }

    fn wrong_sources(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let paths = self.paths.iter().map(|path| ("paths", path));
        for (key, path) in paths.chain(self.sqlite.iter().map(|path| ("sqlite", path))) {
            all.extend((!is_plain(path)).then(|| found(key, &not_plain(path))));
        }
        if self.paths.is_empty() && self.sqlite.is_empty() && !self.own_state {
            all.push(found("paths", "there is nothing to back up"));
        }
        for written in self.written() {
            let holds = |path: &&PathBuf| written.starts_with(path);
            let excluded = self.exclude.iter().any(|one| Path::new(one) == written);
            let Some(path) = self.paths.iter().find(holds).filter(|_| !excluded) else { continue };
            // The scratch folder of drills is left out by agentd itself.
            if written != self.drill.scratch {
                let reason = format!("{} holds {}: exclude it", path.display(), written.display());
                all.push(found("paths", &reason));
            }
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

/// Whether it says where a secret is, and not what it is.
fn is_reference(text: &str) -> bool {
    let place = ["file:", "env:"].iter().find_map(|kind| text.strip_prefix(kind));
    place.is_some_and(|place| !place.is_empty())
}

const NO_REFERENCE: &str = "must be `file:PATH` or `env:NAME`, never the secret itself";
const NOT_CRON: &str = "must be five fields of cron, such as `30 2 * * *`";
const SHORTEST: Duration = Duration::from_mins(1);
