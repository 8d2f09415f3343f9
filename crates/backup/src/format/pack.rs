mod header;

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use sha2::{Digest, Sha256};

pub use header::{MAX_HEADER_BYTES, open_pack_header, pack_header_length};

use super::{FormatError, Id, MasterKey, Nonce, SEAL_OVERHEAD};

/// What a blob is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlobKind {
    /// A piece of a file's content.
    Data,
    /// The list of what is in a directory.
    Tree,
}

/// Where a blob lies in its pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PackedBlob {
    /// What it is part of.
    pub kind: BlobKind,
    /// The SHA-256 of its bytes.
    pub id: Id,
    /// Where its sealed bytes begin in the pack.
    pub offset: u32,
    /// How many sealed bytes it has.
    pub length: u32,
    /// Its own length, if it was compressed before it was sealed.
    pub uncompressed: Option<NonZeroU32>,
}

/// A pack that is being filled.
#[derive(Default)]
pub struct PackBuilder {
    bytes: Vec<u8>,
    hash: Sha256,
    blobs: Vec<PackedBlob>,
}

/// A pack, ready to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct FinishedPack {
    /// The SHA-256 of its bytes: its name.
    pub id: Id,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What is in it, as the index wants to know.
    pub blobs: Vec<PackedBlob>,
}

impl BlobKind {
    /// Its name in an index: `data` or `tree`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Tree => "tree",
        }
    }
}

impl PackedBlob {
    /// How many bytes the blob has when it is opened and decompressed.
    #[must_use]
    pub fn plain_length(&self) -> u64 {
        let sealed = u64::from(self.length).saturating_sub(SEAL_OVERHEAD as u64);
        self.uncompressed.map_or(sealed, |length| length.get().into())
    }
}

impl PackBuilder {
    /// An empty pack.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty pack with room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// Appends a blob that is sealed.
    ///
    /// # Errors
    ///
    /// When the pack would have 4 GiB and more, or its header more than [`MAX_HEADER_BYTES`].
    pub fn add(
        &mut self,
        kind: BlobKind,
        id: Id,
        sealed: &[u8],
        uncompressed: Option<NonZeroU32>,
    ) -> Result<PackedBlob, FormatError> {
        let blob = self.place(kind, id, sealed.len(), uncompressed)?;
        self.bytes.extend_from_slice(sealed);
        self.hash.update(sealed);
        self.blobs.push(blob);
        Ok(blob)
    }

    /// Seals a blob - compressed, if `uncompressed` tells its own length - right into the pack.
    ///
    /// # Errors
    ///
    /// When the pack would have 4 GiB and more, or its header more than [`MAX_HEADER_BYTES`].
    pub fn seal(
        &mut self,
        kind: BlobKind,
        id: Id,
        body: &[u8],
        uncompressed: Option<NonZeroU32>,
        (key, nonce): (&MasterKey, &Nonce),
    ) -> Result<PackedBlob, FormatError> {
        let start = self.bytes.len();
        let blob = self.place(kind, id, body.len().saturating_add(SEAL_OVERHEAD), uncompressed)?;
        key.seal_into(nonce, body, &mut self.bytes);
        self.hash.update(&self.bytes[start..]);
        self.blobs.push(blob);
        Ok(blob)
    }

    /// How many bytes the blobs have so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no blob in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blobs.is_empty()
    }

    /// What is in it so far.
    #[must_use]
    pub fn blobs(&self) -> &[PackedBlob] {
        &self.blobs
    }

    /// The sealed bytes of a blob in it: for who wants to prove them before they are stored.
    #[must_use]
    pub fn sealed(&self, blob: &PackedBlob) -> Option<&[u8]> {
        let start = blob.offset as usize;
        self.bytes.get(start..start.checked_add(blob.length as usize)?)
    }

    /// Ends the pack with its header.
    ///
    /// # Errors
    ///
    /// When it is empty, or would have 4 GiB and more.
    pub fn finish(mut self, key: &MasterKey, nonce: &Nonce) -> Result<FinishedPack, FormatError> {
        if self.blobs.is_empty() {
            return Err(FormatError::Malformed { what: "a pack", reason: "has no blob" });
        }
        let start = self.bytes.len();
        header::append(&self.blobs, key, nonce, &mut self.bytes)?;
        self.hash.update(&self.bytes[start..]);
        let id = Id::from_bytes(self.hash.finalize().into());
        Ok(FinishedPack { id, bytes: self.bytes, blobs: self.blobs })
    }

    fn place(
        &self,
        kind: BlobKind,
        id: Id,
        length: usize,
        uncompressed: Option<NonZeroU32>,
    ) -> Result<PackedBlob, FormatError> {
        let too_large = FormatError::TooLarge { what: "a pack", limit: u32::MAX.into() };
        let end = self.bytes.len().checked_add(length).map(u32::try_from);
        let (Some(Ok(_)), Ok(offset), Ok(length)) =
            (end, u32::try_from(self.bytes.len()), u32::try_from(length))
        else {
            return Err(too_large);
        };
        header::check_room(self.blobs.len() + 1)?;
        Ok(PackedBlob { kind, id, offset, length, uncompressed })
    }
}

impl fmt::Display for BlobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BlobKind {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "data" => Ok(Self::Data),
            "tree" => Ok(Self::Tree),
            _ => Err(FormatError::Malformed { what: "a blob's kind", reason: "is not known" }),
        }
    }
}

impl fmt::Debug for PackBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, blobs) = (self.bytes.len(), self.blobs.len());
        let mut shown = f.debug_struct("PackBuilder");
        shown.field("bytes", &bytes).field("blobs", &blobs).finish_non_exhaustive()
    }
}

impl fmt::Debug for FinishedPack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, blobs) = (self.bytes.len(), self.blobs.len());
        let mut shown = f.debug_struct("FinishedPack");
        shown.field("id", &self.id).field("bytes", &bytes).field("blobs", &blobs).finish()
    }
}
