//! The last lines of a log, through all its files.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use memchr::memrchr_iter;

use super::archive;

/// Returns the last `count` lines of a log, oldest first and without their ends, also from files that were put aside.
/// It reads no more than 64 MiB.
///
/// # Errors
///
/// When a file cannot be read. A log that was never written has no lines.
pub fn last_lines(path: &Path, count: usize) -> io::Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    let mut room = MOST_BYTES;
    let (file, archives) = files(path)?;
    if let Some(file) = file {
        take_last(file, count, &mut room, &mut lines)?;
    }
    for number in archives.into_iter().rev() {
        if lines.len() >= count || room == 0 {
            break;
        }
        let Some((file, is_compressed)) = archive::open(path, number)? else { continue };
        if !is_compressed {
            take_last(file, count, &mut room, &mut lines)?;
            continue;
        }
        #[cfg(feature = "zstd")]
        take_compressed(file, count, &mut room, &mut lines)?;
        // Lines before it would follow a gap.
        #[cfg(not(feature = "zstd"))]
        break;
    }
    lines.reverse();
    Ok(lines)
}

/// Opens the current file, and finds the numbers of those that were put aside before it: if it were exchanged in
/// between, one would be missing or be read twice.
fn files(path: &Path) -> io::Result<(Option<File>, BTreeSet<u64>)> {
    let list = || -> io::Result<BTreeSet<u64>> {
        match archive::list(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
            listed => Ok(listed?.iter().map(|archive| archive.number).collect()),
        }
    };
    let mut archives = list()?;
    let mut attempts = 0;
    loop {
        let newest = archives.last().copied();
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            file => Some(file?),
        };
        // Of two lists: one that is just being compressed may be missing in one of them.
        archives.extend(list()?);
        attempts += 1;
        if archives.last().copied() == newest || attempts == MOST_ATTEMPTS {
            return Ok((file, archives));
        }
    }
}

/// Adds the last lines of a file, the last first, reading it from its end.
fn take_last(
    mut file: File,
    count: usize,
    room: &mut usize,
    lines: &mut Vec<Vec<u8>>,
) -> io::Result<()> {
    let mut start = file.seek(SeekFrom::End(0))?;
    let mut bytes = Vec::new();
    while start > 0 && *room > 0 {
        let step = STEP.min(*room).min(usize::try_from(start).unwrap_or(STEP));
        start -= step as u64;
        *room -= step;
        let mut front = vec![0; step];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut front)?;
        front.append(&mut bytes);
        bytes = front;
        // One end more than lines: the first of them may have begun before.
        if memrchr_iter(b'\n', &bytes).nth(count.saturating_sub(lines.len())).is_some() {
            break;
        }
    }
    take(&bytes, start == 0, count, lines);
    Ok(())
}

#[cfg(feature = "zstd")]
fn take_compressed(
    file: File,
    count: usize,
    room: &mut usize,
    lines: &mut Vec<Vec<u8>>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    let read = zstd::Decoder::new(file)?.take(*room as u64).read_to_end(&mut bytes)?;
    // What is cut off is the end, and these are no last lines.
    if read == *room {
        bytes.clear();
    }
    *room -= read;
    take(&bytes, true, count, lines);
    Ok(())
}

fn take(bytes: &[u8], is_whole: bool, count: usize, lines: &mut Vec<Vec<u8>>) {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if bytes.is_empty() {
        return;
    }
    let mut all = text.rsplit(|byte| *byte == b'\n').peekable();
    while lines.len() < count
        && let Some(line) = all.next()
    {
        if all.peek().is_none() && !is_whole {
            break;
        }
        lines.push(line.to_vec());
    }
}

const MOST_BYTES: usize = 64 << 20;
/// A log that is exchanged this often while it is looked at has no last lines worth more.
const MOST_ATTEMPTS: usize = 32;
const STEP: usize = 64 << 10;
