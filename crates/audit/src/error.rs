use std::io;
use std::path::PathBuf;

/// Why an audit could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The place that is to be audited is no folder that can be read.
    #[error("{path} cannot be audited")]
    Root {
        /// The place.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A name that nothing has.
    #[error("{name:?} is no {what}")]
    Unknown {
        /// What it should be.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The settings are no TOML, or say what no settings can.
    #[error("the settings cannot be read")]
    Settings(#[source] Box<toml::de::Error>),
    /// An entry of the settings is not acceptable.
    #[error("{key}: {reason}")]
    Setting {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A baseline or a file of facts that is none.
    #[error("no {what}")]
    Json {
        /// What it should be.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A file that another version wrote.
    #[error("the {what} has version {version}, and {known} is the one known here")]
    Version {
        /// What it is.
        what: &'static str,
        /// Its version.
        version: u32,
        /// The version that can be read.
        known: u32,
    },
}
