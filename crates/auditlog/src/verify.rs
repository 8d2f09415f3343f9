//! Proving that a log is what it was.

use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use wardkit_tlog::{Checkpoint, EpochChain, Frontier, Hash, Note, TreeHead, VerifierKey};

use crate::entry::{BEGUN, CERTIFIED, Line};
use crate::layout::{Layout, name_of, next_line, read_note};
use crate::{Error, Failure, LineFault, Record, Verdict, Witness};

/// Proves a log from its first line to its last, offline.
///
/// It needs one public key: the log's identity, or its only key where it has none.
#[derive(Clone, Debug)]
#[must_use]
pub struct Verifier {
    identity: VerifierKey,
    archives: Vec<PathBuf>,
    against: Vec<Note>,
    seen: Option<TreeHead>,
}

impl Verifier {
    /// Trusts a key, and whatever keys it vouches for. Its name is the log's.
    pub const fn new(identity: VerifierKey) -> Self {
        Self { identity, archives: Vec::new(), against: Vec::new(), seen: None }
    }

    /// Reads segments that are no longer in the log's directory from this one.
    pub fn archive(mut self, dir: impl Into<PathBuf>) -> Self {
        self.archives.push(dir.into());
        self
    }

    /// Holds the log against a checkpoint that was kept elsewhere.
    pub fn against(mut self, note: Note) -> Self {
        self.against.push(note);
        self
    }

    /// Holds the log against the head that was seen last, here or in whatever carried it.
    pub const fn last_seen(mut self, head: TreeHead) -> Self {
        self.seen = Some(head);
        self
    }

    /// Reads the log and says what is wrong. Others may append meanwhile; what they add is not looked at.
    ///
    /// # Errors
    ///
    /// When a file cannot be read. What can be read and is wrong is in the verdict.
    pub fn verify(&self, dir: impl AsRef<Path>) -> Result<Verdict, Error> {
        let layout = Layout::with_archives(dir.as_ref().to_owned(), self.archives.clone());
        let snapshot = Snapshot::take(&layout)?;
        let mut pass = Pass {
            layout: &layout,
            identity: &self.identity,
            tree: Frontier::new(),
            good: 0,
            chain: EpochChain::new(self.identity.clone()),
            key: self.identity.clone(),
            claims: Vec::new(),
            verdict: Verdict {
                head: TreeHead::EMPTY,
                sealed: TreeHead::EMPTY,
                segments: 0,
                checkpoints: 0,
                keys: Vec::new(),
                torn_bytes: 0,
                failures: Vec::new(),
            },
        };
        pass.claim(&snapshot, self);
        pass.segments(&snapshot)?;
        pass.finish();
        Ok(pass.verdict)
    }
}

/// What belongs to the log at one moment.
struct Snapshot {
    /// The first entry and the bytes of each segment.
    segments: Vec<(u64, u64)>,
    /// The first entry of each segment that has a checkpoint.
    closed: Vec<u64>,
    checkpoint: Result<Option<Note>, wardkit_tlog::Error>,
}

impl Snapshot {
    fn take(layout: &Layout) -> Result<Self, Error> {
        // Without the lock, which a writer could keep for ever: what is read later has at least the entries that what
        // was read earlier vouches for.
        let checkpoint = parsed(read_note(&layout.checkpoint()))?;
        let closed = layout.closed()?;
        let mut segments = Vec::new();
        for first in layout.segments()? {
            let (path, file) = layout.open_segment(first)?;
            let data = file.metadata().map_err(Error::io("look at", &path))?;
            segments.push((first, data.len()));
        }
        Ok(Self { segments, closed, checkpoint })
    }
}

/// Somebody says that the log had this head.
struct Claim {
    witness: Witness,
    head: TreeHead,
    /// What is left to check when all keys are known.
    note: Option<Note>,
}

/// One reading of a log.
struct Pass<'v> {
    layout: &'v Layout,
    identity: &'v VerifierKey,
    tree: Frontier,
    /// How many entries are known to be unchanged.
    good: u64,
    chain: EpochChain,
    /// The key in force.
    key: VerifierKey,
    /// What is yet to be reached, the largest first.
    claims: Vec<Claim>,
    verdict: Verdict,
}

/// Why reading ended early.
enum Stop {
    Io(Error),
    Found(Failure),
}

impl Pass<'_> {
    /// Collects the heads that the log must pass.
    fn claim(&mut self, snapshot: &Snapshot, verifier: &Verifier) {
        let file = Witness::File("checkpoint".to_owned());
        match &snapshot.checkpoint {
            Ok(Some(note)) => self.claim_note(file, note),
            Ok(None) => self.fail(Failure::CheckpointMissing { file: file.to_string() }),
            Err(source) => {
                self.fail(Failure::Checkpoint { witness: file, source: source.clone() });
            }
        }
        if let Some(claim) = self.claims.first() {
            self.verdict.sealed = claim.head;
        }
        for note in &verifier.against {
            self.claim_note(Witness::Note, note);
        }
        let seen = verifier.seen.map(|head| Claim { witness: Witness::Seen, head, note: None });
        self.claims.extend(seen);
        self.claims.sort_by_key(|claim| std::cmp::Reverse(claim.head.size));
    }

    fn claim_note(&mut self, witness: Witness, note: &Note) {
        match note.unverified_text().parse::<Checkpoint>() {
            Ok(checkpoint) => {
                let (head, note) = (checkpoint.head(), Some(note.clone()));
                self.claims.push(Claim { witness, head, note });
            }
            Err(source) => self.fail(Failure::Checkpoint { witness, source }),
        }
    }

    fn segments(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        let Snapshot { segments, closed, .. } = snapshot;
        let mut reached = Vec::new();
        self.reach(&mut reached);
        for (index, &(first, bytes)) in segments.iter().enumerate() {
            let is_last = index + 1 == segments.len();
            let read = self.segment(first, bytes, is_last, &mut reached);
            let read = read.and_then(|successor| {
                // The last segment may be closed while this reads.
                if !is_last || closed.contains(&first) {
                    self.close(first)?;
                }
                self.key = successor.unwrap_or_else(|| self.key.clone());
                Ok(())
            });
            match read {
                Ok(()) => self.verdict.segments += 1,
                Err(Stop::Io(error)) => return Err(error),
                Err(Stop::Found(failure)) => {
                    self.fail(failure);
                    break;
                }
            }
        }
        self.signatures(reached);
        // A checkpoint that was left behind tells of a segment that was there.
        let is_there = |first: &u64| segments.iter().any(|(there, _)| there == first);
        for &first in closed.iter().filter(|first| !is_there(first)) {
            let missing = Failure::SegmentMissing { first };
            if !self.verdict.failures.contains(&missing) {
                self.fail(missing);
            }
        }
        Ok(())
    }

    /// Reads a segment and returns the key that it hands over to.
    fn segment(
        &mut self,
        first: u64,
        bytes: u64,
        is_last: bool,
        reached: &mut Vec<Claim>,
    ) -> Result<Option<VerifierKey>, Stop> {
        if first != self.tree.size() {
            return Err(Stop::Found(Failure::SegmentMissing { first: self.tree.size() }));
        }
        let (path, file) = self.layout.open_segment(first).map_err(Stop::Io)?;
        let failed = |error: io::Error| Stop::Io(Error::io("read", &path)(error));
        let mut reader = BufReader::with_capacity(READ, file.take(bytes));
        let mut line = Vec::new();
        let mut successor = None;
        loop {
            let fault = |reason, size| {
                let (segment, line) = (name_of(&path), size - first + 1);
                Stop::Found(Failure::Line { segment, line, reason })
            };
            match next_line(&mut reader, &mut line).map_err(failed)? {
                Ok(true) => {}
                Ok(false) => break,
                Err(LineFault::Torn) if is_last => {
                    self.verdict.torn_bytes = line.len() as u64;
                    break;
                }
                Err(reason) => return Err(fault(reason, self.tree.size())),
            }
            let size = self.tree.size();
            if successor.is_some() {
                return Err(fault(LineFault::KeyInside, size));
            }
            successor = self.line(&line).map_err(|reason| fault(reason, size))?;
            self.tree.append(Hash::leaf(&line));
            self.reach(reached);
        }
        Ok(successor)
    }

    /// Checks a line and returns the key that it hands over to.
    fn line(&mut self, line: &[u8]) -> Result<Option<VerifierKey>, LineFault> {
        let seq = self.tree.size();
        let kind = Line::parse(line, seq)?.kind;
        if (seq == 0) != (kind == BEGUN) {
            return Err(LineFault::Beginning);
        }
        if seq != 0 && kind != CERTIFIED {
            return Ok(None);
        }
        let detail = Record::parse(line).map_err(|_| LineFault::Malformed)?.entry.detail;
        let key: VerifierKey =
            detail["key"].as_str().and_then(|key| key.parse().ok()).ok_or(LineFault::Malformed)?;
        match detail["certificate"].as_str() {
            Some(note) => {
                let note = note.parse().map_err(|_| LineFault::Malformed)?;
                self.chain.accept(&note).map_err(|_| LineFault::Key)?;
                let certified = self.chain.certificates().last();
                if certified.is_none_or(|certificate| *certificate.key() != key) {
                    return Err(LineFault::Key);
                }
            }
            None if seq == 0 && key == *self.identity => {}
            None => return Err(LineFault::Key),
        }
        self.verdict.keys.push(key.clone());
        if seq == 0 {
            if detail["origin"].as_str() != Some(self.identity.name()) {
                return Err(LineFault::Beginning);
            }
            self.key = key;
            return Ok(None);
        }
        Ok(Some(key))
    }

    /// Holds the tree against whoever claims to know it at this size.
    fn reach(&mut self, reached: &mut Vec<Claim>) {
        let size = self.tree.size();
        while let Some(claim) = self.claims.pop_if(|claim| claim.head.size == size) {
            self.compare(&claim.witness, claim.head);
            reached.push(claim);
        }
    }

    fn compare(&mut self, witness: &Witness, head: TreeHead) {
        if head == self.tree.head() {
            self.good = self.good.max(head.size);
            return;
        }
        let witness = witness.clone();
        self.fail(Failure::Changed { witness, after: self.good, size: head.size });
    }

    /// Checks the checkpoint at the end of a segment, which the key in force signed and no other.
    fn close(&mut self, first: u64) -> Result<(), Stop> {
        let path = self.layout.note(first);
        let witness = Witness::File(name_of(&path));
        let opened = match parsed(read_note(&path)).map_err(Stop::Io)? {
            Ok(Some(note)) => Checkpoint::open(&note, self.identity.name(), [&self.key]),
            Ok(None) => {
                return Err(Stop::Found(Failure::CheckpointMissing { file: name_of(&path) }));
            }
            Err(source) => Err(source),
        };
        let checkpoint = match opened {
            Ok(checkpoint) => checkpoint,
            Err(source) => return Err(Stop::Found(Failure::Checkpoint { witness, source })),
        };
        let (expected, found) = (self.tree.size(), checkpoint.head().size);
        if expected != found {
            return Err(Stop::Found(Failure::Misplaced { witness, expected, found }));
        }
        let failures = self.verdict.failures.len();
        self.compare(&witness, checkpoint.head());
        self.verdict.checkpoints += usize::from(failures == self.verdict.failures.len());
        Ok(())
    }

    /// Checks who signed the checkpoints that were reached, now that all keys are known.
    fn signatures(&mut self, reached: Vec<Claim>) {
        for Claim { witness, note, .. } in reached {
            let Some(note) = note else { continue };
            let keys: Vec<&VerifierKey> = self.verdict.keys.iter().collect();
            match Checkpoint::open(&note, self.identity.name(), keys) {
                Ok(_) => self.verdict.checkpoints += 1,
                Err(source) => self.fail(Failure::Checkpoint { witness, source }),
            }
        }
    }

    /// Names whoever claims more entries than there are.
    fn finish(&mut self) {
        let found = self.tree.size();
        while let Some(Claim { witness, head, .. }) = self.claims.pop() {
            self.fail(Failure::Short { witness, size: head.size, found });
        }
        self.verdict.head = self.tree.head();
    }

    fn fail(&mut self, failure: Failure) {
        self.verdict.failures.push(failure);
    }
}

/// Sets apart what is wrong with a note from what is wrong with the disk.
fn parsed(
    note: Result<Option<Note>, Error>,
) -> Result<Result<Option<Note>, wardkit_tlog::Error>, Error> {
    match note {
        Err(Error::Proof { source, .. }) => Ok(Err(source)),
        other => other.map(Ok),
    }
}

/// How much is read at once.
const READ: usize = 128 * 1024;
