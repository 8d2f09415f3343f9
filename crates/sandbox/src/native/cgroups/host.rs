use std::fs;
use std::path::{Path, PathBuf};

use wardkit_process::Cgroup;

use super::{CgroupDriver, Controller, V1, V2};

/// Where groups can be made: below the group that this process is in; beside it only where it is the part of a delegated
/// group that was set aside for this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Controllers {
    parents: Vec<Parent>,
}

#[derive(Clone, Debug)]
struct Parent {
    driver: &'static dyn CgroupDriver,
    cgroup: Cgroup,
    controllers: Vec<Controller>,
}

impl Controllers {
    /// Finds the groups of this process.
    pub(crate) fn find() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self::read(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo"))
    }

    /// Takes a group of version 2 that was delegated to this process.
    pub(crate) fn delegated(path: &Path) -> Self {
        let mut found = Self::default();
        found.add(&V2, path.to_path_buf(), &Controller::ALL);
        found
    }

    fn read(memberships: &str, mounts: &str) -> Self {
        let mut found = Self::default();
        // Version 2 first: a controller is in one hierarchy only, and 2 can do more.
        let mut lines: Vec<&str> = memberships.lines().collect();
        lines.sort_by_key(|line| !line.starts_with("0::"));
        for line in lines {
            let mut fields = line.splitn(3, ':');
            let (Some(number), Some(names), Some(path)) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let names: Vec<&str> = names.split(',').collect();
            let controllers: Vec<Controller> = Controller::ALL
                .into_iter()
                .filter(|one| number == "0" || names.contains(&one.name()))
                .collect();
            let first = controllers.first().filter(|_| number != "0").map(|one| one.name());
            if let (false, Some(mount)) = (controllers.is_empty(), mount(mounts, first)) {
                let driver: &'static dyn CgroupDriver = if number == "0" { &V2 } else { &V1 };
                let path = path.strip_prefix('/').unwrap_or(path);
                // In version 2 a group with processes has none with controllers below it.
                let beside = path.strip_suffix(SET_ASIDE).filter(|_| number == "0");
                let path = beside.unwrap_or(path);
                found.add(driver, mount.join(path), &controllers);
            }
        }
        found
    }

    /// Returns where groups are made: how, below what, and with which limits.
    pub(crate) fn parents(
        &self,
    ) -> impl Iterator<Item = (&'static dyn CgroupDriver, &Cgroup, &[Controller])> {
        self.parents
            .iter()
            .map(|parent| (parent.driver, &parent.cgroup, parent.controllers.as_slice()))
    }

    /// Removes what callers left behind that were killed: empty groups with names that [`name`] gives, of processes that
    /// are no more. The kernel keeps those that are not empty.
    pub(crate) fn sweep(&self, is_alive: impl Fn(u32) -> bool) {
        for parent in &self.parents {
            let Ok(groups) = fs::read_dir(parent.cgroup.path()) else { continue };
            for group in groups.filter_map(Result::ok) {
                let name = group.file_name();
                if name.to_str().and_then(owner).is_some_and(|owner| !is_alive(owner)) {
                    // Another process may sweep at the same time.
                    let _ = fs::remove_dir(group.path());
                }
            }
        }
    }

    /// Adds a parent with those controllers that its children can have.
    fn add(
        &mut self,
        driver: &'static dyn CgroupDriver,
        path: PathBuf,
        controllers: &[Controller],
    ) {
        let cgroup = Cgroup::at(path);
        let passed_on = |cgroup: &Cgroup| {
            fs::read_to_string(cgroup.path().join("cgroup.subtree_control")).unwrap_or_default()
        };
        let mut controllers = controllers.to_vec();
        if driver.version() == 2 {
            for controller in &controllers {
                if !has(&passed_on(&cgroup), *controller) {
                    // Refused where it was not delegated, and where the group itself has processes.
                    let _ =
                        cgroup.set("cgroup.subtree_control", &format!("+{}", controller.name()));
                }
            }
            let passed_on = passed_on(&cgroup);
            controllers.retain(|controller| has(&passed_on, *controller));
        }
        if !controllers.is_empty() {
            self.parents.push(Parent { driver, cgroup, controllers });
        }
    }
}

/// Names a group of this process.
pub(crate) fn name(run: &str) -> String {
    format!("{NAMES}{}-{run}", std::process::id())
}

/// Returns the process that gave a group its name.
fn owner(name: &str) -> Option<u32> {
    let (pid, run) = name.strip_prefix(NAMES)?.split_once('-')?;
    let run = run.strip_prefix("probe-").unwrap_or(run);
    run.parse::<u32>().ok()?;
    pid.parse().ok()
}

const NAMES: &str = "wardkit-";
/// What `DelegateSubgroup=` says in the generated unit of systemd, and what agentd makes for itself without it.
const SET_ASIDE: &str = "/wardkit-main";

fn has(names: &str, controller: Controller) -> bool {
    names.split_ascii_whitespace().any(|name| name == controller.name())
}

/// Finds where a hierarchy is mounted whole: that of a controller, or that of version 2.
fn mount(mounts: &str, controller: Option<&str>) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (fields, rest) = line.split_once(" - ")?;
        let mut fields = fields.split(' ').skip(3);
        let is_whole = fields.next()? == "/";
        let point = fields.next()?;
        let mut rest = rest.split(' ');
        let (kind, options) = (rest.next()?, rest.nth(1)?);
        let is_it = match controller {
            None => kind == "cgroup2",
            Some(name) => kind == "cgroup" && options.split(',').any(|option| option == name),
        };
        (is_whole && is_it).then(|| point.into())
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Group, number};
    use super::*;
    use crate::Limits;

    #[test]
    fn the_groups_of_version_1_are_found_by_controller() {
        let mounts = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
                      32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
                      35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let found = Controllers::read("4:memory:/a/b\n2:cpu,cpuacct:/\n1:name=systemd:/\n", mounts);
        let found: Vec<_> = found
            .parents()
            .map(|(driver, cgroup, controllers)| {
                (driver.version(), cgroup.path().to_path_buf(), controllers.to_vec())
            })
            .collect();
        let expected = [
            (1, PathBuf::from("/sys/fs/cgroup/memory/a/b"), vec![Controller::Memory]),
            (1, PathBuf::from("/sys/fs/cgroup/cpu/"), vec![Controller::Cpu]),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_group_of_version_2_has_every_limit_that_was_delegated() {
        let folder = tempfile::tempdir().expect("a folder");
        let parent = folder.path();
        fs::write(parent.join("cgroup.subtree_control"), "cpu memory pids\n").expect("a file");
        // The kernel makes the files of a group with the group.
        let child = parent.join("run");
        fs::create_dir(&child).expect("a folder");
        for file in ["memory.max", "memory.swap.max", "memory.oom.group", "cpu.max", "pids.max"] {
            fs::write(child.join(file), "").expect("a file");
        }
        fs::write(child.join("memory.events"), "oom 1\noom_kill 1\n").expect("a file");
        fs::write(child.join("memory.peak"), "4096\n").expect("a file");
        fs::write(child.join("cpu.stat"), "usage_usec 5\nthrottled_usec 7\n").expect("a file");

        let group = Group::make(&Controllers::delegated(parent), "run", &Limits::default());
        let written = |file: &str| fs::read_to_string(child.join(file)).expect("it is there");
        assert_eq!(written("memory.max"), "50000000");
        assert_eq!(written("memory.swap.max"), "0");
        assert_eq!(written("memory.oom.group"), "1");
        assert_eq!(written("cpu.max"), "10000 100000");
        assert_eq!(written("pids.max"), "1");
        assert!(Controller::ALL.into_iter().all(|one| group.keeps(one) == Some(2)));
        assert!(group.ran_out_of_memory());
        assert_eq!(group.memory_peak(), Some(4096));
        assert_eq!(group.throttled().as_micros(), 7);
        assert_eq!(number(&child.join("cpu.stat"), "usage_usec"), Some(5));
    }

    #[test]
    fn a_controller_that_was_not_delegated_limits_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("cgroup.subtree_control"), "pids\n").expect("a file");
        let found = Controllers::delegated(folder.path());
        // A real kernel refuses what a file in a folder takes; what was refused is not in the file.
        let taken: Vec<_> = found.parents().flat_map(|(_, _, taken)| taken.to_vec()).collect();
        assert!(!taken.contains(&Controller::Memory), "{taken:?}");
    }

    #[test]
    fn groups_are_made_beside_the_one_that_was_set_aside_for_us() {
        let folder = tempfile::tempdir().expect("a folder");
        for unit in ["unit", "unit/wardkit-main"] {
            fs::create_dir(folder.path().join(unit)).expect("a folder");
        }
        let mounts = format!("30 25 0:26 / {} rw - cgroup2 cgroup2 rw\n", folder.path().display());
        let subtree = folder.path().join("unit/cgroup.subtree_control");
        fs::write(subtree, "cpu memory pids\n").expect("a file");
        let found = Controllers::read("0::/unit/wardkit-main\n", &mounts);
        let places: Vec<_> = found.parents().map(|(_, group, _)| group.path().to_owned()).collect();
        assert_eq!(places, [folder.path().join("unit")]);
        let found = Controllers::read("0::/unit\n", &mounts);
        assert_eq!(found.parents().count(), 1, "a group of another name is taken as it is");
        assert_eq!(Controllers::read("0::/wardkit-main\n", &mounts).parents().count(), 0);
    }

    #[test]
    fn empty_groups_of_processes_that_are_no_more_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let subtree = folder.path().join("cgroup.subtree_control");
        fs::write(subtree, "cpu memory pids\n").expect("a file");
        let own = name("0");
        let gone = ["wardkit-77-0", "wardkit-77-probe-3"];
        let kept = [
            &own,
            "wardkit-78-0",
            "wardkit-77",
            "wardkit-77-",
            "wardkit-77-x",
            "wardkit-agentd-77-1",
            "wardkit-+x-0",
            "wardkit-main",
            "other-77-0",
            "wardkit-77-9",
        ];
        for one in gone.iter().chain(&kept) {
            fs::create_dir(folder.path().join(one)).expect("a folder");
        }
        fs::create_dir(folder.path().join("wardkit-77-9/within")).expect("a folder");
        Controllers::delegated(folder.path()).sweep(|pid| pid != 77);
        let is_there = |name: &&str| folder.path().join(name).is_dir();
        assert_eq!(gone.iter().filter(|one| is_there(one)).count(), 0);
        let lost: Vec<_> = kept.iter().filter(|one| !is_there(one)).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}
