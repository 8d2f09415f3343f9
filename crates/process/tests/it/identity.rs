use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wardkit_process::{Error, Exit, Identity, Launch, Process, Procfs, Program, Signal, State};

use crate::{exit, shell};

#[test]
fn a_process_is_found_by_its_identity_and_gone_when_it_has_ended() {
    let started = Launch::new(["sleep", "1000"]).start().unwrap();
    let kept = started.identity().clone();
    let found = Process::open(&kept).unwrap();
    assert_eq!(found.identity(), &kept);
    assert_eq!(found.state().unwrap(), State::Running);
    found.signal(Signal::TERM).unwrap();
    assert_eq!(exit(&started), Exit::Signal { number: 15, core: false });
    assert!(matches!(Process::open(&kept), Err(Error::Gone { pid }) if pid == kept.pid));
    assert!(matches!(found.signal(Signal::KILL), Err(Error::Gone { .. })));
}

#[test]
fn a_child_tells_its_exit_and_its_usage() {
    let child = shell("exit 42").start().unwrap();
    assert!(child.wait(Some(crate::PATIENCE)).unwrap());
    let State::Ended { exit, usage: Some(usage) } = child.state().unwrap() else { panic!() };
    assert_eq!(exit, Exit::Code(42));
    assert!(usage.peak_resident > 0);
}

#[test]
fn a_child_that_has_ended_already_is_held_nonetheless() {
    for _ in 0..50 {
        assert_eq!(exit(&Launch::new(["true"]).start().unwrap()), Exit::Code(0));
    }
}

#[test]
fn the_exit_of_a_grandchild_is_learnt_before_its_parent_has_asked_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    // The parent reaps when it is told to, so that the end is seen before and after.
    let script = "sh -c 'kill -STOP $$; exit 42' & echo $! >$0.new; mv $0.new $0; \
                  read -r line < $1; wait; exec sleep 1000";
    let gate = folder.path().join("gate");
    rustix::fs::mkfifoat(rustix::fs::CWD, &gate, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    let mut launch = shell(script);
    launch.command.extend([file.clone().into_os_string(), gate.clone().into_os_string()]);
    let parent = launch.start().unwrap();
    let pid = crate::eventually(|| std::fs::read_to_string(&file).ok()?.trim().parse().ok());
    let procfs = Procfs::default();
    crate::eventually(|| (procfs.stat(pid).ok()?.state == 'T').then_some(()));
    let grandchild = Process::with_pid(pid).unwrap();
    assert_eq!(grandchild.state().unwrap(), State::Running);
    grandchild.signal(Signal::CONT).unwrap();
    assert!(grandchild.wait(Some(crate::PATIENCE)).unwrap());
    let ended = State::Ended { exit: Exit::Code(42), usage: None };
    assert_eq!(grandchild.state().unwrap(), ended);
    std::fs::write(&gate, "\n").unwrap();
    crate::eventually(|| procfs.stat(pid).is_err().then_some(()));
    // Linux 6.15 knows, older kernels do not.
    let after = grandchild.state().unwrap();
    let unknown = State::Ended { exit: Exit::Unknown, usage: None };
    assert!([ended, unknown].contains(&after), "{after:?}");
    parent.signal(Signal::KILL).unwrap();
    exit(&parent);
}

#[test]
fn a_grandchild_that_is_killed_is_told_so_while_nobody_asks() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    // The shell is another program by then, which never waits.
    let script = "sleep 1000 & echo $! >$0.new; mv $0.new $0; exec sleep 1000";
    let mut launch = shell(script);
    launch.command.push(file.clone().into_os_string());
    let parent = launch.start().unwrap();
    let pid = crate::eventually(|| std::fs::read_to_string(&file).ok()?.trim().parse().ok());
    let grandchild = Process::with_pid(pid).unwrap();
    let kept = grandchild.identity().clone();
    grandchild.signal(Signal::KILL).unwrap();
    assert_eq!(exit(&grandchild), Exit::Signal { number: 9, core: false });
    assert!(matches!(Process::open(&kept), Err(Error::Gone { .. })));
    parent.signal(Signal::KILL).unwrap();
    exit(&parent);
}

#[test]
fn ten_thousand_wrong_identities_reach_nobody() {
    let bystanders: Vec<Process> =
        (0..8).map(|_| Launch::new(["sleep", "1000"]).start().unwrap()).collect();
    let has_inodes = bystanders[0].identity().pidfd_inode.is_some();
    let cases = (0..bystanders.len(), 0..5_usize, 1..u64::from(u32::MAX));
    let mut runner = TestRunner::new(Config { cases: 10_000, ..Config::default() });
    runner
        .run(&cases, |(which, what, by)| {
            let mut wrong = bystanders[which].identity().clone();
            match what {
                0 => wrong.started = wrong.started.wrapping_add(by),
                1 => wrong.boot = format!("{by}"),
                2 => wrong.pid = bystanders[(which + 1) % 8].pid(),
                3 if has_inodes => wrong.pidfd_inode = wrong.pidfd_inode.map(|inode| inode ^ by),
                // Where the kernel has no number of its own, the program decides.
                _ => {
                    wrong.pidfd_inode = None;
                    wrong.program = Some(Program { device: by, inode: by });
                }
            }
            if let Ok(process) = Process::open(&wrong) {
                process.signal(Signal::KILL).unwrap();
                return Err(TestCaseError::fail(format!("{wrong:?} was opened")));
            }
            Ok(())
        })
        .unwrap();
    for bystander in bystanders {
        assert_eq!(bystander.state().unwrap(), State::Running);
        bystander.signal(Signal::KILL).unwrap();
        exit(&bystander);
    }
}

#[test]
fn a_number_that_was_given_again_is_another_process() {
    let first = Launch::new(["true"]).start().unwrap();
    let kept = first.identity().clone();
    exit(&first);
    // Only the system's administrator can choose the next number, and others may be faster.
    for _ in 0..100 {
        if std::fs::write("/proc/sys/kernel/ns_last_pid", (kept.pid - 1).to_string()).is_err() {
            return;
        }
        let second = Launch::new(["sleep", "1000"]).start().unwrap();
        let has_number = second.pid() == kept.pid;
        let reopened = Process::open(&kept);
        let signalled = first.signal(Signal::KILL);
        assert_eq!(second.state().unwrap(), State::Running);
        second.signal(Signal::KILL).unwrap();
        exit(&second);
        assert!(matches!(reopened, Err(Error::Gone { .. })), "{reopened:?}");
        assert!(matches!(signalled, Err(Error::Gone { .. })), "{signalled:?}");
        if has_number {
            return;
        }
    }
}

#[test]
fn a_pidfd_is_taken_only_for_its_own_process() {
    let [one, two] = [(); 2].map(|()| Launch::new(["sleep", "1000"]).start().unwrap());
    let pidfd = one.try_clone().unwrap().into_pidfd();
    let taken = Process::from_pidfd(pidfd.try_clone().unwrap(), one.identity()).unwrap();
    assert_eq!(taken.identity(), one.identity());
    assert!(matches!(Process::from_pidfd(pidfd, two.identity()), Err(Error::Gone { .. })));
    let pidfd = one.try_clone().unwrap().into_pidfd();
    let mut without = two.identity().clone();
    without.pidfd_inode = None;
    assert!(matches!(Process::from_pidfd(pidfd, &without), Err(Error::Gone { .. })));
    for process in [one, two] {
        process.signal(Signal::KILL).unwrap();
        exit(&process);
    }
}

#[test]
fn a_forged_proc_is_read_as_bytes_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("7")).unwrap();
    std::fs::create_dir_all(root.join("sys/kernel/random")).unwrap();
    std::fs::write(root.join("sys/kernel/random/boot_id"), "boot\n").unwrap();
    std::fs::write(root.join("7/stat"), "7 (a) b) S 1 7 7 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0")
        .unwrap();
    let procfs = Procfs::at(root);
    assert_eq!(Identity::read(&procfs, 7).unwrap(), Identity::new("boot", 7, 99));
    assert_eq!(procfs.pids().unwrap(), [7]);
    assert!(matches!(Identity::read(&procfs, 8), Err(Error::Gone { pid: 8 })));
    std::fs::write(root.join("7/stat"), [0xff; 4096]).unwrap();
    assert!(matches!(Identity::read(&procfs, 7), Err(Error::Malformed { .. })));
}

#[cfg(feature = "serde")]
#[test]
fn an_identity_comes_back_from_a_file() {
    let started = Launch::new(["sleep", "1000"]).start().unwrap();
    let text = serde_json::to_string(started.identity()).unwrap();
    let back: Identity = serde_json::from_str(&text).unwrap();
    assert_eq!(&back, started.identity());
    Process::open(&back).unwrap().signal(Signal::KILL).unwrap();
    exit(&started);
    let bare = r#"{"boot":"b","pid":7,"started":99}"#;
    assert_eq!(serde_json::from_str::<Identity>(bare).unwrap(), Identity::new("b", 7, 99));
}
