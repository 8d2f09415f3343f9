//! Writing: one thread at a time, and one process at a time.

use std::fs::File;
use std::io::{BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use wardkit_tlog::{
    Checkpoint, EpochCertificate, Frontier, Hash, Note, SigningKey, TreeHead, VerifierKey,
};

use crate::archive::archive;
use crate::entry::{BEGUN, CERTIFIED, Line, write_line};
use crate::layout::{
    Layout, is_at, name_of, next_line, peaks_text, read_note, read_peaks, replace,
};
use crate::segment::{Segment, create};
use crate::{Durability, Entry, Error, LineFault, LogOptions, Receipt, Record};

/// A log as this process last saw it. Each operation takes the lock and reads what others wrote in between.
pub(crate) struct Writer {
    layout: Layout,
    lock: Arc<File>,
    options: LogOptions,
    /// The key in force.
    key: VerifierKey,
    /// The key that the last entry hands over to.
    successor: Option<VerifierKey>,
    tree: Frontier,
    segment: Segment,
    /// The newest checkpoint, and the uptime when it was written.
    sealed: TreeHead,
    sealed_at: Duration,
}

/// Entries that are written together.
pub(crate) struct Batch<'b> {
    pub(crate) bodies: Vec<&'b [u8]>,
    pub(crate) durability: Durability,
}

/// What became of a batch that is in the log.
pub(crate) struct Committed {
    pub(crate) receipts: Vec<Receipt>,
    /// Why no durable checkpoint covers it although one was asked for.
    pub(crate) unsealed: Option<Error>,
}

impl Writer {
    pub(crate) fn open(dir: &Path, options: LogOptions) -> Result<Self, Error> {
        let layout = Layout::new(dir.to_owned());
        let mut lock = Arc::new(create(&layout.lock())?);
        let _held = Held::take(&layout, &mut lock)?;
        let firsts = layout.segments()?;
        let newest = read_note(&layout.checkpoint())?;
        let (key, sealed) = match &newest {
            Some(note) => in_force(&layout, &options, note)?,
            None => (options.keys[0].verifier().clone(), TreeHead::EMPTY),
        };
        if newest.is_none() && firsts.last().is_some_and(|&first| first > 0) {
            return Err(Error::CheckpointMissing { path: layout.checkpoint() });
        }
        let (tree, first) = start(&layout, &options, &firsts, sealed);
        if sealed.size > first && !firsts.contains(&first) {
            return Err(Error::SegmentMissing { first });
        }
        let segment = Segment::open(&layout, first)?;
        let mut writer = Self {
            lock: Arc::clone(&lock),
            key,
            successor: None,
            tree,
            segment,
            sealed,
            sealed_at: options.clock.uptime(),
            layout,
            options,
        };
        writer.catch_up(Some(sealed))?;
        writer.expect_sealed(newest.is_some())?;
        if writer.tree.size() == 0 {
            writer.begin()?;
        } else if newest.is_none() {
            // A crash came between the first entry and its checkpoint; with a second entry it would be taken for lost.
            writer.checkpoint(true)?;
        }
        writer.sync()?;
        Ok(writer)
    }

    /// Writes a batch, as durable as it asks. After an error nothing of it is in the log, unless the file system
    /// also refused to take it back.
    pub(crate) fn commit(&mut self, batch: &Batch<'_>) -> Result<Committed, Error> {
        let _held = Held::take(&self.layout, &mut self.lock)?;
        self.catch_up(None)?;
        let length: usize = batch.bodies.iter().map(|body| body.len()).sum();
        if self.segment.length > 0
            && self.segment.length + length as u64 > self.options.segment_bytes
        {
            self.close_segment()?;
        }
        let receipts = self.write(&batch.bodies, batch.durability >= Durability::Synced)?;
        let is_asked = batch.durability == Durability::Sealed;
        let unsealed = if is_asked || self.is_checkpoint_due() {
            self.checkpoint(is_asked).err().filter(|_| is_asked)
        } else {
            None
        };
        Ok(Committed { receipts, unsealed })
    }

    /// Synchronises what is not, writes a checkpoint where one is due or asked for, and returns the head of the tree.
    pub(crate) fn settle(&mut self, with_checkpoint: bool) -> Result<TreeHead, Error> {
        let _held = Held::take(&self.layout, &mut self.lock)?;
        self.catch_up(None)?;
        self.sync()?;
        if self.tree.size() > self.sealed.size && (with_checkpoint || self.is_checkpoint_due()) {
            self.checkpoint(with_checkpoint)?;
        } else if with_checkpoint {
            // The checkpoint may be one that was due, which was replaced and not made durable.
            self.layout.sync_dir()?;
        }
        Ok(self.tree.head())
    }

    /// Returns the key that signs, as this process knows.
    pub(crate) const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Returns the head of the newest checkpoint that this process knows of.
    pub(crate) const fn sealed(&self) -> TreeHead {
        self.sealed
    }

    /// Hands over to another key: the segment ends with its certificate, signed by the key before.
    pub(crate) fn change_key(&mut self, next: SigningKey, certificate: &Note) -> Result<(), Error> {
        let _held = Held::take(&self.layout, &mut self.lock)?;
        self.catch_up(None)?;
        self.check_certificate(&next, certificate)?;
        let entry = Entry {
            detail: json!({"key": next.verifier().to_string(), "certificate": certificate.to_string()}),
            ..Entry::new(CERTIFIED, self.options.origin())
        };
        self.write(&[&entry.into_body()?], true)?;
        let certified = next.verifier().clone();
        self.options.keys.push(next);
        self.successor = Some(certified);
        self.close_segment()?;
        self.options.keep_only(&self.key);
        self.checkpoint(true)
    }

    /// Moves old segments away.
    pub(crate) fn archive(&mut self, to: &Path, kept: usize) -> Result<Vec<PathBuf>, Error> {
        let _held = Held::take(&self.layout, &mut self.lock)?;
        self.catch_up(None)?;
        // Opening begins with the segment in which the newest checkpoint is: that one stays.
        if self.tree.size() > self.sealed.size {
            self.checkpoint(true)?;
        }
        archive(&self.layout, to, kept)
    }

    fn begin(&mut self) -> Result<(), Error> {
        let certificate = self.options.certificate.as_ref().map(Note::to_string);
        let detail = json!({
            "origin": self.options.origin(),
            "host": self.options.host,
            "key": self.key.to_string(),
            "certificate": certificate,
        });
        let entry = Entry { detail, ..Entry::new(BEGUN, self.options.origin()) };
        self.write(&[&entry.into_body()?], true)?;
        self.checkpoint(true)
    }

    /// Reads what other processes appended, and what a crash left. While it reads, the tree must pass `sealed`.
    fn catch_up(&mut self, sealed: Option<TreeHead>) -> Result<(), Error> {
        loop {
            self.read_segment(sealed)?;
            if self.layout.note(self.segment.first).exists() {
                self.next_segment()?;
            } else if self.successor.is_some() {
                // A crash came between the certificate and the end of its segment.
                self.close_segment()?;
            } else {
                return self.check_writable();
            }
        }
    }

    fn check_writable(&self) -> Result<(), Error> {
        let path = self.layout.segment(self.segment.first);
        // What is written to a file that was removed or replaced is lost.
        if !is_at(&path, self.segment.file.reader()).map_err(Error::io("look at", &path))? {
            return Err(Error::SegmentMissing { first: self.segment.first });
        }
        // Who cannot sign must not write either.
        self.signer().map(drop)
    }

    fn read_segment(&mut self, sealed: Option<TreeHead>) -> Result<(), Error> {
        let path = self.layout.segment(self.segment.first);
        let failed = |error| Error::io("read", &path)(error);
        let size = self.segment.file.len().map_err(failed)?;
        if size < self.segment.length {
            return Err(Error::Shrunk { path });
        }
        check_sealed(&self.tree, sealed)?;
        if size == self.segment.length {
            return Ok(());
        }
        let mut reader = BufReader::new(self.segment.file.reader());
        reader.seek(SeekFrom::Start(self.segment.length)).map_err(failed)?;
        let mut line = Vec::new();
        loop {
            let fault = |reason| Error::Line {
                segment: name_of(&path),
                line: self.tree.size() - self.segment.first + 1,
                reason,
            };
            match next_line(&mut reader, &mut line).map_err(failed)? {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(LineFault::Torn) => break,
                Err(reason) => return Err(fault(reason)),
            }
            if self.successor.is_some() {
                return Err(fault(LineFault::KeyInside));
            }
            if Line::parse(&line, self.tree.size()).map_err(fault)?.kind == CERTIFIED {
                self.successor = Some(successor(&line, &self.options)?);
            }
            self.tree.append(Hash::leaf(&line));
            self.segment.length += line.len() as u64 + 1;
            check_sealed(&self.tree, sealed)?;
        }
        // Its writer died in the middle of it, so nobody was told that it is there.
        self.segment.file.set_len(self.segment.length).map_err(Error::io("truncate", &path))
    }

    fn expect_sealed(&self, has_checkpoint: bool) -> Result<(), Error> {
        let found = self.tree.size();
        if found < self.sealed.size {
            return Err(Error::Truncated { sealed: self.sealed.size, found });
        }
        // The first entry is durable before the first checkpoint is written.
        if !has_checkpoint && found > 1 {
            return Err(Error::CheckpointMissing { path: self.layout.checkpoint() });
        }
        Ok(())
    }

    fn write(&mut self, bodies: &[&[u8]], is_synced: bool) -> Result<Vec<Receipt>, Error> {
        let at = self.options.clock.now().to_string();
        let mut tree = self.tree.clone();
        let mut lines = Vec::new();
        let mut receipts = Vec::with_capacity(bodies.len());
        for body in bodies {
            let start = lines.len();
            write_line(&mut lines, tree.size(), &at, body);
            let leaf = Hash::leaf(&lines[start..lines.len() - 1]);
            receipts.push(Receipt { seq: tree.append(leaf), leaf });
        }
        let before = self.segment.length;
        let path = self.layout.segment(self.segment.first);
        let written = self.segment.file.write_all_at(&lines, before);
        let kept = written.map_err(Error::io("append to", &path)).and_then(|()| {
            self.segment.length += lines.len() as u64;
            if is_synced { self.sync() } else { Ok(()) }
        });
        if let Err(error) = kept {
            self.segment.length = before;
            // What cannot be taken back is read again like the entries of another process.
            let _ = self.segment.file.set_len(before);
            return Err(error);
        }
        self.tree = tree;
        Ok(receipts)
    }

    fn sync(&mut self) -> Result<(), Error> {
        let path = self.layout.segment(self.segment.first);
        self.segment.sync().map_err(Error::io("synchronise", &path))
    }

    fn is_checkpoint_due(&self) -> bool {
        let waited = self.options.clock.uptime().saturating_sub(self.sealed_at);
        let entries = self.tree.size().saturating_sub(self.sealed.size);
        entries >= self.options.checkpoint_entries
            || (entries > 0 && waited >= self.options.checkpoint_every)
    }

    fn signed(&self, path: &Path) -> Result<String, Error> {
        let signer = self.signer()?;
        let checkpoint = Checkpoint::new(self.options.origin(), self.tree.head());
        let note = checkpoint.and_then(|checkpoint| checkpoint.sign(signer));
        note.map(|note| note.to_string()).map_err(Error::proof(path))
    }

    /// Returns the secret half of the key in force.
    fn signer(&self) -> Result<&SigningKey, Error> {
        let found = self.options.keys.iter().find(|key| *key.verifier() == self.key);
        found.ok_or_else(|| Error::UnknownKey { key: self.key.to_string() })
    }

    /// Refuses what would break the chain of keys; whether an identity vouches is for the verifier to know.
    fn check_certificate(&self, next: &SigningKey, certificate: &Note) -> Result<(), Error> {
        let check = || {
            match certificate.verify([&self.key]) {
                Ok(_) | Err(wardkit_tlog::Error::NoKnownSigner) => {}
                Err(error) => return Err(error),
            }
            let certificate: EpochCertificate = certificate.unverified_text().parse()?;
            if certificate.key() != next.verifier() {
                Err(wardkit_tlog::Error::Chain("it certifies another key"))
            } else if next.verifier().name() != self.options.origin() {
                Err(wardkit_tlog::Error::Chain("its key is not named as the identity is"))
            } else {
                Ok(())
            }
        };
        check().map_err(Error::proof(&self.layout.segment(self.segment.first)))
    }

    /// Vouches for all entries. They are durable first: a checkpoint never has more entries than the log.
    fn checkpoint(&mut self, is_durable: bool) -> Result<(), Error> {
        self.sync()?;
        let path = self.layout.checkpoint();
        replace(&path, &self.signed(&path)?)?;
        if is_durable {
            self.layout.sync_dir()?;
        }
        self.sealed = self.tree.head();
        self.sealed_at = self.options.clock.uptime();
        Ok(())
    }

    /// Ends the segment with a checkpoint of its own, and begins the next.
    fn close_segment(&mut self) -> Result<(), Error> {
        self.sync()?;
        let first = self.segment.first;
        replace(&self.layout.peaks(first), &peaks_text(&self.tree))?;
        let note = self.layout.note(first);
        // The note is last: where it is, the segment is closed.
        replace(&note, &self.signed(&note)?)?;
        self.layout.sync_dir()?;
        self.next_segment()
    }

    fn next_segment(&mut self) -> Result<(), Error> {
        let first = self.tree.size();
        // A segment is never closed without an entry: a note after none tells of entries that were there.
        let is_emptied = first == self.segment.first;
        if is_emptied || (self.sealed.size > first && !self.layout.segment(first).exists()) {
            return Err(Error::SegmentMissing { first });
        }
        self.segment = Segment::open(&self.layout, first)?;
        self.layout.sync_dir()?;
        if let Some(key) = self.successor.take() {
            self.key = key;
        }
        Ok(())
    }
}

/// The lock, until it is dropped.
struct Held(Arc<File>);

impl Held {
    fn take(layout: &Layout, file: &mut Arc<File>) -> Result<Self, Error> {
        let path = layout.lock();
        loop {
            file.lock().map_err(Error::io("lock", &path))?;
            let held = Self(Arc::clone(file));
            if is_at(&path, file).map_err(Error::io("look at", &path))? {
                return Ok(held);
            }
            // Somebody removed it: who comes next would lock another file.
            *file = Arc::new(create(&path)?);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Closing the file would unlock it too; there is nothing to do about an error.
        let _ = self.0.unlock();
    }
}

/// Returns the key that signed the newest checkpoint, and the head in it.
fn in_force(
    layout: &Layout,
    options: &LogOptions,
    note: &Note,
) -> Result<(VerifierKey, TreeHead), Error> {
    let path = layout.checkpoint();
    for key in options.verifiers() {
        match Checkpoint::open(note, options.origin(), [key]) {
            Ok(checkpoint) => return Ok((key.clone(), checkpoint.head())),
            Err(wardkit_tlog::Error::NoKnownSigner) => {}
            Err(error) => return Err(Error::proof(&path)(error)),
        }
    }
    Err(Error::proof(&path)(wardkit_tlog::Error::NoKnownSigner))
}

/// Returns the tree at the beginning of the segment in which the newest checkpoint is, where its predecessor tells,
/// else of the first segment.
///
/// The key that signed the checkpoint is in force in that segment, and not always in a later one: a crash may have come
/// between a change of keys and its checkpoint.
fn start(
    layout: &Layout,
    options: &LogOptions,
    firsts: &[u64],
    sealed: TreeHead,
) -> (Frontier, u64) {
    let stored = || {
        let begun = firsts.partition_point(|&first| first <= sealed.size);
        let [.., before, last] = &firsts[..begun] else { return None };
        let note = read_note(&layout.note(*before)).ok()??;
        let checkpoint = Checkpoint::open(&note, options.origin(), options.verifiers()).ok()?;
        let tree = read_peaks(&layout.peaks(*before), checkpoint.head())?;
        (tree.size() == *last).then_some((tree, *last))
    };
    stored().unwrap_or_default()
}

fn check_sealed(tree: &Frontier, sealed: Option<TreeHead>) -> Result<(), Error> {
    match sealed {
        Some(sealed) if sealed.size == tree.size() && sealed != tree.head() => {
            Err(Error::Rewritten { size: sealed.size })
        }
        _ => Ok(()),
    }
}

/// Returns the key that a line hands over to.
fn successor(line: &[u8], options: &LogOptions) -> Result<VerifierKey, Error> {
    let record = Record::parse(line)?;
    let named = record.entry.detail["key"].as_str().unwrap_or_default();
    let found = options.verifiers().find(|key| key.to_string() == named);
    found.cloned().ok_or_else(|| Error::UnknownKey { key: named.to_owned() })
}

#[cfg(test)]
mod tests;
