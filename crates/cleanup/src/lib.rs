//! Removes old temporary files by rules: never across mounts, never what is open, never through a link.
//!
//! ```
//! use std::time::Duration;
//! use wardkit_cleanup::{Cleaner, Config, Rule};
//! use wardkit_core::SystemClock;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().canonicalize()?;
//! std::fs::write(path.join("a.tmp"), "left behind")?;
//! let mut rule = Rule::new(&path);
//! rule.names = vec!["*.tmp".to_owned()];
//! rule.older_than = Some(Duration::from_hours(24));
//! let mut config = Config::default();
//! config.rules.push(rule);
//!
//! let cleaner = Cleaner::new(config, vec!["/var/lib/bot".into()]).expect("it is sound");
//! let planned = cleaner.plan(&SystemClock, &|| false); // looks, and removes nothing
//! assert_eq!(planned.removed(), 0, "it was made a moment ago");
//! let report = cleaner.run(&SystemClock, &|| false);
//! assert_eq!(report, planned);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Config`], [`Rule`], [`Also`], [`Size`] | what is removed where, and everything that is wrong with it |
//! | [`Cleaner`] | the rules, ready to be run or to be looked at |
//! | [`Report`], [`RuleReport`] | what was removed and why; what stays and what is in the way; events |
//!
//! # What it promises
//!
//! - Directories are opened by `openat2` below the one that was opened before, without following links and without
//!   crossing mounts; where that is refused, name by name with the same checks. A directory that is swapped for a link
//!   while it is searched is refused, told, and what the link leads to stays.
//! - What is removed is looked at again in the moment before: the same file, unchanged since the plan, not locked.
//! - What a process has open, mapped, runs or works in stays, and so does what is below a directory that is locked.
//! - Sockets, pipes and devices stay; links, files with several names and files of others unless a rule says otherwise.
//! - System directories and those that the program protects are refused as a rule's directory, and never entered.
//! - A dry run makes the same checks as a real one, and its list is the list that a real run would remove.
//!
//! # What it does not do
//!
//! No thread and no timer: who calls decides when. It does not wait for network file systems that do not answer: let no
//! rule lead there. Between the last look and the removal a name can still be given to another file of the same
//! directory; only the name is removed then, never anything elsewhere. As an ordinary user it sees what that user's
//! processes have open, and says of how many processes it does not know.
//!
//! # Features
//!
//! `serde`: rules as configuration, reports as data; `schema`: the JSON Schema of the rules.

#![forbid(unsafe_code)]

mod cleaner;
mod config;
mod in_use;
mod open;
mod plan;
mod report;
mod size;
mod walk;

pub use cleaner::Cleaner;
pub use config::{Also, Config, Rule, Violation};
pub use report::{CutShort, Kept, Obstacle, Removed, Report, RuleReport, Why};
pub use size::{NotASize, Size};
