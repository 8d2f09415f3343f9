//! Types that keep a text inside its slot, whatever it contains.

mod argv;
pub(crate) mod characters;
mod filename;
mod header;
mod html;
mod log_line;
mod path;
mod sanitizer;
mod sql;
mod untrusted;
#[cfg(feature = "url")]
mod url;

pub use argv::{Arg, Argv, ArgvError, Dashes, Program};
pub use filename::{Filename, FilenameRules};
pub use header::{BeyondAscii, HeaderError, HeaderName, HeaderRules, HeaderSafe};
pub use html::{HtmlEscape, HtmlEscaped};
#[cfg(feature = "html")]
pub use html::{HtmlRules, SanitizedHtml};
pub use log_line::{LogEscape, LogLine};
pub use path::{
    PathEntries, PathEntry, PathEntryKind, PathError, PathLinks, PathLookup, PathMounts, PathNames,
    PathRules, Root, SafePath,
};
pub use sanitizer::{Edit, Sanitizer};
pub use sql::{
    SqlBind, SqlDialect, SqlError, SqlIdent, SqlIdents, SqlParam, SqlStatement, SqlValue,
};
#[cfg(feature = "sql-parse")]
pub use sql::{SqlSelect, SqlSelectRules};
pub use untrusted::{Accept, Untrusted};
#[cfg(feature = "url")]
pub use url::{
    Credentials, HostPattern, Pinned, Redirect, Resolve, SafeUrl, Scheme, SystemResolver, UrlError,
    UrlPolicy,
};
