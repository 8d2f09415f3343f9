/// Why bytes of a repository cannot be read, or written.
///
/// It never tells what is in them: a repository is encrypted, and errors are logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The password does not open this key. Another key of the repository may be opened by it.
    #[error("the password does not open the key")]
    WrongPassword,
    /// The bytes were not sealed by this key, or were altered since.
    #[error("the bytes are damaged, or sealed with another key")]
    NotAuthentic,
    /// The text is not the JSON that it is to be.
    #[error("{what} cannot be read: {reason} at line {line}, column {column}")]
    Json {
        /// What it is to be: `a snapshot`.
        what: &'static str,
        /// What kind of mistake it is.
        reason: &'static str,
        /// The line of the mistake, from 1.
        line: usize,
        /// The column of the mistake, from 1.
        column: usize,
    },
    /// The bytes are not what they are to be.
    #[error("{what} {reason}")]
    Malformed {
        /// What they are to be: `a pack's header`.
        what: &'static str,
        /// What is wrong with them.
        reason: &'static str,
    },
    /// The bytes need, or are, more than is allowed.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What.
        what: &'static str,
        /// How large it may be.
        limit: u64,
    },
    /// The repository is of a version that came later, or never was.
    #[error("repositories of version {version} are not supported: 1 and 2 are")]
    Version {
        /// The version.
        version: u64,
    },
    /// The library of the compression failed, by lack of memory most likely.
    #[error("cannot compress")]
    Compress,
}

impl FormatError {
    /// A mistake in JSON, without the text that it was found in.
    pub(super) fn json(what: &'static str, error: &serde_json::Error) -> Self {
        let reason = match error.classify() {
            serde_json::error::Category::Eof => "it ends early",
            serde_json::error::Category::Data => "a value is missing or not what it is to be",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
                "it is no JSON"
            }
        };
        Self::Json { what, reason, line: error.line(), column: error.column() }
    }
}
