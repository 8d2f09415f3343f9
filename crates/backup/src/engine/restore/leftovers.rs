//! What killed restores left below the target, told from what live ones have in hand.

use std::ffi::CStr;
use std::fs;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{AtFlags, Dir};
use rustix::io::Errno;
use wardkit_process::{Error, Procfs};

use crate::engine::host::ThisProcess;
use crate::format::Id;

/// The process that makes temporary names, as they tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Maker {
    /// The host, and which of its processes can be seen here.
    place: u32,
    boot: u32,
    pid: u32,
    started: u64,
}

impl Maker {
    /// This process; none where nothing can be said of processes.
    pub(super) fn this() -> Option<Self> {
        let ThisProcess { host, boot, started, pid, .. } = ThisProcess::new();
        // In a container other processes have the same numbers.
        let seen = fs::read_link("/proc/self/ns/pid").ok()?;
        let place = [host.as_bytes(), b"\0", seen.as_os_str().as_bytes()].concat();
        Some(Self { place: short(&place), boot: short(boot?.as_bytes()), pid, started: started? })
    }

    /// What the names of this process begin with.
    pub(super) fn prefix(self) -> String {
        let Self { place, boot, pid, started } = self;
        format!("{PREFIX}{place:08x}-{boot:08x}-{pid}-{started}-")
    }

    /// Removes what processes left in a directory that are proven dead; tells how many names it were. Only what bears a
    /// temporary name is touched, and links are not followed.
    pub(super) fn remove_leftovers(self, directory: BorrowedFd<'_>) -> Result<u64, Errno> {
        let mut removed = 0;
        for entry in Dir::read_from(directory)? {
            let entry = entry?;
            if Self::of(entry.file_name()).is_some_and(|maker| self.proves_dead(maker)) {
                match rustix::fs::unlinkat(directory, entry.file_name(), AtFlags::empty()) {
                    Ok(()) => removed += 1,
                    // Another restore was faster, or it is a directory, which no restore leaves under such a name.
                    Err(Errno::NOENT | Errno::ISDIR | Errno::PERM) => {}
                    Err(errno) => return Err(errno),
                }
            }
        }
        Ok(removed)
    }

    /// Who made a name, if it is one of ours.
    fn of(name: &CStr) -> Option<Self> {
        let mut parts = name.to_str().ok()?.strip_prefix(PREFIX)?.split('-');
        let mut hex = || u32::from_str_radix(parts.next()?, 16).ok();
        let (place, boot) = (hex()?, hex()?);
        let (pid, started) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        // The run, and the number within it.
        (parts.count() == 2).then_some(Self { place, boot, pid, started })
    }

    fn proves_dead(self, other: Self) -> bool {
        if other.place != self.place {
            return false;
        }
        if other.boot != self.boot {
            return true;
        }
        match Procfs::default().stat(other.pid) {
            Ok(stat) => stat.has_ended() || stat.started != other.started,
            Err(Error::Gone { .. }) => true,
            Err(_) => false,
        }
    }
}

fn short(bytes: &[u8]) -> u32 {
    Id::of(bytes).as_bytes().first_chunk().map_or(0, |first| u32::from_be_bytes(*first))
}

/// What a person who finds one after a crash can look up.
pub(super) const PREFIX: &str = ".wardkit-restore-";

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;

    #[test]
    fn only_what_the_dead_left_is_removed() {
        let this = Maker::this().expect("the process file system");
        let scratch = tempfile::tempdir().expect("a folder");
        let name = |maker: Maker| format!("{}1f-0", maker.prefix());
        let dead = [
            Maker { boot: !this.boot, ..this },
            Maker { started: this.started + 1, ..this },
            Maker { pid: u32::MAX >> 2, ..this },
        ];
        let kept = [
            name(this),
            name(Maker { place: !this.place, boot: !this.boot, ..this }),
            format!("{PREFIX}0123456789abcdef-0"),
            format!("{}1f", dead[0].prefix()),
            format!("{}1f-0-0", dead[0].prefix()),
            format!("x{}", name(dead[0])),
            "wanted".to_owned(),
        ];
        for name in dead.iter().map(|maker| name(*maker)).chain(kept.iter().cloned()) {
            fs::write(scratch.path().join(name), "").expect("written");
        }
        let (outside, link) = (scratch.path().join("wanted"), Maker { pid: 1, ..dead[1] });
        std::os::unix::fs::symlink(outside, scratch.path().join(name(link))).expect("made");
        let directory = Maker { pid: 2, ..dead[1] };
        fs::create_dir(scratch.path().join(name(directory))).expect("made");

        let opened = fs::File::open(scratch.path()).expect("opened");
        assert_eq!(this.remove_leftovers(opened.as_fd()), Ok(4));
        let mut left: Vec<String> = fs::read_dir(scratch.path())
            .expect("read")
            .map(|entry| entry.expect("read").file_name().into_string().expect("text"))
            .collect();
        left.sort_unstable();
        let mut expected = [&kept[..], &[name(directory)]].concat();
        expected.sort_unstable();
        assert_eq!(left, expected);
    }
}
