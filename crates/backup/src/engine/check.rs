//! Proves that a repository holds what it says.

use crate::format::Id;

use super::{Error, Observer, Repository, Role};

mod finding;
mod report;

mod objects;
mod packs;
mod trees;

mod data;
mod window;

pub use finding::{Finding, Severity};
pub use report::{CheckOutcome, CheckReport};

/// What a check looks at, besides the keys, locks, snapshots and indexes, the list of the packs and all trees.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CheckOptions {
    /// Which packs are read, decrypted and hashed.
    pub read_data: ReadData,
}

/// Which packs a check reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadData {
    /// None: only what trees need of them.
    #[default]
    None,
    /// All.
    All,
    /// One of several parts, which together are all.
    Subset {
        /// Which, from 1.
        part: u32,
        /// Of how many.
        of: u32,
    },
    /// These.
    Packs(Vec<Id>),
}

impl CheckOptions {
    /// Reads these packs.
    #[must_use]
    pub fn reading(read_data: ReadData) -> Self {
        Self { read_data }
    }
}

impl<R: Role> Repository<R> {
    /// Checks everything that the repository says against what it has. Damage does not end the check, it is found.
    ///
    /// Another program that removes packs meanwhile makes findings: whoever checks holds a
    /// [lock](super::LockKind::Shared).
    ///
    /// # Errors
    ///
    /// When the store cannot list its objects, the index does not fit into memory, or the observer ends the check.
    pub fn check(
        &self,
        options: &CheckOptions,
        observer: &dyn Observer,
    ) -> Result<CheckReport, Error> {
        let check = report::Check::begin(self, observer);
        let (index, snapshots) = objects::check(&check)?;
        let packs = packs::check(&check, &index)?;
        trees::check(&check, &index, &snapshots)?;
        data::check(&check, &index, &packs, &options.read_data)?;
        Ok(check.end())
    }
}

impl ReadData {
    /// Whether a pack is read. The part of a pack depends on nothing but its name.
    fn takes(&self, pack: &Id) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Subset { part, of } => {
                let first = pack.as_bytes().first_chunk().copied().unwrap_or_default();
                u64::from_be_bytes(first) % u64::from(*of).max(1) + 1 == u64::from(*part)
            }
            Self::Packs(packs) => packs.contains(pack),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_together_are_all_and_have_nothing_in_common() {
        for number in 0..500_u32 {
            let pack = Id::of(&number.to_be_bytes());
            for of in [1, 2, 7, 100] {
                let parts = (1..=of).filter(|&part| ReadData::Subset { part, of }.takes(&pack));
                assert_eq!(parts.count(), 1);
            }
            assert!(ReadData::All.takes(&pack) && !ReadData::None.takes(&pack));
        }
        assert!(!ReadData::Subset { part: 2, of: 0 }.takes(&Id::of(b"")));
    }
}
