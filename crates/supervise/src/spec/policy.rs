//! When a service is started again, how much it may use, and what is done instead of a restart.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use wardkit_retry::{Jitter, RetryPolicy, Schedule};

use super::{Amount, Bytes, Window};
use crate::ReasonKind;

/// How long to wait before a service is started again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BackoffConfig {
    /// The wait before the first restart in a row.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub first: Duration,
    /// The wait before the second restart in a row.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub initial: Duration,
    /// What each further wait is multiplied by.
    pub factor: f64,
    /// The longest wait.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub max: Duration,
    /// How waits are spread by chance, so that what failed together does not start together: `none`, `full` or
    /// `equal`.
    pub jitter: Jitter,
    /// How long a service must run until its waits begin anew; unset for ten times the last wait, 10 seconds at least.
    #[cfg_attr(feature = "serde", serde(with = "crate::wire::optional_duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub stable_after: Option<Duration>,
    /// All waits, instead of `first`, `initial`, `factor` and `max`; only for services that a program declares.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub schedule: Option<Schedule>,
}

impl Default for BackoffConfig {
    fn default() -> Self {
        Self {
            first: Duration::ZERO,
            initial: Duration::from_millis(100),
            factor: 2.0,
            max: Duration::from_mins(1),
            jitter: Jitter::Full,
            stable_after: None,
            schedule: None,
        }
    }
}

impl BackoffConfig {
    /// Returns the wait before the restart after `failures` in a row, as drawn from `seed`.
    #[must_use]
    pub fn wait(&self, failures: u32, seed: u64) -> Duration {
        self.drawn(failures, self.jitter, seed)
    }

    /// Returns the longest that the wait before the restart after `failures` in a row can be.
    #[must_use]
    pub fn longest_wait(&self, failures: u32) -> Duration {
        self.drawn(failures, Jitter::None, 0)
    }

    /// Returns how long a service must run after `failures` in a row until its waits begin anew.
    #[must_use]
    pub fn stable_after(&self, failures: u32) -> Duration {
        self.stable_after.unwrap_or_else(|| {
            self.longest_wait(failures).saturating_mul(10).max(Duration::from_secs(10))
        })
    }

    fn drawn(&self, failures: u32, jitter: Jitter, seed: u64) -> Duration {
        let step = match self.schedule {
            Some(_) => failures.saturating_sub(1),
            None if failures <= 1 => return self.first,
            None => failures - 2,
        };
        let mut policy = RetryPolicy::default();
        policy.jitter = jitter;
        policy.schedule = self.schedule.clone().unwrap_or(Schedule::Exponential {
            base: self.initial,
            factor: self.factor,
            cap: self.max.max(self.initial),
        });
        let step = usize::try_from(step).unwrap_or(usize::MAX).min(MOST_STEPS);
        policy.delays(seed).nth(step).unwrap_or(self.max)
    }
}

/// Every sensible growth has reached its longest wait by then.
const MOST_STEPS: usize = 256;

/// How often a service may be started again before that counts as a crash loop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IntensityConfig {
    /// How many restarts within `window` are no crash loop; 0 for any number.
    pub max_restarts: u32,
    /// The time in which restarts are counted.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub window: Duration,
    /// How long a service in a crash loop stays down before it is tried once more.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub cool_down: Duration,
}

impl Default for IntensityConfig {
    fn default() -> Self {
        Self { max_restarts: 5, window: Duration::from_mins(1), cool_down: Duration::from_mins(5) }
    }
}

/// How much a service may use; the system sees to it, where it can.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limits {
    /// The memory beyond which it is slowed down: `512MiB`.
    pub memory_high: Option<Amount>,
    /// The memory beyond which it is killed.
    pub memory_max: Option<Amount>,
    /// How much of the processors it may use: `150%` is one and a half.
    pub cpu: Option<Amount>,
    /// How many processes and threads it may have.
    pub processes: Option<u64>,
    /// How many files a process may have open.
    pub open_files: Option<u64>,
    /// How large a core file may be.
    pub core: Option<Amount>,
    /// How much rather than others it is killed when the memory of the host runs out, from -1000 for never to 1000;
    /// unset for rather than agentd itself.
    pub oom_score_adj: Option<i16>,
}

/// How much of something a service may use, for how long, before something is done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceRule {
    /// What is measured, of all its processes together: `memory`, `cpu`, `open_files`, `threads`, `processes`, `disk`
    /// (written since it started), `memory_pressure`, `cpu_pressure` or `io_pressure` (the share of time in which it
    /// waits for that: `20%`).
    pub measure: Measure,
    /// What is told when it is exceeded: `400MiB`.
    pub soft: Option<Amount>,
    /// What the service is started again for when it is exceeded: `512MiB`.
    pub hard: Option<Amount>,
    /// For how long it must be exceeded.
    #[cfg_attr(feature = "serde", serde(rename = "for", with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub lasting: Duration,
}

impl Default for ResourceRule {
    fn default() -> Self {
        Self { measure: Measure::Memory, soft: None, hard: None, lasting: Duration::from_secs(30) }
    }
}

impl ResourceRule {
    /// Creates a rule without limits.
    #[must_use]
    pub fn new(measure: Measure) -> Self {
        Self { measure, ..Self::default() }
    }
}

/// What is measured of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Measure {
    /// Memory, in bytes.
    Memory,
    /// Processor time: 1 is one processor.
    Cpu,
    /// Open files.
    OpenFiles,
    /// Threads.
    Threads,
    /// Processes.
    Processes,
    /// What it has written to disk since it started, in bytes.
    Disk,
    /// The share of time in which something of it waited for memory.
    MemoryPressure,
    /// The share of time in which something of it waited for a processor.
    CpuPressure,
    /// The share of time in which something of it waited for a disk.
    IoPressure,
}

impl Measure {
    /// Returns the measure as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::OpenFiles => "open_files",
            Self::Threads => "threads",
            Self::Processes => "processes",
            Self::Disk => "disk",
            Self::MemoryPressure => "memory_pressure",
            Self::CpuPressure => "cpu_pressure",
            Self::IoPressure => "io_pressure",
        }
    }

    /// Prints so much of it for people: `64 MiB`, `85 %`, `200`.
    pub(crate) fn print(self, value: f64) -> String {
        match self {
            Self::Memory | Self::Disk => Bytes::of(value).to_string(),
            Self::OpenFiles | Self::Threads | Self::Processes => format!("{value:.0}"),
            Self::Cpu | Self::MemoryPressure | Self::CpuPressure | Self::IoPressure => {
                format!("{:.0} %", value * 100.0)
            }
        }
    }
}

/// When a service that loses memory is started again before its memory runs out.
///
/// It is told when it is known to lose memory; the restart is planned, and counts for nothing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LeakConfig {
    /// The time of the day, in UTC, when a restart troubles nobody: `02:00-05:00`. Unset for no such time: then it is
    /// started again only before it reaches the limit.
    pub quiet: Option<Window>,
    /// The memory that it must not reach; unset for the least of `limits.memory_high`, `limits.memory_max` and the
    /// `hard` of its rules for memory.
    pub limit: Option<Amount>,
    /// How long before it would reach the limit it is started again, whatever the time of the day.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub before: Duration,
}

impl Default for LeakConfig {
    fn default() -> Self {
        Self { quiet: None, limit: None, before: Duration::from_hours(2) }
    }
}

/// What is done instead of a restart when a service ends for certain reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecoveryConfig {
    /// The reasons: `code`, `signal`, `core`, `oom`, `watchdog`, `probe`, `start_timeout`, `resource_rule`,
    /// `spawn_error`, `config_error`, `crash_loop`, `unknown`.
    pub on: Vec<ReasonKind>,
    /// What is done, in this order: `restart`, `restart-dependants`, `task:NAME`, `escalate`, `isolate`,
    /// `restore:NAME`. Without `restart` it stays down.
    #[cfg_attr(feature = "serde", serde(rename = "do"))]
    pub steps: Vec<Step>,
}

impl RecoveryConfig {
    /// Creates a recovery.
    #[must_use]
    pub fn new(on: impl Into<Vec<ReasonKind>>, steps: impl Into<Vec<Step>>) -> Self {
        Self { on: on.into(), steps: steps.into() }
    }
}

/// One thing that is done to recover.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub enum Step {
    /// Start it again, as the backoff says.
    Restart,
    /// Start those again that depend on it, once it is ready.
    RestartDependants,
    /// Run a task, and go on when it has ended.
    Task(String),
    /// Call people.
    Escalate,
    /// Keep it from everything else, and down.
    Isolate,
    /// Bring its data back, and go on when that is done.
    Restore(String),
}

impl Step {
    /// Returns the part of the program that does it; `None` for what is done here.
    #[must_use]
    pub const fn part(&self) -> Option<&'static str> {
        match self {
            Self::Restart | Self::RestartDependants | Self::Task(_) => None,
            Self::Escalate => Some("alerting"),
            Self::Isolate => Some("sandbox"),
            Self::Restore(_) => Some("backup"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restart => f.write_str("restart"),
            Self::RestartDependants => f.write_str("restart-dependants"),
            Self::Task(name) => write!(f, "task:{name}"),
            Self::Escalate => f.write_str("escalate"),
            Self::Isolate => f.write_str("isolate"),
            Self::Restore(name) => write!(f, "restore:{name}"),
        }
    }
}

impl FromStr for Step {
    type Err = NotAStep;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None => match text {
                "restart" => Ok(Self::Restart),
                "restart-dependants" => Ok(Self::RestartDependants),
                "escalate" => Ok(Self::Escalate),
                "isolate" => Ok(Self::Isolate),
                _ => Err(NotAStep),
            },
            Some(("task", name)) if !name.is_empty() => Ok(Self::Task(name.to_owned())),
            Some(("restore", name)) if !name.is_empty() => Ok(Self::Restore(name.to_owned())),
            Some(_) => Err(NotAStep),
        }
    }
}

impl From<Step> for String {
    fn from(step: Step) -> Self {
        step.to_string()
    }
}

impl TryFrom<String> for Step {
    type Error = NotAStep;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A text that is no step of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAStep;

impl fmt::Display for NotAStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "is none of restart, restart-dependants, task:NAME, escalate, isolate, restore:NAME",
        )
    }
}

impl std::error::Error for NotAStep {}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Step {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Step".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}
