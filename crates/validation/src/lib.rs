//! Keeps user text out of commands, queries, paths, requests and logs; finds secrets and masks them.
//!
//! What comes from outside is [`Untrusted`]: it cannot be printed, joined or run, and leaves only through a sink,
//! whose type keeps it in its slot.
//!
//! ```
//! use wardkit_validation::{LogLine, Root, SqlDialect, SqlStatement, Untrusted};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wish = Untrusted::new("../../etc/passwd'; DROP TABLE notes --\n".to_owned());
//!
//! // A value of a query is bound, and is no part of the statement.
//! let query = SqlStatement::new(SqlDialect::Sqlite, "SELECT * FROM notes WHERE title = ").bind(&wish);
//! assert_eq!(query.as_str(), "SELECT * FROM notes WHERE title = ?1");
//!
//! // A path stays beneath its root, or is refused.
//! let notes = Root::open(std::env::temp_dir())?;
//! assert!(wish.validate_for::<str, _>(&notes).is_err());
//!
//! // A log line stays one line.
//! assert_eq!(LogLine::from(&wish).to_string(), r"../../etc/passwd'; DROP TABLE notes --\n");
//! # Ok(())
//! # }
//! ```
//!
//! Detection comes second: a signal for logging, scoring and blocking, which can be talked around.
//!
//! ```
//! use wardkit_validation::{Level, Policy, Sink};
//!
//! let verdict = Policy::for_sink(Sink::Shell).check("notes.txt; cat /etc/passwd")?;
//! assert_eq!(verdict.level(), Level::Reject);
//! # Ok::<(), wardkit_validation::Error>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Untrusted`], [`Accept`] | a value from outside; what takes one |
//! | [`Program`], [`Argv`] | a program that may be run; its arguments, without a shell |
//! | [`Root`], [`SafePath`], [`Filename`] | a directory; what stays beneath it; a name for an upload |
//! | `UrlPolicy`, `SafeUrl`, `Pinned` | where requests may go; one that may; the addresses it was judged by |
//! | [`SqlStatement`], [`SqlIdents`] | a statement with bound values; names that may stand in one |
//! | [`HeaderSafe`], [`LogLine`], [`HtmlEscaped`] | a value of a header; a line of a log; text of a page |
//! | [`Policy`], [`Verdict`], [`Rule`] | what is looked for; what was found; what can be |
//! | [`InputValidator`], [`Settings`], `ToolSchema` | grammars of commands, configurations and tool arguments |
//! | [`UploadRules`] | what an upload may be, by its bytes |
//! | [`Masker`], [`Masked`], [`Recognisers`] | hides secrets in texts; a secret; what is recognised |
//! | [`RateLimiter`], [`Quota`] | how often each key may act |
//!
//! # Features
//!
//! - `url`: `SafeUrl`. `html`: sanitised HTML over ammonia. `sql-parse`: "is this one `SELECT`" over sqlparser.
//! - `schema`: arguments of LLM tools by JSON Schema with `x-sink`. `serde`: policies, grammars and settings as data.
//! - `tracing`: writers that mask. `tokio`: resolver and commands on tokio.
//!
//! # What it does not do
//!
//! It does not promise that detection finds everything; only the types do, each for its slot. It recognises personal
//! data by structure, not by meaning. It does no requests and runs no programs: it gives out what is safe to run.
#![forbid(unsafe_code)]

mod command;
mod detect;
mod duration;
mod error;
mod limit;
mod mask;
mod net;
#[cfg(feature = "schema")]
mod schema;
mod settings;
mod sink;
mod upload;

pub use command::{
    Argument, Command, CommandError, CommandProblem, Date, Grammar, InputValidator, Invocation,
    UserRef,
};
pub use detect::{Action, Exception, Policies, Policy, Strictness};
pub use detect::{Class, Finding, Layer, Level, Rule, Sink, Verdict, rule, rules};
pub use detect::{PromptScore, PromptSignal, prompt_score};
pub use error::Error;
pub use limit::{Limited, Quota, RateLimiter};
#[cfg(feature = "tracing")]
pub use mask::MaskingMakeWriter;
pub use mask::{Found, Masked, MaskedLines, Masker, MaskerBuilder, MaskingWriter};
pub use mask::{Recogniser, Recognisers, Sensitive};
pub use net::{AddressKind, AddressMap, Embedded, Embedding, Network};
#[cfg(feature = "schema")]
pub use schema::{ToolArguments, ToolError, ToolProblem, ToolSchema, ToolSink};
pub use settings::{SecretRef, Setting, SettingFault, SettingFaults, SettingKind, Settings};
pub use sink::{
    Accept, PathEntries, PathEntry, PathEntryKind, PathError, PathLinks, PathLookup, PathMounts,
    PathNames, PathRules, Root, SafePath, Untrusted,
};
pub use sink::{Arg, Argv, ArgvError, Dashes, Program};
pub use sink::{BeyondAscii, HeaderError, HeaderName, HeaderRules, HeaderSafe};
#[cfg(feature = "url")]
pub use sink::{
    Credentials, HostPattern, Pinned, Redirect, Resolve, SafeUrl, Scheme, SystemResolver, UrlError,
    UrlPolicy,
};
pub use sink::{Edit, Sanitizer};
pub use sink::{Filename, FilenameRules, LogEscape, LogLine};
pub use sink::{HtmlEscape, HtmlEscaped};
#[cfg(feature = "html")]
pub use sink::{HtmlRules, SanitizedHtml};
pub use sink::{
    SqlBind, SqlDialect, SqlError, SqlIdent, SqlIdents, SqlParam, SqlStatement, SqlValue,
};
#[cfg(feature = "sql-parse")]
pub use sink::{SqlSelect, SqlSelectRules};
pub use upload::{FileKind, UploadProblem, UploadReport, UploadRules};
