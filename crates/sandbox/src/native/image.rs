//! Programs: what kind they are, and sealed copies of them in memory.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::{MemfdFlags, SealFlags};

use crate::SandboxError;

/// What a program needs to be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing but itself.
    Static,
    /// A loader and libraries.
    Dynamic,
    /// An interpreter.
    Script,
}

impl Kind {
    /// Tells by the beginning of a program; `None` when it is none for this machine.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        if start.starts_with(b"#!") {
            return Some(Self::Script);
        }
        // 64 bits, little-endian.
        if !start.starts_with(b"\x7fELF\x02\x01") || half(start, 18)? != MACHINE {
            return None;
        }
        let table =
            usize::try_from(u64::from_le_bytes(start.get(32..40)?.try_into().ok()?)).ok()?;
        let (size, count) = (usize::from(half(start, 54)?), usize::from(half(start, 56)?));
        for number in 0..count {
            let at = table.checked_add(number.checked_mul(size)?)?;
            let kind = start.get(at..at.checked_add(4)?)?;
            if kind == PT_INTERP {
                return Some(Self::Dynamic);
            }
        }
        Some(Self::Static)
    }

    /// Tells the kind of a program of the host.
    pub(crate) fn of_file(path: &Path) -> Result<Self, SandboxError> {
        let invalid =
            |reason: String| SandboxError::Invalid { what: path.display().to_string(), reason };
        let mut start = Vec::new();
        let read = File::open(path).and_then(|file| file.take(START).read_to_end(&mut start));
        read.map_err(|error| invalid(error.to_string()))?;
        Self::of(&start).ok_or_else(|| invalid("is no program for this machine".into()))
    }
}

/// Copies a program to where nobody can change it any more.
pub(crate) fn sealed(program: &[u8]) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = rustix::fs::memfd_create(c"program", flags | MemfdFlags::EXEC)
        // Before Linux 6.3 every such file can be run.
        .or_else(|_| rustix::fs::memfd_create(c"program", flags))?;
    let mut file = File::from(file);
    file.write_all(program)?;
    let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    rustix::fs::fcntl_add_seals(file.as_fd(), seals)?;
    lifted(file.into())
}

/// Moves a descriptor out of the way of those that a child gives new meanings to.
pub(crate) fn lifted(fd: OwnedFd) -> io::Result<OwnedFd> {
    let lifted = rustix::io::fcntl_dupfd_cloexec(&fd, LOWEST)?;
    drop(fd);
    Ok(lifted)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// No child has more fixed descriptors.
const LOWEST: i32 = 8;

/// The program headers come right behind the header of the file; no linker writes that many.
const START: u64 = 16 * 1024;

const PT_INTERP: [u8; 4] = [3, 0, 0, 0];

/// `EM_X86_64` or `EM_AARCH64`.
const MACHINE: u16 = if cfg!(target_arch = "aarch64") { 183 } else { 62 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_apart() {
        let this = std::fs::read("/proc/self/exe").expect("this test is a program");
        assert_eq!(Kind::of(&this), Some(Kind::Dynamic));
        assert_eq!(Kind::of(b"#!/bin/sh\n"), Some(Kind::Script));
        for length in 0..64 {
            assert_eq!(Kind::of(&this[..length]), None, "{length}");
        }
        assert_eq!(Kind::of(b"MZ"), None);
    }

    #[test]
    fn hostile_headers_are_no_program() {
        let mut header = std::fs::read("/proc/self/exe").expect("this test is a program");
        header.truncate(1024);
        header[32..40].fill(0xFF);
        assert_eq!(Kind::of(&header), None);
    }

    #[test]
    fn a_sealed_program_cannot_be_changed() {
        let mut file = File::from(sealed(b"text").expect("there is memory"));
        file.write_all(b"x").expect_err("it is sealed");
        file.set_len(0).expect_err("it is sealed");
    }
}
