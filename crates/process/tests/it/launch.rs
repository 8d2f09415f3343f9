use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::geteuid;
use wardkit_process::{Account, Cgroup, Error, Exit, Launch, Limit, Resource, Step};

use crate::{exit, into_file, shell};

#[test]
fn what_cannot_be_started_says_which_step_was_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).into_os_string();
    let write = |name: &str, mode| {
        fs::write(at(name), "no program\n").unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    write("text", 0o755);
    write("closed", 0o644);
    let busy = fs::copy("/bin/sh", at("busy"))
        .and_then(|_| fs::OpenOptions::new().append(true).open(at("busy")));
    let check = |launch: Launch, step, kind, transient| match launch.start() {
        Err(ref error @ Error::Spawn { step: found, ref source, .. }) => {
            assert_eq!((found, source.kind()), (step, kind), "{error}");
            assert_eq!(error.is_transient(), transient, "{error}");
        }
        other => panic!("{other:?}"),
    };
    let launch = |name: &str| Launch::new([at(name)]);
    check(launch("missing"), Step::Execute, io::ErrorKind::NotFound, false);
    check(launch("closed"), Step::Execute, io::ErrorKind::PermissionDenied, false);
    check(launch("busy"), Step::Execute, io::ErrorKind::ExecutableFileBusy, true);
    check(Launch::new([""; 0]), Step::Execute, io::ErrorKind::InvalidInput, false);
    let mut elsewhere = shell("true");
    elsewhere.directory = Some(at("missing").into());
    check(elsewhere, Step::Directory, io::ErrorKind::NotFound, false);
    if !geteuid().is_root() {
        let mut other = shell("true");
        other.account = Account::new(0, 0, &[]);
        check(other, Step::Account, io::ErrorKind::PermissionDenied, false);
    }
    drop(busy);
}

#[test]
fn a_child_has_three_descriptors_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let listed = folder.path().join("fds");
    // One that exec would keep.
    let kept = fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&kept, rustix::io::FdFlags::empty()).unwrap();
    let mut launch = shell("for fd in /proc/self/fd/*; do echo ${fd##*/}; done");
    launch.stdout = into_file(&listed);
    assert_eq!(exit(&launch.start().unwrap()), Exit::Code(0));
    let text = fs::read_to_string(listed).unwrap();
    let found: BTreeSet<&str> = text.lines().collect();
    // The shell opens the folder to read it.
    assert!(found.is_superset(&["0", "1", "2"].into()) && found.len() <= 4, "{found:?}");
    let inherited: u32 = text.lines().map(|fd| fd.parse::<u32>().unwrap()).max().unwrap();
    assert!(inherited <= 10, "{found:?}");
}

#[test]
fn a_child_starts_with_the_signals_of_a_new_process() {
    let folder = tempfile::tempdir().unwrap();
    let status = folder.path().join("status");
    let signals = wardkit_process::Signals::take(&[wardkit_process::Signal::HUP]).unwrap();
    let mut launch = Launch::new(["cat", "/proc/self/status"]);
    launch.stdout = into_file(&status);
    assert_eq!(exit(&launch.start().unwrap()), Exit::Code(0));
    assert_eq!(signals.next().unwrap(), None);
    let text = fs::read_to_string(status).unwrap();
    for name in ["SigBlk:", "SigIgn:", "SigCgt:"] {
        let set = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        assert_eq!(u64::from_str_radix(set.trim(), 16), Ok(0), "{name}");
    }
}

#[test]
fn a_child_has_its_session_its_environment_its_directory_and_its_limits() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let mut launch = shell(
        "echo $NAME; pwd; ulimit -n; cut -d' ' -f6 /proc/$$/stat; echo $$; echo ${HOME-none}",
    );
    launch.environment.push(("NAME".into(), "value".into()));
    launch.directory = Some("/".into());
    launch.limits = vec![Limit::hard(Resource::OpenFiles, 77)];
    launch.stdout = into_file(&seen);
    let child = launch.start().unwrap();
    let pid = child.pid().to_string();
    assert_eq!(exit(&child), Exit::Code(0));
    let text = fs::read_to_string(seen).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines, ["value", "/", "77", &pid, &pid, "none"]);
}

#[test]
fn a_child_becomes_its_account_and_keeps_no_group_of_ours() {
    assert!(matches!(Account::look_up("no such user"), Err(Error::UnknownUser { .. })));
    assert!(matches!(Account::look_up("a\0b"), Err(Error::UnknownUser { .. })));
    assert_eq!(Account::new(u32::MAX, 1, &[]), None);
    assert_eq!(Account::look_up("root").unwrap().uid(), 0);
    let Ok(nobody) = Account::look_up("nobody") else { return };
    if !geteuid().is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let mut launch = shell("id -u; id -g; id -G");
    launch.stdout = into_file(&seen);
    let groups: Vec<String> = nobody.group_ids().map(|id| id.to_string()).collect();
    let expected = format!("{}\n{}\n{}\n", nobody.uid(), nobody.gid(), groups.join(" "));
    launch.account = Some(nobody);
    assert_eq!(exit(&launch.start().unwrap()), Exit::Code(0));
    assert_eq!(fs::read_to_string(seen).unwrap(), expected);
}

#[test]
fn a_program_is_as_likely_to_be_killed_for_memory_as_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told");
    let ours: i16 = fs::read_to_string("/proc/self/oom_score_adj").unwrap().trim().parse().unwrap();
    // Everybody may ask for more.
    let more = (ours + 7).min(1000);
    let mut launch = shell("cat /proc/self/oom_score_adj");
    launch.oom_score_adj = Some(more);
    launch.stdout = into_file(&told);
    assert_eq!(exit(&launch.start().unwrap()), Exit::Code(0));
    assert_eq!(fs::read_to_string(&told).unwrap().trim(), more.to_string());

    let mut launch = shell("true");
    launch.oom_score_adj = Some(1001);
    let error = launch.start().unwrap_err();
    assert!(matches!(error, Error::Spawn { step: Step::Limits, .. }), "{error}");
}

#[test]
fn a_program_enters_every_group_that_it_is_born_into() {
    let folder = tempfile::tempdir().unwrap();
    // The kernel takes 0 for the process that writes.
    let group = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("cgroup.procs"), "").unwrap();
        Cgroup::at(path)
    };
    let mut launch = shell("true");
    launch.cgroup = Some(group("unified"));
    launch.cgroups_v1 = vec![group("memory"), group("pids")];
    assert_eq!(exit(&launch.start().unwrap()), Exit::Code(0));
    for name in ["unified", "memory", "pids"] {
        let written = fs::read_to_string(folder.path().join(name).join("cgroup.procs"));
        assert_eq!(written.unwrap(), "0", "{name}");
    }
    let mut launch = shell("true");
    launch.cgroups_v1 = vec![Cgroup::at(folder.path().join("missing"))];
    let error = launch.start().unwrap_err();
    assert!(matches!(error, Error::Spawn { step: Step::Cgroup, .. }), "{error}");
}
