use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use wardkit_sandbox::SandboxError;

use super::key::HostKey;
use super::native::Code;
use crate::engine::compiled::Compile;

/// Machine code of modules, kept in a folder, each file proven by a hash that only this host's key makes.
///
/// A file that somebody else made, or changed, is an error and not a reason to compile anew: it tells that the folder is
/// not this user's alone.
#[derive(Clone)]
pub struct Cache {
    folder: Option<Arc<Folder>>,
    compiler: Option<Arc<dyn Compile>>,
}

struct Folder {
    folder: OwnedFd,
    key: HostKey,
}

impl Cache {
    /// Keeps nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { folder: None, compiler: None }
    }

    /// Keeps code in this folder, which is made when it is not there.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Setup`] when it cannot be made or opened, and [`SandboxError::Invalid`] when others can read or
    /// change it.
    pub fn open(folder: &Path, key: HostKey) -> Result<Self, SandboxError> {
        let opening = |source| SandboxError::Setup { step: "opening the cache", source };
        match rustix::fs::mkdir(folder, Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(opening(error.into())),
        }
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let folder = rustix::fs::open(folder, flags, Mode::empty());
        let folder = folder.map_err(|error| opening(error.into()))?;
        let stat = rustix::fs::fstat(&folder).map_err(|error| opening(error.into()))?;
        if !is_ours_alone(&stat) {
            return Err(forged("the folder is not this user's alone"));
        }
        Ok(Self { folder: Some(Arc::new(Folder { folder, key })), compiler: None })
    }

    /// Compiles what the folder has not.
    #[must_use]
    pub fn compile_with(self, compiler: Arc<dyn Compile>) -> Self {
        Self { compiler: Some(compiler), ..self }
    }

    /// Returns the code of a module for an engine.
    pub(super) fn code(&self, module: &[u8], engine: blake3::Hash) -> Result<Code, SandboxError> {
        if let Some(folder) = &self.folder
            && let Some(code) = folder.get(blake3::hash(module), engine)?
        {
            return Ok(code);
        }
        self.compile(module, engine)
    }

    /// Makes the code of a module, and keeps it.
    pub(super) fn compile(
        &self,
        module: &[u8],
        engine: blake3::Hash,
    ) -> Result<Code, SandboxError> {
        let compiler = self.compiler.as_ref().ok_or_else(|| SandboxError::Invalid {
            what: "module".into(),
            reason: "it was not compiled on this host, and there is no compiler here".into(),
        })?;
        let code = Code::trusted(compiler.compile(module)?);
        if let Some(folder) = &self.folder {
            folder.put(blake3::hash(module), engine, &code)?;
        }
        Ok(code)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("keeps", &self.folder.is_some())
            .field("compiles", &self.compiler.is_some())
            .finish()
    }
}

impl Folder {
    fn get(
        &self,
        module: blake3::Hash,
        engine: blake3::Hash,
    ) -> Result<Option<Code>, SandboxError> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let name = name(module, engine);
        let file = match rustix::fs::openat(&self.folder, &name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(rustix::io::Errno::LOOP) => return Err(forged("it is a link")),
            Err(error) => return Err(reading(error.into())),
        };
        let stat = rustix::fs::fstat(&file).map_err(|error| reading(error.into()))?;
        if !is_ours_alone(&stat) {
            return Err(forged("it is not this user's alone"));
        }
        let mut bytes = Vec::new();
        let mut file = File::from(file).take(MOST_OF_A_FILE + 1);
        file.read_to_end(&mut bytes).map_err(reading)?;
        let rest = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk());
        let Some((proof, code)) = rest.filter(|_| file.limit() > 0) else {
            return Err(forged("it is not a file of this cache"));
        };
        // The comparison of hashes takes the same time wherever they differ.
        if self.proof(module, engine, code) != blake3::Hash::from_bytes(*proof) {
            return Err(forged("it was not made with this host's key"));
        }
        Ok(Some(Code::trusted(code.to_vec())))
    }

    fn put(
        &self,
        module: blake3::Hash,
        engine: blake3::Hash,
        code: &Code,
    ) -> Result<(), SandboxError> {
        let name = name(module, engine);
        let mut random = [0; 8];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
            .map_err(|error| writing(error.into()))?;
        let draft = format!("{name}.{:016x}", u64::from_le_bytes(random));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder, &draft, flags, Mode::RUSR | Mode::WUSR);
        let mut file = File::from(file.map_err(|error| writing(error.into()))?);
        let proof = self.proof(module, engine, code.bytes());
        let written = [MAGIC, proof.as_bytes(), code.bytes()]
            .into_iter()
            .try_for_each(|part| file.write_all(part))
            .and_then(|()| file.sync_all())
            .and_then(|()| Ok(rustix::fs::renameat(&self.folder, &draft, &self.folder, &name)?));
        written.map_err(|error| {
            // What was half written is of no use; when it cannot be removed either, the first error tells more.
            let _ = rustix::fs::unlinkat(&self.folder, &draft, AtFlags::empty());
            writing(error)
        })
    }

    /// Binds the code to the module, to the engine and to this host.
    fn proof(&self, module: blake3::Hash, engine: blake3::Hash, code: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(self.key.expose());
        hasher.update(MAGIC).update(module.as_bytes()).update(engine.as_bytes()).update(code);
        hasher.finalize()
    }
}

fn name(module: blake3::Hash, engine: blake3::Hash) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(module.as_bytes()).update(engine.as_bytes());
    format!("{}.wkc", hasher.finalize().to_hex())
}

/// Whether nobody but this user, and root, can read or change it.
pub(super) fn is_ours_alone(stat: &Stat) -> bool {
    let others = Mode::RWXG | Mode::RWXO;
    stat.st_uid == rustix::process::geteuid().as_raw()
        && !Mode::from_raw_mode(stat.st_mode).intersects(others)
}

fn forged(reason: &str) -> SandboxError {
    SandboxError::Invalid { what: "compiled module".into(), reason: reason.into() }
}

fn reading(source: io::Error) -> SandboxError {
    SandboxError::Setup { step: "reading a compiled module", source }
}

fn writing(source: io::Error) -> SandboxError {
    SandboxError::Setup { step: "keeping a compiled module", source }
}

const MAGIC: &[u8] = b"wkcode1\n";

/// Code is some ten times its module.
const MOST_OF_A_FILE: u64 = 128 << 20;
