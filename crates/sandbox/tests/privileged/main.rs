//! What needs root and a mounted hierarchy of cgroups of version 2; behind the feature `privileged`.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};

use wardkit_process::Cgroup;

/// A group that is removed at the end.
struct Group(Cgroup);

impl Group {
    fn new() -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("there is procfs");
        let mount = mounts.lines().find_map(|line| {
            let (fields, kind) = line.split_once(" - ")?;
            kind.starts_with("cgroup2 ").then(|| fields.split(' ').nth(4).map(PathBuf::from))?
        });
        let parent = Cgroup::at(mount.expect("cgroups of version 2 are mounted"));
        let name = format!("wardkit-privileged-{}", std::process::id());
        Self(parent.child(&name).expect("root can make groups"))
    }

    /// Starts a shell in it with two children that would live for long.
    fn fill(&self) -> Child {
        let procs = self.0.path().join("cgroup.procs");
        let script = "echo $$ > \"$0\" && { sleep 60 & sleep 60 & wait; }";
        Command::new("/bin/sh").args(["-c", script]).arg(procs).spawn().expect("there is a shell")
    }

    fn processes(&self) -> usize {
        let procs = fs::read_to_string(self.0.path().join("cgroup.procs"));
        procs.expect("the group is there").lines().count()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = self.0.kill();
        // It is removed where the test went well; elsewhere it says so itself.
        let _ = self.0.remove();
    }
}

#[test]
fn the_kernel_ends_a_whole_group_at_once() {
    let group = Group::new();
    let mut shell = group.fill();
    while group.processes() < 3 {
        assert!(shell.try_wait().expect("it is ours").is_none(), "the shell could not enter");
        std::thread::yield_now();
    }
    group.0.kill().expect("the kernel has cgroup.kill");
    let ended = shell.wait().expect("it is ours");
    assert!(!ended.success(), "{ended:?}");
    // Its children are the host's to reap; the group lets go of them as they end.
    while !group.0.is_empty().expect("the group is there") {
        std::thread::yield_now();
    }
    group.0.remove().expect("nothing is left in it");
}
