//! What a host keeps to prove its records: keys that live for a day, its audit trail, and the heads it has seen.
//!
//! ```
//! use wardkit_auditlog::{Durability, Entry};
//! use wardkit_custody::{Custody, Proof};
//!
//! # let dir = tempfile::tempdir()?;
//! # let (data_dir, log) = (dir.path().join("data"), dir.path().join("data/trail"));
//! // Everything lies below one directory that belongs to this user alone.
//! let custody = Custody::new(&data_dir, "bot-1");
//!
//! // The first call begins the log and makes its keys; each day it goes on under a new one.
//! let trail = custody.trail(&log)?;
//! trail.append([Entry::new("config.changed", "/etc/bot.toml")], Durability::Sealed)?;
//!
//! // The log is proven against keys and head that were kept here.
//! let proof = custody.prove(&log, &Proof::new())?;
//! assert!(proof.is_intact());
//!
//! // Whoever takes the log away is found out.
//! std::fs::rename(&log, dir.path().join("elsewhere"))?;
//! let proof = custody.prove(&log, &Proof::new())?;
//! println!("{}", proof.failures[0]); // the log of 2 entries that was here is gone
//! # assert_eq!(proof.failures[0].to_string(), "the log of 2 entries that was here is gone");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Custody`] | the directory, and the host's name |
//! | [`Trail`] | an audit log with the right keys; a handle for many threads, beside other processes |
//! | [`Proof`], [`Proven`], [`Mismatch`] | what a log is held against, and what came of it |
//! | [`Keyring`] | an identity and its keys of each day, for what signs without a log: baselines |
//! | `Baselines` | with the feature `baselines`: signed baselines of file integrity that stand on the trail |
//! | [`Repositories`], [`SeenRepository`] | the snapshots of backups that have to be there, signed |
//! | [`Seen`], [`Subject`], [`Mark`] | the newest head of each log and generation of each baseline that was ever accepted |
//!
//! # What it promises
//!
//! - The secret of an identity is used once, for the certificate of the first day's key, and never stored.
//! - A new key is on the disk before the old one hands over to it; after a crash at any point one of them goes on.
//! - What was seen never goes back. A file of which a part is missing is an error that names it.
//! - A file or directory that another user could write is refused.
//! - What is recognised as a secret, a card or an account number stands neither on the trail nor in texts that are kept
//!   for diffs.
//!
//! # What it does not do
//!
//! Who is root on this host can remove everything in here: keep heads elsewhere too. A secret that was overwritten may
//! survive in copies that the file system or the disk made.

#[cfg(feature = "baselines")]
mod baselines;
mod custody;
mod error;
mod files;
mod keyring;
mod mask;
mod prove;
mod repositories;
mod seen;
#[cfg(feature = "baselines")]
mod texts;
mod trail;

#[cfg(feature = "baselines")]
pub use baselines::{Acceptor, Baselines, Proposal, Rules};
pub use custody::Custody;
pub use error::Error;
pub use keyring::Keyring;
pub use prove::{Mismatch, Proof, Proven};
pub use repositories::{Needed, Repositories, SeenRepository};
pub use seen::{Mark, Seen, Subject};
pub use trail::Trail;
