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
    /// The value is none of those that are allowed.
    #[error("the value is none of those that are allowed")]
    NotListed,
    /// The value is no number, or none in the range that is allowed.
    #[error("the value is no number in the range that is allowed")]
    NotInRange,
}
