//! What is wrong with own rules.

use thiserror::Error;

/// What is wrong with a file of rules.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// It is no TOML, or has keys that nobody knows.
    #[error("the rules are not in the form of gitleaks")]
    Form(#[source] Box<toml::de::Error>),
    /// A rule cannot be used as it is.
    #[error("the rule {rule:?}: {reason}")]
    Rule {
        /// Its id, or where it stands.
        rule: String,
        /// Why.
        reason: String,
    },
    /// The file asks for what is not there.
    #[error("{0}")]
    Unsupported(&'static str),
}
