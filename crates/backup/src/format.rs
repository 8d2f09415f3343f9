//! The bytes of a repository in the format of restic, versions 1 and 2: no input, no output, no clock, no chance.
//!
//! Everything that lies in a repository is read and written here: [`KeyFile`] and [`MasterKey`], the one
//! [`RepoConfig`], [`Snapshot`]s, [`Tree`]s of [`Node`]s, packs ([`PackBuilder`], [`PackedBlob`]), [`IndexFile`]s and
//! [`LockFile`]s. Bytes of strangers are refused with a [`FormatError`]: they never panic, and never take more memory
//! than they are long, times a small number, or than the reader allowed for what is decompressed.

mod compression;
mod crypto;
mod error;
mod id;
mod index_file;
mod json;
mod key_file;
mod lock_file;
mod pack;
mod repo_config;
mod snapshot;
mod time;
mod tree;

pub(crate) use compression::MAX_WINDOW_LOG;
pub use compression::{
    Compression, Compressor, Decompressor, MAX_UNPACKED_BYTES, ParseCompressionError,
};
pub use crypto::{MasterKey, Nonce, SEAL_OVERHEAD};
pub use error::FormatError;
pub use id::{Id, ParseIdError};
pub use index_file::{IndexFile, IndexPack, PackToDelete};
pub use json::UnknownFields;
pub use key_file::{KdfParams, KeyFile, KeyOwner};
pub use lock_file::LockFile;
pub use pack::{
    BlobKind, FinishedPack, MAX_HEADER_BYTES, PackBuilder, PackedBlob, open_pack_header,
    pack_header_length,
};
pub use repo_config::{RepoConfig, RepoVersion};
pub use snapshot::Snapshot;
pub use time::{ParseTimeError, Timestamp, ZonedTime};
pub(crate) use tree::NodeReader;
pub use tree::{Mode, Node, NodeKind, Tree, TreeWriter, Xattr};
