//! `/proc/PID/stat`.

use super::{Name, Process};
use crate::host::linux::parse::{number, words};

/// Reads a process's line. Its name stands between the first `(` and the last `)`, whatever is in it.
pub(super) fn parse(line: &[u8]) -> Option<Process> {
    let open = memchr::memchr(b'(', line)?;
    let close = memchr::memrchr(b')', line)?;
    let pid = small(line.get(..open)?.trim_ascii())?;
    let name = Name::new(line.get(open + 1..close)?);
    let mut words = words(line.get(close + 1..)?);
    let state = *words.next()?.first()?;
    let parent = small(words.next()?)?;
    let user = number(words.nth(UTIME - PARENT - 1)?)?;
    let system = number(words.next()?)?;
    let threads = number(words.nth(THREADS - STIME - 1)?)?;
    let start = number(words.nth(START - THREADS - 1)?)?;
    // The kernel's sum can be below zero for a moment.
    let resident = words.nth(RESIDENT - START - 1).and_then(number).unwrap_or_default();
    Some(Process { pid, parent, start, state, user, system, threads, resident, name })
}

fn small(word: &[u8]) -> Option<u32> {
    number(word).and_then(|value| u32::try_from(value).ok())
}

// The fields' numbers in proc(5).
const PARENT: usize = 4;
const UTIME: usize = 14;
const STIME: usize = 15;
const THREADS: usize = 20;
const START: usize = 22;
const RESIDENT: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "S 7 1 1 0 -1 4194304 103 0 0 0 12 34 0 0 20 0 5 0 3317764 3133440 410 18446744073709551615";

    #[test]
    fn names_may_hold_anything() {
        for name in ["cat", "a b", "x) R 1", "((", "))", "a\nb", "\u{fffd}", ""] {
            let process = parse(format!("42 ({name}) {REST}").as_bytes()).unwrap();
            assert_eq!(process.name.as_bytes(), name.as_bytes());
            assert_eq!((process.pid, process.parent, process.start), (42, 7, 3_317_764));
            assert_eq!((process.user, process.system, process.threads), (12, 34, 5));
            assert_eq!((process.resident, process.state), (410, b'S'));
        }
    }

    #[test]
    fn what_is_no_line_is_nothing() {
        let whole = format!("42 (cat) {REST}");
        let end = whole.find(" 410").unwrap();
        assert!(parse(&whole.as_bytes()[..end]).is_some());
        for cut in 0..end - " 3133440".len() {
            // A number cut short is a number; all fields must be there.
            let fields = whole[..cut].split_whitespace().count();
            assert!(fields >= 22 || parse(&whole.as_bytes()[..cut]).is_none(), "{cut}");
        }
        assert!(parse(b")(").is_none());
        assert!(parse(b"4294967296 (x) ").is_none());
    }
}
