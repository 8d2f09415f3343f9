//! An append-only, signed audit log that anybody can check offline.
//!
//! Entries are JSON lines in plain files. Each line is a leaf of a Merkle tree, and signed checkpoints vouch for
//! the tree: who changes, removes or reorders a line that a checkpoint covers is found out. The formats are those of
//! transparency logs everywhere.
//!
//! ```
//! use wardkit_auditlog::{Durability, Entry, LogOptions, Verifier};
//! use wardkit_tlog::SigningKey;
//!
//! # let dir = tempfile::tempdir()?;
//! // The key's name is the log's. The seed is random, and kept where only this program can read it.
//! let key = SigningKey::from_seed("example.com/trail", [7; 32])?;
//! let trusted = key.verifier().clone();
//! let log = LogOptions::new(key).with_host("bot-1").open(dir.path())?;
//!
//! // Returns when the entry is on the disk and a checkpoint covers it.
//! let entry = Entry::new("config.changed", "/etc/bot.toml").with("token", "hunter2")?.by("root");
//! let receipt = log.append(entry, Durability::Sealed)?;
//! assert_eq!(receipt.seq, 1); // entry 0 names log, host and key
//!
//! // Named fields and secrets are masked before the line is hashed.
//! let stored = std::fs::read_to_string(dir.path().join("000000000000.jsonl"))?;
//! assert!(stored.contains(r#""detail":{"token":"***"}"#));
//!
//! // Anybody with the public key checks the whole log, or a copy of it.
//! let verdict = Verifier::new(trusted.clone()).verify(dir.path())?;
//! assert!(verdict.is_intact());
//!
//! // An entry that was changed is found.
//! std::fs::write(dir.path().join("000000000000.jsonl"), stored.replace("root", "mallory"))?;
//! let verdict = Verifier::new(trusted).verify(dir.path())?;
//! println!("{}", verdict.failures[0]); // checkpoint vouches for 2 entries, and not all from 0 on are those
//! # assert_eq!(verdict.failures[0].to_string(), "checkpoint vouches for 2 entries, and not all from 0 on are those");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`LogOptions`], [`Log`] | opens a log; a handle for many threads, beside other processes |
//! | [`Entry`], [`Receipt`], [`Record`] | what goes in, what is acknowledged, what is stored |
//! | [`Durability`] | what an entry must survive before it is acknowledged |
//! | [`MaskedFields`], [`Redact`] | what is never written: fields by name, and what a recogniser finds |
//! | [`Query`], [`Records`] | reads entries back, by kind, subject, time and number |
//! | [`Verifier`], [`Verdict`], [`Failure`] | proves a log, and says what is wrong and where |
//!
//! # What it promises
//!
//! - An entry is acknowledged when it is as durable as asked, never before. Threads that append at the same time
//!   share one synchronisation.
//! - A crash loses nothing that was acknowledged, and leaves at most one cut line, which the next entry removes.
//! - A full disk is an error: nothing is acknowledged, and the log goes on when there is space.
//! - A log that is shorter than its checkpoint, or other than it, is not written on.
//! - A log that hands over to a new key each day cannot be re-signed by who steals today's.
//!
//! # What it does not do
//!
//! It has no thread of its own: call [`Log::maintain`] now and then. It keeps no keys. Entries younger than the newest
//! checkpoint are not proven; a log that was taken back as a whole to an earlier state shows only beside what was
//! [seen](Verifier::last_seen) of it elsewhere. `docs/specs/auditlog.md` has the format.

mod archive;
mod disk;
mod entry;
mod error;
mod layout;
mod log;
mod mask;
mod options;
mod query;
mod segment;
mod verdict;
mod verify;
mod writer;

pub use entry::{Durability, Entry, Receipt, Record};
pub use error::{Error, LineFault};
pub use layout::newest_checkpoint;
pub use log::Log;
pub use mask::{MaskedFields, Redact, RedactNothing};
pub use options::LogOptions;
pub use query::{Query, Records};
pub use verdict::{Failure, Verdict, Witness};
pub use verify::Verifier;
