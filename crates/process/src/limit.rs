use std::fmt;
use std::str::FromStr;

/// How much of something a process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(clippy::exhaustive_structs, reason = "this is what the kernel keeps of a limit")]
pub struct Limit {
    /// Of what.
    pub resource: Resource,
    /// What holds now; `None` is no limit.
    pub soft: Option<u64>,
    /// How far the process may raise it itself; `None` is no limit.
    pub hard: Option<u64>,
}

impl Limit {
    /// Returns a limit that the process cannot raise.
    #[must_use]
    pub fn hard(resource: Resource, value: u64) -> Self {
        Self { resource, soft: Some(value), hard: Some(value) }
    }

    /// Returns what holds for this process.
    #[must_use]
    pub fn of_ours(resource: Resource) -> Self {
        let found = rustix::process::getrlimit(resource.raw());
        Self { resource, soft: found.current, hard: found.maximum }
    }

    /// Sets it for this process.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    pub fn set_ours(self) -> std::io::Result<()> {
        let values = rustix::process::Rlimit { current: self.soft, maximum: self.hard };
        Ok(rustix::process::setrlimit(self.resource.raw(), values)?)
    }
}

/// What the kernel limits for a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Resource {
    /// Addresses, in bytes.
    AddressSpace,
    /// The size of a core, in bytes.
    Core,
    /// Processor time, in seconds.
    Processor,
    /// Data, in bytes.
    Data,
    /// The size of a file, in bytes.
    FileSize,
    /// Memory that is locked, in bytes.
    LockedMemory,
    /// Open files.
    OpenFiles,
    /// Processes and threads of the user.
    Processes,
    /// The stack, in bytes.
    Stack,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::AddressSpace,
        Self::Core,
        Self::Processor,
        Self::Data,
        Self::FileSize,
        Self::LockedMemory,
        Self::OpenFiles,
        Self::Processes,
        Self::Stack,
    ];

    /// Returns its name as `limits.conf` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AddressSpace => "as",
            Self::Core => "core",
            Self::Processor => "cpu",
            Self::Data => "data",
            Self::FileSize => "fsize",
            Self::LockedMemory => "memlock",
            Self::OpenFiles => "nofile",
            Self::Processes => "nproc",
            Self::Stack => "stack",
        }
    }

    pub(crate) fn raw(self) -> rustix::process::Resource {
        use rustix::process::Resource as Raw;
        match self {
            Self::AddressSpace => Raw::As,
            Self::Core => Raw::Core,
            Self::Processor => Raw::Cpu,
            Self::Data => Raw::Data,
            Self::FileSize => Raw::Fsize,
            Self::LockedMemory => Raw::Memlock,
            Self::OpenFiles => Raw::Nofile,
            Self::Processes => Raw::Nproc,
            Self::Stack => Raw::Stack,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Resource {
    type Err = UnknownResource;

    fn from_str(text: &str) -> Result<Self, UnknownResource> {
        Self::ALL.into_iter().find(|known| known.name() == text).ok_or(UnknownResource)
    }
}

/// No limit has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such limit")]
pub struct UnknownResource;
