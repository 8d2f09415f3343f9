//! How far a backup, a restore or a check is.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wardkit_backup::engine::{Event, Observer, Stage};
use wardkit_backup::store::{Key, Kind};
use wardkit_cli::escaped;
use wardkit_core::{Clock as _, SystemClock};

use super::interrupt;
use super::memory::chain;
use crate::commands::{note, progress};

/// Counts what is done, and says what has to be known.
#[derive(Default)]
pub(super) struct Watch {
    found: Counted,
    done: Counted,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Counted {
    files: AtomicU64,
    bytes: AtomicU64,
}

#[derive(Clone, Default)]
struct Now {
    stage: Option<Stage>,
    /// When it began.
    since: Duration,
    path: PathBuf,
}

impl Watch {
    /// Counts, and shows it on a terminal until what is returned beside it is dropped.
    ///
    /// From now on signals are noted, and ask whoever is observed to end.
    pub(super) fn shown() -> (Arc<Self>, progress::Shown) {
        interrupt::listen();
        let watch = Arc::new(Self::default());
        let seen = Arc::clone(&watch);
        let shown = progress::show(move || seen.line());
        (watch, shown)
    }

    fn line(&self) -> String {
        let Now { stage, since, path } =
            self.now.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let took = SystemClock.uptime().saturating_sub(since);
        let (done, found) = (self.done.get(), self.found.get());
        let what = stage.map_or("opening", name);
        line(what, done, found, took, &path)
    }
}

impl Counted {
    fn add(&self, files: u64, bytes: u64) {
        self.files.fetch_add(files, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn reset(&self) {
        self.files.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
    }

    fn get(&self) -> (u64, u64) {
        (self.files.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

impl Observer for Watch {
    fn is_cancelled(&self) -> bool {
        interrupt::is_asked()
    }

    fn event(&self, event: &Event<'_>) {
        match *event {
            Event::Stage(stage) => {
                self.found.reset();
                self.done.reset();
                let now =
                    Now { stage: Some(stage), since: SystemClock.uptime(), path: PathBuf::new() };
                *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
            }
            Event::Found { files, bytes } => self.found.add(files, bytes),
            Event::Done { files, bytes } => self.done.add(files, bytes),
            Event::Path(path) => {
                // Whoever shows it holds the lock for a moment: a path that is not shown is nobody's loss.
                if let Ok(mut now) = self.now.try_lock() {
                    now.path.clear();
                    now.path.push(path);
                }
            }
            Event::Warning { path: Some(path), text } => {
                note(&format!("{}: {text}", path.display()));
            }
            Event::Warning { path: None, text } => note(text),
            Event::Damaged { key, error } => note(&damaged(key, &chain(error))),
            Event::LockRemoved { holder, .. } => {
                note(&format!("the lock of a process that is dead is removed: {holder}"));
            }
            Event::LockWaited { holder } => note(&format!("waiting for {holder}")),
            _ => {}
        }
    }
}

fn damaged(key: Key, why: &str) -> String {
    let what = if key.kind() == Kind::Index { REPAIR } else { "" };
    format!("`{key}` is damaged: {why}{what}")
}

fn line(what: &str, done: (u64, u64), found: (u64, u64), took: Duration, path: &Path) -> String {
    let seconds = took.as_secs_f64().max(0.001);
    let mut text = format!("{what}: {} files, {}", done.0, bytes(done.1));
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = done.1 as f64 / seconds;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for people")]
    if rate >= 1.0 {
        // Writing to a String cannot fail.
        let _ = write!(text, ", {}/s", bytes(rate as u64));
        if let Some(left) = found.1.checked_sub(done.1).filter(|left| *left > 0) {
            #[expect(clippy::cast_precision_loss, reason = "a time for people")]
            let left = (left as f64 / rate) as u64;
            let _ = write!(text, " of {}, {}:{:02} left", bytes(found.1), left / 60, left % 60);
        }
    }
    if !path.as_os_str().is_empty() {
        text += "  ";
        text += &escaped(&path.to_string_lossy());
    }
    // A line that wraps would not be wiped.
    text.chars().take(WIDTH).collect()
}

/// Returns bytes as people read them.
pub(super) fn bytes(count: u64) -> String {
    let mut unit = 0;
    let mut rest = count;
    while rest >= 10_000 && unit + 1 < UNITS.len() {
        rest /= 1_000;
        unit += 1;
    }
    format!("{rest} {}", UNITS[unit])
}

const fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Index => "reading the index",
        Stage::Backup => "backing up",
        Stage::Restore => "restoring",
        Stage::CheckStructure => "checking",
        Stage::CheckData => "reading data",
        Stage::Usage => "looking for what is needed",
        Stage::Repack => "packing anew",
        Stage::Remove => "removing",
        _ => "working",
    }
}

const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
const WIDTH: usize = 78;
/// Reads and backups go on without it, so nothing else would say how it is mended.
const REPAIR: &str = "; the other indexes are used; mend it: auditctl backup repair index";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_rate_and_time() {
        let path = Path::new("/a/\u{1b}b");
        let text =
            line("backing up", (3, 20_000_000), (9, 50_000_000), Duration::from_secs(10), path);
        assert_eq!(text, "backing up: 3 files, 20 MB, 2000 kB/s of 50 MB, 0:15 left  /a/\\u{1b}b");
        let text = line("checking", (0, 0), (0, 0), Duration::ZERO, Path::new(""));
        assert_eq!(text, "checking: 0 files, 0 B");
        assert_eq!(
            line("x", (1, 9), (1, 9), Duration::ZERO, Path::new(&"y".repeat(99))).len(),
            WIDTH
        );
    }

    #[test]
    fn bytes_are_told_in_few_digits() {
        for (count, text) in
            [(0, "0 B"), (9_999, "9999 B"), (10_000, "10 kB"), (u64::MAX, "18446744 TB")]
        {
            assert_eq!(bytes(count), text);
        }
    }
}
