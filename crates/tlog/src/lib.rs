//! Logs that cannot be rewritten unnoticed: Merkle trees, signed notes, checkpoints, daily keys.
//!
//! A log that shows a signed checkpoint now and then has promised every entry up to it. Whoever kept a checkpoint can
//! later ask for two short proofs: that an entry is in the log, and that the log only grew. The formats are those
//! of transparency logs everywhere, so existing verifiers and witnesses read them.
//!
//! ```
//! use wardkit_tlog::{Checkpoint, Hash, MemoryTree, Nodes, SigningKey, TreeHead};
//!
//! // The log: entries, their tree, and a key.
//! let entries = ["bot started", "config changed", "bot stopped"];
//! let tree: MemoryTree = entries.iter().map(|entry| Hash::leaf(entry.as_bytes())).collect();
//! let key = SigningKey::from_seed("example.com/audit", [7; 32])?; // yours is random
//! let note = Checkpoint::new("example.com/audit", tree.head())?.sign(&key)?;
//! println!("{note}");
//!
//! // A reader has the checkpoint's text and the public key, and nothing else of the log.
//! let note = note.to_string().parse()?;
//! let seen = Checkpoint::open(&note, "example.com/audit", [key.verifier()])?;
//! assert_eq!(seen.head().size, 3);
//!
//! // Is this entry in the log?
//! let proof = tree.inclusion_proof(1, 3)?;
//! assert!(proof.verify(Hash::leaf(b"config changed"), seen.head()).is_ok());
//! assert!(proof.verify(Hash::leaf(b"nothing changed"), seen.head()).is_err());
//!
//! // Does the log still begin with what I saw when it had one entry?
//! let before = TreeHead { size: 1, root: Hash::leaf(b"bot started") };
//! assert!(tree.consistency_proof(1, 3)?.verify(before, seen.head()).is_ok());
//! # Ok::<(), wardkit_tlog::Error>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Hash`](struct@Hash), [`TreeHead`] | leaf and node hashes; size and root, which fix a whole tree |
//! | [`Frontier`] | a tree that only grows and knows its root: at most 63 hashes, however long the log |
//! | [`MemoryTree`], [`Nodes`], [`Node`] | a whole tree in memory, or wherever you store it: roots and proofs |
//! | [`InclusionProof`], [`ConsistencyProof`], [`Relation`] | an entry is in a tree; a tree only grew; what happened if not |
//! | [`SigningKey`], [`VerifierKey`] | Ed25519 keys with names |
//! | [`Note`], [`Verified`], [`Signature`] | a text with signatures, and the text once one of them is verified |
//! | [`Checkpoint`] | a tree head with its log's name: what a log signs |
//! | [`InclusionEvidence`], [`ConsistencyEvidence`] | a proof and its checkpoint in one text that is checked offline |
//! | [`EpochSigner`], [`EpochChain`], [`EpochCertificate`], [`Voucher`], [`Epoch`] | a key a day, each certified by the one before, so that who breaks in today cannot sign for yesterday |
//!
//! # Formats
//!
//! [RFC 6962](https://www.rfc-editor.org/rfc/rfc6962#section-2.1) for trees and proofs, with SHA-256;
//! [signed-note](https://c2sp.org/signed-note), [tlog-checkpoint](https://c2sp.org/tlog-checkpoint),
//! [tlog-proof](https://c2sp.org/tlog-proof) and the request of [tlog-witness](https://c2sp.org/tlog-witness) for texts.
//! The certificates of epoch keys are our own; `docs/specs/tlog.md` has them and the limits.
//!
//! Every text has one spelling: what parses prints as the same bytes, and anything else is refused. Parsing is
//! bounded, and so is checking a proof: it has at most 64 hashes, and each is hashed at most twice.
//!
//! # What it does not do
//!
//! No files, no network, no clock, no randomness: seeds and times are arguments. It keeps no entries, only their
//! hashes. Nothing here tells whether a checkpoint is the newest: keep the last one you saw, outside the log's host.

mod chain;
mod checkpoint;
mod epoch;
mod error;
mod evidence;
mod frontier;
mod hash;
mod key;
mod nodes;
mod note;
mod proof;
mod text;

pub use chain::{EpochChain, Voucher};
pub use checkpoint::Checkpoint;
pub use epoch::{Epoch, EpochCertificate, EpochSigner};
pub use error::Error;
pub use evidence::{ConsistencyEvidence, InclusionEvidence};
pub use frontier::Frontier;
pub use hash::Hash;
pub use key::{SecretText, SigningKey, VerifierKey};
pub use nodes::{MemoryTree, Node, Nodes};
pub use note::{Note, Signature, Verified};
pub use proof::{ConsistencyProof, InclusionProof, Relation, TreeHead};
