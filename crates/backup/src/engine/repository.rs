use std::fmt;
use std::sync::Arc;

use wardkit_retry::Sleep;

use crate::format::{Id, MasterKey, RepoConfig};
use crate::store::{Key, ObjectStore, Put, StoreError};

use super::keys::{self, KeyOptions};
use super::objects;
use super::role::{Adds, Role};
use super::{Error, InitOptions, OpenOptions, Password};

/// An opened repository, in the hands of somebody who may do what the role `R` allows: a
/// [`Reader`](super::Reader) reads, a [`Writer`](super::Writer) adds, a [`Pruner`](super::Pruner) removes.
pub struct Repository<R> {
    pub(super) role: R,
    pub(super) inner: Arc<Inner>,
    pub(super) key: Id,
}

/// What all roles have in common, and the thread that keeps a lock.
pub(super) struct Inner {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) config: RepoConfig,
    pub(super) fingerprint: Id,
    pub(super) master: MasterKey,
    pub(super) options: OpenOptions,
}

impl<R: Role> Repository<R> {
    /// Opens a repository with a password.
    ///
    /// # Errors
    ///
    /// When there is none, when the password opens no key, or when the configuration is damaged.
    pub fn open(
        store: Arc<R::Store>,
        password: &Password,
        options: OpenOptions,
    ) -> Result<Self, Error> {
        let (role, store) = R::take(store);
        if store.stat(&Key::Config)?.is_none() {
            let source = StoreError::NotFound { key: Key::Config };
            return Err(Error::NoRepository { source });
        }
        let (key, master) = keys::search(&*store, password)?;
        let (config, fingerprint) = objects::load_config(&*store, &master)?;
        let inner = Arc::new(Inner { store, config, fingerprint, master, options });
        Ok(Self { role, inner, key })
    }

    /// What the repository says of itself.
    #[must_use]
    pub fn config(&self) -> &RepoConfig {
        &self.inner.config
    }

    /// The SHA-256 of the decrypted configuration: whoever remembers it sees when another was put in its place.
    #[must_use]
    pub fn fingerprint(&self) -> Id {
        self.inner.fingerprint
    }

    /// The key that the password opened.
    #[must_use]
    pub const fn key_id(&self) -> Id {
        self.key
    }

    /// Where the objects lie.
    #[must_use]
    pub fn store(&self) -> &dyn ObjectStore {
        &*self.inner.store
    }

    /// How it was opened.
    #[must_use]
    pub fn options(&self) -> &OpenOptions {
        &self.inner.options
    }

    /// Tells the time, and waits.
    #[must_use]
    pub fn clock(&self) -> &dyn Sleep {
        &*self.inner.options.clock
    }

    pub(crate) fn master_key(&self) -> &MasterKey {
        &self.inner.master
    }
}

impl<R: Adds> Repository<R> {
    /// Makes a repository in an empty store.
    ///
    /// # Errors
    ///
    /// When there is one, or it cannot be written. A key without a configuration may then be left.
    pub fn init(
        store: Arc<R::Store>,
        password: &Password,
        options: InitOptions,
    ) -> Result<Self, Error> {
        let (role, store) = R::take(store);
        let InitOptions { version, kdf, open } = options;
        if store.stat(&Key::Config)?.is_some() {
            return Err(Error::RepositoryThere);
        }
        let config = objects::new_config(version)?;
        let master = MasterKey::from_bytes(&objects::random()?);
        let key_options = KeyOptions { kdf, ..KeyOptions::of_this_user() };
        let key = keys::store_new(&*store, &master, password, &key_options, open.clock.now())?;
        let plaintext = config.to_json();
        let fingerprint = Id::of(&plaintext);
        let sealed = master.seal(&objects::random()?, &plaintext);
        match store.put(&Key::Config, &sealed)? {
            Put::Stored => {}
            Put::AlreadyThere => return Err(Error::RepositoryThere),
        }
        let inner = Arc::new(Inner { store, config, fingerprint, master, options: open });
        Ok(Self { role, inner, key })
    }
}

impl<R> fmt::Debug for Repository<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("id", &self.inner.config.id)
            .field("version", &self.inner.config.version)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
