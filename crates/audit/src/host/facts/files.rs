//! Files, by their owners and modes.

use serde::{Deserialize, Serialize};

/// A file's owner and mode.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::host) struct FileFact {
    pub(in crate::host) path: String,
    /// With the type of the file.
    pub(in crate::host) mode: u32,
    pub(in crate::host) uid: u32,
    pub(in crate::host) gid: u32,
}

impl FileFact {
    pub(in crate::host) fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }

    /// Whether everybody may change it. In a sticky directory nobody can take away what is others'.
    pub(in crate::host) fn is_world_writable(&self) -> bool {
        let is_link = self.mode & 0o170_000 == 0o120_000;
        let is_sticky = self.mode & 0o170_000 == 0o040_000 && self.mode & 0o1000 != 0;
        self.mode & 0o002 != 0 && !is_sticky && !is_link
    }

    pub(in crate::host) fn is_set_id(&self) -> bool {
        self.is_file() && self.mode & 0o6000 != 0 && self.mode & 0o111 != 0
    }

    /// Whether the account may change it.
    pub(in crate::host) fn is_writable_by(&self, uid: u32, gids: &[u32]) -> bool {
        // Its owner can give the right back to themselves.
        self.uid == uid
            || (gids.contains(&self.gid) && self.mode & 0o020 != 0)
            || self.is_world_writable()
    }

    pub(in crate::host) fn shown(&self) -> String {
        format!("{} mode {:04o} uid {}", self.path, self.mode & 0o7777, self.uid)
    }
}

/// The files that a look at the host's own folders came upon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::host) struct Files {
    pub(in crate::host) world_writable: Vec<FileFact>,
    pub(in crate::host) set_id: Vec<FileFact>,
    pub(in crate::host) unowned: Vec<FileFact>,
    pub(in crate::host) environments: Vec<FileFact>,
    pub(in crate::host) keys: Vec<FileFact>,
    /// Places that could not be looked at, and why the look ended early.
    pub(in crate::host) gaps: Vec<String>,
}
