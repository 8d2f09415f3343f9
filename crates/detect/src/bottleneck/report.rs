//! The answer: a row for each resource, and one sentence.

use std::fmt;
use std::time::Duration;

/// What can run short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Resource {
    /// Memory.
    Memory,
    /// Disks.
    DiskIo,
    /// Processors.
    Cpu,
    /// The processor quota of a control group.
    CpuQuota,
    /// The network.
    Network,
    /// File descriptors.
    Descriptors,
    /// Threads.
    Threads,
}

impl Resource {
    /// Returns its name in words: `disk io`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::DiskIo => "disk io",
            Self::Cpu => "cpu",
            Self::CpuQuota => "cpu quota",
            Self::Network => "network",
            Self::Descriptors => "file descriptors",
            Self::Threads => "threads",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The process that used most of a resource.
///
/// Exhaustive on purpose: whoever reads a report only reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Culprit {
    /// What it is the most of: `top writer`.
    pub role: &'static str,
    /// Its id.
    pub pid: u32,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pid {} ", self.role, self.pid)?;
        // A process names itself: a line break or an escape sequence of its own must not become ours.
        self.name.chars().try_for_each(|c| match c {
            c if c.is_control() => write!(f, "{}", c.escape_default()),
            c => write!(f, "{c}"),
        })
    }
}

/// What one resource did: use, saturation, errors.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct Row {
    /// The resource.
    pub resource: Resource,
    /// How much of it was used, `0..=1`; `None` when that was not measured.
    pub used: Option<f64>,
    /// The share of the window in which work waited for it, `0..=1`.
    pub stalled: f64,
    /// The share in which nothing else went on either, where the kernel tells it.
    pub stalled_fully: Option<f64>,
    /// Whether that is enough to say that it is short.
    pub short: bool,
    /// What to know beside: `busiest disk sda 97 %`.
    pub detail: Option<String>,
    /// Who used most of it.
    pub culprit: Option<Culprit>,
}

/// What was short during a window. Prints as one sentence; `{:#}` prints the table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct Report {
    /// How long was measured.
    pub window: Duration,
    /// The measured resources, those that stood still longest first.
    pub rows: Vec<Row>,
}

impl Report {
    /// Returns the rows of what is short, the worst first.
    pub fn short(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.short)
    }

    fn window(&self) -> String {
        match self.window.as_secs() {
            60 => "minute".to_owned(),
            3600 => "hour".to_owned(),
            seconds if seconds % 60 == 0 && seconds > 0 => format!("{} minutes", seconds / 60),
            _ => format!("{:.0} s", self.window.as_secs_f64()),
        }
    }

    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<16} {:>6} {:>9}  most used by", "resource", "used", "stalled")?;
        for row in &self.rows {
            let used = row.used.map_or_else(|| "-".to_owned(), percent);
            write!(f, "{:<16} {used:>6} {:>9}", row.resource, percent(row.stalled))?;
            match &row.culprit {
                Some(culprit) => writeln!(f, "  {culprit}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return self.table(f);
        }
        if self.rows.is_empty() {
            return f.write_str("nothing was measured");
        }
        let mut short = self.short();
        let Some(worst) = short.next() else {
            return f.write_str("nothing is short");
        };
        write!(f, "{}: ", worst.resource)?;
        match worst.resource {
            // No work waits for a descriptor: it is refused.
            Resource::Descriptors | Resource::Threads => {
                write!(f, "{} of all taken", percent(worst.used.unwrap_or(0.0)))?;
            }
            _ => write!(f, "{} of the last {} stalled", percent(worst.stalled), self.window())?,
        }
        if let Some(detail) = &worst.detail {
            write!(f, "; {detail}")?;
        }
        if let Some(culprit) = &worst.culprit {
            write!(f, "; {culprit}")?;
        }
        for (index, row) in short.enumerate() {
            f.write_str(if index == 0 { "; also short: " } else { ", " })?;
            write!(f, "{}", row.resource)?;
        }
        Ok(())
    }
}

/// Prints a share as a whole percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
