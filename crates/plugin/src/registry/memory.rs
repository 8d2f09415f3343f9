use super::{Change, Installed, Registry};
use crate::Error;
use crate::manifest::PluginId;

/// A registry that lasts as long as the program: for tests, and for programs that install at each start.
#[derive(Clone, Debug, Default)]
pub struct MemoryRegistry(Vec<Installed>);

impl Registry for MemoryRegistry {
    fn versions(&mut self, id: Option<&PluginId>) -> Result<Vec<Installed>, Error> {
        Ok(self.0.iter().filter(|one| id.is_none_or(|id| one.id == *id)).cloned().collect())
    }

    fn change(&mut self, id: &PluginId, change: Change<'_>) -> Result<(), Error> {
        for row in change(self.versions(Some(id))?)? {
            let same = |one: &&mut Installed| one.id == row.id && one.digest == row.digest;
            match self.0.iter_mut().find(same) {
                Some(there) => *there = row,
                None => self.0.push(row),
            }
        }
        Ok(())
    }
}
