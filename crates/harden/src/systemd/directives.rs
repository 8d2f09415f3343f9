//! What a unit should have for what its service needs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::words::quoted;
use super::{Unit, needs};
use crate::{Capability, Needs, Place, SystemCall};

/// A line, and why.
pub(super) struct Directive {
    key: &'static str,
    value: String,
    why: &'static str,
    /// It adds to a list: what has the key may lack the value.
    adds: bool,
}

impl Directive {
    pub(super) fn is_in(&self, unit: &Unit) -> bool {
        if self.adds {
            unit.values(self.key).contains(&self.value.as_str())
        } else {
            unit.has(self.key)
        }
    }

    pub(super) fn line(&self) -> String {
        format!("{}={}", self.key, self.value)
    }

    pub(super) fn write(&self, text: &mut String) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# {}\n{}", self.why, self.line());
    }
}

/// Returns all that fits the needs, whether the unit has it or not.
pub(super) fn of(unit: &Unit, needs: &Needs, notes: &mut Vec<String>) -> Vec<Directive> {
    let mut list = Vec::new();
    let mut add = |key, value: &str, why| {
        list.push(Directive { key, value: value.to_owned(), why, adds: false });
    };
    for (key, value, why) in ALWAYS {
        add(key, value, why);
    }
    rights(unit, needs, &mut add, notes);
    system(unit, needs, &mut add, notes);
    files(unit, needs, &mut add, notes);
    network(needs, &mut add);
    processes(unit, needs, &mut add, notes);
    list.extend(calls(unit, needs));
    list.extend(written(unit, needs));
    list
}

type Add<'a> = dyn FnMut(&'static str, &str, &'static str) + 'a;

fn rights(unit: &Unit, needs: &Needs, add: &mut Add<'_>, notes: &mut Vec<String>) {
    let own: Vec<&str> = needs.capabilities.iter().map(|capability| capability.name()).collect();
    let why = if own.is_empty() {
        "It needs none of root's rights."
    } else {
        "It needs these of root's rights and no other."
    };
    add("CapabilityBoundingSet", &own.join(" "), why);
    if unit.is_root() {
        notes.push(
            "it runs as root: name a user of its own with User=, and give it its files; what it needs of root's rights \
             has to be said, `capabilities` in a manifest"
                .to_owned(),
        );
    } else {
        add("RemoveIPC", "yes", "Nothing of its shared memory outlives it.");
        let lent = ["NET_BIND_SERVICE", "NET_RAW"].map(Capability::named);
        let lent = needs.capabilities.iter().filter(|one| lent.contains(&Some(**one)));
        let lent: Vec<&str> = lent.map(|capability| capability.name()).collect();
        if !lent.is_empty() {
            add(
                "AmbientCapabilities",
                &lent.join(" "),
                "Its user does not have these rights by itself.",
            );
        }
    }
    if needs.capabilities.is_empty() && unit.words("AmbientCapabilities").is_empty() {
        add(
            "PrivateUsers",
            "yes",
            "It sees no user but its own, and its rights end at its own files.",
        );
    }
}

fn system(unit: &Unit, needs: &Needs, add: &mut Add<'_>, notes: &mut Vec<String>) {
    let may = |name| needs.capabilities.iter().any(|capability| capability.bare() == name);
    for (key, capability, why) in UNLESS {
        if !may(capability) {
            add(key, "yes", why);
        }
    }
    let mut unless =
        |is_needed: bool, key: &'static str, value: &str, why: &'static str, note: &str| {
            if is_needed {
                notes.push(format!("{key} is left out: {note}"));
            } else {
                add(key, value, why);
            }
        };
    let devices =
        needs.files.keys().any(|place| place.is_below("/dev") && !is_common_device(place))
            || unit.has("DeviceAllow");
    unless(
        devices,
        "PrivateDevices",
        "yes",
        "It uses no device but null, zero, full, random and urandom.",
        "it uses devices",
    );
    unless(
        devices,
        "DevicePolicy",
        "closed",
        "Devices that are made later are none of its.",
        "it uses devices",
    );
    unless(
        needs.writes_code,
        "MemoryDenyWriteExecute",
        "yes",
        "It makes no code while it runs.",
        "it makes code while it runs",
    );
    unless(
        needs.makes_namespaces,
        "RestrictNamespaces",
        "yes",
        "It makes no namespaces.",
        "it makes namespaces",
    );
    let schedules = needs
        .system_calls
        .iter()
        .any(|call| ["sched_setscheduler", "sched_setattr"].contains(&call.name()));
    unless(
        schedules,
        "RestrictRealtime",
        "yes",
        "It takes no processor for itself alone.",
        "it sets how it is scheduled",
    );
}

fn files(unit: &Unit, needs: &Needs, add: &mut Add<'_>, notes: &mut Vec<String>) {
    add("ProtectSystem", "strict", "It writes nowhere but where it is allowed to below.");
    let homes = ["/home", "/root", "/run/user"];
    if homes.into_iter().any(|home| needs.uses(home) || unit.mentions(home))
        || unit.mentions("%h")
        || unit.mentions("~")
    {
        add(
            "ProtectHome",
            "read-only",
            "It uses files below a home, and may change none but those named below.",
        );
    } else {
        add("ProtectHome", "yes", "It uses no home.");
    }
    let program = unit.program().unwrap_or_default();
    if unit.mentions("/tmp") || program.starts_with("/tmp") || program.starts_with("/var/tmp") {
        notes.push("PrivateTmp is left out: the unit names a place in /tmp".to_owned());
    } else {
        add("PrivateTmp", "yes", "Its temporary files are its own.");
    }
    let is_for_others =
        unit.has("RuntimeDirectory") || needs.writes().any(|place| place.is_below("/run"));
    if is_for_others {
        notes.push("UMask is left out: what it makes in /run may be for others".to_owned());
    } else {
        add("UMask", "0077", "What it makes is for its user alone.");
    }
}

fn network(needs: &Needs, add: &mut Add<'_>) {
    let known = needs.known_network();
    let others: Vec<String> = known
        .families
        .iter()
        .filter(|family| family.name() != "unix")
        .map(|family| family.constant())
        .collect();
    let why = if needs.network.is_some() {
        "It has no other sockets."
    } else {
        "Bots have these sockets; what this one has is not known."
    };
    // Its log, and its word that it is ready, go over one of the host's.
    add("RestrictAddressFamilies", format!("AF_UNIX {}", others.join(" ")).trim_end(), why);
    if needs.network.is_none() {
        return;
    }
    if others.is_empty() {
        add("PrivateNetwork", "yes", "It talks to no network.");
        add("IPAddressDeny", "any", "It talks to no network.");
    } else if !known.beyond_host {
        add("IPAddressDeny", "any", "It talks to no other host.");
        add("IPAddressAllow", "localhost", "It talks to its own host.");
    }
}

fn processes(unit: &Unit, needs: &Needs, add: &mut Add<'_>, notes: &mut Vec<String>) {
    let is_own = |place: &Place| {
        let rest = place.path().strip_prefix("/proc/").unwrap_or_default();
        let first = rest.split('/').next().unwrap_or_default();
        ["", "self", "thread-self", "mounts", "net"].contains(&first)
    };
    let is_number = |place: &Place| {
        let rest = place.path().strip_prefix("/proc/").unwrap_or_default();
        rest.starts_with(|first: char| first.is_ascii_digit())
    };
    if needs.files.keys().any(is_number) || unit.mentions("/proc/") {
        notes.push("ProtectProc is left out: it looks at other processes".to_owned());
    } else {
        add("ProtectProc", "invisible", "Processes of others are none of its business.");
    }
    // Only what was watched is known not to read it.
    let proc: Vec<&Place> = needs.files.keys().filter(|place| place.is_below("/proc")).collect();
    if !needs.system_calls.is_empty() && proc.iter().all(|place| is_own(place) || is_number(place))
    {
        add("ProcSubset", "pid", "It reads nothing of the system in /proc.");
    }
}

fn calls(unit: &Unit, needs: &Needs) -> Vec<Directive> {
    if unit.has("SystemCallFilter") {
        return Vec::new();
    }
    let group = |name| SystemCall::group(name).unwrap_or_default();
    let refused = [group("@privileged"), group("@resources")];
    let mut usual = group("@system-service");
    usual.retain(|call| !refused.iter().any(|group| group.contains(call)));
    let more = needs.system_calls.iter().filter(|call| !usual.contains(call));
    let more: Vec<&str> = more.map(|call| call.name()).collect();
    let line = |value: &str, why| Directive {
        key: "SystemCallFilter",
        value: value.to_owned(),
        why,
        adds: true,
    };
    let mut lines = vec![
        line("@system-service", "It makes the system calls of services ..."),
        line(
            "~@privileged @resources",
            "... without those of root, and those that set priorities.",
        ),
    ];
    if !more.is_empty() {
        lines.push(line(&more.join(" "), "It was seen to make these, too, or says that it does."));
    }
    lines.push(Directive {
        key: "SystemCallErrorNumber",
        value: "EPERM".to_owned(),
        why: "A call that it may not make fails; it is not killed.",
        adds: false,
    });
    lines
}

/// The places that are written, in lines of their own; what systemd lets it write anyhow is left out.
fn written(unit: &Unit, needs: &Needs) -> Vec<Directive> {
    let own = unit.needs();
    let open = open_places(unit);
    let is_open = |place: &Place| open.iter().any(|path| place.is_below(path));
    let all = needs.writes().chain(own.writes());
    let mut places: Vec<&Place> = all.filter(|place| !is_open(place)).collect();
    places.sort();
    places.dedup();
    let (mut lines, mut known) = (Vec::new(), BTreeSet::new());
    for place in places {
        let given = state(place).filter(|_| unit.is_on("DynamicUser"));
        let line = given.unwrap_or_else(|| {
            // A file that is made anew, and journals beside it, need their directory; but not one of many.
            let is_shared = place.parent().matches('/').count() < 2;
            let (path, why) = if place.is_tree() || is_shared {
                (place.path(), "It writes there.")
            } else {
                (place.parent(), "It writes files in it.")
            };
            let value = format!("-{}", quoted(path));
            Directive { key: "ReadWritePaths", value, why, adds: true }
        });
        if known.insert(line.line()) {
            lines.push(line);
        }
    }
    lines
}

/// Where the unit lets its service write.
fn open_places(unit: &Unit) -> Vec<String> {
    let mut open: Vec<String> =
        ["/tmp", "/var/tmp", "/dev", "/proc", "/sys"].map(str::to_owned).into();
    for (key, parent) in needs::DIRECTORIES {
        let names = unit.words(key);
        let own =
            names.iter().map(|word| format!("{parent}/{}", word.split(':').next().unwrap_or(word)));
        open.extend(own);
    }
    let named = unit.words("ReadWritePaths").into_iter();
    open.extend(named.map(|word| word.trim_start_matches(['-', '+']).replace("%%", "%")));
    open
}

/// The directory that systemd gives to a user who is made at the start.
fn state(place: &Place) -> Option<Directive> {
    for (key, parent) in needs::DIRECTORIES {
        let rest = place.path().strip_prefix(parent).and_then(|rest| rest.strip_prefix('/'));
        if let Some(name) = rest.and_then(|rest| rest.split('/').next()) {
            let why = "systemd makes it, and gives it to the user.";
            return Some(Directive { key, value: quoted(name), why, adds: true });
        }
    }
    None
}

/// Whether a user who is made at the start could not write what is written.
pub(super) fn writes_elsewhere(needs: &Needs) -> bool {
    let is_given = |place: &Place| {
        let below = |parent: &str| place.is_below(parent) && place.path() != parent;
        needs::DIRECTORIES.iter().any(|(_, parent)| below(parent))
            || ["/tmp", "/var/tmp", "/dev"].into_iter().any(|parent| place.is_below(parent))
    };
    !needs.writes().all(is_given)
}

fn is_common_device(place: &Place) -> bool {
    let common = [
        "null", "zero", "full", "random", "urandom", "tty", "ptmx", "fd", "stdin", "stdout",
        "stderr",
    ];
    place.path() == "/dev"
        || common.contains(&place.name())
        || ["/dev/pts", "/dev/shm", "/dev/log"].iter().any(|own| place.is_below(own))
}

/// What no service of a bot does.
const ALWAYS: [(&str, &str, &str); 5] = [
    ("NoNewPrivileges", "yes", "Nothing that it starts gains rights."),
    ("LockPersonality", "yes", "It runs programs of this architecture as they are."),
    ("SystemCallArchitectures", "native", "Calls of other architectures would pass by the filter."),
    ("ProtectControlGroups", "yes", "Its limits are not its own to change."),
    ("ProtectKernelTunables", "yes", "It changes no setting of the kernel."),
];

/// What only a program with this right does.
const UNLESS: [(&str, &str, &str); 5] = [
    ("ProtectClock", "sys_time", "It does not set the clock."),
    ("ProtectHostname", "sys_admin", "It does not rename the host."),
    ("ProtectKernelLogs", "syslog", "The kernel's log is none of its business."),
    ("ProtectKernelModules", "sys_module", "It loads no code into the kernel."),
    ("RestrictSUIDSGID", "fsetid", "It makes no file that lends its owner's rights."),
];
