use wardkit_core::Timestamp;

use crate::format::{FormatError, Id, KdfParams, KeyFile, KeyOwner, MasterKey, ZonedTime};
use crate::store::{Key, Kind, ObjectStore};

use super::host::ThisProcess;
use super::role::{Adds, Role};
use super::{Damaged, Error, Password, Pruner, Repository, objects, time};

/// What a new key says of itself, and what trying its password costs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyOptions {
    /// The host.
    pub host: String,
    /// The user.
    pub user: String,
    /// The cost of trying a password.
    pub kdf: KdfParams,
}

/// A key of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// Its id.
    pub id: Id,
    /// The host that it was made on.
    pub host: String,
    /// The user who made it.
    pub user: String,
    /// When it was made, if it says so.
    pub created: Option<ZonedTime>,
    /// Whether the repository was opened with it.
    pub is_current: bool,
}

/// The keys of a repository.
#[derive(Debug, Default)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "a key can be read, or not")]
pub struct KeyList {
    /// Those that can be read, by their ids.
    pub keys: Vec<KeyInfo>,
    /// Those that cannot.
    pub damaged: Vec<Damaged>,
}

impl KeyOptions {
    /// Of this host and user, at the usual cost.
    #[must_use]
    pub fn of_this_user() -> Self {
        let ThisProcess { host, user, .. } = ThisProcess::new();
        Self { host, user, kdf: KdfParams::default() }
    }
}

impl<R: Role> Repository<R> {
    /// Lists the keys.
    ///
    /// # Errors
    ///
    /// When the store cannot list or read them.
    pub fn keys(&self) -> Result<KeyList, Error> {
        let mut list = KeyList::default();
        for (id, size) in objects::list(self.store(), Kind::Key)? {
            match load(self.store(), &id, size) {
                Ok(file) => list.keys.push(KeyInfo {
                    id,
                    host: file.owner().hostname.clone(),
                    user: file.owner().username.clone(),
                    created: file.owner().created.clone(),
                    is_current: id == self.key_id(),
                }),
                Err(Error::Store(error)) if error.is_not_found() => {}
                Err(error) if error.is_damage() => {
                    list.damaged.push(Damaged { key: Key::Named(Kind::Key, id), error });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(list)
    }
}

impl<R: Adds> Repository<R> {
    /// Adds a key that another password opens.
    ///
    /// # Errors
    ///
    /// When the password is empty, or the key is not stored.
    pub fn add_key(&self, password: &Password, options: &KeyOptions) -> Result<Id, Error> {
        store_new(self.store(), self.master_key(), password, options, self.clock().now())
    }
}

impl Repository<Pruner> {
    /// Removes a key.
    ///
    /// # Errors
    ///
    /// When there is no such key, it is the one in use or the last one, or it may still be there.
    pub fn remove_key(&self, id: &Id) -> Result<(), Error> {
        let list = self.keys()?;
        let whole = list.keys.iter().any(|key| key.id == *id);
        let damaged = list.damaged.iter().any(|damaged| damaged.key == Key::Named(Kind::Key, *id));
        if !whole && !damaged {
            return Err(Error::NoSuchKey { id: *id });
        }
        if *id == self.key_id() {
            return Err(Error::KeyInUse { id: *id });
        }
        if whole && list.keys.len() == 1 {
            return Err(Error::LastKey { id: *id });
        }
        Ok(self.role.store().delete(&Key::Named(Kind::Key, *id))?)
    }

    /// Puts a key with another password in the place of the one in use: the new one is stored, and opened, before the
    /// old one is removed.
    ///
    /// # Errors
    ///
    /// When the password is empty, or the new key is not stored; then the old one stays. When only the removal of the
    /// old one fails, the new one is in use and the old one stays too.
    pub fn change_password(
        &mut self,
        password: &Password,
        options: &KeyOptions,
    ) -> Result<Id, Error> {
        let new = self.add_key(password, options)?;
        let key = Key::Named(Kind::Key, new);
        let size = self.store().stat(&key)?.unwrap_or(0);
        load(self.store(), &new, size)?
            .open(password.as_bytes())
            .map_err(|source| Error::Malformed { key, source })?;
        let old = std::mem::replace(&mut self.key, new);
        self.role.store().delete(&Key::Named(Kind::Key, old))?;
        Ok(new)
    }
}

/// Finds the key that a password opens.
pub(super) fn search(
    store: &dyn ObjectStore,
    password: &Password,
) -> Result<(Id, MasterKey), Error> {
    let mut keys = Vec::new();
    let mut damaged = 0;
    for (id, size) in objects::list(store, Kind::Key)? {
        match load(store, &id, size) {
            Ok(file) => keys.push((id, file)),
            Err(error) if error.is_damage() => damaged += 1,
            Err(error) => return Err(error),
        }
    }
    // Those of this host and user are the likeliest.
    let ThisProcess { host, user, .. } = ThisProcess::new();
    keys.sort_by_key(|(_, file)| file.owner().hostname != host || file.owner().username != user);
    let mut tried = 0;
    for (id, file) in keys.iter().take(MOST_KEYS) {
        match file.open(password.as_bytes()) {
            Ok(master) => return Ok((*id, master)),
            Err(FormatError::WrongPassword) => tried += 1,
            Err(_) => damaged += 1,
        }
    }
    if tried == 0 { Err(Error::NoKey { damaged }) } else { Err(Error::WrongPassword { tried }) }
}

/// Makes and stores a key.
pub(super) fn store_new(
    store: &dyn ObjectStore,
    master: &MasterKey,
    password: &Password,
    options: &KeyOptions,
    now: Timestamp,
) -> Result<Id, Error> {
    if password.is_empty() {
        return Err(Error::EmptyPassword);
    }
    let owner = KeyOwner {
        created: Some(time::to_words(now)),
        hostname: options.host.clone(),
        username: options.user.clone(),
    };
    let chance = (&objects::random()?, &objects::random()?);
    let file = KeyFile::create(password.as_bytes(), master, options.kdf, chance, owner)
        .map_err(|source| Error::Unwritable { what: "a key", source })?;
    let bytes = file.to_json();
    let id = Id::of(&bytes);
    store.put(&Key::Named(Kind::Key, id), &bytes)?;
    Ok(id)
}

fn load(store: &dyn ObjectStore, id: &Id, size: u64) -> Result<KeyFile, Error> {
    let key = Key::Named(Kind::Key, *id);
    if size > KEY_LIMIT {
        return Err(Error::TooLarge { key, size, limit: KEY_LIMIT });
    }
    let bytes = objects::read_named(store, key, size)?;
    KeyFile::from_json(&bytes).map_err(|source| Error::Malformed { key, source })
}

/// Each costs up to a second: more than these are not tried. restic tries twenty.
const MOST_KEYS: usize = 20;
/// A key has some 500 bytes.
const KEY_LIMIT: u64 = 64 << 10;
