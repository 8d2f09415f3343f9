//! Which snapshots agentd knows to be in the repository: signed, so that taking them away is found out.

use std::collections::BTreeSet;

use wardkit_backup::engine::{Repository, Role, Seen};
use wardkit_backup::format::Id;
use wardkit_cli::host_name;
use wardkit_custody::{Custody, Needed, Repositories, SeenRepository};

use crate::app::App;
use crate::reload::error_chain;

/// What agentd remembers of its repository.
pub(super) struct Memory {
    repositories: Repositories,
    address: String,
}

impl Memory {
    pub(super) fn new(app: &App, address: &str) -> Self {
        let custody = Custody::new(app.data_dir(), &host_name());
        Self { repositories: custody.repositories(), address: address.to_owned() }
    }

    /// Remembers a snapshot that is there.
    pub(super) fn saw<R: Role>(&self, of: &Repository<R>, snapshot: Id) -> Result<(), String> {
        self.change(of, |seen| {
            seen.snapshots.insert(*snapshot.as_bytes());
        })
    }

    /// Remembers that snapshots are to be there no more: before they go, so that none is missed that agentd itself took.
    pub(super) fn forgot<R: Role>(&self, of: &Repository<R>, gone: &[Id]) -> Result<(), String> {
        self.change(of, |seen| {
            for id in gone {
                if seen.snapshots.remove(id.as_bytes())
                    && let Some(needed) = &mut seen.needed
                {
                    needed.snapshots = needed.snapshots.saturating_sub(1);
                }
            }
        })
    }

    /// Remembers what is needed after a prune.
    pub(super) fn pruned<R: Role>(&self, of: &Repository<R>, needed: Seen) -> Result<(), String> {
        let Seen { snapshots, bytes } = needed;
        self.change(of, |seen| seen.needed = Some(Needed { snapshots, bytes }))
    }

    /// What was needed after the last prune; a reason against the next one where the repository is not what it was.
    pub(super) fn needed<R: Role>(
        &self,
        of: &Repository<R>,
        present: &[Id],
    ) -> Result<Option<Seen>, String> {
        let seen = self.repositories.of(of.config().id.as_bytes());
        let Some(seen) = seen.map_err(|error| error_chain(&error))? else { return Ok(None) };
        if seen.config != *of.fingerprint().as_bytes() {
            return Err("the repository has another configuration than it had".to_owned());
        }
        let present: BTreeSet<&[u8; 32]> = present.iter().map(Id::as_bytes).collect();
        let missing: Vec<_> = seen.snapshots.iter().filter(|id| !present.contains(id)).collect();
        if let Some(first) = missing.first() {
            let first = Id::from_bytes(**first);
            return Err(format!(
                "{} snapshots are gone that agentd made and did not remove, the first is {}",
                missing.len(),
                first.to_short()
            ));
        }
        Ok(seen.needed.map(|Needed { snapshots, bytes }| Seen { snapshots, bytes }))
    }

    fn change<R: Role>(
        &self,
        of: &Repository<R>,
        change: impl FnOnce(&mut SeenRepository),
    ) -> Result<(), String> {
        let (id, config) = (*of.config().id.as_bytes(), *of.fingerprint().as_bytes());
        let changed = self.repositories.update(id, config, |seen| {
            seen.add_address(&self.address);
            change(seen);
        });
        changed.map_err(|error| format!("what is in the repository: {}", error_chain(&error)))
    }
}
