//! File integrity: knows what changed.

mod actor;
mod baseline;
mod change;
mod codec;
mod comparison;
mod diff;
mod digest;
mod entry;
mod error;
mod finding;
mod guard;
mod interop;
mod monitor;
mod order;
mod policy;
mod scan;
mod selection;
#[cfg(feature = "sentry")]
mod sentry;
mod text_diff;
mod time;
#[cfg(feature = "trust")]
mod trust;
mod watch;

pub use actor::{Actor, Confidence};
pub use baseline::{Baseline, BaselineDir, BaselineHeader, Entries, Refusal, Seen};
pub use change::{Change, ChangeKind, Field, FieldChange, FieldValue, Fields};
pub use comparison::{Compared, Comparison, Faulty};
pub use diff::{compare_entries, diff, join};
pub use digest::{Algorithm, Digest};
pub use entry::{Entry, EntryKind, Fault, Flags, Prefix, Xattr, XattrValue, Xattrs};
pub use error::Error;
pub use finding::{
    Acceptance, Cause, Finding, Group, Outcome, Package, PackageChange, Report, Ruling,
};
pub use guard::{
    Checked, Guard, GuardError, Listed, Pins, SealedFile, Untrusted, Verified, WhyUntrusted,
    trusted_file, trusted_parents,
};
pub use interop::{ComparedList, Export, Exported, Format, ImportedList, import};
pub use monitor::{
    Action, Assessment, Case, Input, Moment, Monitor, MonitorOptions, Observation, Verdict,
};
pub use policy::{
    Around, Considered, Explanation, Nothing, Origin, Pattern, PatternError, Policy, Profile, Rule,
    Shadowed, Surroundings, Usage,
};
#[cfg(feature = "policy")]
pub use policy::{PolicyError, PolicyProblem};
pub use scan::{
    Cancel, Known, Mounts, Pace, Progress, Reuse, ScanOptions, Snapshot, Statistics, inspect,
};
pub use selection::{Everything, Outside, Selection, Take};
#[cfg(feature = "sentry")]
pub use sentry::{Notice, Sentry, SentryOptions};
pub use text_diff::{Hunk, Kept, Line, Redact, TextDiff, TextStore, UsualSecrets};
pub use time::FileTime;
#[cfg(feature = "trust")]
pub use trust::{
    Bookkeeping, ChecksumList, Claim, Claims, Dpkg, Installed, Inventory, Ledger, PathId, Phase,
    Pip, Revision, Standing, TrustSource,
};
#[cfg(feature = "notify")]
pub use watch::InotifyWatch;
#[cfg(feature = "fanotify")]
pub use watch::{
    Answer, EnforceCounts, EnforceOptions, Enforcer, FanotifyWatch, Gate, Opens, Question,
};
pub use watch::{
    Batch, ChangeSource, Lost, LostReason, PollWatch, Touch, Touched, WatchMode, WatchOptions,
    Watching,
};
