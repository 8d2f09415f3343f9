//! Types that keep a text inside its slot, whatever it contains.

mod argv;
pub(crate) mod characters;
mod path;
mod untrusted;
#[cfg(feature = "url")]
mod url;

pub use argv::{Arg, Argv, ArgvError, Dashes, Program};
pub use path::{
    Entries, Entry, EntryKind, Links, Lookup, Mounts, Names, PathError, PathRules, Root, SafePath,
};
pub use untrusted::{Accept, Untrusted};
#[cfg(feature = "url")]
pub use url::{
    Credentials, HostPattern, Pinned, Redirect, Resolve, SafeUrl, Scheme, SystemResolver, UrlError,
    UrlPolicy,
};
