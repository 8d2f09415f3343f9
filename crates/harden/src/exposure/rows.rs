//! The table.

use super::Row;
use super::settings::{Listed, Settings};
use crate::SystemCall;

/// Judges the settings.
pub(super) fn of(settings: &Settings<'_>) -> Vec<Row> {
    let mut rows = Vec::with_capacity(81);
    for (setting, weight, is_implied) in SWITCHES {
        let is_set =
            settings.unit.is_on(setting) || is_implied.iter().any(|key| settings.unit.is_on(key));
        rows.push(row(setting, weight, 1, u64::from(!is_set)));
    }
    scales(settings, &mut rows);
    users(settings, &mut rows);
    for (setting, weight, names) in CAPABILITIES {
        rows.push(row(setting, weight, 1, u64::from(settings.may(names))));
    }
    for (setting, weight, name) in NAMESPACES {
        rows.push(row(setting, weight, 1, u64::from(settings.namespaces.allows(&name.to_owned()))));
    }
    families(settings, &mut rows);
    for (setting, weight, group) in CALLS {
        rows.push(row(setting, weight, 10, calls(settings, group)));
    }
    rows
}

fn row(setting: &'static str, weight: u64, range: u64, badness: u64) -> Row {
    Row { setting, badness, range, weight }
}

fn scales(settings: &Settings<'_>, rows: &mut Vec<Row>) {
    let unit = settings.unit;
    let value = |key| unit.last(key).unwrap_or_default();
    let home = match value("ProtectHome") {
        "read-only" => 5,
        "tmpfs" => 1,
        _ if unit.is_on("ProtectHome") => 0,
        _ if settings.is_dynamic => 5,
        _ => 10,
    };
    rows.push(row("ProtectHome", 1000, 10, home));
    let system = match value("ProtectSystem") {
        "strict" => 0,
        _ if settings.is_dynamic => 0,
        "full" => 3,
        _ if unit.is_on("ProtectSystem") => 5,
        _ => 10,
    };
    rows.push(row("ProtectSystem", 1000, 10, system));
    let proc = match value("ProtectProc") {
        "invisible" | "ptraceable" => 0,
        "noaccess" => 1,
        _ => 3,
    };
    rows.push(row("ProtectProc", 1000, 3, proc));
    rows.push(row("ProcSubset", 10, 1, u64::from(value("ProcSubset") != "pid")));
    rows.push(row("UMask", 100, 10, umask(value("UMask"))));
    let keyring = value("KeyringMode");
    rows.push(row("KeyringMode", 1000, 1, u64::from(!["", "private"].contains(&keyring))));
    rows.push(row("NotifyAccess", 1000, 1, u64::from(value("NotifyAccess") == "all")));
    let architectures = unit.words("SystemCallArchitectures");
    let foreign = match architectures.as_slice() {
        [] => 10,
        [one] if one == "native" => 0,
        _ => 8,
    };
    rows.push(row("SystemCallArchitectures", 1000, 10, foreign));
    rows.push(row("IPAddressDeny", 1000, 10, addresses(settings)));
    rows.push(row("DeviceAllow", 1000, 10, devices(settings)));
    let root = value("RootDirectory");
    let is_own = !["", "/"].contains(&root) || unit.has("RootImage");
    rows.push(row("RootDirectoryOrRootImage", 200, 1, u64::from(!is_own)));
    rows.push(row(
        "Delegate",
        100,
        1,
        u64::from(
            unit.has("Delegate")
                && !["no", "false", "0", "off", "n", "f"].contains(&value("Delegate")),
        ),
    ));
    rows.push(row(
        "AmbientCapabilities",
        500,
        1,
        u64::from(!unit.words("AmbientCapabilities").is_empty()),
    ));
}

fn users(settings: &Settings<'_>, rows: &mut Vec<Row>) {
    let unit = settings.unit;
    let user = match unit.last("User") {
        _ if settings.is_root => 10,
        Some("nobody") => 9,
        _ => 0,
    };
    rows.push(row("UserOrDynamicUser", 2000, 10, user));
    // As root it makes no difference.
    if !settings.is_root {
        rows.push(row(
            "SupplementaryGroups",
            200,
            1,
            u64::from(!unit.words("SupplementaryGroups").is_empty()),
        ));
        let is_removed = unit.is_on("RemoveIPC") || settings.is_dynamic;
        rows.push(row("RemoveIPC", 100, 1, u64::from(!is_removed)));
    }
}

fn umask(value: &str) -> u64 {
    let mask = u32::from_str_radix(value, 8).unwrap_or(0o022);
    [(0o002, 10), (0o004, 5), (0o020, 2), (0o040, 1)]
        .into_iter()
        .find(|(bit, _)| mask & bit == 0)
        .map_or(0, |(_, bad)| bad)
}

fn addresses(settings: &Settings<'_>) -> u64 {
    let denied = settings.unit.words("IPAddressDeny");
    let has = |address: &str| denied.iter().any(|one| one == address);
    let is_all = has("any") || has("0.0.0.0/0") && has("::/0");
    let allowed = settings.unit.words("IPAddressAllow");
    let is_local =
        |word: &String| word == "localhost" || word.starts_with("127.") || word.starts_with("::1");
    match allowed.as_slice() {
        _ if !is_all => 10,
        [] => 0,
        words if words.iter().all(is_local) => 2,
        _ => 5,
    }
}

fn devices(settings: &Settings<'_>) -> u64 {
    let unit = settings.unit;
    let is_closed = unit.is_on("PrivateDevices")
        || unit.last("DevicePolicy").is_some_and(|policy| ["strict", "closed"].contains(&policy));
    // The clock's device is given back, to be read.
    let has_none = unit.words("DeviceAllow").is_empty() && !unit.is_on("ProtectClock");
    match (is_closed, has_none) {
        (true, true) => 0,
        (true, false) => 5,
        _ => 10,
    }
}

fn families(settings: &Settings<'_>, rows: &mut Vec<Row>) {
    let allows = |name: &str| settings.families.allows(&name.to_owned());
    let named = ["AF_INET", "AF_INET6", "AF_UNIX", "AF_LOCAL", "AF_NETLINK", "AF_PACKET"];
    let exotic = match &settings.families {
        Listed::Allowed(families) => {
            families.iter().any(|family| !named.contains(&family.as_str()))
        }
        _ => true,
    };
    // A list of what is denied counts when it has one of them.
    let internet = match &settings.families {
        Listed::Denied(_) => allows("AF_INET") && allows("AF_INET6"),
        _ => allows("AF_INET") || allows("AF_INET6"),
    };
    let judged = [
        ("RestrictAddressFamilies_AF_INET_INET6", 1500, internet),
        (
            "RestrictAddressFamilies_AF_UNIX",
            25,
            allows("AF_UNIX")
                || matches!(settings.families, Listed::Allowed(_)) && allows("AF_LOCAL"),
        ),
        ("RestrictAddressFamilies_AF_NETLINK", 200, allows("AF_NETLINK")),
        ("RestrictAddressFamilies_AF_PACKET", 1000, allows("AF_PACKET")),
        ("RestrictAddressFamilies_OTHER", 1250, exotic),
    ];
    rows.extend(
        judged
            .into_iter()
            .map(|(setting, weight, is_bad)| row(setting, weight, 1, u64::from(is_bad))),
    );
}

fn calls(settings: &Settings<'_>, group: &str) -> u64 {
    let group = SystemCall::group(group).unwrap_or_default();
    match &settings.calls {
        Listed::Nothing => 10,
        Listed::Denied(calls) if !group.is_subset(calls) => 10,
        Listed::Allowed(calls) if !group.is_disjoint(calls) => 9,
        _ => 0,
    }
}

/// Settings that are on or off: what they count, and what else turns them on.
const SWITCHES: [(&str, u64, &[&str]); 16] = [
    ("PrivateDevices", 1000, &[]),
    ("PrivateMounts", 1000, &[]),
    ("PrivateNetwork", 2500, &[]),
    ("PrivateTmp", 1000, &["DynamicUser"]),
    ("PrivateUsers", 1000, &[]),
    ("ProtectControlGroups", 1000, &[]),
    ("ProtectKernelModules", 1000, &[]),
    ("ProtectKernelTunables", 1000, &[]),
    ("ProtectKernelLogs", 1000, &[]),
    ("ProtectClock", 1000, &[]),
    ("ProtectHostname", 50, &[]),
    ("LockPersonality", 100, &[]),
    ("MemoryDenyWriteExecute", 100, &[]),
    ("NoNewPrivileges", 1000, &["DynamicUser"]),
    ("RestrictRealtime", 500, &[]),
    ("RestrictSUIDSGID", 1000, &["DynamicUser"]),
];

const CAPABILITIES: [(&str, u64, &str); 26] = [
    ("CapabilityBoundingSet_CAP_SYS_ADMIN", 1500, "SYS_ADMIN"),
    ("CapabilityBoundingSet_CAP_SET_UID_GID_PCAP", 1500, "SETUID SETGID SETPCAP"),
    ("CapabilityBoundingSet_CAP_SYS_PTRACE", 1500, "SYS_PTRACE"),
    ("CapabilityBoundingSet_CAP_SYS_TIME", 1000, "SYS_TIME"),
    ("CapabilityBoundingSet_CAP_NET_ADMIN", 1000, "NET_ADMIN"),
    ("CapabilityBoundingSet_CAP_SYS_RAWIO", 1000, "SYS_RAWIO"),
    ("CapabilityBoundingSet_CAP_SYS_MODULE", 1000, "SYS_MODULE"),
    ("CapabilityBoundingSet_CAP_AUDIT", 500, "AUDIT_CONTROL AUDIT_READ AUDIT_WRITE"),
    ("CapabilityBoundingSet_CAP_SYSLOG", 500, "SYSLOG"),
    ("CapabilityBoundingSet_CAP_SYS_NICE_RESOURCE", 500, "SYS_NICE SYS_RESOURCE"),
    ("CapabilityBoundingSet_CAP_MKNOD", 500, "MKNOD"),
    ("CapabilityBoundingSet_CAP_CHOWN_FSETID_SETFCAP", 1000, "CHOWN FSETID SETFCAP"),
    (
        "CapabilityBoundingSet_CAP_DAC_FOWNER_IPC_OWNER",
        1000,
        "DAC_OVERRIDE DAC_READ_SEARCH FOWNER IPC_OWNER",
    ),
    ("CapabilityBoundingSet_CAP_KILL", 500, "KILL"),
    (
        "CapabilityBoundingSet_CAP_NET_BIND_SERVICE_BROADCAST_RAW)",
        500,
        "NET_BIND_SERVICE NET_BROADCAST NET_RAW",
    ),
    ("CapabilityBoundingSet_CAP_SYS_BOOT", 100, "SYS_BOOT"),
    ("CapabilityBoundingSet_CAP_MAC", 100, "MAC_ADMIN MAC_OVERRIDE"),
    ("CapabilityBoundingSet_CAP_LINUX_IMMUTABLE", 75, "LINUX_IMMUTABLE"),
    ("CapabilityBoundingSet_CAP_IPC_LOCK", 50, "IPC_LOCK"),
    ("CapabilityBoundingSet_CAP_SYS_CHROOT", 50, "SYS_CHROOT"),
    ("CapabilityBoundingSet_CAP_BLOCK_SUSPEND", 25, "BLOCK_SUSPEND"),
    ("CapabilityBoundingSet_CAP_WAKE_ALARM", 25, "WAKE_ALARM"),
    ("CapabilityBoundingSet_CAP_LEASE", 25, "LEASE"),
    ("CapabilityBoundingSet_CAP_SYS_TTY_CONFIG", 25, "SYS_TTY_CONFIG"),
    ("CapabilityBoundingSet_CAP_BPF", 25, "BPF"),
    ("CapabilityBoundingSet_CAP_SYS_PACCT", 25, "SYS_PACCT"),
];

const NAMESPACES: [(&str, u64, &str); 7] = [
    ("RestrictNamespaces_user", 1500, "user"),
    ("RestrictNamespaces_mnt", 500, "mnt"),
    ("RestrictNamespaces_ipc", 500, "ipc"),
    ("RestrictNamespaces_pid", 500, "pid"),
    ("RestrictNamespaces_cgroup", 500, "cgroup"),
    ("RestrictNamespaces_net", 500, "net"),
    ("RestrictNamespaces_uts", 100, "uts"),
];

const CALLS: [(&str, u64, &str); 11] = [
    ("SystemCallFilter_swap", 1000, "@swap"),
    ("SystemCallFilter_obsolete", 250, "@obsolete"),
    ("SystemCallFilter_clock", 1000, "@clock"),
    ("SystemCallFilter_cpu_emulation", 250, "@cpu-emulation"),
    ("SystemCallFilter_debug", 1000, "@debug"),
    ("SystemCallFilter_mount", 1000, "@mount"),
    ("SystemCallFilter_module", 1000, "@module"),
    ("SystemCallFilter_raw_io", 1000, "@raw-io"),
    ("SystemCallFilter_reboot", 1000, "@reboot"),
    ("SystemCallFilter_privileged", 700, "@privileged"),
    ("SystemCallFilter_resources", 700, "@resources"),
];
