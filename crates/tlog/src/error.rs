//! Why something was refused.

/// A text, a key, a proof or a chain of keys that was refused.
///
/// Nothing here passes by itself: the same input is refused again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name of a key is empty, or holds a space, a plus sign or a control character.
    #[error("a key's name is empty or holds a space, a plus sign or a control character")]
    KeyName,
    /// The text of a key is not what it should be.
    #[error("malformed key: {0}")]
    Key(&'static str),
    /// The text of a hash is not the base64 of 32 bytes.
    #[error("a hash is not the base64 of 32 bytes")]
    Hash,
    /// The text of a tree head is not a size and a hash.
    #[error("a tree head is not a size, a space and a hash")]
    TreeHead,
    /// The text is no signed note.
    #[error("malformed note: {0}")]
    Note(&'static str),
    /// No signature is by a key that is trusted.
    #[error("no signature is by a known key")]
    NoKnownSigner,
    /// A signature claims a trusted key and is not by it.
    #[error("wrong signature of key {name:?} ({id:08x})")]
    Signature {
        /// The key's name.
        name: String,
        /// The key's ID.
        id: u32,
    },
    /// A text that was signed is no checkpoint.
    #[error("malformed checkpoint: {0}")]
    Checkpoint(&'static str),
    /// A checkpoint is of another log.
    #[error("a checkpoint of log {found:?}, expected {expected:?}")]
    Origin {
        /// The log that was asked for.
        expected: String,
        /// The log that the checkpoint names.
        found: String,
    },
    /// The text is no proof.
    #[error("malformed proof: {0}")]
    Proof(&'static str),
    /// A proof starts from another size than the head that it was held against.
    #[error("a proof starts from size {found}, expected {expected}")]
    ProofStart {
        /// The size of the head.
        expected: u64,
        /// The size that the proof names.
        found: u64,
    },
    /// An entry lies beyond the tree's end.
    #[error("entry {index} is not in a tree of size {size}")]
    Index {
        /// The entry's index, from zero.
        index: u64,
        /// The number of entries.
        size: u64,
    },
    /// A tree cannot grow to fewer entries.
    #[error("a tree of size {old} does not grow to size {new}")]
    Shrinks {
        /// The size before.
        old: u64,
        /// The size after.
        new: u64,
    },
    /// The proof does not lead from the entry to the root.
    #[error("the proof does not show that the entry is in the tree")]
    NotIncluded,
    /// The proof does not lead from one root to the other.
    #[error("the proof does not show that one tree continues the other")]
    NotConsistent,
    /// The parts of a frontier do not fit its size.
    #[error("a frontier of size {size} does not have {peaks} peaks")]
    Frontier {
        /// The number of entries.
        size: u64,
        /// The number of peaks given.
        peaks: usize,
    },
    /// A tree does not hold this node.
    #[error("the tree has no node {index} at level {level}")]
    NoNode {
        /// Zero for leaves.
        level: u32,
        /// The index within the level.
        index: u64,
    },
    /// A text that was signed is no certificate of an epoch's key.
    #[error("malformed epoch certificate: {0}")]
    Certificate(&'static str),
    /// A certificate does not continue the chain.
    #[error("an epoch certificate does not continue the chain: {0}")]
    Chain(&'static str),
}
