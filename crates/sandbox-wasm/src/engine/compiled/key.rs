use std::io::{self, Read as _, Write as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use wardkit_core::Secret;
use wardkit_sandbox::SandboxError;

use super::cache::is_ours_alone;

/// What proves that machine code was made on this host.
#[derive(Clone, Debug)]
pub struct HostKey(Secret<[u8; 32]>);

impl HostKey {
    /// Takes a key that is kept elsewhere.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(Secret::new(key))
    }

    /// Reads the key from a file, or makes both when there is none.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Setup`] when the file cannot be read or made, and [`SandboxError::Invalid`] when it is not a key, or
    /// is one that others can read or change.
    pub fn open(path: &Path) -> Result<Self, SandboxError> {
        match Self::read(path) {
            Err(SandboxError::Setup { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Self::create(path)
            }
            other => other,
        }
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    fn read(path: &Path) -> Result<Self, SandboxError> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = rustix::fs::open(path, flags, Mode::empty()).map_err(cannot_read)?;
        let stat = rustix::fs::fstat(&file).map_err(cannot_read)?;
        if !is_ours_alone(&stat) {
            return Err(not_a_key("it is not this user's alone"));
        }
        let mut key = [0; 33];
        let mut length = 0;
        let mut file = std::fs::File::from(file);
        while length < key.len() {
            match file.read(&mut key[length..]).map_err(reading)? {
                0 => break,
                n => length += n,
            }
        }
        let (key, _) =
            key[..length].split_first_chunk().ok_or_else(|| not_a_key("it is too short"))?;
        if length > key.len() {
            return Err(not_a_key("it is too long"));
        }
        Ok(Self::new(*key))
    }

    /// Under another name first, so that nobody ever reads half a key.
    fn create(path: &Path) -> Result<Self, SandboxError> {
        let making = |source| SandboxError::Setup { step: "making the host's key", source };
        let mut key = [0; 32];
        fill(&mut key).map_err(making)?;
        let mut suffix = [0; 8];
        fill(&mut suffix).map_err(making)?;
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{:016x}", u64::from_le_bytes(suffix)));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::open(&name, flags, Mode::from_raw_mode(0o600));
        let mut file = std::fs::File::from(file.map_err(|error| making(error.into()))?);
        let written = file.write_all(&key).and_then(|()| file.sync_all());
        // A link does not replace: whoever was first has made the key.
        let linked = written.and_then(|()| std::fs::hard_link(&name, path));
        std::fs::remove_file(&name).map_err(making)?;
        match linked {
            Ok(()) => Ok(Self::new(key)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::read(path),
            Err(error) => Err(making(error)),
        }
    }
}

fn fill(mut rest: &mut [u8]) -> io::Result<()> {
    while !rest.is_empty() {
        let got = rustix::rand::getrandom(&mut *rest, rustix::rand::GetRandomFlags::empty())?;
        rest = &mut rest[got..];
    }
    Ok(())
}

fn cannot_read(error: rustix::io::Errno) -> SandboxError {
    reading(error.into())
}

fn reading(source: io::Error) -> SandboxError {
    SandboxError::Setup { step: "reading the host's key", source }
}

fn not_a_key(reason: &str) -> SandboxError {
    SandboxError::Invalid { what: "host key".into(), reason: reason.into() }
}
