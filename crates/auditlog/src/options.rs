//! What a log is opened with.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Clock, SystemClock};
use wardkit_tlog::{Note, SigningKey, VerifierKey};

use crate::{Error, Log, MaskedFields, Redact, RedactNothing};

/// What a log is opened with: its name, its key, and its limits.
#[derive(Clone)]
#[must_use]
pub struct LogOptions {
    pub(crate) host: String,
    pub(crate) keys: Vec<SigningKey>,
    pub(crate) known: Vec<VerifierKey>,
    pub(crate) certificate: Option<Note>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) redact: Arc<dyn Redact>,
    pub(crate) masked: MaskedFields,
    pub(crate) checkpoint_entries: u64,
    pub(crate) checkpoint_every: Duration,
    pub(crate) segment_bytes: u64,
}

impl LogOptions {
    /// Takes the key that signs for the log. Its name is the log's: the same on all checkpoints and for everybody.
    pub fn new(key: SigningKey) -> Self {
        Self {
            host: String::new(),
            keys: vec![key],
            known: Vec::new(),
            certificate: None,
            clock: Arc::new(SystemClock),
            redact: Arc::new(RedactNothing),
            masked: MaskedFields::default(),
            checkpoint_entries: CHECKPOINT_ENTRIES,
            checkpoint_every: CHECKPOINT_EVERY,
            segment_bytes: SEGMENT_BYTES,
        }
    }

    /// Names the host, for the first entry of a new log.
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Adds the certificate by which the log's identity vouches for the key, for the first entry of a new log.
    /// Without it the key itself is the identity.
    pub fn with_certificate(mut self, certificate: Note) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Adds the key before this one or the one after: where a change of keys may have been interrupted, the log
    /// itself tells which is in force.
    pub fn with_other_key(mut self, key: SigningKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Adds keys that signed for the log before: their secrets are gone, and what they signed still counts.
    pub fn with_known_keys(mut self, keys: impl IntoIterator<Item = VerifierKey>) -> Self {
        self.known.extend(keys);
        self
    }

    /// Takes the time from another clock than the host's.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Masks what a recogniser finds in texts.
    pub fn with_redact(mut self, redact: Arc<dyn Redact>) -> Self {
        self.redact = redact;
        self
    }

    /// Masks these fields instead of the usual ones.
    pub fn with_masked_fields(mut self, fields: MaskedFields) -> Self {
        self.masked = fields;
        self
    }

    /// Sets after how many entries, or how long after one, a checkpoint is due: 256 and a second unless set.
    pub const fn with_checkpoints(mut self, entries: u64, every: Duration) -> Self {
        self.checkpoint_entries = entries;
        self.checkpoint_every = every;
        self
    }

    /// Sets how large a segment may grow before the next begins: 16 MiB unless set. Opening a log reads one.
    pub const fn with_segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes;
        self
    }

    /// Returns the public halves of all keys.
    pub(crate) fn verifiers(&self) -> impl Iterator<Item = &VerifierKey> + Clone {
        self.keys.iter().map(SigningKey::verifier).chain(&self.known)
    }

    /// Wipes the secrets of all keys but the one in force.
    pub(crate) fn keep_only(&mut self, key: &VerifierKey) {
        let gone = self.keys.extract_if(.., |kept| kept.verifier() != key);
        self.known.extend(gone.map(|key| key.verifier().clone()));
    }

    pub(crate) fn origin(&self) -> &str {
        self.keys[0].verifier().name()
    }

    /// Opens the log in a directory, or begins one in an empty directory that exists.
    ///
    /// A line that a crash cut short is removed: nobody was told that it is there. Other processes may have the same
    /// log open.
    ///
    /// # Errors
    ///
    /// When the log is not the one that its checkpoint vouches for, none of the keys is in force, or the file system
    /// refuses. Nothing is repaired then: [`Verifier`](crate::Verifier) says what is wrong.
    pub fn open(self, dir: impl AsRef<Path>) -> Result<Log, Error> {
        Log::open(dir.as_ref(), self)
    }
}

impl fmt::Debug for LogOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogOptions")
            .field("keys", &self.keys)
            .field("masked", &self.masked)
            .field("checkpoint_entries", &self.checkpoint_entries)
            .field("checkpoint_every", &self.checkpoint_every)
            .field("segment_bytes", &self.segment_bytes)
            .finish_non_exhaustive()
    }
}

const CHECKPOINT_ENTRIES: u64 = 256;
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
