//! Where the hierarchies of cgroups are, and where in them this process is.

use std::path::{Path, PathBuf};

use wardkit_process::Cgroup;

/// The groups that this process is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hierarchies {
    /// In the hierarchy of version 2.
    pub(super) unified: Option<Place>,
    /// In those of version 1, with their controllers.
    pub(super) legacy: Vec<(Vec<String>, Place)>,
}

/// A group in a hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its folder.
    pub(super) group: Cgroup,
    /// Whether it is the first of the hierarchy, which may have processes and groups below at once.
    pub(super) is_root: bool,
}

impl Hierarchies {
    /// Reads where we are: `mounts` as `/proc/self/mountinfo` and `groups` as `/proc/self/cgroup` have it.
    pub(super) fn read(mounts: &str, groups: &str) -> Self {
        let mut found = Self::default();
        for line in groups.lines() {
            let mut fields = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
            let is_unified = controllers.is_empty();
            let Some(place) = mounts.lines().find_map(|mount| place(mount, controllers, path))
            else {
                continue;
            };
            if is_unified {
                found.unified.get_or_insert(place);
            } else {
                let controllers = controllers.split(',').map(str::to_owned).collect();
                found.legacy.push((controllers, place));
            }
        }
        found
    }

    /// Returns our place in the hierarchy of version 1 that has a controller.
    pub(super) fn legacy(&self, controller: &str) -> Option<&Place> {
        let has = |(controllers, _): &&(Vec<String>, Place)| {
            controllers.iter().any(|one| one == controller)
        };
        self.legacy.iter().find(has).map(|(_, place)| place)
    }
}

/// Returns where a group is below a mount point, if it is the mount of these controllers.
fn place(mount: &str, controllers: &str, path: &str) -> Option<Place> {
    let (fields, rest) = mount.split_once(" - ")?;
    let mut fields = fields.split(' ').skip(3);
    let (root, point) = (fields.next()?, fields.next()?);
    let mut rest = rest.split(' ');
    let (kind, _source, options) = (rest.next()?, rest.next()?, rest.next()?);
    let is_it = if controllers.is_empty() {
        kind == "cgroup2"
    } else {
        let has = |one: &str| options.split(',').any(|option| option == one);
        kind == "cgroup" && controllers.split(',').all(has)
    };
    // A mount of a part of it leads to our group only if that is in this part.
    let below = Path::new(path).strip_prefix(root).ok().filter(|_| is_it)?;
    if below.components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
        return None;
    }
    let mut folder = PathBuf::from(point);
    folder.extend(below);
    Some(Place { group: Cgroup::at(folder), is_root: path == "/" && root == "/" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str, is_root: bool) -> Place {
        Place { group: Cgroup::at(path), is_root }
    }

    #[test]
    fn groups_are_found_in_hierarchies_of_both_versions() {
        let mounts = "\
            24 1 0:21 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
            25 24 0:22 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
            26 24 0:23 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
            27 24 0:24 /docker/x /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
            28 24 0:25 / /sys/fs/cgroup/unified rw shared:3 - cgroup2 cgroup2 rw,nsdelegate\n";
        let groups = "4:memory:/user/a\n3:cpu,cpuacct:/\n2:pids:/docker/x/y\n1:name=systemd:/\n\
                      0::/user.slice/b\n";
        let found = Hierarchies::read(mounts, groups);
        assert_eq!(found.unified, Some(at("/sys/fs/cgroup/unified/user.slice/b", false)));
        assert_eq!(found.legacy("memory"), Some(&at("/sys/fs/cgroup/memory/user/a", false)));
        assert_eq!(found.legacy("cpu"), Some(&at("/sys/fs/cgroup/cpu,cpuacct", true)));
        assert_eq!(found.legacy("pids"), Some(&at("/sys/fs/cgroup/pids/y", false)));
        assert_eq!(found.legacy("blkio"), None);
    }

    #[test]
    fn a_group_outside_what_is_mounted_is_not_guessed() {
        let mounts = "27 24 0:24 /docker/x /cg rw - cgroup2 cgroup2 rw\n";
        for groups in ["0::/docker", "0::/docker/x/../../y", "0:", "", "0::relative", "x\n0::/"] {
            assert_eq!(Hierarchies::read(mounts, groups), Hierarchies::default(), "{groups}");
        }
        for mounts in ["", "27 24 0:24 / /cg rw", "27 - cgroup2", "1 2 3 / /cg rw - cgroup2 x"] {
            assert_eq!(Hierarchies::read(mounts, "0::/"), Hierarchies::default(), "{mounts}");
        }
    }
}
