//! Types that keep a text inside its slot, whatever it contains.

mod characters;
mod path;
mod untrusted;

pub use path::{
    Entries, Entry, EntryKind, Links, Lookup, Mounts, Names, PathError, PathRules, Root, SafePath,
};
pub use untrusted::{Accept, Untrusted};
