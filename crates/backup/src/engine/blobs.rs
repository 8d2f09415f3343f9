use std::fmt;
use std::io::Read as _;
use std::num::NonZeroU32;
use std::ops::Range;

use sha2::{Digest as _, Sha256};

use crate::format::{
    BlobKind, Decompressor, FormatError, Id, MAX_WINDOW_LOG, MasterKey, Nonce, PackedBlob, Tree,
};
use crate::store::{Key, Kind};

use super::role::Role;
use super::{Error, Index, Repository};

/// Opens blobs and proves them. One for each thread: it holds the memory for decompression.
pub struct BlobOpener<'r> {
    master: &'r MasterKey,
    decompressor: Decompressor,
}

impl<R: Role> Repository<R> {
    /// Something that opens blobs whose sealed bytes are in memory.
    ///
    /// # Errors
    ///
    /// When there is no memory for it.
    pub fn blob_opener(&self) -> Result<BlobOpener<'_>, Error> {
        let decompressor = Decompressor::new()
            .map_err(|source| Error::Unwritable { what: "memory for decompression", source })?;
        Ok(BlobOpener { master: &self.inner.master, decompressor })
    }

    /// Reads a blob. What is returned has the hash that is its id. Where a blob is in several packs, and one of them is
    /// damaged or gone, another one is read.
    ///
    /// # Errors
    ///
    /// When no index knows it, or no pack that has it is whole.
    pub fn read_blob(&self, index: &Index, kind: BlobKind, id: &Id) -> Result<Vec<u8>, Error> {
        self.read_blob_with(&mut self.blob_opener()?, index, kind, id)
    }

    /// As [`read_blob`](Self::read_blob), for whoever reads many.
    ///
    /// # Errors
    ///
    /// As [`read_blob`](Self::read_blob).
    pub fn read_blob_with(
        &self,
        opener: &mut BlobOpener<'_>,
        index: &Index,
        kind: BlobKind,
        id: &Id,
    ) -> Result<Vec<u8>, Error> {
        let mut first = None;
        for place in index.find(kind, id) {
            let key = Key::Named(Kind::Pack, place.pack);
            let from = u64::from(place.blob.offset);
            let range = from..from + u64::from(place.blob.length);
            let read = match self.store().get(&key, Some(range)) {
                Ok(sealed) => opener.open(&place.pack, &place.blob, &sealed),
                Err(error) => Err(error.into()),
            };
            match read {
                Ok(blob) => return Ok(blob),
                Err(error) => first.get_or_insert(error),
            };
        }
        Err(first.unwrap_or(Error::BlobMissing { kind, id: *id }))
    }

    /// Reads a tree.
    ///
    /// # Errors
    ///
    /// As [`read_blob`](Self::read_blob), and when the blob is no tree.
    pub fn read_tree(&self, index: &Index, id: &Id) -> Result<Tree, Error> {
        let blob = self.read_blob(index, BlobKind::Tree, id)?;
        Tree::from_json(&blob).map_err(|source| Error::MalformedTree { id: *id, source })
    }
}

impl BlobOpener<'_> {
    /// Decrypts and decompresses a blob, and proves that it has its id as hash.
    ///
    /// # Errors
    ///
    /// When it has not; the pack is named in the error.
    pub fn open(&mut self, pack: &Id, blob: &PackedBlob, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let damaged =
            |source| Error::BlobDamaged { kind: blob.kind, id: blob.id, pack: *pack, source };
        let plain = self.unseal(blob, sealed).map_err(|source| damaged(Some(Box::new(source))))?;
        if Id::of(&plain) == blob.id { Ok(plain) } else { Err(damaged(None)) }
    }

    /// As [`open`](Self::open), where the sealed bytes lie; what was compressed is put into `decompressed`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_in_place<'b>(
        &mut self,
        pack: &Id,
        blob: &PackedBlob,
        sealed: &'b mut [u8],
        decompressed: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], Error> {
        let damaged =
            |source| Error::BlobDamaged { kind: blob.kind, id: blob.id, pack: *pack, source };
        let opened =
            self.master.open_in_place(sealed).map_err(|source| damaged(Some(Box::new(source))))?;
        let plain = match blob.uncompressed {
            None => &*opened,
            Some(length) => {
                self.decompress(blob.kind, opened, length, decompressed)
                    .map_err(|source| damaged(Some(Box::new(source))))?;
                &decompressed[..]
            }
        };
        if Id::of(plain) == blob.id { Ok(plain) } else { Err(damaged(None)) }
    }

    /// Decrypts a blob that was compressed where it lies, and proves it piece by piece without holding all of it. Tells
    /// where among the sealed bytes the compressed ones are now.
    pub(super) fn open_compressed(
        &self,
        pack: &Id,
        blob: &PackedBlob,
        sealed: &mut [u8],
    ) -> Result<Range<usize>, Error> {
        let damaged =
            |source| Error::BlobDamaged { kind: blob.kind, id: blob.id, pack: *pack, source };
        let opened =
            self.master.open_in_place(sealed).map_err(|source| damaged(Some(Box::new(source))))?;
        let start = size_of::<Nonce>();
        let range = start..start + opened.len();
        if hash_of_compressed(opened, blob.plain_length()) == Some(blob.id) {
            Ok(range)
        } else {
            Err(damaged(None))
        }
    }

    fn unseal(&mut self, blob: &PackedBlob, sealed: &[u8]) -> Result<Vec<u8>, FormatError> {
        let opened = self.master.open(sealed)?;
        let Some(length) = blob.uncompressed else { return Ok(opened) };
        let mut plain = Vec::new();
        self.decompress(blob.kind, &opened, length, &mut plain)?;
        Ok(plain)
    }

    fn decompress(
        &mut self,
        kind: BlobKind,
        compressed: &[u8],
        length: NonZeroU32,
        plain: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let limit = match kind {
            BlobKind::Data => DATA_LIMIT,
            BlobKind::Tree => TREE_LIMIT,
        };
        if length.get() > limit {
            return Err(FormatError::TooLarge { what: "a blob", limit: limit.into() });
        }
        self.decompressor.decompress_blob(compressed, length, plain)
    }
}

impl fmt::Debug for BlobOpener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobOpener").finish_non_exhaustive()
    }
}

/// The name of what was compressed and has this length, without holding all of it.
pub(super) fn hash_of_compressed(compressed: &[u8], length: u64) -> Option<Id> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(compressed).ok()?;
    decoder.window_log_max(MAX_WINDOW_LOG).ok()?;
    let mut hash = Sha256::new();
    let mut left = length;
    let mut part = vec![0; PART];
    loop {
        match decoder.read(&mut part).ok()? {
            0 => break,
            count => {
                hash.update(&part[..count]);
                left = left.checked_sub(count as u64)?;
            }
        }
    }
    (left == 0).then(|| Id::from_bytes(hash.finalize().into()))
}

/// How much of it is held at once.
const PART: usize = 128 << 10;
/// Sixteen times what restic's chunker makes. A few compressed bytes may say that they become gigabytes.
const DATA_LIMIT: u32 = 128 << 20;
/// Two million entries of a directory.
const TREE_LIMIT: u32 = 1 << 30;
