use std::fmt;
use std::io::Read;
use std::num::NonZeroU32;
use std::str::FromStr;

use super::{BlobKind, FormatError, RepoVersion};

/// How hard blobs are compressed. It is no property of a repository: each program chooses anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// The contents of files are stored as they are; trees and the other files are compressed all the same.
    Off,
    /// Half as much work as [`Auto`](Self::Auto), for a tenth more bytes.
    Fast,
    /// The usual one.
    #[default]
    Auto,
    /// As small as it gets, for a hundred times the work.
    Max,
}

/// A text that names no compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no compression: off, fast, auto and max are")]
pub struct ParseCompressionError;

/// How large a file outside of packs may become when it is read: an index of a million blobs has a fifth of it.
pub const MAX_UNPACKED_BYTES: usize = 1 << 30;

/// Compresses what a repository stores, as its version allows. One for each thread: it holds the memory for its work.
pub struct Compressor {
    version: RepoVersion,
    compression: Compression,
    zstd: zstd::bulk::Compressor<'static>,
}

/// Reads what was compressed. One for each thread: it holds the memory for its work.
pub struct Decompressor {
    zstd: zstd::bulk::Decompressor<'static>,
}

impl Compressor {
    /// A compressor for repositories of that version.
    ///
    /// # Errors
    ///
    /// When there is no memory for it.
    pub fn new(version: RepoVersion, compression: Compression) -> Result<Self, FormatError> {
        let mut zstd =
            zstd::bulk::Compressor::new(compression.level()).map_err(|_| FormatError::Compress)?;
        // The reader proves every blob by its id; a checksum would be four bytes of nothing.
        zstd.set_parameter(zstd::zstd_safe::CParameter::ChecksumFlag(false))
            .map_err(|_| FormatError::Compress)?;
        Ok(Self { version, compression, zstd })
    }

    /// Compresses a blob into `compressed`, whose bytes are replaced, and returns the blob's own length: both are what
    /// a pack wants to know. None means that the blob is to be stored as it is: it does not become smaller, or is not
    /// to be compressed.
    ///
    /// # Errors
    ///
    /// When the blob has 4 GiB and more, or memory is lacking.
    pub fn compress_blob(
        &mut self,
        kind: BlobKind,
        blob: &[u8],
        compressed: &mut Vec<u8>,
    ) -> Result<Option<NonZeroU32>, FormatError> {
        compressed.clear();
        let length = u32::try_from(blob.len())
            .map_err(|_| FormatError::TooLarge { what: "a blob", limit: u32::MAX.into() })?;
        let stored_as_is = kind == BlobKind::Data && self.compression == Compression::Off;
        let Some(length) = NonZeroU32::new(length) else { return Ok(None) };
        if self.version == RepoVersion::V1 || stored_as_is {
            return Ok(None);
        }
        self.compress(blob, compressed)?;
        Ok(Some(length).filter(|_| compressed.len() < blob.len()))
    }

    /// The bytes to seal for a file outside of packs: a snapshot, a part of the index, a lock.
    ///
    /// # Errors
    ///
    /// When memory is lacking.
    pub fn encode_unpacked(&mut self, json: Vec<u8>) -> Result<Vec<u8>, FormatError> {
        if self.version == RepoVersion::V1 {
            return Ok(json);
        }
        let mut encoded = Vec::new();
        self.compress(&json, &mut encoded)?;
        encoded.insert(0, COMPRESSED_UNPACKED);
        Ok(encoded)
    }

    fn compress(&mut self, bytes: &[u8], to: &mut Vec<u8>) -> Result<(), FormatError> {
        to.clear();
        to.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
        self.zstd.compress_to_buffer(bytes, to).map_err(|_| FormatError::Compress)?;
        Ok(())
    }
}

impl Decompressor {
    /// A decompressor.
    ///
    /// # Errors
    ///
    /// When there is no memory for it.
    pub fn new() -> Result<Self, FormatError> {
        let zstd = zstd::bulk::Decompressor::new().map_err(|_| FormatError::Compress)?;
        Ok(Self { zstd })
    }

    /// Decompresses a blob that is to have `length` bytes into `blob`, whose bytes are replaced.
    ///
    /// # Errors
    ///
    /// When it is no compressed blob, has another length, or there is no memory for that length. Then `blob` is empty.
    pub fn decompress_blob(
        &mut self,
        compressed: &[u8],
        length: NonZeroU32,
        blob: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        blob.clear();
        let length = length.get() as usize;
        if recorded_length(compressed, "a compressed blob")?
            .is_some_and(|found| found > length as u64)
        {
            return Err(malformed("a compressed blob", "is longer than its index says"));
        }
        blob.try_reserve_exact(length)
            .map_err(|_| FormatError::TooLarge { what: "a blob", limit: isize::MAX as u64 })?;
        let found = self.zstd.decompress_to_buffer(compressed, blob);
        let wrong = match found {
            Ok(found) if found == length => return Ok(()),
            Ok(_) => "is not as long as its index says",
            Err(_) => "cannot be decompressed",
        };
        blob.clear();
        Err(malformed("a compressed blob", wrong))
    }

    /// The JSON within a file outside of packs, from its opened bytes; at most `limit` bytes of it, of which
    /// [`MAX_UNPACKED_BYTES`] are enough for any.
    ///
    /// # Errors
    ///
    /// When it is neither JSON nor compressed, or larger than the limit.
    pub fn decode_unpacked(
        &mut self,
        version: RepoVersion,
        bytes: Vec<u8>,
        limit: usize,
    ) -> Result<Vec<u8>, FormatError> {
        const WHAT: &str = "a file outside of packs";
        let too_large = FormatError::TooLarge { what: WHAT, limit: limit as u64 };
        let compressed = match (version, bytes.split_first()) {
            (RepoVersion::V2, Some((&COMPRESSED_UNPACKED, compressed))) => compressed,
            (_, Some((b'{' | b'[', _))) => {
                return if bytes.len() <= limit { Ok(bytes) } else { Err(too_large) };
            }
            _ => return Err(malformed(WHAT, "is of an encoding that is not known")),
        };
        match recorded_length(compressed, WHAT)? {
            Some(length) if length > limit as u64 => return Err(too_large),
            _ => {}
        }
        let mut json = Vec::new();
        let read = zstd::stream::read::Decoder::with_buffer(compressed)
            .and_then(|mut decoder| {
                decoder.window_log_max(MAX_WINDOW_LOG)?;
                decoder.take(limit as u64 + 1).read_to_end(&mut json)
            })
            .map_err(|_| malformed(WHAT, "cannot be decompressed"))?;
        if read > limit { Err(too_large) } else { Ok(json) }
    }
}

impl Compression {
    const fn level(self) -> i32 {
        match self {
            Self::Fast => 1,
            // What is compressed in spite of it, is so as usual.
            Self::Off | Self::Auto => 3,
            Self::Max => 19,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Fast => "fast",
            Self::Auto => "auto",
            Self::Max => "max",
        })
    }
}

impl FromStr for Compression {
    type Err = ParseCompressionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Off, Self::Fast, Self::Auto, Self::Max]
            .into_iter()
            .find(|compression| compression.to_string() == text)
            .ok_or(ParseCompressionError)
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").field("compression", &self.compression).finish_non_exhaustive()
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").finish_non_exhaustive()
    }
}

/// The length that the first frame says to have, if it does. It may lie.
fn recorded_length(compressed: &[u8], what: &'static str) -> Result<Option<u64>, FormatError> {
    zstd::zstd_safe::get_frame_content_size(compressed)
        .map_err(|_| malformed(what, "cannot be decompressed"))
}

const fn malformed(what: &'static str, reason: &'static str) -> FormatError {
    FormatError::Malformed { what, reason }
}

/// The first byte of a compressed file outside of packs; JSON begins with none such.
const COMPRESSED_UNPACKED: u8 = 2;

/// 32 MiB: the largest window of any level that restic has. A frame that asks for more is refused, not served.
pub(crate) const MAX_WINDOW_LOG: u32 = 25;
