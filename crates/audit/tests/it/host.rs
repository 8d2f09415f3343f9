//! The checks of a host, over small roots.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use wardkit_audit::{
    Audit, Collector, Facts, Gaps, HostEngine, Profile, Report, Settings, Severity, Status,
    Verdict, render,
};

use crate::{clock, tree};

const ACCOUNTS: [(&str, &str); 3] = [
    ("etc/passwd", "root:x:0:0::/rooted:/bin/bash\nbot:x:990:990::/srv/bot:/usr/sbin/nologin\n"),
    ("etc/group", "root:x:0:\nbot:x:990:\ndocker:x:500:\n"),
    ("etc/shadow", "root:!:1::::::\nbot:*:1::::::\n"),
];

/// A host on which all is well, as far as a folder of the tester's own can be one.
const GOOD: [(&str, &str); 20] = [
    ("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\n"),
    (
        "etc/ssh/sshd_config.d/10-own.conf",
        "PermitRootLogin no\nPasswordAuthentication no\nAllowAgentForwarding no\nListenAddress 10.0.0.1\n",
    ),
    ("proc/sys/kernel/yama/ptrace_scope", "1\n"),
    ("proc/sys/kernel/kptr_restrict", "1\n"),
    ("proc/sys/kernel/dmesg_restrict", "1\n"),
    ("proc/sys/kernel/randomize_va_space", "2\n"),
    ("proc/sys/kernel/core_pattern", "core\n"),
    ("proc/sys/fs/protected_symlinks", "1\n"),
    ("proc/sys/fs/protected_hardlinks", "1\n"),
    ("proc/1/limits", "Limit  Soft Limit\nMax core file size  0  unlimited bytes\n"),
    ("proc/net/tcp", HEADER),
    ("proc/net/udp", HEADER),
    ("proc/mounts", "proc /proc proc rw 0 0\n"),
    ("proc/swaps", "Filename Type\n/swap file 1 0 -2\n"),
    ("etc/ufw/ufw.conf", "ENABLED=yes\n"),
    ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
    ("etc/systemd/system/multi-user.target.wants/chrony.service", ""),
    ("etc/systemd/journald.conf", "[Journal]\nStorage=persistent\n"),
    ("var/lib/update-notifier/updates-available", "0 updates can be applied immediately.\n"),
    ("sys/module/apparmor/parameters/enabled", "Y\n"),
];

const HEADER: &str =
    "  sl  local_address rem_address   st tx rx tr tm retrnsmt uid timeout inode\n";

pub(crate) fn root(more: &[(&str, &str)]) -> tempfile::TempDir {
    let mut files: BTreeMap<&str, &str> = ACCOUNTS.iter().chain(&GOOD).copied().collect();
    files.extend(more.iter().copied());
    let files: Vec<(&str, &str)> = files.into_iter().collect();
    tree(&files)
}

pub(crate) fn facts(root: &Path) -> Facts {
    Collector::new(root).collect(&clock())
}

pub(crate) fn judged(facts: Facts, settings: &str) -> Report {
    let clock = clock();
    let settings = Settings::parse(settings).unwrap();
    let engine =
        HostEngine::new(facts).with_settings(settings.host.clone()).with_exposure(exposure);
    let audit = Audit::new(&clock).with_engine(engine).with_settings(settings);
    audit.with_profile(Profile::Host).without_tree().unwrap()
}

fn exposure(unit: &str) -> Option<u64> {
    let is_held = unit.contains("NoNewPrivileges=yes");
    unit.contains("[Service]").then_some(if is_held { 20 } else { 92 })
}

fn status(report: &Report, id: &str) -> Status {
    report.checks.iter().find(|check| check.id == id).unwrap_or_else(|| panic!("{id}")).status
}

/// Says how a check ends with other files than the good host's, and that it passes with those.
fn fails(id: &str, more: &[(&str, &str)]) -> Report {
    let good = root(&[]);
    let before = status(&judged(facts(good.path()), ""), id);
    assert!(matches!(before, Status::Pass | Status::NotApplicable), "{id}: {before:?}");
    let bad = root(more);
    let report = judged(facts(bad.path()), "");
    assert_eq!(status(&report, id), Status::Fail, "{id}: {more:?}");
    assert!(report.findings.iter().any(|found| found.id == id && !found.files.is_empty()), "{id}");
    report
}

#[test]
fn ssh_is_judged_by_the_setting_that_counts() {
    let main = "etc/ssh/sshd_config";
    fails("host-ssh-root-login", &[("etc/ssh/sshd_config.d/05.conf", "permitrootlogin yes\n")]);
    fails("host-ssh-password-auth", &[("etc/ssh/sshd_config.d/10-own.conf", "")]);
    fails("host-ssh-empty-passwords", &[(main, "Match User bot\n  PermitEmptyPasswords=yes\n")]);
    fails("host-ssh-max-auth-tries", &[(main, "MaxAuthTries 10\n")]);
    fails("host-ssh-x11-forwarding", &[(main, "X11Forwarding yes # comment\n")]);
    fails("host-ssh-weak-algorithms", &[(main, "Ciphers +aes128-cbc\n")]);
    let everywhere = [
        (main, "ListenAddress 0.0.0.0:22\nAllowAgentForwarding yes\n"),
        ("etc/ssh/sshd_config.d/10-own.conf", ""),
    ];
    let report = fails("host-ssh-listens-everywhere", &everywhere);
    assert_eq!(status(&report, "host-ssh-agent-forwarding"), Status::Fail);
    // What is taken away is not offered.
    let root = root(&[(main, "Ciphers -aes128-cbc\n")]);
    assert_eq!(status(&judged(facts(root.path()), ""), "host-ssh-weak-algorithms"), Status::Pass);
    // A host without the daemon has nothing to be judged.
    fs::remove_file(root.path().join(main)).unwrap();
    assert_eq!(
        status(&judged(facts(root.path()), ""), "host-ssh-root-login"),
        Status::NotApplicable
    );
}

const UNIT: &str = "[Service]\nUser=bot\nExecStart=/srv/bot/run --token=abc SECRET\nEnvironment=TOKEN=SECRET\nRestart=on-failure\n";

#[test]
fn accounts_are_judged() {
    let passwd = |line: &str| format!("{}{line}\n", ACCOUNTS[0].1);
    let other = passwd("toor:x:0:0::/:/bin/sh");
    fails("host-user-extra-root", &[("etc/passwd", &other)]);
    fails("host-user-empty-password", &[("etc/shadow", "bot::1::::::\n")]);
    let shared = passwd("bot2:x:990:990::/:/bin/false");
    fails("host-user-shared-uid", &[("etc/passwd", &shared)]);
    let unit = ("etc/systemd/system/bot.service", UNIT);
    let shell = ACCOUNTS[0].1.replace("/usr/sbin/nologin", "/bin/bash");
    fails("host-user-bot-shell", &[("etc/passwd", &shell), unit]);
    let report = fails(
        "host-user-bot-strong-group",
        &[("etc/group", "bot:x:990:\ndocker:x:500:bot\n"), unit],
    );
    let found = report.findings.iter().find(|one| one.id == "host-user-bot-strong-group").unwrap();
    assert_eq!(found.evidence, ["bot is in the group docker"]);
}

#[test]
fn sudo_is_judged() {
    let sudo = "etc/sudoers.d/bot";
    let main = ("etc/sudoers", "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n");
    fails("host-sudo-nopasswd-all", &[main, (sudo, "bot ALL=(ALL) \\\n NOPASSWD: ALL\n")]);
    fails(
        "host-sudo-nopasswd-all",
        &[main, (sudo, "bot ALL=(root) NOPASSWD: /bin/a, NOPASSWD:ALL\n")],
    );
    fails(
        "host-sudo-wildcard",
        &[main, (sudo, "bot ALL=(root) /usr/bin/systemctl restart bot-*\n")],
    );
    for harmless in
        ["bot ALL=(root) NOPASSWD: /usr/bin/systemctl restart bot\n", "# bot ALL=NOPASSWD: ALL\n"]
    {
        let root = root(&[main, (sudo, harmless)]);
        let report = judged(facts(root.path()), "");
        for id in ["host-sudo-nopasswd-all", "host-sudo-wildcard"] {
            assert_eq!(status(&report, id), Status::Pass, "{harmless}");
        }
    }
    // sudo does not read names with a dot.
    let root = root(&[main, ("etc/sudoers.d/bot.old", "bot ALL=(ALL) NOPASSWD: ALL\n")]);
    assert_eq!(status(&judged(facts(root.path()), ""), "host-sudo-nopasswd-all"), Status::Pass);
}

#[test]
fn the_kernel_is_judged() {
    for (id, name) in [
        ("host-kernel-ptrace", "kernel/yama/ptrace_scope"),
        ("host-kernel-kptr", "kernel/kptr_restrict"),
        ("host-kernel-dmesg", "kernel/dmesg_restrict"),
        ("host-kernel-aslr", "kernel/randomize_va_space"),
        ("host-kernel-links", "fs/protected_hardlinks"),
        ("host-kernel-bpf", "kernel/unprivileged_bpf_disabled"),
        ("host-kernel-rp-filter", "net/ipv4/conf/all/rp_filter"),
        ("host-kernel-syncookies", "net/ipv4/tcp_syncookies"),
    ] {
        fails(id, &[(&format!("proc/sys/{name}"), "0\n")]);
    }
    fails("host-kernel-userns", &[("proc/sys/user/max_user_namespaces", "63000\n")]);
    fails("host-kernel-suid-dumpable", &[("proc/sys/fs/suid_dumpable", "1\n")]);
    let limits = ("proc/1/limits", "Max core file size  unlimited  unlimited bytes\n");
    fails("host-job-core-dumps", &[limits]);
}

#[test]
fn the_network_is_judged() {
    let socket = |address: &str, state: &str| {
        format!("{HEADER}   0: {address} 00000000:0000 {state} 0:0 00:0 0 1000 0 1\n")
    };
    // 0.0.0.0:6379, as a little-endian machine writes it.
    let redis = socket("00000000:18EB", "0A");
    let report = fails("host-net-database-port", &[("proc/net/tcp", &redis)]);
    assert_eq!(status(&report, "host-net-unexpected-port"), Status::Pass);
    let debugger = socket("0100A8C0:1F90", "0A");
    fails("host-net-unexpected-port", &[("proc/net/tcp", &debugger)]);
    let on_all = socket("00000000000000000000000000000000:1F90", "0A");
    fails("host-net-unexpected-port", &[("proc/net/tcp6", &on_all)]);
    for (harmless, settings) in [
        (socket("0100007F:18EB", "0A"), ""),
        (socket("00000000:18EB", "01"), ""),
        (socket("00000000:1F90", "0A"), "[host]\npublic-ports = [22, 8080]"),
    ] {
        let root = root(&[("proc/net/tcp", &harmless)]);
        let report = judged(facts(root.path()), settings);
        for id in ["host-net-database-port", "host-net-unexpected-port"] {
            assert_eq!(status(&report, id), Status::Pass, "{harmless}");
        }
    }
    fails("host-net-firewall", &[("etc/ufw/ufw.conf", "ENABLED=no\n")]);
    let address = ("proc/net/if_inet6", "20010db8000000000000000000000001 02 40 00 80 eth0\n");
    fails("host-net-ipv6-open", &[address, ("etc/default/ufw", "IPV6=no\n")]);
}

#[test]
fn upkeep_is_judged() {
    let updates = "12 updates can be applied immediately.\n3 of these updates are standard security updates.\n";
    fails("host-upkeep-updates", &[("var/lib/update-notifier/updates-available", updates)]);
    fails("host-upkeep-reboot", &[("run/reboot-required", "")]);
    fails("host-upkeep-end-of-life", &[("etc/os-release", "ID=ubuntu\nVERSION_ID=\"18.04\"\n")]);
    fails("host-upkeep-memory-end", &[("proc/swaps", "Filename Type\n")]);
    fails(
        "host-job-journal-volatile",
        &[("etc/systemd/journald.conf", "[Journal]\n#Storage=persistent\n")],
    );
    fails("host-job-no-enforcer", &[("sys/module/apparmor/parameters/enabled", "N\n")]);
    let package = "Package: unattended-upgrades\nStatus: install ok installed\nVersion: 2\n";
    let on = "APT::Periodic::Unattended-Upgrade \"1\";\n";
    let with = |status: &str, setting: &str| {
        let root = root(&[("var/lib/dpkg/status", status), ("etc/apt/apt.conf.d/20auto", setting)]);
        self::status(&judged(facts(root.path()), ""), "host-upkeep-auto-updates")
    };
    assert_eq!(with(package, on), Status::Pass);
    assert_eq!(with(package, &on.replace('1', "0")), Status::Fail);
    assert_eq!(with("Package: x\n", on), Status::Fail);
    let unknown = root(&[("etc/os-release", "ID=arch\n")]);
    assert_eq!(
        status(&judged(facts(unknown.path()), ""), "host-upkeep-end-of-life"),
        Status::Manual
    );
}

#[test]
fn files_are_judged_by_their_modes() {
    let root = root(&[
        ("srv/bot/.env", "TOKEN=1"),
        ("srv/bot/.env.example", "TOKEN="),
        ("srv/bot/id_ed25519", "key"),
        ("srv/bot/id_ed25519.pub", "key"),
        ("srv/bot/shared.txt", ""),
        ("opt/tool", "#!"),
        ("usr/bin/sudo", "#!"),
        ("etc/ld.so.preload", "/lib/evil.so\n"),
    ]);
    let chmod = |path: &str, mode| {
        fs::set_permissions(root.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod("srv/bot/shared.txt", 0o666);
    chmod("srv/bot/.env", 0o640);
    chmod("srv/bot/id_ed25519", 0o600);
    chmod("opt/tool", 0o4755);
    chmod("usr/bin/sudo", 0o4755);
    let places = |id: &str| {
        let report = judged(facts(root.path()), "");
        let found = report.findings.into_iter().find(|one| one.id == id);
        found
            .map(|one| one.files.into_iter().map(|place| place.path).collect::<Vec<_>>())
            .unwrap_or_default()
    };
    assert_eq!(places("host-file-world-writable"), ["/srv/bot/shared.txt"]);
    assert_eq!(places("host-file-env-readable"), ["/srv/bot/.env"]);
    assert_eq!(places("host-file-key-readable"), Vec::<String>::new());
    assert_eq!(places("host-file-set-id"), ["/opt/tool"]);
    assert_eq!(places("host-file-preload"), ["/etc/ld.so.preload"]);
    chmod("srv/bot/id_ed25519", 0o644);
    assert_eq!(places("host-file-key-readable"), ["/srv/bot/id_ed25519"]);
    let allowed = judged(facts(root.path()), "[host]\nsuid = [\"/opt/tool\"]");
    assert_eq!(status(&allowed, "host-file-set-id"), Status::Pass);
}

#[test]
fn services_are_judged_and_their_secrets_kept() {
    let root = root(&[
        ("etc/systemd/system/bot.service", UNIT),
        ("etc/systemd/system/bot.service.d/limit.conf", "[Service]\nStartLimitBurst=0\n"),
        ("srv/bot/run", "#!"),
        ("etc/crontab", "# x\nSHELL=/bin/sh\n* * * * * bot /srv/bot/job\n"),
        ("srv/bot/job", "#!"),
    ]);
    fs::set_permissions(root.path().join("srv/bot/run"), fs::Permissions::from_mode(0o757))
        .unwrap();
    fs::set_permissions(root.path().join("srv/bot/job"), fs::Permissions::from_mode(0o777))
        .unwrap();
    let facts = facts(root.path());
    assert!(!facts.to_json().contains("SECRET") && !facts.to_json().contains("abc"));
    let again = Facts::parse(&facts.to_json()).unwrap();
    assert_eq!(again, facts);
    let report = judged(again, "");
    for id in [
        "host-job-unit-exposure",
        "host-job-restart",
        "host-job-cron-writable",
        "host-file-bot-owns-code",
    ] {
        assert_eq!(status(&report, id), Status::Fail, "{id}");
    }
    let exposed = report.findings.iter().find(|one| one.id == "host-job-unit-exposure").unwrap();
    assert_eq!(exposed.evidence, ["bot.service: exposure 9.2"]);
}

#[test]
fn what_cannot_be_looked_at_never_passes() {
    let report = judged(Facts::default(), "");
    for check in report.checks.iter().filter(|check| check.id.starts_with("host-")) {
        assert_eq!(check.status, Status::Unknown, "{}", check.id);
    }
    assert_eq!(report.verdict(Severity::Low, Gaps::Matter), Verdict::Incomplete);
    // Nor does an empty folder as a host.
    let empty = tempfile::tempdir().unwrap();
    let report = judged(facts(empty.path()), "");
    for id in ["host-net-database-port", "host-upkeep-disk-full", "host-upkeep-auto-updates"] {
        assert_eq!(status(&report, id), Status::Unknown, "{id}");
    }
    assert!(Facts::parse("{\"schema-version\":9}").is_err());
}

#[test]
fn a_link_out_of_the_root_is_not_read() {
    let outside = tree(&[("os-release", "ID=outside\n")]);
    let root = root(&[]);
    fs::remove_file(root.path().join("etc/os-release")).unwrap();
    symlink(outside.path().join("os-release"), root.path().join("etc/os-release")).unwrap();
    let facts = facts(root.path());
    assert!(!facts.to_json().contains("outside"));
    assert_eq!(status(&judged(facts, ""), "host-upkeep-end-of-life"), Status::Unknown);
}

#[test]
fn checks_are_printed_by_name_status_and_evidence() {
    let root = root(&[]);
    let text = render::checks_json(&judged(facts(root.path()), ""));
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let checks = value["checks"].as_array().unwrap();
    assert_eq!(checks.len(), HostEngine::catalogue().len());
    for check in checks {
        assert!(check["id"].is_string() && check["evidence"].is_array(), "{check}");
        let status = check["status"].as_str().unwrap();
        assert!(["pass", "fail", "manual", "not-applicable", "unknown"].contains(&status));
    }
    let again = render::checks_json(&judged(facts(root.path()), ""));
    assert_eq!(text, again);
}
