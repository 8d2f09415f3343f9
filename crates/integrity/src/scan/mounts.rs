//! Where a scan stops.

/// Where a scan stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mounts {
    /// At other file systems: of the directory that one is mounted on there is an entry, of what is in it there is
    /// none.
    #[default]
    Stay,
    /// Nowhere. A directory that is mounted below itself is entered once.
    Cross,
}
