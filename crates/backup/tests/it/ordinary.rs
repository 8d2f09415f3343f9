//! Running a test again as somebody who is not root, so that permissions count.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Runs a test of this binary as an ordinary user, when this one is root. Returns whether it did.
pub(crate) fn ran_as_ordinary_user(test: &str) -> bool {
    if !rustix::process::geteuid().is_root() {
        return false;
    }
    // The binary itself may lie where only root gets to.
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let binary = dir.path().join("it");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let output = Command::new(&binary)
        .args(["--exact", test])
        .current_dir("/")
        .env("TMPDIR", "/tmp")
        .gid(NOBODY)
        .uid(NOBODY)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    true
}

const NOBODY: u32 = 65_534;
