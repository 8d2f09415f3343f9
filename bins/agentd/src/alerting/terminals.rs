//! The terminals of those who are logged in: they hear when no channel takes anything.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;

/// Who was told that nobody hears, and when.
#[derive(Debug, Default)]
pub(super) struct Terminals {
    told: Option<Duration>,
}

impl Terminals {
    /// Tells all terminals in a directory, once an hour while it lasts; returns how many took it, if it was time.
    pub(super) fn tell(&mut self, now: Duration, directory: &Path) -> Option<usize> {
        let is_time = self.told.is_none_or(|told| now.saturating_sub(told) >= PAUSE);
        if !is_time || directory.as_os_str().is_empty() {
            return None;
        }
        self.told = Some(now);
        Some(write_to_all(directory))
    }
}

fn write_to_all(directory: &Path) -> usize {
    // Where there are no terminals nobody is logged in.
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    entries.flatten().filter(|entry| write_to(&entry.path()).is_ok_and(|taken| taken)).count()
}

/// Writes to a terminal whose user takes messages (`mesg y` lets the group write). One that is stopped takes nothing.
fn write_to(path: &Path) -> std::io::Result<bool> {
    let flags = OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let found = std::fs::symlink_metadata(path)?;
    if found.is_file() || found.is_dir() || found.mode() & GROUP_WRITES == 0 {
        return Ok(false);
    }
    let mut terminal =
        OpenOptions::new().write(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    terminal.write_all(TEXT.as_bytes())?;
    Ok(true)
}

const TEXT: &str = "\r\nagentd: alerts reach nobody: no channel takes anything.\r\n\
    Its log says why; `auditctl alerts list` shows what lasts, `auditctl alerts dead` what nobody took.\r\n";
const PAUSE: Duration = Duration::from_hours(1);
const GROUP_WRITES: u32 = 0o020;

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn whoever_takes_messages_is_told_once_an_hour() {
        let dir = tempfile::tempdir().unwrap();
        let terminal = |name: &str, mode: u32| {
            let path = dir.path().join(name);
            mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let flags = OFlags::NONBLOCK.bits().cast_signed();
            OpenOptions::new().read(true).custom_flags(flags).open(path).unwrap()
        };
        let (mut takes, mut refuses) = (terminal("0", 0o620), terminal("1", 0o600));
        std::fs::write(dir.path().join("2"), "").unwrap();
        let mut terminals = Terminals::default();
        let at = Duration::from_secs;
        assert_eq!(terminals.tell(at(10), Path::new("")), None);
        assert_eq!(terminals.tell(at(10), dir.path()), Some(1));
        assert_eq!(terminals.tell(at(3609), dir.path()), None);
        assert_eq!(terminals.tell(at(3610), dir.path()), Some(1));
        let mut text = String::new();
        // It is not at its end, but there is nothing more yet.
        drop(takes.read_to_string(&mut text));
        assert_eq!(text.matches("alerts reach nobody").count(), 2);
        assert_eq!(refuses.read(&mut [0; 8]).unwrap_or(0), 0);
        assert_eq!(std::fs::read(dir.path().join("2")).unwrap(), b"");
        assert_eq!(Terminals::default().tell(at(0), Path::new("/nowhere")), Some(0));
    }
}
