//! Which files are followed, and how much of them at a time.

use std::path::PathBuf;

use crate::Error;

/// Which files are followed, and how much of them at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", default, deny_unknown_fields)
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Config {
    /// The files, by absolute paths. One that is not there yet is followed from its beginning once it is.
    pub files: Vec<PathBuf>,
    /// Where a file is begun that was never followed before and is there already.
    pub start: Start,
    /// The longest line, in bytes; of a longer one the rest is left out.
    pub max_line: usize,
    /// The most bytes read from one file at a time, so that a busy one does not keep the others waiting.
    pub max_bytes_per_poll: usize,
}

/// Where a file is begun that was never followed before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Start {
    /// At its beginning.
    Beginning,
    /// At its end: what happened before is past.
    #[default]
    End,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            start: Start::End,
            max_line: 16 << 10,
            max_bytes_per_poll: 1 << 20,
        }
    }
}

impl Config {
    /// Returns the default configuration for these files.
    #[must_use]
    pub fn of<P: Into<PathBuf>>(files: impl IntoIterator<Item = P>) -> Self {
        Self { files: files.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Returns everything that is wrong with the configuration: the key, and why its value is refused.
    #[must_use]
    pub fn violations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (index, path) in self.files.iter().enumerate() {
            if !path.is_absolute() {
                found.push((format!("files[{index}]"), "must be an absolute path".to_owned()));
            }
        }
        if self.files.len() > MOST_FILES {
            found.push(("files".to_owned(), format!("must be {MOST_FILES} at most")));
        }
        for (key, value, least) in [
            ("max-line", self.max_line, LEAST_LINE),
            ("max-bytes-per-poll", self.max_bytes_per_poll, self.max_line.saturating_add(1)),
        ] {
            if !(least..=MOST_BYTES).contains(&value) {
                found.push((
                    key.to_owned(),
                    format!("{value} is not between {least} and {MOST_BYTES}"),
                ));
            }
        }
        found
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.violations().into_iter().next() {
            Some((key, reason)) => Err(Error::Config { key, reason }),
            None => Ok(()),
        }
    }
}

/// Each is looked at once a second.
const MOST_FILES: usize = 256;
const LEAST_LINE: usize = 16;
/// What is read at a time is in memory.
const MOST_BYTES: usize = 64 << 20;
