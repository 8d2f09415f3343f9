//! File integrity: says what changed, who changed it, and whether that was expected.
//!
//! A scan records every path below its roots; a baseline is a scan that somebody signed. Compared with what is, it says
//! what was added, removed or modified, field by field. A policy says what matters; a watch hears of changes as they
//! happen; a guard checks a file before it is used.
//!
//! ```
//! use wardkit_integrity::{BaselineDir, BaselineHeader, Comparison, Field, Policy, ScanOptions};
//! use wardkit_tlog::SigningKey;
//!
//! # let dir = tempfile::tempdir()?;
//! # let (bot, kept) = (dir.path().join("bot"), dir.path().join("kept"));
//! # std::fs::create_dir(&bot)?;
//! std::fs::write(bot.join("bot.toml"), "greeting = \"hello\"")?;
//!
//! // What is, signed: the first baseline. The seed is random, and kept where only this program can read it.
//! let key = SigningKey::from_seed("bot-1/fim", [7; 32])?;
//! let scan = ScanOptions::new([&bot]).run()?;
//! let header = BaselineHeader::new("bot-1", [0; 16]).with_roots([&bot]); // 16 random bytes
//! let baselines = BaselineDir::new(&kept);
//! let seen = baselines.init(&header, scan.entries(), &key)?;
//!
//! // Somebody changes the file and sets its time back.
//! let modified = std::fs::metadata(bot.join("bot.toml"))?.modified()?;
//! std::fs::write(bot.join("bot.toml"), "greeting = \"tips?\"")?;
//! std::fs::File::options().append(true).open(bot.join("bot.toml"))?.set_modified(modified)?;
//!
//! // A baseline that was exchanged, or an older one, is an error here.
//! let baseline = baselines.newest([key.verifier()], Some(&seen))?;
//! let policy = Policy::everything();
//! let now = ScanOptions::new([&bot]).run()?;
//! let found = Comparison::new(&baseline, &policy).of_snapshot(&now);
//! assert_eq!(found.changes.len(), 1);
//! assert!(found.changes[0].field(Field::Content).is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`ScanOptions`], [`Snapshot`], [`Entry`] | scans trees, in parallel; what was found, compact; all that is known of a path |
//! | [`BaselineDir`], [`Baseline`] | signed generations in a directory; one that was opened and verified |
//! | [`Comparison`], [`Change`], [`diff`] | what is beside what was, by a policy; one path that differs; any two lists |
//! | [`Policy`], [`Profile`], [`Rule`] | what is looked at and what may change, and why (`explain`) |
//! | [`Guard`], [`Pins`] | a file that is used only as it was accepted: open, read, sealed |
//! | [`Watching`], [`ChangeSource`] | hears of changes: fanotify with the process, inotify without, polling |
//! | `Enforcer`, `Gate` | asks before files are opened (feature `fanotify`) |
//! | [`Monitor`], [`Finding`] | settles, groups and tells once; pure |
//! | `Ledger`, `Dpkg`, `Rpm`, `Pip`, `Npm` | package databases that explain a change (feature `trust`) |
//! | `Sentry`, `Notice` | all of it in one loop (feature `sentry`) |
//! | [`TextStore`], [`TextDiff`] | the lines that changed, secrets masked |
//! | [`Export`], [`import`] | lists of sha256sum, b3sum, mtree and AIDE |
//!
//! # What it promises
//!
//! - A scan cannot be hung or led astray by who may write in the tree: it goes from directory to directory by
//!   descriptor, follows no link, opens nothing but directories and regular files, and never waits for them.
//! - What cannot be read is an entry that says why, never a gap.
//! - A baseline is whole, signed, and no older than the one that was accepted last, or it is not opened.
//! - What a watch may have missed is scanned again: a full queue, an unmounted disk, a restart.
//! - Reports are merged, never dropped.
//!
//! # What it does not do
//!
//! No thread of its own but the scanner's and the enforcer's, no key store, no trail: `wardkit-custody` joins those.
//! A change that is undone between two scans while nothing watches leaves no trace. Stores through a shared mapping show
//! at the next full scan. Against root on the same host a baseline proves what its keys, kept elsewhere, prove.
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `policy` | policies as TOML, presets, a look into `.gz` logs |
//! | `serde` | changes and explanations as JSON |
//! | `notify`, `fanotify` | watching through inotify; through fanotify, with attribution and enforcement, as root |
//! | `trust` | package databases |
//! | `sentry` | the driver of watch, scans and reports; brings `trust` |
//! | `gzip` | compressed databases of AIDE |

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
    Bookkeeping, ChecksumList, Claim, Claims, Dpkg, Installed, Inventory, Ledger, Npm, PathId,
    Phase, Pip, Revision, Rpm, Standing, TrustSource,
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
