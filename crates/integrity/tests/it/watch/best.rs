//! Each user gets the best source that it may have.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use wardkit_core::SystemClock;
use wardkit_integrity::{Touch, WatchMode, WatchOptions, Watching};

use super::seen::{Seen, directory};

/// As root this runs itself once more, as nobody.
#[test]
fn the_best_source_is_chosen_and_a_better_one_says_why_not() {
    let (_dir, root) = directory();
    let watching = Watching::best(&WatchOptions::new([&root]), SystemClock);
    let refused: Vec<String> =
        watching.refused.iter().map(|(mode, error)| format!("{mode}: {error}")).collect();
    if !rustix::process::geteuid().is_root() {
        assert_eq!(watching.mode, WatchMode::Inotify);
        assert_eq!(refused, ["fanotify: cannot start fanotify"]);
        let mut seen = Seen::new(watching.source, &[&root]);
        std::fs::write(root.join("file"), "1").unwrap();
        assert_eq!(seen.touched(&root.join("file"), Touch::Written).actor, None);
        return;
    }
    assert_eq!((watching.mode, refused.len()), (WatchMode::Fanotify, 0));

    // Nobody may reach the target folder of root.
    let (copies, path) = directory();
    std::fs::set_permissions(&copies, std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = path.join("it");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let name = "watch::best::the_best_source_is_chosen_and_a_better_one_says_why_not";
    let output = Command::new(program)
        .args(["--exact", name])
        .current_dir("/")
        .env_remove("TMPDIR")
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_file_system_that_fanotify_knows_nothing_of_has_the_next_best() {
    let watching = Watching::best(&WatchOptions::new(["/proc/sys"]), SystemClock);
    assert_ne!(watching.mode, WatchMode::Fanotify);
    assert_eq!(watching.refused.first().map(|(mode, _)| *mode), Some(WatchMode::Fanotify));
}

/// The user that owns nothing.
const NOBODY: u32 = 65_534;
