//! Removal of what no snapshot needs: first it is marked in the index, and after a time of grace it is removed.

mod apply;
mod options;
mod plan;

pub use options::{PruneOptions, PruneReport, Seen};

use crate::store::{Key, Kind};

use super::{Error, LockKind, Observer, Pruner, Repository, Usage};

use plan::Plan;

impl Repository<Pruner> {
    /// Marks packs that no snapshot needs, packs anew what is needed of others, and removes packs that have been marked
    /// for the time of grace. It is alone in the repository meanwhile, as far as the store keeps locks.
    ///
    /// restic takes a marked pack for one that is in no index: its check tells such, and finds no error.
    ///
    /// # Errors
    ///
    /// [`Error::PruneRefused`] when a snapshot is damaged, or fewer snapshots or bytes are needed than can be explained;
    /// [`Error::IndexDamaged`] when a part of the index cannot be read; others when something needed is missing or damaged. Nothing is removed then, and whatever fails, the snapshots
    /// are whole.
    pub fn prune(
        &self,
        options: &PruneOptions,
        observer: &dyn Observer,
    ) -> Result<PruneReport, Error> {
        let lock = self.lock(LockKind::Exclusive, observer)?;
        let list = self.snapshots()?;
        if let Some(damaged) = list.damaged.first() {
            let reason = format!("`{}` is damaged, and may need anything", damaged.key);
            return Err(Error::PruneRefused { reason });
        }
        let index = self.load_index(observer)?;
        let roots = list.snapshots.iter().map(|(_, snapshot)| snapshot.tree);
        if let Some(id) = index.damaged().first() {
            return Err(Error::IndexDamaged { key: Key::Named(Kind::Index, *id) });
        }
        let usage = Usage::of(self, &index, roots, observer)?;
        let plan = Plan::new(self, &index, &usage, options)?;
        let report = plan.report(list.snapshots.len());
        options.heed_brake(&report)?;
        if !options.dry_run {
            self.apply(&plan, &index, &usage, (&lock, observer))?;
        }
        lock.release()?;
        Ok(report)
    }
}
