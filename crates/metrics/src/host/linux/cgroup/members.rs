//! Who is in a control group.

use std::path::Path;

use super::sources::Hierarchy;
use crate::Error;
use crate::host::linux::file::{Scratch, open, unreadable};
use crate::host::linux::parse::{lines, number};

/// Returns the processes in a group and in all below it. Of a group that is not there that is nobody.
///
/// # Errors
///
/// When the group is there and cannot be read.
pub(in crate::host::linux) fn members(
    root: &Path,
    name: &str,
    scratch: &mut Scratch,
) -> Result<Vec<u32>, Error> {
    let hierarchies = Hierarchy::ALL.iter().filter(|hierarchy| hierarchy.is_at(root));
    let Some(top) =
        hierarchies.map(|at| super::below(&at.root(root), name)).find(|path| path.is_dir())
    else {
        return Ok(Vec::new());
    };
    let mut pids = Vec::new();
    let mut open_groups = vec![top];
    let mut seen = 0;
    while let Some(group) = open_groups.pop() {
        seen += 1;
        if seen > MOST_GROUPS {
            return Err(Error::TooMany { path: group, limit: MOST_GROUPS });
        }
        read_one(&group, scratch, &mut pids)?;
        // A group that is removed meanwhile has nobody.
        let below = std::fs::read_dir(&group).into_iter().flatten().flatten();
        let is_group =
            |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        open_groups.extend(below.filter(is_group).map(|entry| entry.path()));
    }
    Ok(pids)
}

fn read_one(group: &Path, scratch: &mut Scratch, pids: &mut Vec<u32>) -> Result<(), Error> {
    use rustix::io::Errno;
    let path = group.join("cgroup.procs");
    let read = open(&path).and_then(|file| scratch.read_whole(&file));
    match read {
        Ok(text) => {
            pids.extend(lines(text).filter_map(number).filter_map(|pid| u32::try_from(pid).ok()));
            Ok(())
        }
        // Gone meanwhile, or a group of threads, whose processes are told by the group above it.
        Err(Errno::NOENT | Errno::NODEV | Errno::OPNOTSUPP) => Ok(()),
        Err(errno) => Err(unreadable(&path, errno)),
    }
}

/// A group that runs other groups, as a container's host does, has some hundred.
const MOST_GROUPS: usize = 10_000;
