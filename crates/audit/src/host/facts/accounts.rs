//! Who is on the host, and what they may do as others.

use serde::{Deserialize, Serialize};

/// A line of `passwd`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::host) struct Account {
    pub(in crate::host) name: String,
    pub(in crate::host) uid: u32,
    pub(in crate::host) gid: u32,
    pub(in crate::host) home: String,
    pub(in crate::host) shell: String,
    /// The mode of the home, when there is one.
    pub(in crate::host) home_mode: Option<u32>,
}

impl Account {
    /// Whether somebody can sign in with it.
    pub(in crate::host) fn has_shell(&self) -> bool {
        let shell = self.shell.rsplit('/').next().unwrap_or_default();
        !matches!(shell, "nologin" | "false" | "sync" | "shutdown" | "halt")
    }
}

/// A line of `group`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::host) struct Group {
    pub(in crate::host) name: String,
    pub(in crate::host) gid: u32,
    pub(in crate::host) members: Vec<String>,
}

/// What `shadow` says of a password; never the password's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::host) enum Password {
    /// Whoever knows the name is in.
    Empty,
    /// No password fits.
    Locked,
    /// There is one.
    Set,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::host) struct Line {
    pub(in crate::host) file: String,
    pub(in crate::host) number: u32,
    pub(in crate::host) text: String,
}
