use rustix::process::Gid;

use crate::{Error, sys};

/// A user with its groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "(u32, u32, Vec<u32>)", into = "(u32, u32, Vec<u32>)")
)]
pub struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    groups: Vec<Gid>,
}

impl Account {
    /// Returns an account of numbers; `groups` are those beside the first.
    ///
    /// Returns `None` for the number that means "no change" to the kernel.
    #[must_use]
    pub fn new(uid: u32, gid: u32, groups: &[u32]) -> Option<Self> {
        let is_known = |id: u32| id != u32::MAX;
        if !is_known(uid) || !is_known(gid) || !groups.iter().copied().all(is_known) {
            return None;
        }
        Some(Self { uid, gid, groups: groups.iter().map(|id| Gid::from_raw(*id)).collect() })
    }

    /// Looks a user up by name as the system's own databases have it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownUser`] when there is none, [`Error::File`] when the databases do not answer.
    pub fn look_up(name: &str) -> Result<Self, Error> {
        let unknown = || Error::UnknownUser { name: name.to_owned() };
        let text = sys::c_string(name.as_bytes()).map_err(|_| unknown())?;
        match sys::account(&text).map_err(Error::file("passwd"))? {
            Some((uid, gid, groups)) => Self::new(uid, gid, &groups).ok_or_else(unknown),
            None => Err(unknown()),
        }
    }

    /// Returns the number of the user.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// Returns the number of its first group.
    #[must_use]
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// Returns the numbers of its groups.
    pub fn group_ids(&self) -> impl Iterator<Item = u32> {
        self.groups.iter().map(|group| group.as_raw())
    }

    pub(crate) fn groups(&self) -> &[Gid] {
        &self.groups
    }
}

/// User, first group, and all groups.
impl From<Account> for (u32, u32, Vec<u32>) {
    fn from(account: Account) -> Self {
        (account.uid, account.gid, account.group_ids().collect())
    }
}

impl TryFrom<(u32, u32, Vec<u32>)> for Account {
    type Error = &'static str;

    fn try_from((uid, gid, groups): (u32, u32, Vec<u32>)) -> Result<Self, Self::Error> {
        Self::new(uid, gid, &groups).ok_or("an account holds the number that means no change")
    }
}
