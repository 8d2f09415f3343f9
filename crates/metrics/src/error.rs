//! What can go wrong.

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
    /// A file that a collector reads could not be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
