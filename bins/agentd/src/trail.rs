//! What is to go on the audit trail, and how far that is.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::Notify;
use wardkit_auditlog::{Durability, Entry, Error as LogError};
use wardkit_cli::{Kind, Report, host_name};
use wardkit_core::{Clock, Event, Health, SystemClock};
use wardkit_custody::{Custody, Error, Trail};
use wardkit_metrics::Samples;
use wardkit_tlog::TreeHead;

use crate::telemetry::{counter, float, gauge};

/// Takes entries for the audit trail and keeps them, in order, until they are durable. Cloning gives another handle.
///
/// Taking one never waits. A thread that may block writes them: [`flush`](Self::flush).
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// None in tests of parts that keep no trail.
    trail: Option<Trail>,
    waiting: Mutex<VecDeque<Entry>>,
    arrived: Notify,
    /// Held while entries are written, so that they stay in order.
    writing: Mutex<()>,
    /// How many found no room since that was put on record.
    lost: AtomicU64,
    head: Mutex<Option<TreeHead>>,
    appended: AtomicU64,
    errors: AtomicU64,
    sealed_at: AtomicU64,
}

impl Recorder {
    /// Records on this trail.
    pub(crate) fn new(trail: Trail) -> Self {
        let head = Mutex::new(Some(trail.head()));
        let sealed_at = AtomicU64::new(SystemClock.uptime().as_secs());
        Self(Arc::new(Inner { trail: Some(trail), head, sealed_at, ..Inner::default() }))
    }

    /// Takes an entry. When too many wait, because the disk refuses them, it is counted, and the count is put on record.
    pub(crate) fn record(&self, entry: Entry) {
        if self.0.trail.is_none() {
            return;
        }
        let mut waiting = lock(&self.0.waiting);
        if waiting.len() < MOST_WAITING {
            waiting.push_back(entry);
        } else {
            self.0.lost.fetch_add(1, Ordering::Relaxed);
        }
        drop(waiting);
        self.0.arrived.notify_one();
    }

    /// Waits until there is something to write.
    pub(crate) async fn arrived(&self) {
        self.0.arrived.notified().await;
    }

    /// Writes what waits. Blocks until it is durable.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        let Some(trail) = &self.0.trail else { return Ok(()) };
        let _writing = lock(&self.0.writing);
        let written = self.write(trail);
        if written.is_err() {
            self.0.errors.fetch_add(1, Ordering::Relaxed);
        }
        written
    }

    /// Writes a checkpoint that is due, changes the key when its day is over, and tells whether entries still wait
    /// for a checkpoint. Blocks.
    pub(crate) fn maintain(&self) -> Result<Checkpoints, Error> {
        let Some(trail) = &self.0.trail else { return Ok(Checkpoints::AllCovered) };
        let head = trail.maintain().inspect_err(|_| self.count_error())?;
        self.sealed(trail.remember().inspect_err(|_| self.count_error())?);
        Ok(if trail.head().size < head.size { Checkpoints::Due } else { Checkpoints::AllCovered })
    }

    /// Covers everything with a checkpoint. Blocks.
    pub(crate) fn seal(&self) -> Result<(), Error> {
        let Some(trail) = &self.0.trail else { return Ok(()) };
        self.sealed(trail.seal().inspect_err(|_| self.count_error())?);
        Ok(())
    }

    /// Returns size and root of what checkpoints cover: who keeps it elsewhere can hold the trail against it.
    pub(crate) fn head(&self) -> Option<String> {
        lock(&self.0.head).map(|head| format!("{} {}", head.size, head.root))
    }

    /// Appends the metrics of the trail.
    pub(crate) fn collect(&self, out: &mut Samples) {
        let Some(head) = *lock(&self.0.head) else { return };
        let since = SystemClock.uptime().as_secs();
        let since = since.saturating_sub(self.0.sealed_at.load(Ordering::Relaxed));
        let waiting = lock(&self.0.waiting).len() as u64;
        let size = "Entries of the audit trail that its checkpoint covers.";
        out.single(gauge("agentd_trail_size", size), float(head.size));
        let text = format!("{} {}", head.size, head.root);
        let what = "Size and root of the audit trail, to hold it against later.";
        out.family(gauge("agentd_trail_head_info", what));
        out.push(&[("head", &text)], 1.0);
        let age = "Time since the checkpoint was looked after.";
        out.single(gauge("agentd_trail_checkpoint_age_seconds", age), float(since));
        let entries = "Entries that are not on the disk yet.";
        out.single(gauge("agentd_trail_waiting_entries", entries), float(waiting));
        let count = |counter: &AtomicU64| float(counter.load(Ordering::Relaxed));
        let appended =
            counter("agentd_trail_appended_entries_total", "Entries that agentd appended.");
        out.single(appended, count(&self.0.appended));
        let errors = "Attempts to write the audit trail that failed.";
        out.single(counter("agentd_trail_errors_total", errors), count(&self.0.errors));
    }

    fn write(&self, trail: &Trail) -> Result<(), Error> {
        loop {
            let batch: Vec<Entry> = lock(&self.0.waiting).iter().take(BATCH).cloned().collect();
            if batch.is_empty() {
                break;
            }
            let count = batch.len();
            append(trail, batch)?;
            lock(&self.0.waiting).drain(..count);
            self.0.appended.fetch_add(count as u64, Ordering::Relaxed);
        }
        let lost = self.0.lost.swap(0, Ordering::Relaxed);
        if lost == 0 {
            return Ok(());
        }
        let mut entry = Entry::new("trail.entries.lost", "");
        entry.detail = json!({ "count": lost });
        append(trail, vec![entry]).inspect_err(|_| {
            self.0.lost.fetch_add(lost, Ordering::Relaxed);
        })
    }

    fn sealed(&self, head: TreeHead) {
        *lock(&self.0.head) = Some(head);
        self.0.sealed_at.store(SystemClock.uptime().as_secs(), Ordering::Relaxed);
    }

    fn count_error(&self) {
        self.0.errors.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether checkpoints cover all entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checkpoints {
    AllCovered,
    Due,
}

/// Opens the trail in the data directory, or begins it.
pub(crate) fn open(data_dir: &Path) -> Result<Recorder, Report> {
    let custody = Custody::new(data_dir, &host_name());
    let dir = data_dir.join("trail");
    custody.trail(&dir).map(Recorder::new).map_err(|error| {
        let kind = match &error {
            Error::Io { .. } | Error::Log { source: LogError::Io { .. }, .. } => Kind::Io,
            _ => Kind::Config,
        };
        let data_dir = data_dir.display();
        Report::new(kind, error).with_hint(format!(
            "agentd does not run without its audit trail; look: auditctl trail verify --data-dir {data_dir}"
        ))
    })
}

/// Returns what the audit trail says of an event.
pub(crate) fn entry_of(event: &Event) -> Entry {
    let mut entry = Entry::new(event.kind.as_str(), event.subject.clone());
    entry.detail = json!(event);
    if let Value::Object(detail) = &mut entry.detail {
        detail.remove("kind");
        detail.remove("subject");
    }
    entry
}

/// Returns what the audit trail says of a part whose health changed.
pub(crate) fn health_changed(name: &str, old: &Health, new: &Health) -> Entry {
    let mut entry = Entry::new("part.health.changed", name);
    (entry.old, entry.new) = (Some(json!(old)), Some(json!(new)));
    entry
}

/// Appends entries. One that the log does not take, for it is too long, leaves word of itself.
fn append(trail: &Trail, entries: Vec<Entry>) -> Result<(), Error> {
    let refused = |error: &Error| {
        matches!(error, Error::Log { source: LogError::Entry(_) | LogError::Json(_), .. })
    };
    match trail.append(entries.iter().cloned(), Durability::Synced) {
        Err(error) if refused(&error) && entries.len() > 1 => {
            entries.into_iter().try_for_each(|entry| append(trail, vec![entry]))
        }
        Err(error) if refused(&error) => {
            let kinds = entries.iter().map(|entry| entry.kind.chars().take(100).collect());
            let kinds: Vec<String> = kinds.collect();
            let mut entry = Entry::new("trail.entry.refused", kinds.join(" "));
            entry.detail = json!({ "reason": error.to_string() });
            trail.append([entry], Durability::Synced).map(drop)
        }
        other => other.map(drop),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While the disk refuses, so many wait: some megabytes.
const MOST_WAITING: usize = 10_000;
/// So many share one synchronisation.
const BATCH: usize = 512;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use wardkit_auditlog::{Query, Record};
    use wardkit_core::Severity;

    use super::*;

    fn recorder() -> (tempfile::TempDir, Recorder) {
        let dir = tempfile::tempdir().unwrap();
        let mode = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(dir.path(), mode).unwrap();
        let trail = Custody::new(dir.path(), "bot-1").trail(dir.path().join("trail")).unwrap();
        (dir, Recorder::new(trail))
    }

    fn records(dir: &tempfile::TempDir) -> Vec<Record> {
        Query::new().read(dir.path().join("trail")).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn entries_that_find_no_room_are_counted_on_the_trail() {
        let (dir, recorder) = recorder();
        for number in 0..MOST_WAITING + 7 {
            recorder.record(Entry::new("test.happened", number.to_string()));
        }
        recorder.flush().unwrap();
        let records = records(&dir);
        assert_eq!(records.len(), 1 + MOST_WAITING + 1);
        for (number, record) in records[1..=MOST_WAITING].iter().enumerate() {
            assert_eq!(record.entry.subject, number.to_string());
        }
        let last = &records.last().unwrap().entry;
        assert_eq!(
            (last.kind.as_str(), &last.detail),
            ("trail.entries.lost", &json!({"count": 7}))
        );
        recorder.flush().unwrap();
        assert_eq!(lock(&recorder.0.waiting).len(), 0);
    }

    #[test]
    fn an_entry_that_the_log_refuses_leaves_word_and_the_others_pass() {
        let (dir, recorder) = recorder();
        recorder.record(Entry::new("first.happened", ""));
        recorder.record(Entry::new("too.long", "x".repeat(2 << 20)));
        recorder.record(Entry::new("third.happened", ""));
        recorder.flush().unwrap();
        let kinds: Vec<_> =
            records(&dir).into_iter().skip(1).map(|record| record.entry.kind).collect();
        assert_eq!(kinds, ["first.happened", "trail.entry.refused", "third.happened"]);
    }

    #[test]
    fn an_event_keeps_all_it_says_and_its_head_is_told_once_it_is_covered() {
        let (dir, recorder) = recorder();
        assert!(recorder.head().unwrap().starts_with("1 "));
        let event = Event::new(SystemClock.now(), "part.failed", Severity::Error, "agentd")
            .with_subject("http")
            .with_detail("token", "hunter2")
            .with_detail("restarts", 3_u32);
        recorder.record(entry_of(&event));
        recorder.flush().unwrap();
        recorder.seal().unwrap();
        let entry = records(&dir).remove(1).entry;
        assert_eq!((entry.kind.as_str(), entry.subject.as_str()), ("part.failed", "http"));
        assert_eq!(entry.detail["severity"], "error");
        assert_eq!(entry.detail["details"], json!({"token": "***", "restarts": 3}));
        assert!(recorder.head().unwrap().starts_with("2 "));
    }
}
