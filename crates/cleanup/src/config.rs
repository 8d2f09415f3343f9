//! Rules as configuration, and everything that can be wrong with them.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::Size;

/// What is removed, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// How much time lies between the ends and the starts of runs.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub every: Duration,
    /// By how much a run is put off at most, by chance, so that hosts do not all search their disks at once.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub jitter: Duration,
    /// How many files and directories a run removes at most; the next run goes on.
    pub max_files: u32,
    /// How long a run takes at most; the next run goes on.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub max_time: Duration,
    /// What is removed where, as `[[cleanup.rule]]`.
    #[cfg_attr(feature = "serde", serde(rename = "rule"))]
    pub rules: Vec<Rule>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            every: Duration::from_hours(1),
            jitter: Duration::from_mins(5),
            max_files: 10_000,
            max_time: Duration::from_mins(5),
            rules: Vec::new(),
        }
    }
}

/// What is removed in one directory.
///
/// With `older-than` and `larger-than` goes what is both; with `max-total` whatever is too much, oldest first; with
/// `keep` alone all but the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rule {
    /// The directory: an absolute path without links. It itself is never removed.
    pub path: PathBuf,
    /// Globs of the names of what may be removed, such as `*.tmp`; none for all.
    pub names: Vec<String>,
    /// Globs of the names of what is left alone; a directory of such a name is not entered.
    pub except: Vec<String>,
    /// How many directories deep is searched; 0 for the directory alone.
    pub depth: u32,
    /// Removes files that nobody read, wrote or moved for this long.
    #[cfg_attr(feature = "serde", serde(with = "optional_duration"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub older_than: Option<Duration>,
    /// Removes files that are larger, such as `100MiB`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub larger_than: Option<Size>,
    /// Removes the oldest files while all together take more room on the disk, such as `2GiB`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub max_total: Option<Size>,
    /// How many of the newest files always stay.
    pub keep: u32,
    /// What else may be removed: `empty-dirs`, `links`, `hard-links`, `foreign-owners`.
    pub also: BTreeSet<Also>,
}

impl Rule {
    /// Creates a rule for a directory. It removes nothing until it is told what.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// Tells whether the newest `keep` are the only ones that stay.
    pub(crate) const fn keeps_only_the_newest(&self) -> bool {
        self.older_than.is_none() && self.larger_than.is_none() && self.max_total.is_none()
    }
}

/// What is removed only where a rule says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Also {
    /// Directories in which nothing is left, when they are as old as `older-than`.
    EmptyDirs,
    /// Symbolic links, which are never followed.
    Links,
    /// Files that have another name elsewhere, so that removing this one frees nothing.
    HardLinks,
    /// Files of others than this program's user and the owner of the directory.
    ForeignOwners,
}

impl Config {
    /// Returns everything that is wrong with the configuration; empty when it is fit for use.
    ///
    /// No rule may have its directory in one of `protected`, nor above one.
    #[must_use]
    pub fn violations(&self, protected: &[PathBuf]) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut check = |holds: bool, key: &str, reason: &str| {
            if !holds {
                found.push(Violation { path: key.to_owned(), reason: reason.to_owned() });
            }
        };
        check(self.every >= SHORTEST_PERIOD, "every", "must be at least 10s");
        check(self.jitter <= self.every, "jitter", "must be at most `every`");
        check(self.max_files > 0, "max-files", "must be at least 1");
        check(!self.max_time.is_zero(), "max-time", "must be longer than 0s");
        check(self.rules.len() <= MOST_RULES, "rule", "there are more than 256");
        for (index, rule) in self.rules.iter().enumerate().take(MOST_RULES) {
            for (key, reason) in rule.violations(protected) {
                found.push(Violation { path: format!("rule[{index}].{key}"), reason });
            }
        }
        found
    }
}

impl Rule {
    fn violations(&self, protected: &[PathBuf]) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if let Some(reason) = refused(&self.path, protected) {
            found.push(("path", reason));
        }
        for (key, globs) in [("names", &self.names), ("except", &self.except)] {
            if let Err(reason) = globset(globs) {
                found.push((key, reason));
            }
        }
        if self.depth > DEEPEST {
            found.push(("depth", format!("must be at most {DEEPEST}")));
        }
        if self.keeps_only_the_newest() && self.keep == 0 {
            let reason = "says nothing to remove: set this, `larger-than`, `max-total` or `keep`";
            found.push(("older-than", reason.to_owned()));
        }
        // A directory that was made a moment ago is empty because its maker is about to fill it.
        if self.also.contains(&Also::EmptyDirs) && self.older_than.is_none() {
            found.push(("also", "`empty-dirs` needs `older-than`".to_owned()));
        }
        found
    }
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The key: `rule[2].path`.
    pub path: String,
    /// Why its value is refused.
    pub reason: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

/// Compiles globs of names.
pub(crate) fn globset(globs: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        if glob.contains('/') {
            return Err(format!("{glob:?} must be a name, not a path"));
        }
        set.add(Glob::new(glob).map_err(|error| error.to_string())?);
    }
    set.build().map_err(|error| error.to_string())
}

/// Returns why a directory is not searched.
fn refused(path: &Path, protected: &[PathBuf]) -> Option<String> {
    let is_plain =
        path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if !path.is_absolute() || !is_plain {
        return Some("must be an absolute path without `..`".to_owned());
    }
    // Components, so that neither a slash at the end nor two in a row hide anything.
    let is = |other: &str| path == Path::new(other);
    let is_below = |other: &str| path.starts_with(other) && !is(other);
    let is_home = path.parent() == Some(Path::new("/home"));
    let is_system = SYSTEM.iter().any(|system| path.starts_with(system))
        && !is_below("/dev/shm")
        && !is("/dev/shm");
    if path.parent().is_none() || WHOLE.iter().any(|whole| is(whole)) || is_home || is_system {
        return Some("is no directory of temporary files: name one below it".to_owned());
    }
    protected
        .iter()
        .find(|kept| path.starts_with(kept) || kept.starts_with(path))
        .map(|kept| format!("would remove what this program needs: {}", kept.display()))
}

#[cfg(feature = "serde")]
mod optional_duration {
    use std::time::Duration;

    use serde::{Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands over references")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => wardkit_retry::duration::serialize(value, to),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        wardkit_retry::duration::deserialize(from).map(Some)
    }
}

/// In these nothing is temporary.
const SYSTEM: [&str; 12] = [
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sbin",
    "/sys", "/usr",
];
/// These hold more than anybody means who writes a rule.
const WHOLE: [&str; 14] = [
    "/home",
    "/media",
    "/mnt",
    "/opt",
    "/root",
    "/run",
    "/run/user",
    "/srv",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/run",
    "/var/spool",
];
/// A run that follows the last without a pause would be one that never ends.
const SHORTEST_PERIOD: Duration = Duration::from_secs(10);
const MOST_RULES: usize = 256;
/// Each level holds a descriptor open.
const DEEPEST: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangerous_directories_are_refused_however_they_are_written() {
        let protected = [PathBuf::from("/var/lib/agentd")];
        for path in [
            "",
            "tmp",
            "./tmp",
            "/",
            "//",
            "/home",
            "~/",
            "/~//",
            "~/ada",
            "/etc",
            "/etc/cron.d",
            "/usr/share/doc",
            "/proc/1",
            "/dev",
            "/tmp/../etc",
            "/tmp/..",
            "/var",
            "/var/lib",
            "/root",
            "/opt",
            "/var/lib/agentd",
            "/var/lib/agentd/services",
            "/run",
        ] {
            let path = path.replace('~', "/home");
            assert!(refused(Path::new(&path), &protected).is_some(), "{path}");
        }
        for path in [
            "/tmp",
            "/var/tmp",
            "~/ada/.cache",
            "/dev/shm",
            "/dev/shm/bot",
            "/var/cache/bot",
            "/var/lib/bot",
            "/var/lib/agentd2",
            "/run/bot",
            "/opt/bot/tmp",
        ] {
            let path = path.replace('~', "/home");
            assert_eq!(refused(Path::new(&path), &protected), None, "{path}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named_with_its_key() {
        let config = Config {
            every: Duration::from_secs(1),
            max_files: 0,
            max_time: Duration::ZERO,
            rules: vec![Rule {
                names: vec!["a/b".to_owned()],
                except: vec!["[".to_owned()],
                depth: 65,
                ..Rule::new("/tmp")
            }],
            ..Config::default()
        };
        let keys: Vec<_> = config.violations(&[]).into_iter().map(|found| found.path).collect();
        assert_eq!(
            keys,
            [
                "every",
                "jitter",
                "max-files",
                "max-time",
                "rule[0].names",
                "rule[0].except",
                "rule[0].depth",
                "rule[0].older-than",
            ]
        );
    }
}
