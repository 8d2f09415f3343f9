//! Files that say that what lies beside them is not to be backed up.

use std::ffi::CString;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::BorrowedFd;

use rustix::fs::OFlags;

use super::stat;
use crate::source::EntryKind;

/// A file that says that what lies beside it is not to be backed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    name: CString,
    beginning: Vec<u8>,
}

impl Tag {
    /// A file of this name, that begins with these bytes: with none of them, any file does. Nothing is returned for
    /// what can be no name.
    #[must_use]
    pub fn new(name: &[u8], beginning: &[u8]) -> Option<Self> {
        let is_name = !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/');
        let name = CString::new(name).ok().filter(|_| is_name)?;
        Some(Self { name, beginning: beginning.to_vec() })
    }

    /// The tag of caches, `CACHEDIR.TAG`, as the Cache Directory Tagging Specification has it.
    #[must_use]
    pub fn cache() -> Self {
        Self {
            name: c"CACHEDIR.TAG".to_owned(),
            beginning: b"Signature: 8a477f597d28d172789f06886806bc55".to_vec(),
        }
    }

    pub(super) fn name(&self) -> &CString {
        &self.name
    }

    /// Whether a directory that a file of this name lies in has the tag. One that cannot be read is none: too much is
    /// backed up rather than too little.
    pub(super) fn is_in(&self, directory: BorrowedFd<'_>) -> bool {
        if self.beginning.is_empty() {
            return true;
        }
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let Ok(file) = stat::open(directory, &self.name, flags) else { return false };
        let kind = rustix::fs::fstat(&file).ok().and_then(|stat| stat::kind(&stat));
        let mut found = vec![0; self.beginning.len()];
        kind == Some(EntryKind::File)
            && File::from(file).read_exact(&mut found).is_ok()
            && found == self.beginning
    }
}
