//! Opens the repository of the configuration, and the places of its replicas.

use std::sync::Arc;

use wardkit_backup::engine::{OpenOptions, Password, Pruner, Repository, Role};
use wardkit_backup::store::{
    Access, Address, Key, ObjectStore, PrunableStore, PutOnly, StoreError,
};

use super::job::LOCK_WAIT;
use crate::config::{AccessConfig, BackupConfig, ReplicaConfig};
use crate::reload::error_chain;
use crate::telemetry::secret;

/// Opens the repository for whoever removes nothing.
pub(super) fn open<R: Role<Store = dyn ObjectStore>>(
    config: &BackupConfig,
) -> Result<Repository<R>, String> {
    let store = store(config)?;
    let store: Arc<dyn ObjectStore> =
        if config.put_only { Arc::new(PutOnly::new(store)) } else { store };
    opened(config, store)
}

/// Opens the repository for whoever removes what is not to stay.
pub(super) fn open_to_prune(config: &BackupConfig) -> Result<Repository<Pruner>, String> {
    opened(config, store(config)?)
}

/// Opens the place of a replica. The first time it is made, with the configuration of `home`: from then on nothing else
/// is put there. What was there once and is not is no new place, but a disk that is not mounted.
pub(super) fn open_replica(
    replica: &ReplicaConfig,
    home: &dyn ObjectStore,
    was_there: bool,
) -> Result<PutOnly<Arc<dyn PrunableStore>>, String> {
    let told = |error: StoreError| error_chain(&error);
    let (address, access) = place(&replica.repository, &replica.access)?;
    let store = match address.open(&access) {
        Err(StoreError::NoRepository { .. }) if !was_there => {
            let config = home.get(&Key::Config, None).map_err(told)?;
            let store = address.create(&access).map_err(told)?;
            store.put(&Key::Config, &config).map_err(told)?;
            store
        }
        opened => opened.map_err(told)?,
    };
    Ok(PutOnly::new(store))
}

fn store(config: &BackupConfig) -> Result<Arc<dyn PrunableStore>, String> {
    let (address, access) = place(&config.repository, &config.access)?;
    address.open(&access).map_err(|error| error_chain(&error))
}

fn opened<R: Role>(config: &BackupConfig, store: Arc<R::Store>) -> Result<Repository<R>, String> {
    let password = secret(&config.password)
        .map_err(|reason| format!("the password of `backup.password`: {reason}"))?;
    let password = Password::new(password.expose().as_bytes().to_vec());
    let mut options = OpenOptions::default();
    options.lock_wait = LOCK_WAIT;
    Repository::open(store, &password, options).map_err(|error| error_chain(&error))
}

fn place(repository: &str, config: &AccessConfig) -> Result<(Address, Access), String> {
    let address = Address::parse(repository).map_err(|error| error_chain(&error))?;
    let of = |what: &str, reference: &str| {
        secret(reference).map_err(|reason| format!("`access.{what}` of {address}: {reason}"))
    };
    let mut access = Access::default();
    access.user = if config.user.starts_with("env:") || config.user.starts_with("file:") {
        of("user", &config.user)?.expose().clone()
    } else {
        config.user.clone()
    };
    let given = |text: &String| !text.is_empty();
    let secret = Some(&config.secret).filter(|text| given(text));
    access.secret = secret.map(|place| of("secret", place)).transpose()?;
    let token = Some(&config.session_token).filter(|text| given(text));
    access.session_token = token.map(|place| of("session-token", place)).transpose()?;
    access.region = Some(config.region.clone()).filter(given);
    Ok((address, access))
}
