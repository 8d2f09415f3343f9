use serde::{Deserialize, Serialize};

use super::json;
use super::{FormatError, ZonedTime};

/// The lock of a running program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockFile {
    /// When it was written, or written anew.
    pub time: ZonedTime,
    /// Whether nobody else may work at the same time.
    #[serde(default)]
    pub exclusive: bool,
    /// The host of the program.
    #[serde(default)]
    pub hostname: String,
    /// The user of the program.
    #[serde(default)]
    pub username: String,
    /// The process.
    #[serde(default)]
    pub pid: i64,
    /// The number of the user.
    #[serde(default, skip_serializing_if = "json::is_zero")]
    pub uid: u32,
    /// The number of the group.
    #[serde(default, skip_serializing_if = "json::is_zero")]
    pub gid: u32,
    /// The kernel's name for the time since it was booted. Only this crate writes it; restic passes it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// When the process was started, in the kernel's ticks since boot: another one of the same number is told by it.
    /// Only this crate writes it; restic passes it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_start: Option<u64>,
}

impl LockFile {
    /// Reads the decoded file.
    ///
    /// # Errors
    ///
    /// When it is no lock.
    pub fn from_json(json: &[u8]) -> Result<Self, FormatError> {
        json::read("a lock", json)
    }

    /// The file, to be encoded and sealed.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        json::write(self)
    }
}
