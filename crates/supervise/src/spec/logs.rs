//! How much of what a service writes is kept.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Amount;
use crate::Violation;

/// How much of what a service writes to its standard output and standard error is kept, and for how long.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogsConfig {
    /// From what size on the log is put aside and begun anew.
    pub max_size: Amount,
    /// From what age on it is; unset for none.
    #[cfg_attr(feature = "serde", serde(with = "crate::wire::optional_duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub max_age: Option<Duration>,
    /// How many logs that were put aside are kept.
    pub keep: usize,
    /// How much all logs of the service may take; the oldest go first, the present one stays.
    pub budget: Amount,
    /// Whether logs that were put aside are compressed.
    pub compress: bool,
    /// How much is kept a second in the long run: what is more is left out, and the log says so. 0 for all of it.
    pub rate: Amount,
    /// How much is kept at once, after a quiet time.
    pub burst: Amount,
    /// When what was written is made durable: `never`, `rotation`, or a time such as `5s`.
    pub sync: LogSync,
}

impl Default for LogsConfig {
    fn default() -> Self {
        Self {
            max_size: mebibytes(16.0),
            max_age: None,
            keep: 8,
            budget: mebibytes(128.0),
            compress: true,
            rate: mebibytes(1.0),
            burst: mebibytes(16.0),
            sync: LogSync::Rotation,
        }
    }
}

impl LogsConfig {
    /// Returns everything that is wrong: the key, and why its value is refused.
    pub(super) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut refuse = |key: &str, reason: String| found.push(Violation::new(key, reason));
        if self.max_size < LEAST_SIZE {
            refuse("max_size", format!("{} is less than {LEAST_SIZE}", self.max_size));
        }
        if self.max_age.is_some_and(|age| age < LEAST_AGE) {
            refuse("max_age", "is less than a minute".to_owned());
        }
        if self.keep > MOST_KEPT {
            refuse("keep", format!("{} is above {MOST_KEPT}", self.keep));
        }
        if self.budget < self.max_size {
            refuse("budget", format!("{} is less than max_size, {}", self.budget, self.max_size));
        }
        let is_limited = self.rate.value() > 0.0;
        if is_limited && self.rate.value() < 1.0 {
            refuse("rate", "is less than a byte a second: 0 keeps everything".to_owned());
        }
        if is_limited && self.burst < LEAST_BURST {
            let reason = format!("{} is less than {LEAST_BURST}, the longest line", self.burst);
            refuse("burst", reason);
        }
        if let LogSync::Every(period) = self.sync
            && !(LEAST_PERIOD..=LONGEST_PERIOD).contains(&period)
        {
            refuse("sync", format!("{period:?} is not between a second and an hour"));
        }
        found
    }
}

/// When what was written to a log is made durable. What was written after that is lost if the host fails, not if a
/// program does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub enum LogSync {
    /// The system decides.
    Never,
    /// When the log is put aside.
    #[default]
    Rotation,
    /// No later than this after it was written.
    Every(Duration),
}

impl fmt::Display for LogSync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Rotation => f.write_str("rotation"),
            Self::Every(period) => f.write_str(&wardkit_retry::duration::print(*period)),
        }
    }
}

impl FromStr for LogSync {
    type Err = NotASync;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "never" => Ok(Self::Never),
            "rotation" => Ok(Self::Rotation),
            period => wardkit_retry::duration::parse(period).map(Self::Every).ok_or(NotASync),
        }
    }
}

impl From<LogSync> for String {
    fn from(sync: LogSync) -> Self {
        sync.to_string()
    }
}

impl TryFrom<String> for LogSync {
    type Error = NotASync;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for LogSync {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LogSync".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

/// A text that does not say when a log is made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASync;

impl fmt::Display for NotASync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is neither never nor rotation nor a time such as 5s")
    }
}

impl std::error::Error for NotASync {}

const fn mebibytes(count: f64) -> Amount {
    Amount::new(count * 1024.0 * 1024.0)
}

const LEAST_SIZE: Amount = Amount::new(4096.0);
const LEAST_AGE: Duration = Duration::from_mins(1);
/// More are a mistake: each is looked at when the log is put aside.
const MOST_KEPT: usize = 1_000;
const LEAST_BURST: Amount = Amount::new(65_536.0);
const LEAST_PERIOD: Duration = Duration::from_secs(1);
const LONGEST_PERIOD: Duration = Duration::from_hours(1);
