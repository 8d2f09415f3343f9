//! What can go wrong.

use crate::Violation;

/// Something that this crate could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that Prometheus does not take.
    #[error("`{name}` is no metric name")]
    BadName {
        /// The name.
        name: String,
    },
    /// A declaration of a metric that is refused.
    #[error("metric `{name}` is refused: {reason}")]
    BadMetric {
        /// The metric.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// OpenTelemetry's exporter could not be registered.
    #[cfg(feature = "otel")]
    #[error("cannot register a meter provider")]
    Meter {
        /// Why.
        #[source]
        source: opentelemetry_sdk::error::OTelSdkError,
    },
    /// A file that a collector reads could not be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file that a collector reads does not look as it should.
    #[error("{path} has no {what}")]
    Malformed {
        /// The file.
        path: std::path::PathBuf,
        /// What should be in it.
        what: &'static str,
    },
    /// A file that a collector reads is too long to be what it should be.
    #[error("{path} is longer than {limit} bytes")]
    TooLong {
        /// The file.
        path: std::path::PathBuf,
        /// How long it may be.
        limit: usize,
    },
    /// There is more of something than is looked at.
    #[error("more than {limit} entries up to {path}")]
    TooMany {
        /// Where the limit was reached.
        path: std::path::PathBuf,
        /// How many are looked at.
        limit: usize,
    },
    /// The system could not be asked.
    #[error("cannot measure {what}")]
    Unmeasured {
        /// What was asked for.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No thread could be started.
    #[error("cannot start a thread")]
    NoThread {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// File systems did not answer in time.
    #[error("no answer within {} ms from the file system at {path}{}", .deadline.as_millis(), and_others(*.others))]
    NoAnswer {
        /// Where the first of them is mounted.
        path: std::path::PathBuf,
        /// How many others there are.
        others: usize,
        /// How long they had.
        deadline: std::time::Duration,
    },
    /// The configuration cannot be used.
    #[error("the configuration is refused: {}", list(.violations))]
    Refused {
        /// All that is wrong with it.
        violations: Vec<Violation>,
    },
}

impl Error {
    /// Tells whether the file is not there at all, as those of a kernel that was built without them.
    #[cfg(all(feature = "host", target_os = "linux"))]
    pub(crate) fn is_absence(&self) -> bool {
        use std::io::ErrorKind;
        let Self::Unreadable { source, .. } = self else { return false };
        matches!(source.kind(), ErrorKind::NotFound | ErrorKind::Unsupported)
    }
}

fn list(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn and_others(others: usize) -> String {
    if others == 0 { String::new() } else { format!(" and {others} more") }
}
