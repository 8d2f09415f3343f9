//! Why something could not be done.

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name is of no sink.
    #[error(
        "no sink has that name: sql, html, shell, path, template, url, header, prompt, code, xml, ldap, nosql, unicode and terminal are"
    )]
    Sink,
    /// The name is of no kind of sensitive data.
    #[error("no kind has that name: secret, card, iban, email, phone and ip are")]
    Sensitive,
    /// The value is none of those that are allowed.
    #[error("the value is none of those that are allowed")]
    NotListed,
    /// The value is no number, or none in the range that is allowed.
    #[error("the value is no number in the range that is allowed")]
    NotInRange,
    /// The text is longer than the policy's cap, and was not looked at.
    #[error("the text has {len} bytes, and the policy takes {cap}")]
    TooLarge {
        /// Its length in bytes.
        len: usize,
        /// The most that the policy takes.
        cap: usize,
    },
    /// The bytes are no UTF-8, and were not looked at.
    #[error("the text is no UTF-8 from byte {at} on")]
    NotUtf8 {
        /// Where the first wrong byte is.
        at: usize,
    },
    /// The number is no strictness.
    #[error("the strictness is not 1, 2, 3 or 4")]
    Strictness,
    /// The name is of no rule.
    #[error("no rule is named `{id}`")]
    Rule {
        /// The name, as it stands in the configuration.
        id: String,
    },
    /// Nobody answers for the exception.
    #[error("an exception names its owner and its reason")]
    Exception,
    /// The text is no network.
    #[error("no network like 10.0.0.0/8 or fd00::/8, with no bit set beyond the prefix")]
    Network,
    /// The network is no prefix of NAT64.
    #[error("no prefix of NAT64: IPv6 with 32, 40, 48, 56, 64 or 96 bits")]
    Nat64Prefix,
    /// A path was refused, or the file cannot be used.
    #[error(transparent)]
    Path(#[from] crate::PathError),
    /// A URL was refused.
    #[cfg(feature = "url")]
    #[error(transparent)]
    Url(#[from] crate::UrlError),
    /// The text is no day.
    #[error("no day of the calendar like 2026-02-28")]
    Date,
    /// A grammar of commands does not hold together.
    #[error("the grammar of commands is wrong at {at:?}: {reason}")]
    Grammar {
        /// The name of the command or argument.
        at: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A program or an argument was refused.
    #[error(transparent)]
    Argv(#[from] crate::ArgvError),
    /// A file that somebody sent cannot be read.
    #[error("the uploaded file cannot be read")]
    Upload(#[source] std::io::Error),
    /// A header was refused.
    #[error(transparent)]
    Header(#[from] crate::HeaderError),
    /// The extension is none that a file may have.
    #[error(
        "the extension is not 1 to 16 lower-case letters and digits, such as `png` or `tar.gz`"
    )]
    Extension,
    /// Elements are nested deeper than browsers agree on.
    #[error("the elements of the markup are nested more than 200 deep")]
    NestedTooDeep,
    /// Elements are left open that a parser would open again and again.
    #[error("the markup leaves so many elements open that they would be repeated too often")]
    RepeatedMarkup,
    /// A name or a statement of SQL was refused.
    #[error(transparent)]
    Sql(#[from] crate::SqlError),
    /// The schema of a tool's arguments cannot be used.
    #[cfg(feature = "schema")]
    #[error("the schema of the tool is wrong at {at:?}: {reason}")]
    ToolSchema {
        /// Where, as a pointer into the schema.
        at: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A field of a tool's arguments cannot be had in this way.
    #[cfg(feature = "schema")]
    #[error("the argument {at:?} {reason}")]
    ToolArgument {
        /// Where, as the caller named it.
        at: String,
        /// What is wrong.
        reason: &'static str,
    },
}
