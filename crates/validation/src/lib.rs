//! Keeps user text out of commands, queries, paths, requests and logs; finds secrets and masks them.
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
    Accept, Entries, Entry, EntryKind, Links, Lookup, Mounts, Names, PathError, PathRules, Root,
    SafePath, Untrusted,
};
pub use sink::{Arg, Argv, ArgvError, Dashes, Program};
#[cfg(feature = "url")]
pub use sink::{
    Credentials, HostPattern, Pinned, Redirect, Resolve, SafeUrl, Scheme, SystemResolver, UrlError,
    UrlPolicy,
};
pub use sink::{Edit, Sanitizer};
pub use sink::{Filename, FilenameRules, LogEscape, LogLine};
pub use sink::{HeaderError, HeaderName, HeaderRules, HeaderSafe, Opaque};
pub use sink::{HtmlEscape, HtmlEscaped};
#[cfg(feature = "html")]
pub use sink::{HtmlRules, SanitizedHtml};
#[cfg(feature = "sql-parse")]
pub use sink::{Select, SelectRules};
pub use sink::{
    SqlBind, SqlDialect, SqlError, SqlIdent, SqlIdents, SqlParam, SqlStatement, SqlValue,
};
pub use upload::{FileKind, UploadProblem, UploadReport, UploadRules};
