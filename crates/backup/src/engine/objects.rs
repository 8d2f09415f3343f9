use std::ops::ControlFlow;

use crate::chunker::Polynomial;
use crate::format::{
    Compressor, Decompressor, Id, MAX_UNPACKED_BYTES, MasterKey, RepoConfig, RepoVersion,
};
use crate::store::{Key, Kind, ObjectStore, StoreError};

use super::Error;
use super::repository::Inner;

impl Inner {
    /// Seals and stores what is in no pack: an index, a lock, a snapshot.
    pub(crate) fn save_unpacked(&self, kind: Kind, plaintext: Vec<u8>) -> Result<Id, Error> {
        let encoded = Compressor::new(self.config.version, self.options.compression)
            .and_then(|mut compressor| compressor.encode_unpacked(plaintext))
            .map_err(|source| Error::Unwritable { what: kind.folder(), source })?;
        let sealed = self.master.seal(&random()?, &encoded);
        let id = Id::of(&sealed);
        self.store.put(&Key::Named(kind, id), &sealed)?;
        Ok(id)
    }

    /// Reads what is in no pack. What is returned has the hash that is its name, and was sealed with the key.
    pub(crate) fn load_unpacked(&self, kind: Kind, id: &Id) -> Result<Vec<u8>, Error> {
        let key = Key::Named(kind, *id);
        let size = self.store.stat(&key)?.ok_or(StoreError::NotFound { key })?;
        self.load_listed(kind, id, size)
    }

    /// As [`load_unpacked`](Self::load_unpacked), of an object whose size is known.
    pub(crate) fn load_listed(&self, kind: Kind, id: &Id, size: u64) -> Result<Vec<u8>, Error> {
        let key = Key::Named(kind, *id);
        let sealed = read_named(&*self.store, key, size)?;
        self.master
            .open(&sealed)
            .and_then(|opened| {
                Decompressor::new()?.decode_unpacked(
                    self.config.version,
                    opened,
                    MAX_UNPACKED_BYTES,
                )
            })
            .map_err(|source| Error::Malformed { key, source })
    }
}

/// All objects of a kind with their sizes, by their names; each once, also where a store lists one twice.
pub(crate) fn list(store: &dyn ObjectStore, kind: Kind) -> Result<Vec<(Id, u64)>, Error> {
    let mut found = Vec::new();
    store.list(kind, &mut |meta| {
        if let Key::Named(_, id) = meta.key {
            found.push((id, meta.size));
        }
        ControlFlow::Continue(())
    })?;
    found.sort_unstable();
    found.dedup_by_key(|(id, _)| *id);
    Ok(found)
}

/// The bytes of an object, whose hash is its name.
pub(super) fn read_named(store: &dyn ObjectStore, key: Key, size: u64) -> Result<Vec<u8>, Error> {
    if size > UNPACKED_LIMIT {
        return Err(Error::TooLarge { key, size, limit: UNPACKED_LIMIT });
    }
    let bytes = store.get(&key, None)?;
    match key {
        Key::Named(_, id) if Id::of(&bytes) != id => Err(Error::Altered { key }),
        _ => Ok(bytes),
    }
}

/// The configuration, and the hash of what it says.
pub(super) fn load_config(
    store: &dyn ObjectStore,
    master: &MasterKey,
) -> Result<(RepoConfig, Id), Error> {
    let key = Key::Config;
    let size = store.stat(&key)?.ok_or(StoreError::NotFound { key })?;
    let sealed = read_named(store, key, size)?;
    let malformed = |source| Error::Malformed { key, source };
    let plaintext = master.open(&sealed).map_err(malformed)?;
    let config = RepoConfig::from_json(&plaintext).map_err(malformed)?;
    Ok((config, Id::of(&plaintext)))
}

/// A configuration by chance.
pub(super) fn new_config(version: RepoVersion) -> Result<RepoConfig, Error> {
    let polynomial = Polynomial::from_seed(&random()?);
    Ok(RepoConfig::new(version, Id::from_bytes(random()?), polynomial.bits()))
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        filled +=
            rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
                .map_err(|errno| Error::Random(errno.into()))?;
    }
    Ok(bytes)
}

/// Larger than any index, lock, key or snapshot that is written; a larger one is hostile, and not read into memory.
const UNPACKED_LIMIT: u64 = 256 << 20;
