use std::io;

/// Why needs could not be read, or a profile not be made of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path that cannot stand in a profile.
    #[error("{path:?} cannot stand in a profile: {reason}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A name that the kernel does not know.
    #[error("{name:?} is no {what}")]
    Unknown {
        /// What it should be.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The manifest is no TOML, or has what no manifest has.
    #[error("the manifest cannot be read")]
    Manifest(#[source] Box<toml::de::Error>),
    /// The trace could not be read.
    #[error("the trace cannot be read")]
    Trace(#[source] io::Error),
    /// A trace in which nothing was traced.
    #[error("the trace has no system call in it: make it with `strace -f -y -o FILE`")]
    EmptyTrace,
    /// The bytes are no program.
    #[error("no program: {reason}")]
    Program {
        /// What is wrong with them.
        reason: &'static str,
    },
    /// The unit cannot be read.
    #[error("line {line} of the unit: {reason}")]
    Unit {
        /// The line, from one; zero for the unit as a whole.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}
