use std::io::Read as _;
use std::num::NonZeroU32;

use crossbeam_channel::Sender;
use sha2::{Digest as _, Sha256};

use super::Ended;
use super::shared::{Shared, add};
use crate::engine::{Claim, Error, objects};
use crate::format::{BlobKind, Compressor, Decompressor, FinishedPack, FormatError, Id};

/// Brings blobs into packs. One for each thread: it holds the memory for its work.
pub(super) struct Sealer<'a> {
    shared: &'a Shared<'a>,
    packs: Sender<FinishedPack>,
    compressor: Compressor,
    decompressor: Decompressor,
    compressed: Vec<u8>,
    sealed: Vec<u8>,
    opened: Vec<u8>,
    plain: Vec<u8>,
}

impl<'a> Sealer<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, packs: Sender<FinishedPack>) -> Result<Self, Ended> {
        let decompressor = shared.or_unwritable("anything", Decompressor::new())?;
        Ok(Self {
            shared,
            packs,
            compressor: shared.compressor()?,
            decompressor,
            compressed: Vec::new(),
            sealed: Vec::new(),
            opened: Vec::new(),
            plain: Vec::new(),
        })
    }

    /// Stores a blob that is not known yet, and tells its name.
    pub(super) fn store(&mut self, kind: BlobKind, blob: &[u8]) -> Result<Id, Ended> {
        let id = Id::of(blob);
        if self.shared.known.claim(kind, &id) == Claim::Known {
            return Ok(id);
        }
        let mut compressed = std::mem::take(&mut self.compressed);
        let length = self.compressor.compress_blob(kind, blob, &mut compressed);
        let length = self.shared.or_unwritable("a blob", length)?;
        let body = if length.is_some() { &compressed[..] } else { blob };
        let packed = self.pack((kind, id), body, length);
        self.compressed = compressed;
        packed?;
        Ok(id)
    }

    /// Stores a blob that is compressed already, unless it is known.
    pub(super) fn store_compressed(
        &mut self,
        (kind, id): (BlobKind, Id),
        compressed: &[u8],
        length: u64,
    ) -> Result<(), Ended> {
        if self.shared.known.claim(kind, &id) == Claim::Known {
            return Ok(());
        }
        let too_large = FormatError::TooLarge { what: "a blob", limit: u32::MAX.into() };
        let length = u32::try_from(length).map_err(|_| too_large);
        let length = self.shared.or_unwritable("a blob", length)?;
        self.pack((kind, id), compressed, NonZeroU32::new(length))
    }

    fn pack(
        &mut self,
        (kind, id): (BlobKind, Id),
        body: &[u8],
        length: Option<NonZeroU32>,
    ) -> Result<(), Ended> {
        let shared = self.shared;
        let [nonce, header] = shared.or_stop(nonces())?;
        self.sealed.clear();
        shared.master.seal_into(&nonce, body, &mut self.sealed);
        if !shared.options.danger_skip_verify && !self.proves(&id, length) {
            shared.stop.because(Error::NotProven { kind, id });
            return Err(Ended);
        }
        let tally = &shared.tally;
        add(if kind == BlobKind::Data { &tally.data_blobs } else { &tally.tree_blobs }, 1);
        add(&tally.data_added, length.map_or(body.len() as u64, |length| length.get().into()));
        add(&tally.data_added_packed, self.sealed.len() as u64);
        let full = shared.packer.add((kind, id), &self.sealed, length, &header);
        match shared.or_unwritable("a pack", full)? {
            Some(pack) => self.packs.send(pack).map_err(|_| Ended),
            None => Ok(()),
        }
    }

    /// Whether the sealed bytes give back the blob that they were made from.
    fn proves(&mut self, id: &Id, length: Option<NonZeroU32>) -> bool {
        if self.shared.master.open_into(&self.sealed, &mut self.opened).is_err() {
            return false;
        }
        match length {
            None => Id::of(&self.opened) == *id,
            Some(length) if length.get() > LARGE => {
                hash_of_compressed(&self.opened, length.get().into())
                    .is_some_and(|hash| hash == *id)
            }
            Some(length) => {
                let plain = &mut self.plain;
                self.decompressor.decompress_blob(&self.opened, length, plain).is_ok()
                    && Id::of(plain) == *id
            }
        }
    }
}

/// The name of what was compressed, without holding all of it.
fn hash_of_compressed(compressed: &[u8], length: u64) -> Option<Id> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(compressed).ok()?;
    let mut hash = Sha256::new();
    let mut read = 0;
    let mut part = vec![0; PART];
    loop {
        match decoder.read(&mut part).ok()? {
            0 => break,
            count => {
                hash.update(&part[..count]);
                read += count as u64;
            }
        }
    }
    (read == length).then(|| Id::from_bytes(hash.finalize().into()))
}

fn nonces() -> Result<[[u8; 16]; 2], Error> {
    let random: [u8; 32] = objects::random()?;
    let (nonce, header) = random.split_at(16);
    let part = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).unwrap_or_default();
    Ok([part(nonce), part(header)])
}

/// Only the trees of huge directories are larger; they are proven piece by piece.
const LARGE: u32 = 16 << 20;

/// How much of them is held at once.
const PART: usize = 128 << 10;
