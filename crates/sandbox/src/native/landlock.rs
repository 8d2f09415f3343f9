//! The second wall: rights that the kernel checks whatever a program sees.

use std::os::fd::OwnedFd;

use super::files::Layout;
use super::sys;
use crate::{Policy, SandboxError};

/// Makes the rules for a policy: nothing but what is laid out, no port, nothing outside.
pub(crate) fn rules(
    policy: &Policy,
    layout: &Layout,
    version: u32,
) -> Result<OwnedFd, SandboxError> {
    let network = if version >= NETWORK_SINCE && !policy.grants.network { PORTS } else { 0 };
    let outside = if version >= SCOPES_SINCE { SCOPES } else { 0 };
    let handled = [files(version), network, outside];
    let words = match version {
        SCOPES_SINCE.. => 3,
        NETWORK_SINCE.. => 2,
        _ => 1,
    };
    let failed = |source| SandboxError::Setup { step: "making the rules of Landlock", source };
    let rules = sys::landlock_rules(handled.get(..words).unwrap_or(&handled)).map_err(failed)?;
    layout.allow(&rules, version)?;
    Ok(rules)
}

/// Returns the rights to files that this version knows.
pub(crate) fn files(version: u32) -> u64 {
    match version {
        0 => 0,
        1 => (1 << 13) - 1,
        2 => (1 << 14) - 1,
        3 | 4 => (1 << 15) - 1,
        _ => (1 << 16) - 1,
    }
}

/// The version that knows scopes: signals and abstract sockets.
pub(crate) const SCOPES_SINCE: u32 = 6;

/// The version that knows ports.
const NETWORK_SINCE: u32 = 4;

/// `LANDLOCK_ACCESS_FS_*` of linux/landlock.h.
pub(crate) const EXECUTE: u64 = 1;
pub(crate) const READ_FILE: u64 = 1 << 2;
pub(crate) const READ_FOLDER: u64 = 1 << 3;
/// `WRITE_FILE` and `TRUNCATE`.
pub(crate) const CHANGE_FILE: u64 = 1 << 1 | 1 << 14;
/// Removing files and folders, making folders, files and links, moving between folders. No device, socket or pipe.
pub(crate) const CHANGE_FOLDER: u64 = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 12 | 1 << 13;

/// `LANDLOCK_ACCESS_NET_BIND_TCP` and `CONNECT_TCP`.
const PORTS: u64 = 3;

/// `LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET` and `SIGNAL`.
const SCOPES: u64 = 3;
