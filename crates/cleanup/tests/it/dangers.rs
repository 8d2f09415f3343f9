//! What must never be removed, and what must never be followed.

use std::cell::Cell;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, FlockOperation, Mode, RenameFlags};
use wardkit_cleanup::{Also, Cleaner, Config, Report};
use wardkit_core::Clock as _;

use super::{Scene, both_ways, kept, pairs, removed};

/// A child that said that it is ready; ended when dropped.
struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn holder(scene: &Scene, script: &str) -> Holder {
    let mut shell = Command::new("/bin/sh");
    let ready = format!("{script}; echo ready; exec sleep 100000");
    shell.args(["-c", &ready]).current_dir(scene.path()).stdout(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    let mut word = [0; 5];
    child.stdout.as_mut().unwrap().read_exact(&mut word).unwrap();
    Holder(child)
}

#[test]
fn what_another_process_uses_stays_until_it_ends() {
    both_ways(|scene| {
        for name in ["free", "open", "work/x"] {
            scene.write(name, 1);
        }
        let mut rule = scene.rule();
        rule.also.insert(Also::EmptyDirs);
        // The shell's directory is the scene's, the sleeper's is `work`.
        let script = "exec 3<open; cd work; rm x";
        let held = holder(scene, script);
        let report = scene.run(vec![rule.clone()], |_| ());
        assert_eq!(removed(&report), ["free"]);
        assert_eq!(kept(&report), pairs(&[("open", "in use"), ("work", "in use")]));
        drop(held);
        assert_eq!(removed(&scene.run(vec![rule], |_| ())), ["open", "work"]);
    });
}

#[test]
fn a_program_that_runs_stays() {
    both_ways(|scene| {
        let program = scene.path().join("program");
        fs::copy(fs::canonicalize("/bin/sleep").unwrap(), &program).unwrap();
        let mut child = Command::new(&program).arg("100000").spawn().unwrap();
        let report = scene.run(vec![scene.rule()], |_| ());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(kept(&report), pairs(&[("program", "in use")]));
        assert_eq!(scene.run(vec![scene.rule()], |_| ()).removed(), 1);
    });
}

#[test]
fn what_is_locked_stays() {
    both_ways(|scene| {
        scene.write("sub/a", 1);
        let directory = fs::File::open(scene.path().join("sub")).unwrap();
        rustix::fs::flock(&directory, FlockOperation::LockExclusive).unwrap();
        let report = scene.run(vec![scene.rule()], |_| ());
        assert_eq!(kept(&report), pairs(&[("sub", "locked")]));
        drop(directory);
        assert_eq!(removed(&scene.run(vec![scene.rule()], |_| ())), ["sub/a"]);
    });
}

#[test]
fn sockets_and_pipes_stay() {
    both_ways(|scene| {
        let _socket = UnixListener::bind(scene.path().join("a.sock")).unwrap();
        let pipe = scene.path().join("b.pipe");
        rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let report = scene.run(vec![scene.rule()], |_| ());
        assert_eq!(kept(&report), pairs(&[("a.sock", "no file"), ("b.pipe", "no file")]));
    });
}

#[test]
fn files_of_others_go_only_where_a_rule_says_so() {
    both_ways(|scene| {
        let path = scene.write("theirs", 1);
        // Only root can make such a file; others have none to lose here.
        if chown(&path, Some(12_345), None).is_err() {
            return;
        }
        let mut rule = scene.rule();
        let report = scene.run(vec![rule.clone()], |_| ());
        assert_eq!(kept(&report), pairs(&[("theirs", "of another user")]));
        rule.also.insert(Also::ForeignOwners);
        assert_eq!(removed(&scene.run(vec![rule.clone()], |_| ())), ["theirs"]);
        // Whose directory it is, theirs are the files in it.
        rule.also.clear();
        chown(scene.path(), Some(12_345), None).unwrap();
        chown(scene.write("again", 1), Some(12_345), None).unwrap();
        assert_eq!(removed(&scene.run(vec![rule], |_| ())), ["again"]);
    });
}

#[test]
fn no_link_is_followed_wherever_it_is() {
    both_ways(|scene| {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("precious"), "x").unwrap();
        symlink(outside.path(), scene.path().join("link")).unwrap();
        scene.write("real/a", 1);
        let mut rule = scene.rule();
        rule.also.insert(Also::EmptyDirs);
        let report = scene.run(vec![rule.clone()], |_| ());
        assert_eq!(removed(&report), ["real/a", "real"]);
        for path in ["link", "link/below"] {
            rule.path = scene.path().join(path);
            let report = scene.run(vec![rule.clone()], |_| ());
            assert_eq!(
                report.rules[0].refused.as_deref(),
                Some("is no directory, or a link leads there")
            );
        }
        assert!(outside.path().join("precious").exists());
    });
}

#[test]
fn a_directory_of_the_program_is_not_entered_by_another_name() {
    both_ways(|scene| {
        scene.write("data/state", 1);
        scene.write("a", 1);
        let hidden = scene.dir.path().join("alias");
        symlink(scene.path().join("data"), &hidden).unwrap();
        let mut config = Config::default();
        let mut rule = scene.rule();
        // Protected by a path that no rule's path begins with.
        config.rules.push(rule.clone());
        let elsewhere = tempfile::tempdir().unwrap();
        let alias = elsewhere.path().join("alias");
        symlink(scene.path().join("data"), &alias).unwrap();
        let cleaner = Cleaner::new(config.clone(), vec![alias.clone()]).unwrap();
        let report = cleaner.run(&scene.clock, &|| false);
        assert_eq!(removed(&report), ["a"]);
        rule.path = scene.path().join("data");
        config.rules = vec![rule];
        let report = Cleaner::new(config, vec![alias]).unwrap().run(&scene.clock, &|| false);
        assert_eq!(report.rules[0].refused.as_deref(), Some("this program needs it"));
        assert!(scene.path().join("data/state").exists());
    });
}

/// Runs a rule, and does something to the directory at the moment when the run asks for the `moment`th time whether it
/// is to end. Returns whether it came that far.
fn disturbed(scene: &Scene, moment: usize, disturb: &dyn Fn()) -> (Report, bool) {
    let asked = Cell::new(0);
    let hook = || {
        asked.set(asked.get() + 1);
        if asked.get() == moment {
            disturb();
        }
        false
    };
    let mut rule = scene.rule();
    rule.also.insert(Also::EmptyDirs);
    let report = scene.cleaner(vec![rule], |_| ()).run(&scene.clock, &hook);
    (report, asked.get() >= moment)
}

/// The race of every cleaner that goes by paths, at every moment at which it can happen.
#[test]
fn a_directory_that_is_swapped_for_a_link_meanwhile_lets_nothing_out() {
    both_ways(|scene| {
        let outside = tempfile::tempdir().unwrap();
        let names = ["0", "1", "2"];
        for name in names {
            fs::write(outside.path().join(name), "precious").unwrap();
        }
        let (inside, link) = (scene.path().join("a"), scene.path().join("z"));
        let mut refusals = 0;
        for moment in 1.. {
            for name in names {
                scene.write(&format!("a/{name}"), 1);
            }
            let _ = fs::remove_file(&link);
            symlink(outside.path(), &link).unwrap();
            let swap = || {
                let how = RenameFlags::EXCHANGE;
                rustix::fs::renameat_with(CWD, &inside, CWD, &link, how).unwrap();
            };
            let (report, came) = disturbed(scene, moment, &swap);
            assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 3, "{moment}: {report:?}");
            let told = report.events(scene.clock.now());
            refusals +=
                told.iter().filter(|event| event.kind.as_str() == "cleanup.refused").count();
            if !came {
                break;
            }
            if inside.is_symlink() {
                fs::remove_file(&inside).unwrap();
            }
            if link.is_dir() && !link.is_symlink() {
                fs::remove_dir_all(&link).unwrap();
            }
        }
        assert!(refusals > 0, "no moment was one at which the swap mattered");
    });
}

#[test]
fn a_directory_that_is_swapped_all_the_time_lets_nothing_out() {
    both_ways(|scene| {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("0"), "precious").unwrap();
        let (inside, link) = (scene.path().join("a"), scene.path().join("z"));
        fs::create_dir(&inside).unwrap();
        symlink(outside.path(), &link).unwrap();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let _ =
                        rustix::fs::renameat_with(CWD, &inside, CWD, &link, RenameFlags::EXCHANGE);
                }
            });
            // Without empty directories, so that there is always one to swap.
            let cleaner = scene.cleaner(vec![scene.rule()], |_| ());
            for _ in 0..20 {
                cleaner.run(&scene.clock, &|| false);
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert!(outside.path().join("0").exists());
    });
}

#[test]
fn what_is_locked_or_written_to_meanwhile_stays() {
    both_ways(|scene| {
        let lock = || {
            let file = fs::File::open(scene.path().join("a")).unwrap();
            rustix::fs::flock(&file, FlockOperation::LockShared).unwrap();
            std::mem::forget(file);
        };
        let write = || fs::write(scene.path().join("a"), "more").unwrap();
        let replace = || {
            fs::write(scene.path().join("b"), "x").unwrap();
            fs::rename(scene.path().join("b"), scene.path().join("a")).unwrap();
        };
        let changes: [(&dyn Fn(), &str); 3] =
            [(&write, "changed meanwhile"), (&replace, "changed meanwhile"), (&lock, "locked")];
        for (change, expected) in changes {
            scene.write("a", 1);
            // The third question is that before the removal.
            let (report, came) = disturbed(scene, 3, change);
            assert!(came);
            assert_eq!(kept(&report), pairs(&[("a", expected)]));
        }
    });
}

/// Needs root: an ordinary user cannot mount.
#[test]
fn what_is_mounted_below_stays() {
    both_ways(|scene| {
        scene.write("mnt/hidden", 1);
        scene.write("source/precious", 1);
        let (source, target) = (scene.path().join("source"), scene.path().join("mnt"));
        let mounted = Mounted::bind(&source, &target);
        let Some(_mounted) = mounted else { return };
        let mut rule = scene.rule();
        rule.except = vec!["source".to_owned()];
        let report = scene.run(vec![rule], |_| ());
        assert_eq!(kept(&report), pairs(&[("mnt", "something is mounted there")]));
        assert!(source.join("precious").exists());
    });
}

/// A mount, until it is dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn bind(source: &std::path::Path, target: &std::path::Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.arg("--bind").args([source, target]).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(target.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let ended = Command::new("umount").arg(&self.0).status();
        assert!(ended.expect("who mounts can unmount").success());
    }
}
