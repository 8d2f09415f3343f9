//! Locks as restic has them: files that are written anew every few minutes, so that others see that somebody works.

mod guard;
mod protocol;

use std::fmt;
use std::time::Duration;

use wardkit_core::Timestamp;

use crate::engine::time;
use crate::format::{Id, LockFile};

pub use guard::LockGuard;

/// Whom a lock excludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the format has these two")]
pub enum LockKind {
    /// Those that remove: for backup, restore, check.
    Shared,
    /// Everybody: for whoever removes.
    Exclusive,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockHolder {
    /// The lock's file.
    pub lock: Id,
    /// The host.
    pub host: String,
    /// The user on it.
    pub user: String,
    /// The process on it.
    pub pid: i64,
    /// Whom it excludes.
    pub kind: LockKind,
    /// How long ago it was written last.
    pub age: Duration,
}

impl LockHolder {
    fn of(lock: Id, file: &LockFile, now: Timestamp) -> Self {
        Self {
            lock,
            host: file.hostname.clone(),
            user: file.username.clone(),
            pid: file.pid,
            kind: if file.exclusive { LockKind::Exclusive } else { LockKind::Shared },
            age: now.duration_since(time::of_words(&file.time)).unwrap_or_default(),
        }
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, user, pid, kind, age, .. } = self;
        let kind = match kind {
            LockKind::Shared => "shared",
            LockKind::Exclusive => "exclusive",
        };
        // What the file says comes from anybody who knows the password: it must not write on the terminal.
        let (host, user) = (host.escape_debug(), user.escape_debug());
        write!(f, "process {pid} of `{user}` on host `{host}` ({kind}, {} s old)", age.as_secs())
    }
}
