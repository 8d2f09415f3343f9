use std::fs;

use wardkit_process::{Error, Procfs};

use crate::format::LockFile;

/// This process, as locks and keys name it.
#[derive(Clone, Debug)]
pub(crate) struct ThisProcess {
    pub(crate) host: String,
    pub(crate) user: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) pid: u32,
    /// None where the process file system is not to be seen: then nothing about processes can be proven.
    pub(crate) boot: Option<String>,
    pub(crate) started: Option<u64>,
}

impl ThisProcess {
    pub(crate) fn new() -> Self {
        let procfs = Procfs::default();
        let uid = rustix::process::getuid().as_raw();
        let pid = std::process::id();
        Self {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            user: user_name(&fs::read_to_string(USERS).unwrap_or_default(), uid)
                .unwrap_or_else(|| uid.to_string()),
            uid,
            gid: rustix::process::getgid().as_raw(),
            pid,
            boot: procfs.boot_id().ok(),
            started: procfs.stat(pid).ok().map(|stat| stat.started),
        }
    }

    /// Whether it is proven that nobody holds this lock any more: it is of this host, and its process has ended.
    pub(crate) fn proves_dead(&self, lock: &LockFile, procfs: &Procfs) -> bool {
        let Some(boot) = &self.boot else { return false };
        let Ok(pid) = u32::try_from(lock.pid) else { return false };
        if lock.hostname != self.host || pid == 0 {
            return false;
        }
        if lock.boot_id.as_ref().is_some_and(|its| its != boot) {
            return true;
        }
        match procfs.stat(pid) {
            Ok(stat) if stat.has_ended() => true,
            Ok(stat) => lock.process_start.is_some_and(|started| started != stat.started),
            Err(Error::Gone { .. }) => true,
            Err(_) => false,
        }
    }
}

/// The name of a user, from the text of the file of users.
fn user_name(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let id: u32 = fields.nth(1)?.parse().ok()?;
        (id == uid).then(|| name.to_owned())
    })
}

/// Asking the name service would need a library that cannot be linked statically.
const USERS: &str = "/etc/passwd";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_user_is_found() {
        let users = "root:x:0:0:root:/root:/bin/sh\n# odd\nbot:x:1000:1000::/:/bin/sh\n";
        assert_eq!(user_name(users, 1000).as_deref(), Some("bot"));
        assert_eq!(user_name(users, 0).as_deref(), Some("root"));
        assert_eq!(user_name(users, 7), None);
    }
}
