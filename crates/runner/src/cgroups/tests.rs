use std::collections::HashSet;
use std::fs;
use std::path::Path;

use wardkit_process::{Limit, Resource};
use wardkit_supervise::{LeakConfig, ServiceSpec};

use super::{Cgroups, Hierarchies, OomScores};

const SCORES: OomScores = OomScores { ours: -500, services: 0, is_privileged: true };

/// Folders that look like hierarchies.
struct Host {
    folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    /// A hierarchy of version 2, where we are below its first group.
    fn with_unified(&self, controllers: &str) -> &Self {
        for group in ["v2/agentd", "v2/agentd/wardkit-test"] {
            self.write(&format!("{group}/cgroup.controllers"), controllers)
                .write(&format!("{group}/cgroup.subtree_control"), "");
        }
        self.write("v2/agentd/cgroup.procs", "")
    }

    fn cgroups(&self, groups: &str) -> Cgroups {
        let root = self.folder.path().display();
        let mounts = format!(
            "1 0 0:1 / {root}/v2 rw - cgroup2 cgroup2 rw\n\
             2 0 0:2 / {root}/memory rw - cgroup cgroup rw,memory\n\
             3 0 0:3 / {root}/pids rw - cgroup cgroup rw,pids\n\
             4 0 0:4 / {root}/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
        );
        Cgroups::new(Hierarchies::read(&mounts, groups), "test", SCORES)
    }
}

fn limited() -> ServiceSpec {
    let mut bot = ServiceSpec::new("bot", ["/usr/bin/bot"]);
    bot.limits.memory_max = Some("64MiB".parse().unwrap());
    bot.limits.memory_high = Some("48MiB".parse().unwrap());
    bot.limits.processes = Some(20);
    bot.limits.cpu = Some("150%".parse().unwrap());
    bot.limits.open_files = Some(256);
    bot.limits.core = Some("0".parse().unwrap());
    bot
}

fn pairs(values: &[(&str, &str)]) -> Vec<(String, String)> {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn of_each_process() -> Vec<Limit> {
    vec![Limit::hard(Resource::OpenFiles, 256), Limit::hard(Resource::Core, 0)]
}

#[test]
fn limits_are_values_of_a_group_of_version_2() {
    let host = Host::new();
    host.with_unified("cpu memory pids");
    let mut cgroups = host.cgroups("0::/agentd\n");
    let placement = cgroups.place(&limited(), 7, None);
    assert_eq!(placement.cgroup, Some(host.path("v2/agentd/wardkit-test")));
    let values = [
        ("memory.max", "67108864"),
        ("memory.high", "50331648"),
        ("pids.max", "20"),
        ("cpu.max", "150000 100000"),
    ];
    assert_eq!(placement.values, pairs(&values));
    assert_eq!(placement.limits, of_each_process());
    assert_eq!((placement.oom_score_adj, placement.cgroups_v1.len()), (Some(0), 0));
    assert_eq!(placement.remarks, [""; 0]);
    // The last that was written; the kernel adds them up.
    assert!(host.read("v2/agentd/cgroup.subtree_control").starts_with("+cpu"));
}

#[test]
fn a_controller_is_turned_on_when_it_is_needed() {
    let host = Host::new();
    host.with_unified("cpu memory pids");
    let mut cgroups = host.cgroups("0::/agentd\n");
    let mut bot = ServiceSpec::new("bot", ["/usr/bin/bot"]);
    assert_eq!(cgroups.place(&bot, 1, None).values, pairs(&[]));
    assert_eq!(host.read("v2/agentd/cgroup.subtree_control"), "");
    bot.leak = Some(LeakConfig::default());
    assert_eq!(cgroups.place(&bot, 2, None).values, pairs(&[]));
    assert_eq!(host.read("v2/agentd/cgroup.subtree_control"), "+memory");
}

#[test]
fn limits_hold_in_hierarchies_of_version_1_where_version_2_has_none() {
    let host = Host::new();
    host.with_unified("hugetlb")
        .write("memory/x/wardkit-test/bot.7/memory.limit_in_bytes", "")
        .write("pids/wardkit-test/bot.7/pids.max", "")
        .write("cpu/wardkit-test/bot.7/cpu.cfs_quota_us", "")
        .write("cpu/wardkit-test/bot.7/cpu.cfs_period_us", "");
    let mut cgroups = host.cgroups("4:memory:/x\n3:pids:/\n2:cpu,cpuacct:/\n0::/agentd\n");
    let placement = cgroups.place(&limited(), 7, None);
    assert_eq!(placement.cgroup, Some(host.path("v2/agentd/wardkit-test")));
    assert_eq!(placement.values, pairs(&[]));
    let groups = ["memory/x", "pids", "cpu"].map(|at| host.path(at).join("wardkit-test/bot.7"));
    assert_eq!(placement.cgroups_v1, groups);
    assert_eq!(host.read("memory/x/wardkit-test/bot.7/memory.limit_in_bytes"), "67108864");
    assert_eq!(host.read("pids/wardkit-test/bot.7/pids.max"), "20");
    assert_eq!(host.read("cpu/wardkit-test/bot.7/cpu.cfs_quota_us"), "150000");
    let slowed = "limits.memory_high is not enforced: the memory controller is one of version 1, which has no such limit";
    assert_eq!(placement.remarks, [slowed]);
    let groups = cgroups.groups("bot", 7, placement.cgroup.as_deref());
    assert_eq!(groups.memory_v1.unwrap().path(), host.path("memory/x/wardkit-test/bot.7"));
    assert_eq!(cgroups.groups("bot", 8, None), super::Groups::default());
}

#[test]
fn what_no_hierarchy_enforces_is_said_and_not_forgotten() {
    let host = Host::new();
    let mut cgroups = host.cgroups("");
    let placement = cgroups.place(&limited(), 1, None);
    assert_eq!((placement.cgroup.clone(), placement.values.len()), (None, 0));
    assert_eq!(placement.limits, of_each_process());
    let none = "there is no hierarchy of cgroups of version 2 here";
    let expected = ["memory_max", "memory_high", "processes", "cpu"]
        .map(|key| format!("limits.{key} is not enforced: {none}"));
    assert_eq!(placement.remarks, expected);

    // A user of its own can be counted.
    let placement = cgroups.place(&limited(), 1, Some(1234));
    assert!(placement.limits.contains(&Limit::hard(Resource::Processes, 20)), "{placement:?}");
    let counted = "limits.processes counts everything of user 1234 together: there is no pids controller to count by service";
    assert!(placement.remarks.contains(&counted.to_owned()), "{:?}", placement.remarks);
    // The superuser is not.
    let placement = cgroups.place(&limited(), 1, Some(0));
    assert_eq!(placement.remarks, expected);
}

#[test]
fn a_controller_that_is_refused_is_told_with_whoever_is_in_the_way() {
    let host = Host::new();
    host.with_unified("memory").write("v2/agentd/cgroup.procs", "4711\n");
    fs::remove_file(host.path("v2/agentd/cgroup.subtree_control")).unwrap();
    let mut cgroups = host.cgroups("0::/agentd\n");
    let placement = cgroups.place(&limited(), 1, None);
    let remark = &placement.remarks[0];
    assert!(remark.starts_with("limits.memory_max is not enforced: "), "{remark}");
    assert!(remark.contains("cgroup.subtree_control"), "{remark}");
    assert!(remark.ends_with("processes 4711 are in it"), "{remark}");
}

#[test]
fn we_and_the_guardian_make_room_and_are_found_again() {
    let host = Host::new();
    host.with_unified("memory");
    let ours = std::process::id();
    host.write("v2/agentd/cgroup.procs", &format!("{ours}\n4711\n4712\n"))
        .write("v2/agentd/wardkit-main/cgroup.procs", "");
    let cgroups = host.cgroups("0::/agentd\n");
    let mut cgroups = cgroups;
    cgroups.guardian(1);
    cgroups.guardian(4711);
    let place = cgroups.hierarchies.unified.clone().unwrap();
    cgroups.make_room(&place);
    // The last of ours; a stranger is not moved.
    let moved = host.read("v2/agentd/wardkit-main/cgroup.procs");
    assert!(moved.starts_with("4711"), "{moved}");
    let again = host.cgroups("0::/agentd/wardkit-main\n");
    assert_eq!(again.unified, Ok(super::Cgroup::at(host.path("v2/agentd/wardkit-test"))));
}

#[test]
fn more_than_agentd_may_give_is_not_asked_for() {
    let host = Host::new();
    host.with_unified("");
    let mut cgroups = host.cgroups("0::/agentd\n");
    cgroups.oom_score_adj = OomScores { ours: 10, services: 210, is_privileged: false };
    let mut bot = ServiceSpec::new("bot", ["/usr/bin/bot"]);
    assert_eq!(cgroups.place(&bot, 1, None).oom_score_adj, Some(210));
    bot.limits.oom_score_adj = Some(-100);
    bot.limits.open_files = Some(u64::MAX / 2);
    let placement = cgroups.place(&bot, 1, None);
    assert_eq!(placement.oom_score_adj, Some(10));
    let most = Limit::of_ours(Resource::OpenFiles).hard.unwrap();
    assert_eq!(placement.limits, [Limit::hard(Resource::OpenFiles, most)]);
    assert_eq!(placement.remarks.len(), 2, "{:?}", placement.remarks);
}

#[test]
fn groups_of_runs_that_nobody_knows_are_removed() {
    let host = Host::new();
    host.with_unified("");
    let cgroups = host.cgroups("4:memory:/\n0::/agentd\n");
    let folders = ["v2/agentd/wardkit-test", "memory/wardkit-test"];
    for name in ["bot.1", "bot.2", "bot.3"] {
        for folder in folders {
            fs::create_dir_all(host.path(folder).join(name)).unwrap();
        }
    }
    let is_there = |name: &str| folders.map(|folder| host.path(folder).join(name).is_dir());
    cgroups.tidy(&HashSet::from([("bot".to_owned(), 2)]));
    assert_eq!((is_there("bot.1"), is_there("bot.2")), ([false; 2], [true; 2]));
    cgroups.remove("bot", 2);
    assert_eq!(is_there("bot.2"), [true, false]);
    cgroups.clear();
    assert!(!Path::new(&host.path("memory/wardkit-test")).exists());
}
