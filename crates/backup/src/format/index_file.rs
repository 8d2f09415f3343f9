use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::json;
use super::{BlobKind, FormatError, Id, PackedBlob, SEAL_OVERHEAD, ZonedTime};

/// A part of the index: which blobs lie where in some packs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexFile {
    /// Parts that this one takes the place of. Whoever replaces an index may break off before all of the new one is
    /// there: what a replaced part says is believed of blobs that no other part has.
    pub supersedes: Vec<Id>,
    /// The packs.
    pub packs: Vec<IndexPack>,
    /// Packs that are to be deleted once some time went by. Rustic and this crate write them; restic passes them over.
    pub packs_to_delete: Vec<PackToDelete>,
}

/// What is in a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPack {
    /// The pack.
    pub id: Id,
    /// Its blobs, in any order.
    pub blobs: Vec<PackedBlob>,
}

/// A pack that nothing needs any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackToDelete {
    /// What is in it.
    pub pack: IndexPack,
    /// When that was found.
    pub since: Option<ZonedTime>,
}

impl IndexFile {
    /// Reads the decoded file.
    ///
    /// # Errors
    ///
    /// When it is no index, or has a blob that cannot be.
    pub fn from_json(json: &[u8]) -> Result<Self, FormatError> {
        let file: File = json::read(WHAT, json)?;
        let packs = file.packs.into_iter().map(PackJson::read).collect::<Result<_, _>>()?;
        let packs_to_delete = file.packs_to_delete.into_iter().map(|mut pack| {
            let since = pack.time.take();
            Ok(PackToDelete { pack: pack.read()?, since })
        });
        let packs_to_delete = packs_to_delete.collect::<Result<_, _>>()?;
        Ok(Self { supersedes: file.supersedes, packs, packs_to_delete })
    }

    /// The file, to be encoded and sealed.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let marked = self
            .packs_to_delete
            .iter()
            .map(|marked| PackJson::of(&marked.pack, marked.since.clone()));
        json::write(&File {
            supersedes: self.supersedes.clone(),
            packs: self.packs.iter().map(|pack| PackJson::of(pack, None)).collect(),
            packs_to_delete: marked.collect(),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct File {
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "json::nullable")]
    supersedes: Vec<Id>,
    #[serde(deserialize_with = "json::nullable")]
    packs: Vec<PackJson>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "json::nullable")]
    packs_to_delete: Vec<PackJson>,
}

#[derive(Serialize, Deserialize)]
struct PackJson {
    id: Id,
    #[serde(deserialize_with = "json::nullable")]
    blobs: Vec<BlobJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<ZonedTime>,
}

#[derive(Serialize, Deserialize)]
struct BlobJson {
    id: Id,
    #[serde(rename = "type")]
    kind: KindJson,
    offset: u32,
    length: u32,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "uncompressed_length")]
    uncompressed: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KindJson {
    Data,
    Tree,
}

impl PackJson {
    fn of(pack: &IndexPack, time: Option<ZonedTime>) -> Self {
        let blobs = pack.blobs.iter().map(|blob| BlobJson {
            id: blob.id,
            kind: match blob.kind {
                BlobKind::Data => KindJson::Data,
                BlobKind::Tree => KindJson::Tree,
            },
            offset: blob.offset,
            length: blob.length,
            uncompressed: blob.uncompressed.map(NonZeroU32::get),
        });
        Self { id: pack.id, blobs: blobs.collect(), time }
    }

    fn read(self) -> Result<IndexPack, FormatError> {
        let blobs = self.blobs.into_iter().map(BlobJson::read).collect::<Result<_, _>>()?;
        Ok(IndexPack { id: self.id, blobs })
    }
}

impl BlobJson {
    fn read(self) -> Result<PackedBlob, FormatError> {
        let malformed = |reason| FormatError::Malformed { what: WHAT, reason };
        if (self.length as usize) < SEAL_OVERHEAD {
            return Err(malformed("has a blob that is too short to be sealed"));
        }
        if self.offset.checked_add(self.length).is_none() {
            return Err(malformed("has a blob behind 4 GiB of a pack"));
        }
        let kind = match self.kind {
            KindJson::Data => BlobKind::Data,
            KindJson::Tree => BlobKind::Tree,
        };
        // Zero is how some write that it is not compressed.
        let uncompressed = self.uncompressed.and_then(NonZeroU32::new);
        Ok(PackedBlob { kind, id: self.id, offset: self.offset, length: self.length, uncompressed })
    }
}

const WHAT: &str = "a part of the index";
