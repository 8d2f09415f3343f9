//! What a notice says.

use std::time::Duration;

use wardkit_supervise::Notice;

/// One line of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Notice(Notice),
    /// A guarantee of the service's sandbox, how well it is kept, and by what.
    Enforced(String, String),
    /// How often the service was denied a system call.
    Denied(String, u64),
    /// Why the service has no sandbox and does not run.
    Refused(String),
    /// Another process is the main one; whose it is must be seen to.
    MainPid(u32),
}

/// Reads a notice, which may come from anybody. What is not understood is left out, as others do.
pub(super) fn of(datagram: &[u8]) -> Vec<Word> {
    let text = String::from_utf8_lossy(datagram);
    text.split('\n').filter_map(|line| word(line.split_once('=')?)).collect()
}

fn word((name, value): (&str, &str)) -> Option<Word> {
    let notice = match (name, value) {
        ("READY", "1") => Notice::Ready,
        ("STOPPING", "1") => Notice::Stopping,
        ("WATCHDOG", "1") => Notice::Watchdog,
        ("WATCHDOG", "trigger") => Notice::WatchdogFailed,
        ("STATUS", text) => Notice::Status(plain(text)),
        (ENFORCED, text) => {
            let (guarantee, how) = text.split_once(' ')?;
            return Some(Word::Enforced(plain(guarantee), plain(how)));
        }
        (DENIED, text) => {
            let (count, call) = text.split_once(' ')?;
            return Some(Word::Denied(plain(call), count.parse().ok()?));
        }
        (REFUSED, text) => return Some(Word::Refused(plain(text))),
        ("EXTEND_TIMEOUT_USEC", micros) => {
            Notice::ExtendTimeout(Duration::from_micros(micros.parse().ok()?))
        }
        ("MAINPID", pid) => {
            return pid.parse().ok().filter(|pid| *pid > 1).map(Word::MainPid);
        }
        _ => return None,
    };
    Some(Word::Notice(notice))
}

fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

/// What the holder of a sandbox says, and nobody else.
pub(crate) const ENFORCED: &str = "X_WARDKIT_ENFORCED";
pub(crate) const DENIED: &str = "X_WARDKIT_DENIED";
pub(crate) const REFUSED: &str = "X_WARDKIT_REFUSED";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_read_whoever_wrote_them() {
        let notice = |notice| vec![Word::Notice(notice)];
        for (text, expected) in [
            (&b"READY=1"[..], notice(Notice::Ready)),
            (b"READY=1\n", notice(Notice::Ready)),
            (b"STOPPING=1", notice(Notice::Stopping)),
            (b"WATCHDOG=1", notice(Notice::Watchdog)),
            (b"WATCHDOG=trigger", notice(Notice::WatchdogFailed)),
            (b"STATUS=a=b\x1b[31m\x07", notice(Notice::Status("a=b[31m".to_owned()))),
            (
                b"EXTEND_TIMEOUT_USEC=1500000",
                notice(Notice::ExtendTimeout(Duration::from_millis(1500))),
            ),
            (
                b"X_WARDKIT_ENFORCED=files enforced an empty root",
                vec![Word::Enforced("files".to_owned(), "enforced an empty root".to_owned())],
            ),
            (b"X_WARDKIT_DENIED=3 socket", vec![Word::Denied("socket".to_owned(), 3)]),
            (b"X_WARDKIT_DENIED=-3 socket", Vec::new()),
            (b"X_WARDKIT_REFUSED=no\x1b", vec![Word::Refused("no".to_owned())]),
            (b"MAINPID=4711", vec![Word::MainPid(4711)]),
            (b"MAINPID=1", Vec::new()),
            (b"MAINPID=-1", Vec::new()),
            (b"MAINPID=99999999999", Vec::new()),
            (b"EXTEND_TIMEOUT_USEC=soon", Vec::new()),
            (b"READY=0", Vec::new()),
            (b"READY", Vec::new()),
            (b"BARRIER=1", Vec::new()),
            (b"\xff\xfe=\x00", Vec::new()),
            (b"", Vec::new()),
        ] {
            assert_eq!(of(text), expected, "{text:?}");
        }
        let both = of(b"READY=1\nX=Y\nSTATUS=up\nWATCHDOG=1");
        assert_eq!(both.len(), 3);
    }
}
