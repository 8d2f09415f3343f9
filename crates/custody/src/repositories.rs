//! What was seen of backups' repositories: signed, and never less than it was.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use wardkit_tlog::{Hash, Note};

use crate::files::{Kept, Lock, check_dir, make_dir, read, replace};
use crate::{Custody, Error, Mark, Subject};

/// What was seen of the repositories of backups: where they are, their configuration, and the snapshots that have to be
/// there.
///
/// A repository that was taken back to an earlier state is whole in itself; only who remembers more can tell.
#[derive(Debug)]
pub struct Repositories {
    custody: Custody,
    dir: PathBuf,
}

/// What was seen of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeenRepository {
    /// The id that stands in its configuration.
    pub id: [u8; 32],
    /// A digest of its configuration, whole.
    pub config: [u8; 32],
    /// The snapshots that were seen and not forgotten since.
    pub snapshots: BTreeSet<[u8; 32]>,
    /// What was needed after the last prune, for the next one to compare with.
    pub needed: Option<Needed>,
    /// Digests of the addresses under which it was opened: an address may hold a secret.
    addresses: BTreeSet<[u8; 32]>,
}

/// What the snapshots of a repository need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "two numbers")]
pub struct Needed {
    /// How many snapshots there are.
    pub snapshots: u64,
    /// How many bytes they need.
    pub bytes: u64,
}

impl Custody {
    /// Returns what was seen of repositories. Nothing is made before something is remembered.
    #[must_use]
    pub fn repositories(&self) -> Repositories {
        Repositories { custody: self.clone(), dir: self.data_dir().join("repositories") }
    }
}

impl Repositories {
    /// Returns what was seen of the repository with this id, or `None` when it never was seen.
    ///
    /// # Errors
    ///
    /// When what is kept cannot be read, is not what was signed, or is older than what was kept once.
    pub fn of(&self, id: &[u8; 32]) -> Result<Option<SeenRepository>, Error> {
        if !check_dir(&self.dir)? {
            return self.check_gone(id);
        }
        Ok(self.load(id)?.map(|(seen, _)| seen))
    }

    /// Returns what was seen of the repository that was at an address, whichever is there now.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn at(&self, address: &str) -> Result<Option<SeenRepository>, Error> {
        if !check_dir(&self.dir)? {
            return Ok(None);
        }
        let listed = |error| Error::io("list", &self.dir)(error);
        for entry in std::fs::read_dir(&self.dir).map_err(listed)? {
            let name = entry.map_err(listed)?.file_name();
            let id = name.to_str().and_then(|name| digits(name.strip_suffix(SUFFIX)?));
            let Some((seen, _)) = id.map(|id| self.load(&id)).transpose()?.flatten() else {
                continue;
            };
            if seen.was_at(address) {
                return Ok(Some(seen));
            }
        }
        Ok(None)
    }

    /// Remembers what `change` makes of what was seen; of a repository that never was, it gets one without addresses and
    /// snapshots. The lock between processes is held meanwhile.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of), and when it cannot be written.
    pub fn update(
        &self,
        id: [u8; 32],
        config: [u8; 32],
        change: impl FnOnce(&mut SeenRepository),
    ) -> Result<(), Error> {
        self.custody.make_data_dir()?;
        make_dir(&self.dir)?;
        let _lock = Lock::take(&self.dir.join("lock"))?;
        let before = self.load(&id)?;
        let (mut seen, generation) =
            before.clone().unwrap_or_else(|| (SeenRepository::new(id, config), 0));
        change(&mut seen);
        seen.id = id;
        if before.is_some_and(|(before, _)| before == seen) {
            return Ok(());
        }
        let (body, generation) = (seen.to_body(), generation + 1);
        let root = Hash::leaf(body.as_bytes());
        let key = self.custody.keyring(PURPOSE)?.signing_key()?;
        let path = self.path(&id);
        let note = Note::sign(format!("{HEADER}{generation} {root}\n"), &key)
            .map_err(Error::key(&path))?;
        replace(&path, format!("{body}{note}").as_bytes())?;
        self.custody.seen().advance(Subject::Lineage(&lineage(&id)), Mark::new(generation, root))
    }

    fn load(&self, id: &[u8; 32]) -> Result<Option<(SeenRepository, u64)>, Error> {
        let path = self.path(id);
        let Some(bytes) = read(&path, Kept::Public)? else { return self.check_gone(id) };
        let damaged = |reason| Error::damaged(&path, reason);
        let text = str::from_utf8(&bytes).map_err(|_| damaged("it is no text"))?;
        let (body, note) = text
            .find(&format!("\n{HEADER}"))
            .map(|at| text.split_at(at + 1))
            .ok_or_else(|| damaged("its signature is missing"))?;
        let note: Note = note.parse().map_err(Error::key(&path))?;
        let keyring = self.custody.existing_keyring(PURPOSE)?;
        let keyring = keyring.ok_or_else(|| damaged("the keys that signed it are missing"))?;
        let chain = keyring.chain()?;
        let keys: Vec<_> = chain.keys().collect();
        let verified = note.verify(keys.iter().copied()).map_err(Error::key(&path))?;
        let root = Hash::leaf(body.as_bytes());
        let generation = verified
            .text()
            .strip_prefix(HEADER)
            .and_then(|text| text.strip_suffix(&format!(" {root}\n")))
            .and_then(|number| number.parse::<u64>().ok())
            .ok_or_else(|| damaged("it is not what was signed"))?;
        if let Some(last) = self.custody.seen().last(Subject::Lineage(&lineage(id)))?
            && (generation < last.number || (generation == last.number && root != last.root))
        {
            return Err(damaged("it is older than what was kept once"));
        }
        let seen = SeenRepository::from_body(body).filter(|seen| seen.id == *id);
        let seen = seen.ok_or_else(|| damaged("it is not of this repository"))?;
        Ok(Some((seen, generation)))
    }

    /// A file that is missing was taken away, when it was there once.
    fn check_gone<T>(&self, id: &[u8; 32]) -> Result<Option<T>, Error> {
        match self.custody.seen().last(Subject::Lineage(&lineage(id)))? {
            Some(_) => Err(Error::damaged(&self.path(id), "it is missing")),
            None => Ok(None),
        }
    }

    fn path(&self, id: &[u8; 32]) -> PathBuf {
        self.dir.join(format!("{}{SUFFIX}", text(id)))
    }
}

impl SeenRepository {
    fn new(id: [u8; 32], config: [u8; 32]) -> Self {
        let (snapshots, addresses) = (BTreeSet::new(), BTreeSet::new());
        Self { id, config, snapshots, needed: None, addresses }
    }

    /// Whether it was opened under an address.
    #[must_use]
    pub fn was_at(&self, address: &str) -> bool {
        self.addresses.contains(Hash::leaf(address.as_bytes()).as_bytes())
    }

    /// Notes that it is at an address.
    pub fn add_address(&mut self, address: &str) {
        self.addresses.insert(*Hash::leaf(address.as_bytes()).as_bytes());
    }

    fn to_body(&self) -> String {
        let mut body = format!("repository {}\nconfig {}\n", text(&self.id), text(&self.config));
        // Writing to a String cannot fail.
        if let Some(Needed { snapshots, bytes }) = self.needed {
            let _ = writeln!(body, "needed {snapshots} {bytes}");
        }
        for address in &self.addresses {
            let _ = writeln!(body, "address {}", text(address));
        }
        for snapshot in &self.snapshots {
            let _ = writeln!(body, "snapshot {}", text(snapshot));
        }
        body
    }

    fn from_body(body: &str) -> Option<Self> {
        let mut lines = body.lines();
        let id = digits(lines.next()?.strip_prefix("repository ")?)?;
        let config = digits(lines.next()?.strip_prefix("config ")?)?;
        let mut seen = Self::new(id, config);
        for line in lines {
            match line.split_once(' ')? {
                ("needed", numbers) => {
                    let (snapshots, bytes) = numbers.split_once(' ')?;
                    let (snapshots, bytes) = (snapshots.parse().ok()?, bytes.parse().ok()?);
                    seen.needed = Some(Needed { snapshots, bytes });
                }
                ("address", address) => {
                    seen.addresses.insert(digits(address)?);
                }
                ("snapshot", id) => {
                    seen.snapshots.insert(digits(id)?);
                }
                _ => return None,
            }
        }
        Some(seen)
    }
}

fn lineage(id: &[u8; 32]) -> String {
    format!("repository {}", text(id))
}

fn text(bytes: &[u8; 32]) -> String {
    let mut text = String::with_capacity(64);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn digits(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

const PURPOSE: &str = "backup";
const HEADER: &str = "wardkit-repository-seen/v1\n";
const SUFFIX: &str = ".seen";
