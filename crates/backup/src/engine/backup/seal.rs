use std::num::NonZeroU32;

use crossbeam_channel::Sender;
use sha2::{Digest as _, Sha256};

use super::Ended;
use super::shared::{Shared, add};
use crate::engine::blobs::hash_of_compressed;
use crate::engine::packer::FullPack;
use crate::engine::{Claim, Error, objects};
use crate::format::{BlobKind, Compressor, Decompressor, FormatError, Id, Nonce};

/// Brings blobs into packs. One for each thread: it holds the memory for its work.
pub(super) struct Sealer<'a> {
    shared: &'a Shared<'a>,
    packs: Sender<FullPack>,
    compressor: Compressor,
    decompressor: Decompressor,
    compressed: Vec<u8>,
    sealed: Vec<u8>,
    opened: Vec<u8>,
    plain: Vec<u8>,
}

impl<'a> Sealer<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, packs: Sender<FullPack>) -> Result<Self, Ended> {
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
        let sealed = self.seal(body);
        let added = length.map_or(body.len() as u64, |length| length.get().into());
        self.compressed = compressed;
        self.pack((kind, id), length, (added, sealed?))?;
        Ok(id)
    }

    /// Stores a blob that is compressed already, unless it is known. It is a large one: of its bytes in memory no more
    /// stays than the next step needs.
    pub(super) fn store_compressed(
        &mut self,
        (kind, id): (BlobKind, Id),
        compressed: Vec<u8>,
        length: u64,
    ) -> Result<(), Ended> {
        if self.shared.known.claim(kind, &id) == Claim::Known {
            return Ok(());
        }
        let too_large = FormatError::TooLarge { what: "a blob", limit: u32::MAX.into() };
        let added = length;
        let length = u32::try_from(length).map_err(|_| too_large);
        let length = self.shared.or_unwritable("a blob", length)?;
        let header = self.seal(&compressed)?;
        drop(compressed);
        self.pack((kind, id), NonZeroU32::new(length), (added, header))?;
        self.sealed = Vec::new();
        Ok(())
    }

    /// Seals a blob, and tells the nonce of a pack that it may fill.
    fn seal(&mut self, body: &[u8]) -> Result<Nonce, Ended> {
        let [nonce, header] = self.shared.or_stop(nonces())?;
        self.sealed.clear();
        self.shared.master.seal_into(&nonce, body, &mut self.sealed);
        Ok(header)
    }

    /// Brings the sealed blob into a pack.
    fn pack(
        &mut self,
        (kind, id): (BlobKind, Id),
        length: Option<NonZeroU32>,
        (added, header): (u64, Nonce),
    ) -> Result<(), Ended> {
        let shared = self.shared;
        if !shared.options.danger_skip_verify && !self.proves(&id, length) {
            shared.stop.because(Error::NotProven { kind, id });
            return Err(Ended);
        }
        let tally = &shared.tally;
        add(if kind == BlobKind::Data { &tally.data_blobs } else { &tally.tree_blobs }, 1);
        add(&tally.data_added, added);
        add(&tally.data_added_packed, self.sealed.len() as u64);
        let full = shared.packer.add((kind, id), &self.sealed, length, &header);
        match shared.or_unwritable("a pack", full)? {
            Some(pack) => self.packs.send(pack).map_err(|_| Ended),
            None => Ok(()),
        }
    }

    /// Whether the sealed bytes give back the blob that they were made from.
    fn proves(&mut self, id: &Id, length: Option<NonZeroU32>) -> bool {
        let master = self.shared.master;
        let Some(length) = length else {
            let mut hash = Sha256::new();
            let opened = master.open_pieces(&self.sealed, |piece| hash.update(piece));
            return opened.is_ok() && Id::from_bytes(hash.finalize().into()) == *id;
        };
        if master.open_into(&self.sealed, &mut self.opened).is_err() {
            return false;
        }
        match length {
            length if length.get() > LARGE => {
                let opened = std::mem::take(&mut self.opened);
                hash_of_compressed(&opened, length.get().into()) == Some(*id)
            }
            length => {
                let plain = &mut self.plain;
                self.decompressor.decompress_blob(&self.opened, length, plain).is_ok()
                    && Id::of(plain) == *id
            }
        }
    }
}

fn nonces() -> Result<[Nonce; 2], Error> {
    let random: [u8; 32] = objects::random()?;
    let (nonce, header) = random.split_at(16);
    let part = |bytes: &[u8]| Nonce::try_from(bytes).unwrap_or_default();
    Ok([part(nonce), part(header)])
}

/// Only the trees of huge directories are larger; they are proven piece by piece.
const LARGE: u32 = 16 << 20;
