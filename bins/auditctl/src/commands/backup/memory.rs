//! What this host remembers of a repository, so that taking it back to an earlier state is found out.

use std::collections::BTreeSet;

use wardkit_backup::engine::{Repository, Role, Seen};
use wardkit_backup::format::Id;
use wardkit_cli::Common;
use wardkit_custody::{Error, Needed, Repositories, SeenRepository};

use crate::commands::note;

/// What this host remembers of the repository at an address.
pub(super) struct Memory {
    repositories: Option<Repositories>,
    address: String,
}

/// What is other than it is remembered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Forgery {
    /// At the address there is another repository, or the repository has another configuration.
    Config,
    /// A snapshot is missing that nobody here forgot.
    Snapshot(Id),
}

impl Memory {
    pub(super) fn new(common: &Common, address: &str) -> Self {
        // Without a place for it nothing is remembered, and a backup is taken all the same.
        let repositories =
            crate::commands::custody(common).ok().map(|custody| custody.repositories());
        Self { repositories, address: address.to_owned() }
    }

    /// Remembers snapshots that are there.
    pub(super) fn saw<R: Role>(
        &self,
        repository: &Repository<R>,
        snapshots: impl IntoIterator<Item = Id>,
    ) {
        self.change(repository, |seen| {
            seen.snapshots.extend(snapshots.into_iter().map(|id| *id.as_bytes()));
        });
    }

    /// Remembers that snapshots are to be there no more.
    pub(super) fn forgot<R: Role>(
        &self,
        repository: &Repository<R>,
        snapshots: impl IntoIterator<Item = Id>,
    ) {
        self.change(repository, |seen| {
            for id in snapshots {
                if seen.snapshots.remove(id.as_bytes())
                    && let Some(needed) = &mut seen.needed
                {
                    needed.snapshots = needed.snapshots.saturating_sub(1);
                }
            }
        });
    }

    /// Takes what is there for what has to be there.
    pub(super) fn accept<R: Role>(
        &self,
        repository: &Repository<R>,
        snapshots: impl IntoIterator<Item = Id>,
    ) {
        self.replace(repository, |seen| {
            seen.config = *repository.fingerprint().as_bytes();
            seen.snapshots = snapshots.into_iter().map(|id| *id.as_bytes()).collect();
        });
    }

    /// Tells what is other than it is remembered.
    pub(super) fn compare<R: Role>(
        &self,
        repository: &Repository<R>,
        present: &[Id],
    ) -> Result<Vec<Forgery>, Error> {
        let Some(repositories) = &self.repositories else { return Ok(Vec::new()) };
        let by_id = repositories.of(repository.config().id.as_bytes())?;
        let before = match by_id {
            Some(seen) => Some(seen),
            None => repositories.at(&self.address)?,
        };
        Ok(before.map_or_else(Vec::new, |seen| differences(&seen, repository, present)))
    }

    /// Tells what was needed after the last prune.
    pub(super) fn needed<R: Role>(&self, repository: &Repository<R>) -> Option<Seen> {
        let seen = self.repositories.as_ref()?.of(repository.config().id.as_bytes()).ok()??;
        seen.needed.map(|Needed { snapshots, bytes }| Seen { snapshots, bytes })
    }

    /// Remembers what is needed after a prune.
    pub(super) fn pruned<R: Role>(&self, repository: &Repository<R>, needed: Seen) {
        let Seen { snapshots, bytes } = needed;
        self.change(repository, |seen| seen.needed = Some(Needed { snapshots, bytes }));
    }

    /// Remembers a repository that was made here, in the place of another that was at the address.
    pub(super) fn made<R: Role>(&self, repository: &Repository<R>) {
        self.replace(repository, |_| {});
    }

    /// Changes what is remembered of a repository, unless another one is remembered at its address: somebody may have put
    /// it there, and only a check that is told so takes it for the right one.
    fn change<R: Role>(
        &self,
        repository: &Repository<R>,
        change: impl FnOnce(&mut SeenRepository),
    ) {
        let Some(repositories) = &self.repositories else { return };
        let is_other = match repositories.of(repository.config().id.as_bytes()) {
            Ok(None) => repositories.at(&self.address).map(|seen| seen.is_some()),
            Ok(Some(_)) => Ok(false),
            Err(error) => Err(error),
        };
        match is_other {
            Ok(false) => self.replace(repository, change),
            Ok(true) => note("this is not the repository that was here: auditctl backup check"),
            Err(error) => note(&format!("what was here is not known: {}", chain(&error))),
        }
    }

    fn replace<R: Role>(
        &self,
        repository: &Repository<R>,
        change: impl FnOnce(&mut SeenRepository),
    ) {
        let Some(repositories) = &self.repositories else { return };
        let id = *repository.config().id.as_bytes();
        let changed = repositories.update(id, *repository.fingerprint().as_bytes(), |seen| {
            seen.add_address(&self.address);
            change(seen);
        });
        if let Err(error) = changed {
            note(&format!("what is in the repository is not remembered: {}", chain(&error)));
        }
    }
}

fn differences<R: Role>(
    seen: &SeenRepository,
    repository: &Repository<R>,
    present: &[Id],
) -> Vec<Forgery> {
    let is_other = seen.id != *repository.config().id.as_bytes()
        || seen.config != *repository.fingerprint().as_bytes();
    let present: BTreeSet<&[u8; 32]> = present.iter().map(Id::as_bytes).collect();
    let missing = seen.snapshots.iter().filter(|id| !present.contains(id));
    let missing = missing.map(|id| Forgery::Snapshot(Id::from_bytes(*id)));
    is_other.then_some(Forgery::Config).into_iter().chain(missing).collect()
}

/// Returns an error with its causes in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
