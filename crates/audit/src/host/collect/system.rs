//! The kernel, the file systems, the packages.

use std::collections::{BTreeMap, BTreeSet};

use wardkit_core::Timestamp;

use super::super::facts::{Fact, Mount, System};
use super::network::setting;
use super::reader::Reader;
use super::updates;

pub(super) fn sysctls(reader: &Reader) -> BTreeMap<String, Fact<String>> {
    let read = |name: &str| {
        let path = format!("proc/sys/{}", name.replace('.', "/"));
        (name.to_owned(), reader.text(&path).map(|text| text.trim().to_owned()))
    };
    SYSCTLS.iter().map(|name| read(name)).collect()
}

pub(super) fn mounts(reader: &Reader) -> Fact<Vec<Mount>> {
    let mount = |line: &str| {
        let fields: Vec<&str> = line.split(' ').collect();
        let (source, target, kind, options) =
            (fields.first()?, fields.get(1)?, fields.get(2)?, fields.get(3)?);
        let is_disk = source.starts_with("/dev/") || matches!(*kind, "overlay" | "zfs" | "btrfs");
        is_disk.then_some(())?;
        // The kernel writes blanks in octal.
        let target = target.replace("\\040", " ");
        let usage = reader.inside(&target).ok().and_then(|place| rustix::fs::statvfs(place).ok());
        // What is kept for root is neither used nor free, as `df` counts.
        let share = |all: u64, free: u64, available: u64| {
            let used = all.saturating_sub(free);
            u8::try_from(used.saturating_mul(100).checked_div(used.saturating_add(available))?).ok()
        };
        Some(Mount {
            used: usage.as_ref().and_then(|of| share(of.f_blocks, of.f_bfree, of.f_bavail)),
            files_used: usage.as_ref().and_then(|of| share(of.f_files, of.f_ffree, of.f_favail)),
            target,
            kind: (*kind).to_owned(),
            options: (*options).to_owned(),
        })
    };
    match reader.text("proc/mounts") {
        Fact::Known(text) => {
            let mut seen = BTreeSet::new();
            // A device that is mounted again is as full there.
            let is_first = |line: &&str| {
                let source = line.split(' ').next().unwrap_or_default();
                !source.starts_with('/') || seen.insert(source.to_owned())
            };
            let lines = text.lines().filter(is_first);
            let mut mounts: Vec<Mount> = lines.filter_map(mount).collect();
            mounts.sort_by(|a, b| a.target.cmp(&b.target));
            mounts.dedup_by(|a, b| a.target == b.target);
            Fact::Known(mounts)
        }
        Fact::Absent => Fact::Unknown("no /proc/mounts".to_owned()),
        Fact::Unknown(why) => Fact::Unknown(why),
    }
}

/// The packages that checks ask for, with their versions.
pub(super) fn packages(reader: &Reader) -> Fact<BTreeMap<String, String>> {
    reader.text("var/lib/dpkg/status").map(|text| {
        let mut packages = BTreeMap::new();
        let (mut name, mut is_installed) = ("", false);
        for line in text.lines() {
            if let Some(value) = line.strip_prefix("Package: ") {
                (name, is_installed) = (value, false);
            } else if let Some(value) = line.strip_prefix("Status: ") {
                is_installed = value.ends_with(" installed");
            } else if let Some(value) = line.strip_prefix("Version: ")
                && is_installed
                && PACKAGES.contains(&name)
            {
                packages.insert(name.to_owned(), value.to_owned());
            }
        }
        packages
    })
}

pub(super) fn system(
    reader: &Reader,
    enabled: &[String],
    packages: &Fact<BTreeMap<String, String>>,
    now: Timestamp,
) -> System {
    System {
        release: release(reader),
        reboot_required: reader.exists("run/reboot-required"),
        updates: updates::updates(reader, now),
        has_auto_updates: auto_updates(reader, enabled, packages),
        is_time_synced: time(reader, enabled),
        has_swap: swap(reader),
        enforcers: enforcers(reader),
        core_limit: core_limit(reader),
        is_journal_kept: journal(reader),
    }
}

fn release(reader: &Reader) -> Fact<String> {
    let text = match reader.text("etc/os-release") {
        Fact::Absent => reader.text("usr/lib/os-release"),
        other => other,
    };
    text.map(|text| {
        let id = setting(&text, "ID").unwrap_or("linux");
        format!("{id} {}", setting(&text, "VERSION_ID").unwrap_or_default()).trim().to_owned()
    })
}

fn auto_updates(
    reader: &Reader,
    enabled: &[String],
    packages: &Fact<BTreeMap<String, String>>,
) -> Fact<bool> {
    let starts = |name: &str| enabled.iter().any(|unit| unit == name);
    if starts("dnf-automatic.timer") || starts("dnf-automatic-install.timer") {
        return Fact::Known(true);
    }
    let packages = match packages {
        Fact::Known(packages) => packages,
        Fact::Absent => {
            return Fact::Unknown("neither dpkg nor dnf-automatic is known here".to_owned());
        }
        Fact::Unknown(why) => return Fact::Unknown(why.clone()),
    };
    if !packages.contains_key("unattended-upgrades") {
        return Fact::Known(false);
    }
    let names = reader.names("etc/apt/apt.conf.d").known().cloned().unwrap_or_default();
    let mut is_on = false;
    // Later files win.
    for name in names {
        let text = reader.text(&format!("etc/apt/apt.conf.d/{name}"));
        let lines = text.known().map(String::as_str).unwrap_or_default().lines();
        for line in lines.map(str::trim).filter(|line| line.contains(UNATTENDED)) {
            if !line.starts_with("//") && !line.starts_with('#') {
                is_on = !line.contains("\"0\"");
            }
        }
    }
    Fact::Known(is_on)
}

fn time(reader: &Reader, enabled: &[String]) -> Fact<bool> {
    let is_on = enabled.iter().any(|unit| TIME.contains(&unit.as_str()));
    if is_on {
        return Fact::Known(true);
    }
    reader.exists("run/systemd/timesync/synchronized")
}

fn swap(reader: &Reader) -> Fact<bool> {
    reader.text("proc/swaps").map(|text| text.lines().count() > 1)
}

fn enforcers(reader: &Reader) -> Fact<Vec<String>> {
    let mut found = Vec::new();
    match reader.text("sys/module/apparmor/parameters/enabled") {
        Fact::Known(text) if text.trim() == "Y" => found.push("apparmor".to_owned()),
        Fact::Unknown(why) => return Fact::Unknown(why),
        _ => {}
    }
    match reader.text("sys/fs/selinux/enforce") {
        Fact::Known(text) if text.trim() == "1" => found.push("selinux".to_owned()),
        Fact::Unknown(why) => return Fact::Unknown(why),
        _ => {}
    }
    Fact::Known(found)
}

/// What the first process was given is what services begin with.
fn core_limit(reader: &Reader) -> Fact<String> {
    match reader.text("proc/1/limits") {
        Fact::Known(text) => {
            let line = text.lines().find_map(|line| line.strip_prefix("Max core file size"));
            let soft = line.and_then(|line| line.split_whitespace().next());
            soft.map_or(Fact::Absent, |soft| Fact::Known(soft.to_owned()))
        }
        other => other,
    }
}

fn journal(reader: &Reader) -> Fact<bool> {
    let mut storage = None;
    let more = reader.names("etc/systemd/journald.conf.d").known().cloned().unwrap_or_default();
    let more = more.into_iter().map(|name| format!("etc/systemd/journald.conf.d/{name}"));
    let mut is_there = false;
    for path in std::iter::once("etc/systemd/journald.conf".to_owned()).chain(more) {
        match reader.text(&path) {
            Fact::Known(text) => {
                is_there = true;
                storage = setting(&text, "Storage").map(str::to_owned).or(storage);
            }
            Fact::Absent => {}
            Fact::Unknown(why) => return Fact::Unknown(format!("/{path}: {why}")),
        }
    }
    match storage.as_deref() {
        Some("persistent") => Fact::Known(true),
        Some("volatile" | "none") => Fact::Known(false),
        _ if is_there => reader.exists("var/log/journal"),
        _ => Fact::Absent,
    }
}

const SYSCTLS: [&str; 17] = [
    "fs.protected_hardlinks",
    "fs.protected_symlinks",
    "fs.suid_dumpable",
    "kernel.apparmor_restrict_unprivileged_userns",
    "kernel.core_pattern",
    "kernel.dmesg_restrict",
    "kernel.kptr_restrict",
    "kernel.osrelease",
    "kernel.randomize_va_space",
    "kernel.unprivileged_bpf_disabled",
    "kernel.unprivileged_userns_clone",
    "kernel.yama.ptrace_scope",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.default.rp_filter",
    "net.ipv4.tcp_syncookies",
    "user.max_user_namespaces",
    "vm.overcommit_memory",
];

const PACKAGES: [&str; 6] =
    ["apparmor", "chrony", "earlyoom", "systemd-oomd", "ufw", "unattended-upgrades"];

const TIME: [&str; 7] = [
    "chrony.service",
    "chronyd.service",
    "ntp.service",
    "ntpd.service",
    "ntpsec.service",
    "openntpd.service",
    "systemd-timesyncd.service",
];

const UNATTENDED: &str = "APT::Periodic::Unattended-Upgrade";
