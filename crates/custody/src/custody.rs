//! The directory in which everything is kept.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wardkit_auditlog::Query;
use wardkit_core::{Clock, SystemClock};

use crate::files::{check_dir, make_dir};
use crate::keyring::{Place, lock_all, of_logs};
use crate::{Error, Keyring, Seen, Trail};

/// The directory in which a host keeps keys, its trail and what it has seen.
///
/// Cheap to clone. Creating one touches nothing; directories are made when something is kept in them.
#[derive(Clone)]
pub struct Custody {
    data_dir: PathBuf,
    host: String,
    clock: Arc<dyn Clock>,
}

impl Custody {
    /// Takes the directory, and the host's name for the names of logs and keys.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>, host: &str) -> Self {
        Self { data_dir: data_dir.into(), host: key_name(host), clock: Arc::new(SystemClock) }
    }

    /// Takes the time from another clock than the host's.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the audit log in a directory, or begins one where there is none, and changes its key when that is due.
    ///
    /// # Errors
    ///
    /// When the log is gone, replaced, shorter than it was seen, or a copy of one that is still there; when its keys
    /// are not kept here; when a file cannot be read or written or belongs to others.
    pub fn trail(&self, log: impl AsRef<Path>) -> Result<Trail, Error> {
        Trail::open(self, log.as_ref())
    }

    /// Returns the keys of what this host has one of, which are made by the first call: `fim` signs `<host>/fim`.
    ///
    /// # Errors
    ///
    /// When the purpose is not a name of lower-case letters, or a file cannot be read or written or belongs to others.
    pub fn keyring(&self, purpose: &str) -> Result<Keyring, Error> {
        self.make_data_dir()?;
        let keys = self.keys();
        let _lock = lock_all(&keys)?;
        if let Some(keyring) = self.existing_keyring(purpose)? {
            return Ok(keyring);
        }
        let name = format!("{}/{purpose}", self.host);
        Keyring::create(&keys, Place::Purpose(purpose), &name, Arc::clone(&self.clock))
    }

    /// As [`keyring`](Self::keyring), for those who only verify: returns `None` where nothing was ever signed.
    ///
    /// # Errors
    ///
    /// When the purpose is not a name of lower-case letters, or a file cannot be read or belongs to others.
    pub fn existing_keyring(&self, purpose: &str) -> Result<Option<Keyring>, Error> {
        let dir = self.keys().join(purpose);
        let is_name = |byte: u8| byte.is_ascii_lowercase();
        if purpose.is_empty() || !purpose.bytes().all(is_name) || RESERVED.contains(&purpose) {
            return Err(Error::damaged(&dir, "keys are for a purpose of lower-case letters"));
        }
        self.check_data_dir()?;
        if !check_dir(&self.keys())? {
            return Ok(None);
        }
        Keyring::open(dir, Arc::clone(&self.clock))
    }

    /// Returns the keyring of the log in a directory, or `None` where its keys are not kept here.
    ///
    /// The log that was begun in this directory is found also when it is gone, and a copy of a log by its first entry.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or belongs to others.
    pub fn log_keyring(&self, log: impl AsRef<Path>) -> Result<Option<Keyring>, Error> {
        self.find(&resolve(log.as_ref()), &[])
    }

    /// Returns what was accepted before.
    #[must_use]
    pub fn seen(&self) -> Seen {
        Seen::new(self.data_dir.join("seen"))
    }

    /// Returns the directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Returns the host's name as it stands in the names of logs and keys.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.data_dir.join("keys")
    }

    pub(crate) fn make_data_dir(&self) -> Result<(), Error> {
        make_dir(&self.data_dir)
    }

    /// Refuses a data directory in which others may put away what was seen, or the keys.
    fn check_data_dir(&self) -> Result<(), Error> {
        check_dir(&self.data_dir).map(drop)
    }

    /// Finds the keyring of a log: by where it was begun, else by its first entry.
    pub(crate) fn find(&self, log: &Path, archives: &[PathBuf]) -> Result<Option<Keyring>, Error> {
        self.check_data_dir()?;
        let keyrings = of_logs(&self.keys(), &self.clock)?;
        for keyring in &keyrings {
            if keyring.log()?.as_deref() == Some(log) {
                return Ok(Some(keyring.clone()));
            }
        }
        let Some(certificate) = first_certificate(log, archives) else { return Ok(None) };
        for keyring in keyrings {
            if keyring.first_certificate()?.to_string() == certificate {
                return Ok(Some(keyring));
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for Custody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custody")
            .field("data_dir", &self.data_dir)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// Returns the certificate in the first entry of a log, where that can be read.
pub(crate) fn first_certificate(log: &Path, archives: &[PathBuf]) -> Option<String> {
    let query = archives.iter().fold(Query::new().seqs(..1), Query::archive);
    let first = query.read(log).ok()?.next()?.ok()?;
    first.entry.detail["certificate"].as_str().map(str::to_owned)
}

/// Returns the path without links, as far as there is something.
pub(crate) fn resolve(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for above in absolute.ancestors() {
        if let Ok(real) = fs::canonicalize(above) {
            let rest = absolute.strip_prefix(above).unwrap_or(Path::new(""));
            // Joining an empty path would add a slash.
            return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        }
    }
    absolute
}

/// Returns a text as it may stand in the name of a key: without spaces, plus signs and control characters.
fn key_name(host: &str) -> String {
    let name: String = host
        .chars()
        .map(
            |letter| {
                if letter.is_alphanumeric() || "-._:/".contains(letter) { letter } else { '-' }
            },
        )
        .collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

/// Names of files beside the keyrings.
const RESERVED: [&str; 2] = ["lock", "draft"];
