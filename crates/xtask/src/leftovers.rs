//! Processes that a step left behind: they would hold its output open, and this run with it.

use std::fs;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Ends every other process that has the other end of `pipe`, and says which.
pub(crate) fn end(pipe: BorrowedFd<'_>) {
    let fd = pipe.as_raw_fd();
    let Ok(target) = fs::read_link(format!("/proc/self/fd/{fd}")) else { return };
    for (pid, command) in holders(&target) {
        println!("left behind, and ended: process {pid}: {command}");
        // Whoever is gone by now need not be ended.
        let _ = Command::new("kill").args(["-KILL", &pid]).status();
    }
}

/// Finds the other processes that have a descriptor of this target, and what they run.
fn holders(target: &Path) -> Vec<(String, String)> {
    let own = std::process::id().to_string();
    let holds = |process: &PathBuf| {
        let descriptors = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        descriptors.filter_map(|one| fs::read_link(one.path()).ok()).any(|held| held == target)
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let others = processes.filter(|process| {
        let name = process.file_name();
        name.as_encoded_bytes().iter().all(u8::is_ascii_digit) && name != *own
    });
    let paths = others.map(|process| process.path()).filter(holds);
    paths
        .map(|path| {
            let pid = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let command = fs::read(path.join("cmdline")).unwrap_or_default();
            (pid, String::from_utf8_lossy(&command).replace('\0', " "))
        })
        .collect()
}
