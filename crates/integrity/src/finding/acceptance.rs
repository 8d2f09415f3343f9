//! What an operator accepts into the next baseline.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::{Change, Error};

/// What an operator accepts into the next baseline.
///
/// Prints and parses as `all`, `rule:NAME`, `package:NAME`, `path:/DIRECTORY`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Acceptance {
    /// Every change.
    All,
    /// What one rule of the policy found.
    Rule(String),
    /// What belongs to one package.
    Package(String),
    /// One path and all below it.
    Path(PathBuf),
}

impl Acceptance {
    /// Tells whether a change is accepted, given its rule and the name of the package that its path belongs to.
    #[must_use]
    pub fn selects(&self, change: &Change, rule: Option<&str>, package: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Rule(name) => rule == Some(name),
            Self::Package(name) => package == Some(name),
            // By component: `/etc/app` is not a prefix of `/etc/app.conf`.
            Self::Path(path) => change.path.starts_with(path),
        }
    }
}

impl FromStr for Acceptance {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = || Error::Acceptance(text.to_owned());
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            Some((_, "")) => Err(refused()),
            Some(("rule", name)) => Ok(Self::Rule(name.to_owned())),
            Some(("package", name)) => Ok(Self::Package(name.to_owned())),
            Some(("path", path)) if path.starts_with('/') => Ok(Self::Path(path.into())),
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Rule(name) => write!(f, "rule:{name}"),
            Self::Package(name) => write!(f, "package:{name}"),
            Self::Path(path) => write!(f, "path:{}", path.display()),
        }
    }
}
