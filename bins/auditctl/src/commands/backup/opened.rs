//! Which repository, and how it is opened.

use std::sync::Arc;
use std::time::Duration;

use wardkit_backup::engine::{
    Error, InitOptions, LockGuard, LockKind, Observer, OpenOptions, Password, Pruner, Reader,
    Repository, Writer,
};
use wardkit_backup::format::Compression;
use wardkit_backup::store::ObjectStore;
use wardkit_cli::{Common, Format, Report};

use super::memory::{Memory, chain};
use super::password::{Asking, Given, ask};
use super::place::{create, open, settled, shown};
use super::refused;
use crate::cli::backup::{Destination, PasswordSource, Place};
use crate::commands::{could_not_run, note};

/// Opens the repository that the command line names, with the password that it names.
pub(super) struct Opener<'c> {
    common: &'c Common,
    place: &'c Place,
    address: String,
}

impl<'c> Opener<'c> {
    pub(super) fn new(common: &'c Common, place: &'c Place) -> Result<Self, Report> {
        let address =
            place.repo.clone().filter(|address| !address.is_empty()).ok_or_else(|| {
                could_not_run("no repository is named")
                    .with_hint("name one: --repo PLACE")
                    .with_hint("or for all commands: export WARDKIT_BACKUP_REPOSITORY=PLACE")
            })?;
        Ok(Self { common, place, address: settled(&address) })
    }

    /// The repository as it is named from everywhere.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The same without any secret that is in it.
    pub(super) fn shown(&self) -> String {
        shown(&self.address)
    }

    pub(super) const fn format(&self) -> Format {
        self.common.format
    }

    /// What this host remembers of repositories.
    pub(super) fn memory(&self) -> Memory {
        Memory::new(self.common, &self.address)
    }

    pub(super) fn password(&self) -> Result<Password, Report> {
        let Place { password_file, password, .. } = self.place;
        let asking = Asking { what: &self.shown(), twice: false };
        Ok(plain(&ask(password_file.as_deref(), password.as_ref(), asking)?))
    }

    /// How the password was named, for the page of a recovery kit.
    pub(super) const fn place(&self) -> &Place {
        self.place
    }

    pub(super) fn init(&self) -> Result<Repository<Writer>, Report> {
        let Place { password_file, password, .. } = self.place;
        let asking = Asking { what: &self.shown(), twice: true };
        let password = plain(&ask(password_file.as_deref(), password.as_ref(), asking)?);
        let mut options = InitOptions::default();
        options.open = self.options();
        let store: Arc<dyn ObjectStore> = create(&self.address)?;
        Repository::init(store, &password, options).map_err(refused)
    }

    pub(super) fn reader(&self) -> Result<Repository<Reader>, Report> {
        self.try_reader()?.map_err(refused)
    }

    /// As [`reader`](Self::reader), for who has an answer to a repository that cannot be opened.
    pub(super) fn try_reader(&self) -> Result<Result<Repository<Reader>, Error>, Report> {
        let store: Arc<dyn ObjectStore> = open(&self.address)?;
        Ok(Repository::open(store, &self.password()?, self.options()))
    }

    pub(super) fn writer(&self, compression: Compression) -> Result<Repository<Writer>, Report> {
        let store: Arc<dyn ObjectStore> = open(&self.address)?;
        let mut options = self.options();
        options.compression = compression;
        Repository::open(store, &self.password()?, options).map_err(refused)
    }

    pub(super) fn pruner(&self) -> Result<Repository<Pruner>, Report> {
        let store = open(&self.address)?;
        Repository::open(store, &self.password()?, self.options()).map_err(refused)
    }

    /// What this host remembers of another repository.
    pub(super) fn memory_of(&self, address: &str) -> Memory {
        Memory::new(self.common, &settled(address))
    }

    /// Opens the repository that snapshots are copied to.
    pub(super) fn second(
        &self,
        destination: &Destination,
        compression: Compression,
    ) -> Result<Repository<Writer>, Report> {
        let address = settled(&destination.to);
        let store: Arc<dyn ObjectStore> = open(&address)?;
        let Destination { to_password_file, to_password, .. } = destination;
        let asking = Asking { what: &shown(&address), twice: false };
        let password = ask(to_password_file.as_deref(), to_password.as_ref(), asking)?;
        let mut options = self.options();
        options.compression = compression;
        Repository::open(store, &plain(&password), options).map_err(refused)
    }

    /// Locks the repository for somebody who only reads, unless that is not wanted.
    pub(super) fn lock(
        &self,
        repository: &Repository<Reader>,
        observer: &dyn Observer,
    ) -> Result<Option<LockGuard>, Error> {
        let lock = || repository.lock(LockKind::Shared, observer);
        (!self.place.no_lock).then(lock).transpose()
    }

    pub(super) fn options(&self) -> OpenOptions {
        let mut options = OpenOptions::default();
        options.lock_wait = Duration::from_secs(self.place.wait.into());
        options
    }
}

/// Returns a password that is to open the repository from now on.
pub(super) fn new_password(
    file: Option<&std::path::Path>,
    source: Option<&PasswordSource>,
    what: &str,
) -> Result<Password, Report> {
    Ok(plain(&ask(file, source, Asking { what, twice: true })?))
}

/// Gives a lock back that was taken to read; what was read is not in doubt when that fails.
pub(super) fn unlock(lock: Option<LockGuard>) {
    if let Some(Err(error)) = lock.map(LockGuard::release) {
        note(&format!("the lock may still be there: {}", chain(&error)));
    }
}

fn plain(given: &Given) -> Password {
    Password::new(given.to_vec())
}
