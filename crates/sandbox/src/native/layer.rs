use std::fmt;

/// One of the walls around a native program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Layer {
    /// A user namespace, in which an ordinary user may make the others.
    UserNamespace,
    /// Namespaces of processes, mounts, names and, where it matters, the network; and an empty root.
    Namespaces,
    /// Landlock.
    Landlock,
    /// The filter of system calls.
    SystemCalls,
    /// The filter tells what it denied.
    Telemetry,
    /// Groups with limits.
    Cgroups,
    /// Limits of each process.
    Limits,
    /// Descriptors of the program that starts it are closed.
    Descriptors,
}

impl Layer {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::UserNamespace,
        Self::Namespaces,
        Self::Landlock,
        Self::SystemCalls,
        Self::Telemetry,
        Self::Cgroups,
        Self::Limits,
        Self::Descriptors,
    ];

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UserNamespace => "user namespace",
            Self::Namespaces => "namespaces",
            Self::Landlock => "Landlock",
            Self::SystemCalls => "system call filter",
            Self::Telemetry => "denied calls told",
            Self::Cgroups => "cgroups",
            Self::Limits => "process limits",
            Self::Descriptors => "closed descriptors",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layers(u16);

impl Layers {
    pub(crate) const ALL: Self = Self(u16::MAX);

    pub(crate) fn has(self, layer: Layer) -> bool {
        self.0 & bit(layer) != 0
    }

    pub(crate) fn without(self, layer: Layer) -> Self {
        Self(self.0 & !bit(layer))
    }
}

fn bit(layer: Layer) -> u16 {
    1 << layer as u16
}
