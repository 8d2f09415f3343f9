//! What one system call tells of a program's needs.

use super::line::{Words, descriptor_path};
use super::{Reader, files, sockets};
use crate::{Access, Capability, SystemCall};

/// Takes a call into the needs.
pub(super) fn take(reader: &mut Reader, process: u32, name: &str, words: &Words<'_>) {
    let needs = &mut reader.trace.needs;
    match SystemCall::named(name) {
        Some(call) => {
            needs.system_calls.insert(call);
        }
        None => reader.trace.skipped.unknown_calls += 1,
    }
    match name {
        "mmap" | "mprotect" | "pkey_mprotect" => return protection(reader, name, words),
        "socket" | "socketpair" | "bind" | "connect" | "sendto" => {
            return sockets::take(reader, process, name, words);
        }
        "clone" | "clone3" | "fork" | "vfork" => child(reader, process, words),
        _ => {}
    }
    if !words.succeeded() {
        return;
    }
    if ["clone", "clone3", "unshare", "setns"].contains(&name) {
        namespaces(reader, name, words);
    }
    for (calls, capability) in CAPABILITIES {
        if calls.split(' ').any(|call| call == name) && asks(name, words) {
            reader.trace.needs.capabilities.extend(Capability::named(capability));
        }
    }
    files::take(reader, process, name, words);
}

/// Code that is written while the program runs, and libraries.
fn protection(reader: &mut Reader, name: &str, words: &Words<'_>) {
    let protection = words.argument(2);
    if !protection.contains("PROT_EXEC") {
        return;
    }
    if name != "mmap" || protection.contains("PROT_WRITE") {
        reader.trace.needs.writes_code = true;
    }
    if let Some(path) = descriptor_path(words.argument(4)) {
        files::add(reader, &path, Access::LIBRARY);
    }
}

/// A child begins where its parent is.
fn child(reader: &mut Reader, process: u32, words: &Words<'_>) {
    let child = words.result.split([' ', '<']).next().and_then(|number| number.parse().ok());
    if let (Some(child), Some(directory)) = (child, reader.directories.get(&process).cloned())
        && reader.directories.len() < super::MOST_PROCESSES
    {
        reader.directories.insert(child, directory);
    }
}

fn namespaces(reader: &mut Reader, name: &str, words: &Words<'_>) {
    let flags = words.arguments.join(",");
    if !flags.contains("CLONE_NEW") && name != "setns" {
        return;
    }
    reader.trace.needs.makes_namespaces = true;
    // In a user namespace of its own it has every right.
    if !flags.contains("CLONE_NEWUSER") {
        reader.trace.needs.capabilities.extend(Capability::named("SYS_ADMIN"));
    }
}

/// Whether a call by this name asks for its capability with these arguments.
fn asks(name: &str, words: &Words<'_>) -> bool {
    match name {
        "mknod" | "mknodat" => {
            words.arguments.iter().any(|word| word.contains("S_IFCHR") || word.contains("S_IFBLK"))
        }
        "chown" | "lchown" | "fchown" => words.argument(1) != "-1",
        "fchownat" => words.argument(2) != "-1",
        _ => true,
    }
}

/// Calls that only the capability allows, where they succeed.
const CAPABILITIES: [(&str, &str); 14] = [
    ("setuid setreuid setresuid setfsuid", "SETUID"),
    ("setgid setregid setresgid setfsgid setgroups", "SETGID"),
    ("chown lchown fchown fchownat", "CHOWN"),
    ("chroot", "SYS_CHROOT"),
    (
        "mount umount2 pivot_root swapon swapoff sethostname setdomainname fanotify_init",
        "SYS_ADMIN",
    ),
    ("settimeofday clock_settime", "SYS_TIME"),
    ("reboot kexec_load kexec_file_load", "SYS_BOOT"),
    ("init_module finit_module delete_module", "SYS_MODULE"),
    ("mknod mknodat", "MKNOD"),
    ("bpf", "BPF"),
    ("syslog", "SYSLOG"),
    ("iopl ioperm", "SYS_RAWIO"),
    ("acct", "SYS_PACCT"),
    ("open_by_handle_at", "DAC_READ_SEARCH"),
];
