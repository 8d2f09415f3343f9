//! What this host is called.

/// Returns the host's name as the kernel has it, for the names of logs and keys.
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
