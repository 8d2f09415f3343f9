//! What has to be done again and again.

use super::{Answer, Area, Host, Row, known, settled};
use crate::host::facts::{Fact, Mount, Patch};
use crate::{Day, Effort, Severity};

pub(super) const AREA: Area = Area { component: "Upkeep", rows: &ROWS };

fn updates(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.system.updates).map(|updates| {
        let seen =
            format!("{} pending, {} of them for security", updates.pending, updates.security);
        if updates.security > 0 {
            let answer = Answer::fail("Updates for security are not installed.");
            return with_patches(answer, &updates.patches).with("updates", seen).at(APT, 0);
        }
        match updates.age_in_days {
            Some(days) if days > OLD_LISTS => Answer::unknown(format!(
                "the lists of packages are {days} days old; `apt-get update` gets new ones"
            )),
            _ => Answer::pass(seen),
        }
    }))
}

/// Names what waits, and the command that installs just that.
fn with_patches(mut answer: Answer, patches: &[Patch]) -> Answer {
    for Patch { package, from, to } in patches.iter().take(MOST_SHOWN) {
        answer = answer.seeing(format!("{package} {from} -> {to}"));
    }
    if let Some(more @ 1..) = patches.len().checked_sub(MOST_SHOWN) {
        answer = answer.seeing(format!("and {more} more"));
    }
    // Facts may come from elsewhere.
    let names = patches.iter().map(|patch| patch.package.as_str());
    let names: Vec<&str> = names.filter(|name| Patch::is_name(name)).collect();
    if names.is_empty() {
        return answer;
    }
    answer.seeing(format!("`apt-get install --only-upgrade {}`", names.join(" ")))
}

fn auto_updates(host: &Host<'_>) -> Answer {
    switch(&host.facts.system.has_auto_updates, "updates install themselves", || {
        Answer::fail("Updates do not install themselves.")
            .with("auto-updates", "unattended-upgrades is not installed, or not turned on")
            .at("/etc/apt/apt.conf.d", 0)
    })
}

fn reboot(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.system.reboot_required).map(|is_required| {
        if *is_required {
            let seen = "/run/reboot-required exists";
            return Answer::fail("What was updated is not in use yet.")
                .with("reboot", seen)
                .at("/run/reboot-required", 0);
        }
        Answer::pass("no restart is asked for")
    }))
}

/// Judges by the day of the facts, so that the same facts are judged alike.
fn end_of_life(host: &Host<'_>) -> Answer {
    let judge = || {
        let (release, day) = (known(&host.facts.system.release)?, known(&host.facts.day)?);
        let Ok(today) = day.parse::<Day>() else {
            return Err(Answer::unknown("the facts have no day"));
        };
        let Some((_, end)) = ENDS.iter().find(|(name, _)| *name == release) else {
            let current =
                format!("Nothing is known here of {release}: look when its support ends.");
            return Ok(Answer::manual(current).seeing(release));
        };
        let Ok(end) = end.parse::<Day>() else { return Err(Answer::unknown("no day")) };
        if today <= end {
            return Ok(Answer::pass(format!("{release} is supported until {end}")));
        }
        let seen = format!("{release} was supported until {end}");
        Ok(Answer::fail("The system gets no updates any more.")
            .with(release, seen)
            .at("/etc/os-release", 0))
    };
    settled(judge())
}

fn time(host: &Host<'_>) -> Answer {
    switch(&host.facts.system.is_time_synced, "the clock follows a time server", || {
        Answer::fail("The clock follows no time server.")
            .with("time", "neither systemd-timesyncd, chrony nor ntp starts with the host")
            .at("/etc/systemd/timesyncd.conf", 0)
    })
}

fn disks(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.mounts).map(|mounts| {
        let is_full = |mount: &&Mount| {
            // An image that cannot be written to is always full.
            let is_read_only = mount.options.split(',').any(|option| option == "ro");
            let full = |share: Option<u8>| share.is_some_and(|share| share >= FULL);
            !is_read_only && (full(mount.used) || full(mount.files_used))
        };
        let answer = mounts.iter().filter(is_full).fold(
            Answer::fail(format!("File systems are {FULL} % full, or more.")),
            |answer, mount| {
                answer
                    .with(&mount.target, format!("{} is nearly full", mount.target))
                    .at(&mount.target, 0)
            },
        );
        if answer.subjects.is_empty() {
            Answer::pass(format!("none is {FULL} % full"))
        } else {
            answer
        }
    }))
}

fn memory(host: &Host<'_>) -> Answer {
    let judge = || {
        let has_swap = known(&host.facts.system.has_swap)?;
        if *has_swap {
            return Ok(Answer::pass("there is swap space"));
        }
        if let Fact::Known(packages) = &host.facts.packages
            && let Some(killer) =
                ["earlyoom", "systemd-oomd"].iter().find(|name| packages.contains_key(**name))
        {
            return Ok(Answer::pass(format!("{killer} is installed")));
        }
        let units = known(&host.facts.units)?;
        let mut daemons = units.iter().filter(|unit| unit.is_daemon()).peekable();
        if daemons.peek().is_some() && daemons.all(|unit| unit.value("MemoryMax").is_some()) {
            return Ok(Answer::pass("every unit of this host has MemoryMax"));
        }
        let seen = "no swap space, neither earlyoom nor systemd-oomd, and units without MemoryMax";
        Ok(Answer::fail("Nothing says what goes when memory ends.")
            .with("memory", seen)
            .at("/proc/swaps", 0))
    };
    settled(judge())
}

fn switch(fact: &Fact<bool>, well: &str, bad: impl FnOnce() -> Answer) -> Answer {
    settled(known(fact).map(|is_on| if *is_on { Answer::pass(well) } else { bad() }))
}

const APT: &str = "/var/lib/dpkg/status";

/// A person reads these; the command has all.
const MOST_SHOWN: usize = 20;

/// Security teams publish every few days.
const OLD_LISTS: u64 = 14;

/// Above it a log or a backup fills the rest within hours.
const FULL: u8 = 90;

/// The last day of free security updates, long-term ones included, as the distributions announced them.
const ENDS: [(&str, &str); 16] = [
    ("almalinux 8", "2029-05-31"),
    ("almalinux 9", "2032-05-31"),
    ("debian 10", "2024-06-30"),
    ("debian 11", "2026-08-31"),
    ("debian 12", "2028-06-30"),
    ("debian 13", "2030-06-30"),
    ("fedora 40", "2025-05-13"),
    ("fedora 41", "2025-12-15"),
    ("rocky 8", "2029-05-31"),
    ("rocky 9", "2032-05-31"),
    ("ubuntu 18.04", "2023-05-31"),
    ("ubuntu 20.04", "2025-05-31"),
    ("ubuntu 22.04", "2027-06-01"),
    ("ubuntu 23.10", "2024-07-11"),
    ("ubuntu 24.04", "2029-05-31"),
    ("ubuntu 24.10", "2025-07-10"),
];

const ROWS: [Row; 7] = [
    Row {
        id: "host-upkeep-updates",
        title: "Updates for security are not installed",
        severity: Severity::High,
        effort: Effort::Small,
        description: "What they mend is public, and so are the attacks.",
        expected: "No update for security is pending.",
        recommendation: "`apt-get update && apt-get upgrade`, then restart what it names.",
        cwe: &[1395],
        judge: updates,
    },
    Row {
        id: "host-upkeep-auto-updates",
        title: "Updates do not install themselves",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "A host that waits for a person is weeks behind.",
        expected: "Updates for security install themselves.",
        recommendation: "`apt-get install unattended-upgrades && dpkg-reconfigure -plow unattended-upgrades`; Fedora: `dnf install dnf-automatic`.",
        cwe: &[1395],
        judge: auto_updates,
    },
    Row {
        id: "host-upkeep-reboot",
        title: "The host has to be restarted",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "The kernel, or a library that runs, is still the one with the fault.",
        expected: "What was installed is what runs.",
        recommendation: "`systemctl reboot` when the bot can be away for a minute.",
        cwe: &[1395],
        judge: reboot,
    },
    Row {
        id: "host-upkeep-end-of-life",
        title: "The system gets no updates any more",
        severity: Severity::High,
        effort: Effort::Large,
        description: "Holes that are found from now on stay open.",
        expected: "The release is supported.",
        recommendation: "Move to the next release: a new host is safer than an upgrade in place.",
        cwe: &[1104],
        judge: end_of_life,
    },
    Row {
        id: "host-upkeep-time",
        title: "The clock follows no time server",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "Signatures, one-time codes and certificates fail on a clock that is wrong, and logs cannot be compared.",
        expected: "systemd-timesyncd, chrony or ntp runs.",
        recommendation: "`timedatectl set-ntp true`, or `apt-get install chrony`.",
        cwe: &[778],
        judge: time,
    },
    Row {
        id: "host-upkeep-disk-full",
        title: "A disk is nearly full",
        severity: Severity::High,
        effort: Effort::Medium,
        description: "A database that cannot write loses what it was told, and nobody can sign in to mend it.",
        expected: "Every file system is less than 90 % full, of bytes and of files.",
        recommendation: "`auditctl cleanup` removes what may go; `du -xh --max-depth=2 PLACE | sort -h | tail` shows what is large.",
        cwe: &[770],
        judge: disks,
    },
    Row {
        id: "host-upkeep-memory-end",
        title: "Nothing says what goes when memory ends",
        severity: Severity::Low,
        effort: Effort::Small,
        description: "The kernel then ends what it likes, often the database, after minutes in which nothing answers.",
        expected: "There is swap space, a program such as earlyoom, or a limit for each unit.",
        recommendation: "Set `MemoryMax=` in the bot's unit; `apt-get install earlyoom` for the rest.",
        cwe: &[770],
        judge: memory,
    },
];
