use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use wardkit_process::{Cgroup, Exit, Launch, Process, Procfs, Signal, State, Tree};

use crate::{PATIENCE, eventually, exit, shell};

const MARKER: &str = "WARDKIT_TREE";

fn marked(script: &str, value: &str, file: &Path) -> Launch {
    let mut launch = shell(script);
    launch.command.push(file.into());
    launch.environment.push((MARKER.into(), value.into()));
    launch
}

/// Reads the numbers that the script has written, once there are as many as wanted.
fn pids(file: &Path, wanted: usize) -> Vec<u32> {
    eventually(|| {
        let text = fs::read_to_string(file).ok()?;
        let pids: Vec<u32> = text.lines().map_while(|line| line.parse().ok()).collect();
        (pids.len() == wanted && text.ends_with('\n')).then_some(pids)
    })
}

fn lives(pid: u32) -> bool {
    Procfs::default().stat(pid).is_ok_and(|stat| !stat.has_ended())
}

/// A child that ignores SIGTERM, a session of its own, and a daemon that forked twice and lost its parents.
const ESCAPES: &str = "trap '' TERM
    sh -c 'echo $$ >> $0; exec sleep 1000' $0 &
    setsid sh -c 'echo $$ >> $0; exec sleep 1000' $0 &
    (setsid sh -c 'setsid sh -c \"echo \\$\\$ >> \\$0; exec sleep 1000\" $0 & exit' $0 &)
    echo $$ >> $0; wait";

#[test]
fn a_tree_ends_with_its_escapees_and_spares_everybody_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let value = format!("escapes-{}", std::process::id());
    let root = marked(ESCAPES, &value, &file).start().unwrap();
    let other = marked("echo $$ >> $0; exec sleep 1000", "another", &folder.path().join("other"));
    let other = other.start().unwrap();
    let started = pids(&file, 4);
    let tree = Tree::new(root.identity().clone()).with_marker(MARKER, &value);
    let members: BTreeSet<u32> = tree.members().unwrap().into_iter().map(|stat| stat.pid).collect();
    assert!(members.is_superset(&started.iter().copied().collect()), "{members:?} {started:?}");
    let all = Procfs::default().processes().unwrap();
    let among: BTreeSet<u32> = tree.among(&all).into_iter().map(|stat| stat.pid).collect();
    assert_eq!(among, members);
    root.signal(Signal::TERM).unwrap();
    assert_eq!(root.state().unwrap(), State::Running);
    let outcome = tree.kill_and_wait(PATIENCE).unwrap();
    assert!(outcome.killed >= 4 && outcome.left.is_empty(), "{outcome:?}");
    assert_eq!(exit(&root), Exit::Signal { number: 9, core: false });
    assert!(!started.into_iter().any(lives));
    assert_eq!(other.state().unwrap(), State::Running);
    other.signal(Signal::KILL).unwrap();
    exit(&other);
}

#[test]
fn members_are_told_from_others_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let value = format!("members-{}", std::process::id());
    let root = marked(ESCAPES, &value, &file).start().unwrap();
    let other = Launch::new(["sleep", "1000"]).start().unwrap();
    let started = pids(&file, 4);
    let tree = Tree::new(root.identity().clone()).with_marker(MARKER, &value);
    for pid in started {
        assert!(tree.contains(pid).unwrap(), "{pid}");
    }
    for stranger in [other.pid(), std::process::id(), 1, 0, u32::MAX] {
        assert!(!tree.contains(stranger).unwrap(), "{stranger}");
    }
    root.signal(Signal::KILL).unwrap();
    root.wait(Some(PATIENCE)).unwrap();
    // It was not reaped.
    assert!(tree.contains(root.pid()).unwrap());
    tree.kill_and_wait(PATIENCE).unwrap();
    exit(&root);
    other.signal(Signal::KILL).unwrap();
    exit(&other);
}

#[test]
fn what_a_dead_root_left_is_found_by_its_marker() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let value = format!("leftover-{}", std::process::id());
    let script = "setsid sh -c 'echo $$ >> $0; exec sleep 1000' $0 & exit 3";
    let root = marked(script, &value, &file).start().unwrap();
    let left = pids(&file, 1);
    assert_eq!(exit(&root), Exit::Code(3));
    let tree = Tree::new(root.identity().clone()).with_marker(MARKER, &value);
    let members: Vec<u32> = tree.members().unwrap().into_iter().map(|stat| stat.pid).collect();
    assert_eq!(members, left);
    assert!(tree.kill_and_wait(PATIENCE).unwrap().left.is_empty());
    assert_eq!(tree.kill().unwrap(), 0);
}

/// Forks until two hundred and more are there, each the parent of the next.
const STORM: &str = "n=0; while [ $n -lt 100 ]; do (sh -c 'sleep 1000 & sleep 1000' &) ; n=$((n+1)); done; \
                     echo $$ >> $0; sleep 1000";

#[test]
fn a_storm_is_ended_completely_without_a_cgroup() {
    let folder = tempfile::tempdir().unwrap();
    let value = format!("storm-{}", std::process::id());
    let file = folder.path().join("pids");
    let root = marked(STORM, &value, &file).start().unwrap();
    pids(&file, 1);
    let tree = Tree::new(root.identity().clone()).with_marker(MARKER, &value);
    let outcome = tree.kill_and_wait(PATIENCE).unwrap();
    assert!(outcome.killed >= 200 && outcome.left.is_empty(), "{outcome:?}");
    exit(&root);
}

#[test]
fn a_cgroup_ends_everything_in_it_at_once() {
    let name = format!("wardkit-test-{}", std::process::id());
    // Not everywhere may one be made, and nothing else depends on it.
    let Some(Ok(cgroup)) = Cgroup::ours().map(|ours| ours.child(&name)) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let mut launch = marked(ESCAPES, "unused", &file);
    launch.cgroup = Some(cgroup.clone());
    let Ok(root) = launch.start() else {
        cgroup.remove().unwrap();
        return;
    };
    let started = pids(&file, 4);
    assert!(started.iter().all(|pid| cgroup.pids().unwrap().contains(pid)));
    assert!(!cgroup.is_empty().unwrap());
    let tree = Tree::new(root.identity().clone()).with_cgroup(cgroup.clone());
    let outcome = tree.kill_and_wait(PATIENCE).unwrap();
    assert!(outcome.killed >= 4 && outcome.left.is_empty(), "{outcome:?}");
    exit(&root);
    assert!(!started.into_iter().any(lives));
    eventually(|| cgroup.is_empty().unwrap().then_some(()));
    eventually(|| cgroup.remove().ok());
    assert!(cgroup.is_empty().unwrap() && cgroup.pids().unwrap().is_empty());
    for wrong in ["", "..", "a/b"] {
        assert!(cgroup.child(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_tree_never_holds_us() {
    let ourselves = Process::with_pid(std::process::id()).unwrap();
    let tree = Tree::new(ourselves.identity().clone());
    let child = Launch::new(["sleep", "1000"]).start().unwrap();
    let members: Vec<u32> = tree.members().unwrap().into_iter().map(|stat| stat.pid).collect();
    assert!(!members.contains(&std::process::id()));
    child.signal(Signal::KILL).unwrap();
    exit(&child);
}

#[test]
fn what_a_root_leaves_is_its_own_when_it_has_only_just_ended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let mut launch = shell("sh -c 'echo $$ >> $0; exec sleep 1000' $0 & wait");
    launch.command.push((&file).into());
    let root = launch.start().unwrap();
    let [left] = pids(&file, 1)[..] else { panic!() };
    root.signal(Signal::KILL).unwrap();
    assert_eq!(exit(&root), Exit::Signal { number: 9, core: false });
    let tree = Tree::new(root.identity().clone());
    assert_eq!(tree.members().unwrap(), []);
    let tree = tree.just_ended();
    assert_eq!(tree.members().unwrap().iter().map(|stat| stat.pid).collect::<Vec<_>>(), [left]);
    // A session of that number that was founded before the root is another's.
    let mut later = root.identity().clone();
    later.started += 1_000_000;
    assert_eq!(Tree::new(later).just_ended().members().unwrap(), []);
    assert_eq!(tree.kill_and_wait(PATIENCE).unwrap().left, []);
    assert!(!lives(left));
}
