//! Settings of the kernel.

use super::{Answer, Area, Host, Row};
use crate::host::facts::Fact;
use crate::{Effort, Severity};

pub(super) const AREA: Area = Area { component: "Kernel", rows: &ROWS };

/// Passes when a setting has one of the values.
fn one_of(host: &Host<'_>, name: &str, good: &[&str]) -> Answer {
    match host.facts.sysctl(name) {
        Fact::Known(value) if good.contains(&value.as_str()) => {
            Answer::pass(format!("{name} = {value}"))
        }
        Fact::Known(value) => Answer::fail(format!("{name} is {value}."))
            .with(name, format!("{name} = {value}"))
            .at(&path(name), 0),
        Fact::Absent => Answer::not_applicable(format!("this kernel has no {name}")),
        Fact::Unknown(why) => Answer::unknown(why),
    }
}

fn path(name: &str) -> String {
    format!("/proc/sys/{}", name.replace('.', "/"))
}

/// Answers for several settings of which each has to be good.
fn all_of(host: &Host<'_>, rows: &[(&str, &[&str])]) -> Answer {
    let answers: Vec<Answer> = rows.iter().map(|(name, good)| one_of(host, name, good)).collect();
    let worst = answers.iter().map(|answer| answer.status).max();
    let mut all = answers.into_iter();
    let Some(mut first) = all.next() else { return Answer::not_applicable("nothing to look at") };
    for answer in all {
        if Some(answer.status) == worst && first.status != answer.status {
            first.current.clone_from(&answer.current);
        } else if Some(answer.status) == worst && !answer.current.is_empty() {
            first.current = format!("{} {}", first.current, answer.current);
        }
        first.status = first.status.max(answer.status);
        first.evidence.extend(answer.evidence);
        first.subjects.extend(answer.subjects);
        first.places.extend(answer.places);
    }
    first
}

fn ptrace(host: &Host<'_>) -> Answer {
    one_of(host, "kernel.yama.ptrace_scope", &["1", "2", "3"])
}

fn kptr(host: &Host<'_>) -> Answer {
    one_of(host, "kernel.kptr_restrict", &["1", "2"])
}

fn dmesg(host: &Host<'_>) -> Answer {
    one_of(host, "kernel.dmesg_restrict", &["1"])
}

fn aslr(host: &Host<'_>) -> Answer {
    one_of(host, "kernel.randomize_va_space", &["2"])
}

fn bpf(host: &Host<'_>) -> Answer {
    one_of(host, "kernel.unprivileged_bpf_disabled", &["1", "2"])
}

/// Debian and Ubuntu have switches of their own; elsewhere the number of namespaces is the switch.
fn userns(host: &Host<'_>) -> Answer {
    let is =
        |name: &str, value: &str| host.facts.sysctl(name).known().is_some_and(|one| one == value);
    let closed = [
        ("kernel.apparmor_restrict_unprivileged_userns", "1"),
        ("kernel.unprivileged_userns_clone", "0"),
        ("user.max_user_namespaces", "0"),
    ];
    if let Some((name, value)) = closed.into_iter().find(|(name, value)| is(name, value)) {
        return Answer::pass(format!("{name} = {value}"));
    }
    match host.facts.sysctl("user.max_user_namespaces") {
        Fact::Known(most) => Answer::fail("Every account may make user namespaces.")
            .with("user.max_user_namespaces", format!("user.max_user_namespaces = {most}"))
            .at(&path("user.max_user_namespaces"), 0),
        Fact::Absent => Answer::not_applicable("this kernel has no user namespaces"),
        Fact::Unknown(why) => Answer::unknown(why),
    }
}

fn links(host: &Host<'_>) -> Answer {
    all_of(host, &[("fs.protected_symlinks", &["1"]), ("fs.protected_hardlinks", &["1"])])
}

fn rp_filter(host: &Host<'_>) -> Answer {
    // The kernel takes the larger of this and the interface's own.
    one_of(host, "net.ipv4.conf.all.rp_filter", &["1", "2"])
}

fn syncookies(host: &Host<'_>) -> Answer {
    one_of(host, "net.ipv4.tcp_syncookies", &["1", "2"])
}

fn suid_dumpable(host: &Host<'_>) -> Answer {
    // With 2 only root can read what is dumped, and a handler has to take it.
    one_of(host, "fs.suid_dumpable", &["0", "2"])
}

const ROWS: [Row; 10] = [
    Row {
        id: "host-kernel-ptrace",
        title: "Programs can read each other's memory",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "A program that was taken over reads tokens and keys out of every other one of the same account.",
        expected: "kernel.yama.ptrace_scope is 1 or more.",
        recommendation: "`echo kernel.yama.ptrace_scope=1 > /etc/sysctl.d/60-ptrace.conf && sysctl --system`.",
        cwe: &[269],
        judge: ptrace,
    },
    Row {
        id: "host-kernel-kptr",
        title: "Addresses of the kernel can be read",
        severity: Severity::Low,
        effort: Effort::Small,
        description: "Attacks on the kernel need to know where things lie in it.",
        expected: "kernel.kptr_restrict is 1 or 2.",
        recommendation: "`echo kernel.kptr_restrict=1 > /etc/sysctl.d/60-kptr.conf && sysctl --system`.",
        cwe: &[200],
        judge: kptr,
    },
    Row {
        id: "host-kernel-dmesg",
        title: "Everybody can read the kernel's messages",
        severity: Severity::Low,
        effort: Effort::Small,
        description: "Addresses, devices and faults of programs are in them.",
        expected: "kernel.dmesg_restrict is 1.",
        recommendation: "`echo kernel.dmesg_restrict=1 > /etc/sysctl.d/60-dmesg.conf && sysctl --system`.",
        cwe: &[200],
        judge: dmesg,
    },
    Row {
        id: "host-kernel-aslr",
        title: "Programs lie at places that can be known",
        severity: Severity::High,
        effort: Effort::Small,
        description: "Without random places a fault in memory becomes an attack that works every time.",
        expected: "kernel.randomize_va_space is 2.",
        recommendation: "`echo kernel.randomize_va_space=2 > /etc/sysctl.d/60-aslr.conf && sysctl --system`.",
        cwe: &[1188],
        judge: aslr,
    },
    Row {
        id: "host-kernel-bpf",
        title: "Every account may load programs into the kernel",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "The kernel's check of such programs has had holes that gave root.",
        expected: "kernel.unprivileged_bpf_disabled is 1 or 2.",
        recommendation: "`echo kernel.unprivileged_bpf_disabled=1 > /etc/sysctl.d/60-bpf.conf && sysctl --system`.",
        cwe: &[269],
        judge: bpf,
    },
    Row {
        id: "host-kernel-userns",
        title: "Every account may make user namespaces",
        severity: Severity::Low,
        effort: Effort::Medium,
        description: "In one of its own an account reaches parts of the kernel that are root's otherwise; many holes needed that.",
        expected: "Only programs that need them may make them: containers without root, browsers.",
        recommendation: "Where nothing needs them: `echo user.max_user_namespaces=0 > /etc/sysctl.d/60-userns.conf && sysctl --system`.",
        cwe: &[269],
        judge: userns,
    },
    Row {
        id: "host-kernel-links",
        title: "Links in shared folders are followed",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "A link that somebody put into /tmp makes another's program write where it should not.",
        expected: "fs.protected_symlinks and fs.protected_hardlinks are 1.",
        recommendation: "`printf 'fs.protected_symlinks=1\\nfs.protected_hardlinks=1\\n' > /etc/sysctl.d/60-links.conf && sysctl --system`.",
        cwe: &[59],
        judge: links,
    },
    Row {
        id: "host-kernel-rp-filter",
        title: "Packets with forged senders are taken",
        severity: Severity::Low,
        effort: Effort::Small,
        description: "A packet that cannot have come that way is a forged one.",
        expected: "net.ipv4.conf.all.rp_filter is 1, or 2 where routes are asymmetric.",
        recommendation: "`echo net.ipv4.conf.all.rp_filter=2 > /etc/sysctl.d/60-rp.conf && sysctl --system`.",
        cwe: &[290],
        judge: rp_filter,
    },
    Row {
        id: "host-kernel-syncookies",
        title: "Half-open connections can fill the host",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "A small stream of forged beginnings keeps a webhook from being reached.",
        expected: "net.ipv4.tcp_syncookies is 1.",
        recommendation: "`echo net.ipv4.tcp_syncookies=1 > /etc/sysctl.d/60-syn.conf && sysctl --system`.",
        cwe: &[770],
        judge: syncookies,
    },
    Row {
        id: "host-kernel-suid-dumpable",
        title: "Programs that run as others leave their memory behind",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "What root had in memory lies in a file of who started it.",
        expected: "fs.suid_dumpable is 0, or 2.",
        recommendation: "`echo fs.suid_dumpable=0 > /etc/sysctl.d/60-dump.conf && sysctl --system`.",
        cwe: &[528],
        judge: suid_dumpable,
    },
];
