//! An identity and its keys of each day.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::rand::{GetRandomFlags, getrandom};
use wardkit_core::Clock;
use wardkit_tlog::{
    EpochCertificate, EpochChain, EpochSigner, Note, SecretText, SigningKey, VerifierKey,
};
use zeroize::Zeroizing;

use crate::Error;
use crate::files::{Kept, Lock, make_dir, read, read_text, replace, sync_dir, wipe};

/// An identity and its keys of each day, in a directory.
///
/// The identity's secret is used once, for the certificate of the first key, and exists nowhere afterwards. Several
/// processes may use one keyring: a kernel lock makes one of them change the key.
#[derive(Clone)]
pub struct Keyring {
    dir: PathBuf,
    identity: VerifierKey,
    clock: Arc<dyn Clock>,
}

/// The key in force, and the one that was made and may not have been handed over to.
pub(crate) struct Keys {
    pub(crate) current: EpochSigner,
    pub(crate) next: Option<(EpochSigner, Note)>,
}

impl Keyring {
    /// Makes a keyring; the caller holds the lock of all of them. `name` is on all keys; `log` is whose they are.
    pub(crate) fn create(
        keys: &Path,
        place: Place<'_>,
        name: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let draft = keys.join("draft");
        let fresh = || {
            match fs::remove_dir_all(&draft) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            DirBuilder::new().mode(0o700).create(&draft)
        };
        fresh().map_err(Error::io("create", &draft))?;
        let refused = |source| Error::key(&draft)(source);
        let identity = SigningKey::from_seed(name, seed()?).map_err(refused)?;
        let now = clock.now().as_unix_seconds();
        let (first, certificate) = EpochSigner::begin(&identity, now, seed()?).map_err(refused)?;
        let identity = identity.verifier().clone();
        replace(&draft.join(IDENTITY), format!("{identity}\n").as_bytes())?;
        replace(&draft.join(CHAIN), certificate.to_string().as_bytes())?;
        replace(&draft.join(CURRENT), &secret_file(&first.key().to_text(), &certificate))?;
        let dir = match place {
            Place::Purpose(purpose) => keys.join(purpose),
            Place::Log(log) => {
                replace(&draft.join(LOG), log.as_os_str().as_bytes())?;
                keys.join(format!("{LOG}-{}", crate::files::hex(identity.as_bytes())))
            }
        };
        fs::rename(&draft, &dir).map_err(Error::io("write", &dir))?;
        sync_dir(keys)?;
        Ok(Self { dir, identity, clock })
    }

    /// Opens a keyring, or returns `None` where there is none.
    pub(crate) fn open(dir: PathBuf, clock: Arc<dyn Clock>) -> Result<Option<Self>, Error> {
        if !crate::files::check_dir(&dir)? {
            return Ok(None);
        }
        let path = dir.join(IDENTITY);
        let text = read_text(&path, Kept::Public)?
            .ok_or_else(|| Error::damaged(&path, "it is missing"))?;
        let identity = text.parse().map_err(Error::key(&path))?;
        Ok(Some(Self { dir, identity, clock }))
    }

    /// Returns the public key of the identity: what a verifier elsewhere is given.
    #[must_use]
    pub const fn identity(&self) -> &VerifierKey {
        &self.identity
    }

    /// Returns the keys of all days, checked from the identity on.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or a certificate does not continue the one before.
    pub fn chain(&self) -> Result<EpochChain, Error> {
        let path = self.dir.join(CHAIN);
        let mut chain = EpochChain::new(self.identity.clone());
        for note in self.certificates()? {
            chain.accept(&note).map_err(Error::key(&path))?;
        }
        Ok(chain)
    }

    /// Returns the key that signs today; the first call of a day makes it.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written, or is not what was stored there.
    pub fn signing_key(&self) -> Result<SigningKey, Error> {
        let lock = self.lock()?;
        loop {
            let Keys { current, next } = self.load(&lock)?;
            let next = match next {
                Some(next) => next,
                None if !self.is_due(&current) => return Ok(current.key().clone()),
                None => self.prepare(&lock, &current)?,
            };
            // Nobody has to be told but who reads the chain.
            self.promote(&lock, &next.1)?;
        }
    }

    pub(crate) fn lock(&self) -> Result<Lock, Error> {
        Lock::take(&self.dir.join("lock"))
    }

    /// Reads the keys, after finishing what a crash interrupted.
    pub(crate) fn load(&self, _: &Lock) -> Result<Keys, Error> {
        let path = self.dir.join(CURRENT);
        let chain = self.chain()?;
        let in_force = chain.certificates().last();
        let in_force = in_force
            .ok_or_else(|| Error::damaged(&self.dir.join(CHAIN), "it holds no certificate"))?;
        let next = self.read_next()?;
        if let Some((key, _)) = &next
            && key.verifier() == in_force.key()
        {
            self.install()?;
            let current = EpochSigner::resume(key.clone(), in_force).map_err(Error::key(&path))?;
            return Ok(Keys { current, next: None });
        }
        let secret = read_secret(&path)?.ok_or_else(|| Error::damaged(&path, "it is missing"))?;
        let current = SigningKey::from_text(secret.key())
            .and_then(|key| EpochSigner::resume(key, in_force))
            .map_err(Error::key(&path))?;
        let resume = |(key, note): (SigningKey, Note)| {
            let certificate: EpochCertificate = note.unverified_text().parse()?;
            Ok((EpochSigner::resume(key, &certificate)?, note))
        };
        let next = next.map(resume).transpose().map_err(Error::key(&self.dir.join(NEXT)))?;
        Ok(Keys { current, next })
    }

    /// Tells whether the day of a key is over.
    pub(crate) fn is_due(&self, key: &EpochSigner) -> bool {
        key.is_due(self.clock.now().as_unix_seconds())
    }

    /// Makes the next key and stores it beside the one in force.
    pub(crate) fn prepare(
        &self,
        _: &Lock,
        current: &EpochSigner,
    ) -> Result<(EpochSigner, Note), Error> {
        let path = self.dir.join(NEXT);
        let now = self.clock.now().as_unix_seconds();
        let next = current.next(now, seed()?).map_err(Error::key(&path))?;
        replace(&path, &secret_file(&next.0.key().to_text(), &next.1))?;
        Ok(next)
    }

    /// Puts the next key in force, and wipes the one before.
    pub(crate) fn promote(&self, _: &Lock, certificate: &Note) -> Result<(), Error> {
        let path = self.dir.join(CHAIN);
        let mut chain =
            read(&path, Kept::Public)?.ok_or_else(|| Error::damaged(&path, "it is missing"))?;
        chain.extend_from_slice(certificate.to_string().as_bytes());
        // From here on the next key is the one in force.
        replace(&path, &chain)?;
        self.install()
    }

    /// Returns the certificate of the first key: a log's first entry holds it.
    pub(crate) fn first_certificate(&self) -> Result<Note, Error> {
        let first = self.certificates()?.into_iter().next();
        first.ok_or_else(|| Error::damaged(&self.dir.join(CHAIN), "it holds no certificate"))
    }

    /// Returns where the log of these keys is.
    pub(crate) fn log(&self) -> Result<Option<PathBuf>, Error> {
        let bytes = read(&self.dir.join(LOG), Kept::Public)?;
        Ok(bytes.map(|bytes| PathBuf::from(OsStr::from_bytes(&bytes))))
    }

    /// Notes that the log of these keys is elsewhere now.
    pub(crate) fn set_log(&self, _: &Lock, log: &Path) -> Result<(), Error> {
        replace(&self.dir.join(LOG), log.as_os_str().as_bytes())
    }

    fn certificates(&self) -> Result<Vec<Note>, Error> {
        let path = self.dir.join(CHAIN);
        let bytes =
            read(&path, Kept::Public)?.ok_or_else(|| Error::damaged(&path, "it is missing"))?;
        let text = str::from_utf8(&bytes).map_err(|_| Error::damaged(&path, "it is no text"))?;
        let mut notes = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            // No line of a note begins so but the first.
            let end = rest[1..].find(HEADER).map_or(rest.len(), |found| found + 1);
            let (note, later) = rest.split_at(end);
            notes.push(note.parse().map_err(Error::key(&path))?);
            rest = later;
        }
        Ok(notes)
    }

    fn read_next(&self) -> Result<Option<(SigningKey, Note)>, Error> {
        let path = self.dir.join(NEXT);
        let Some(secret) = read_secret(&path)? else { return Ok(None) };
        let (key, note) = (secret.key(), secret.certificate()?);
        let parse = || Ok((SigningKey::from_text(key)?, note.parse()?));
        parse().map(Some).map_err(Error::key(&path))
    }

    fn install(&self) -> Result<(), Error> {
        let (next, current) = (self.dir.join(NEXT), self.dir.join(CURRENT));
        wipe(&current)?;
        fs::rename(&next, &current).map_err(Error::io("write", &current))?;
        sync_dir(&self.dir)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("dir", &self.dir)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// What keys are for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'p> {
    /// A thing that this host has one of.
    Purpose(&'p str),
    /// The log in this directory.
    Log(&'p Path),
}

/// Makes the directory of all keyrings, and takes its lock.
pub(crate) fn lock_all(keys: &Path) -> Result<Lock, Error> {
    make_dir(keys)?;
    Lock::take(&keys.join("lock"))
}

/// Opens the keyrings of all logs.
pub(crate) fn of_logs(keys: &Path, clock: &Arc<dyn Clock>) -> Result<Vec<Keyring>, Error> {
    if !crate::files::check_dir(keys)? {
        return Ok(Vec::new());
    }
    let listed = |error| Error::io("list", keys)(error);
    let mut found = Vec::new();
    for entry in fs::read_dir(keys).map_err(listed)? {
        let entry = entry.map_err(listed)?;
        if entry.file_name().as_bytes().starts_with(b"log-") {
            found.extend(Keyring::open(entry.path(), Arc::clone(clock))?);
        }
    }
    Ok(found)
}

/// A file with a secret: a key on the first line, and the certificate that it was made with.
struct SecretFile<'p> {
    path: &'p Path,
    text: Zeroizing<String>,
}

fn read_secret(path: &Path) -> Result<Option<SecretFile<'_>>, Error> {
    let text = read_text(path, Kept::Secret)?;
    Ok(text.map(|text| SecretFile { path, text }))
}

impl SecretFile<'_> {
    fn key(&self) -> &str {
        self.text.split_once('\n').map_or(&self.text, |(key, _)| key)
    }

    fn certificate(&self) -> Result<String, Error> {
        let (_, note) = self
            .text
            .split_once('\n')
            .ok_or_else(|| Error::damaged(self.path, "it holds no certificate"))?;
        // Its last newline is the file's.
        Ok(format!("{note}\n"))
    }
}

/// The bytes of a file with a secret.
fn secret_file(secret: &SecretText, certificate: &Note) -> Zeroizing<Vec<u8>> {
    let note = certificate.to_string();
    let secret = secret.expose().as_bytes();
    let mut bytes = Zeroizing::new(Vec::with_capacity(secret.len() + 1 + note.len()));
    bytes.extend_from_slice(secret);
    bytes.push(b'\n');
    bytes.extend_from_slice(note.as_bytes());
    bytes
}

/// Draws a seed from the kernel's generator.
pub(crate) fn seed() -> Result<Zeroizing<[u8; 32]>, Error> {
    let mut seed = Zeroizing::new([0; 32]);
    let mut filled = 0;
    while filled < seed.len() {
        let drawn = getrandom(&mut seed[filled..], GetRandomFlags::empty());
        filled += drawn.map_err(|error| {
            Error::io("draw from", Path::new("the kernel's generator"))(error.into())
        })?;
    }
    Ok(seed)
}

const IDENTITY: &str = "identity";
const CHAIN: &str = "chain";
const CURRENT: &str = "current";
const NEXT: &str = "next";
const LOG: &str = "log";
/// What the text of every certificate begins with.
const HEADER: &str = "wardkit-epoch-key/v1\n";
