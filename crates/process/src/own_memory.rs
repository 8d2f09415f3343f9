//! Memory that this program has and does not use.

use std::fs;
use std::path::Path;

use crate::{Error, sys};

/// Gives the pages of the own program back that its start has read from the file: what is needed again is there at the next
/// touch, from the system's cache. For a program that starts once and then mostly waits. Returns how many bytes are no
/// longer ours.
///
/// # Errors
///
/// When this process may not look at itself, or the kernel refuses.
pub fn give_back_program_pages() -> Result<u64, Error> {
    let smaps = "/proc/self/smaps";
    let program = fs::read_link("/proc/self/exe").map_err(Error::file("/proc/self/exe"))?;
    let text = fs::read_to_string(smaps).map_err(Error::file(smaps))?;
    let mut given = 0;
    for part in parts(&text, &program) {
        sys::forget_program_pages(&part).map_err(Error::file(smaps))?;
        given += part.resident;
    }
    Ok(given)
}

/// Gives back to the system what the allocator keeps for later.
///
/// glibc keeps what was freed in between of what is in use. The call looks at all of it, some milliseconds for each
/// 100 MB, so its time is after large work, not after each piece. With another C library it does nothing.
///
/// ```
/// let many: Vec<_> = (0..10_000).map(|number| vec![0_u8; 100 + number % 100]).collect();
/// let few: Vec<_> = many.into_iter().step_by(100).collect();
/// wardkit_process::release_unused_memory();
/// assert_eq!(few.len(), 100);
/// ```
pub fn release_unused_memory() {
    sys::trim();
}

/// A segment of the running program that may not be, and was not, written to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) start: usize,
    pub(crate) length: usize,
    resident: u64,
}

/// Finds them in the lines of `smaps`. What was written to before it became read-only, as relocations are, has pages of its
/// own, which are nowhere else: it is left out.
fn parts(smaps: &str, program: &Path) -> Vec<Part> {
    let mut found = Vec::new();
    let mut open: Option<Part> = None;
    for line in smaps.lines() {
        let mut words = line.split_ascii_whitespace();
        let Some(first) = words.next() else { continue };
        if let Some((start, end)) = range(first) {
            let is_read_only = matches!(words.next(), Some("r--p" | "r-xp"));
            let is_program = words.nth(3).is_some_and(|path| Path::new(path) == program);
            // A deleted file is another one, and says so after its path.
            let is_it = is_read_only && is_program && words.next().is_none() && start < end;
            open = is_it.then(|| Part { start, length: end - start, resident: 0 });
            continue;
        }
        let kilobytes = words.next().and_then(|word| word.parse::<u64>().ok());
        match (first, kilobytes, &mut open) {
            ("Rss:", Some(kilobytes), Some(part)) => part.resident = kilobytes * 1024,
            ("Anonymous:", Some(0), _) => found.extend(open.take()),
            ("Anonymous:", _, _) => open = None,
            _ => {}
        }
    }
    found
}

fn range(word: &str) -> Option<(usize, usize)> {
    let (start, end) = word.split_once('-')?;
    let address = |word| usize::from_str_radix(word, 16).ok();
    Some((address(start)?, address(end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_never_written_to_is_given_back() {
        let segment = |range: &str, flags: &str, path: &str, anonymous: u32| {
            format!(
                "{range} {flags} 00001000 08:01 42   {path}\nRss:   8 kB\nAnonymous:   {anonymous} kB\n"
            )
        };
        let program = "/usr/bin/bot";
        let text = [
            segment("1000-3000", "r--p", program, 0),
            segment("3000-5000", "r-xp", program, 0),
            segment("5000-6000", "r--p", program, 4),
            segment("6000-7000", "rw-p", program, 0),
            segment("7000-8000", "r-xp", "/usr/lib/libc.so", 0),
            "9000-a000 r--p 00000000 00:00 0\nRss: 8 kB\nAnonymous: 0 kB\n".to_owned(),
            segment("b000-b000", "r-xp", program, 0),
            segment("c000-d000", "r-xp", "/usr/bin/bot (deleted)", 0),
            "e000-f000 r-xp 00001000 08:01 42 /usr/bin/bot\nRss: 8 kB\n".to_owned(),
        ];
        let part = |start, length| Part { start, length, resident: 8192 };
        assert_eq!(
            parts(&text.concat(), Path::new(program)),
            [part(0x1000, 0x2000), part(0x3000, 0x2000)]
        );
    }

    #[test]
    fn a_program_goes_on_without_the_pages_of_its_start() {
        assert!(give_back_program_pages().unwrap() > 0);
        let sum: u64 = (0..1000_u64).map(|number| number.to_string().len() as u64).sum();
        assert_eq!(sum, 10 + 180 + 2700);
        assert!(give_back_program_pages().is_ok());
    }
}
