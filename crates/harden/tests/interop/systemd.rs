//! `systemd-analyze security --offline=true` judges units as [`exposure`] does.

use std::fs;

use serde_json::Value;
use wardkit_harden::{Subject, Unit, exposure};

use crate::{all_kinds, assert_ok, run};

#[test]
fn a_bot_s_unit_is_hardened_to_2_or_less() {
    let rows = [
        "[Service]\nExecStart=/usr/bin/python3 /srv/bot/bot.py\nUser=bot\n",
        "[Service]\nExecStart=/usr/bin/python3 /srv/bot/bot.py\nWorkingDirectory=/srv/bot\n",
        "[Unit]\nDescription=a bot\n[Service]\nType=notify\nExecStart=/usr/bin/node /srv/bot/bot.js\nDynamicUser=yes\n[Install]\nWantedBy=multi-user.target\n",
        "[Service]\nExecStart=/home/bot/bot\nUser=bot\nRestart=always\nEnvironmentFile=/etc/bot.env\nStateDirectory=bot\n",
    ];
    for text in rows {
        let unit = Unit::parse(text).unwrap();
        let hardened = unit.hardened(&unit.needs()).text;
        let (before, after) = (judged(text), judged(&hardened));
        assert!(before >= 82, "{before}: {text}");
        assert!(after <= 20, "{after}: {hardened}");
    }
}

#[test]
fn each_row_is_judged_as_systemd_does() {
    let (subject, needs) = all_kinds();
    let whole = Unit::starting(&subject, &needs).unwrap().hardened(&needs).text;
    let mut texts = vec![whole.clone(), "[Service]\nExecStart=/bin/true\n".to_owned()];
    for setting in SETTINGS {
        for user in ["", "User=bot\n", "DynamicUser=yes\n"] {
            let setting = setting.replace('|', "\n");
            texts.push(format!("[Service]\nExecStart=/bin/true\n{user}{setting}\n"));
        }
    }
    // Each line of a whole unit alone, and the unit without it.
    let lines: Vec<&str> = whole.lines().collect();
    for index in 0..lines.len() {
        if !lines[index].contains('=') || lines[index].starts_with(['#', 'E']) {
            continue;
        }
        texts.push(format!("[Service]\nExecStart=/bin/true\n{}\n", lines[index]));
        let rest = lines.iter().enumerate().filter(|(at, _)| *at != index);
        texts.push(rest.map(|(_, line)| *line).collect::<Vec<_>>().join("\n"));
    }
    assert!(texts.len() > 200);
    let differences: Vec<String> = texts.iter().flat_map(|text| compared(text).1).collect();
    assert_eq!(differences, Vec::<String>::new());
}

#[test]
fn a_unit_for_any_program_is_one_that_systemd_takes() {
    for path in ["/bin/true", "/srv/my bot/100%/$bot", "/srv/é;#x"] {
        let subject = Subject::new(path).unwrap();
        let (_, needs) = all_kinds();
        let unit = Unit::starting(&subject, &needs).unwrap();
        assert_eq!(unit, Unit::parse(unit.text()).unwrap());
        let hardened = unit.hardened(&needs);
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("bot.service");
        fs::write(&file, &hardened.text).unwrap();
        let output = run(
            directory.path(),
            "systemd-analyze",
            &["verify", "--man=no", file.to_str().unwrap()],
        );
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // The program is not there; nothing else is amiss.
        let about_unit = said.lines().filter(|line| {
            line.contains(directory.path().to_str().unwrap()) || line.contains("bot.service")
        });
        let amiss: Vec<&str> =
            about_unit.filter(|line| !line.contains("is not executable")).collect();
        assert_eq!(amiss, Vec::<&str>::new(), "{}", hardened.text);
    }
}

/// Returns the exposure in tenths, on which both agree.
fn judged(text: &str) -> u64 {
    let (tenths, differences) = compared(text);
    assert_eq!(differences, Vec::<String>::new(), "{text}");
    tenths
}

/// Returns the exposure in tenths, and where systemd says something else.
fn compared(text: &str) -> (u64, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bot.service");
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let analyze = |more: &str| {
        let output =
            run(directory.path(), "systemd-analyze", &["security", "--offline=true", more, file]);
        assert_ok(&output, text);
        output.stdout
    };
    let theirs: Vec<Value> = serde_json::from_slice(&analyze("--json=short")).unwrap();
    let ours = exposure(&Unit::parse(text).unwrap());
    let weights: u64 = ours.rows.iter().map(|row| row.weight).sum();
    let mut differences = Vec::new();
    for row in &theirs {
        let setting = row["json_field"].as_str().unwrap();
        let mine = ours.rows.iter().find(|row| row.setting == setting);
        let shown = mine.filter(|row| row.badness > 0).map(|row| {
            let tenths = (row.badness * row.weight * 100).div_ceil(row.range * weights);
            format!("{}.{}", tenths / 10, tenths % 10)
        });
        let theirs = row["exposure"].as_str();
        if shown.as_deref() != theirs {
            differences.push(format!("{setting}: {shown:?}, systemd {theirs:?} in {text}"));
        }
    }
    let said = String::from_utf8(analyze("--no-pager")).unwrap();
    let (_, last) = said.split_once("Overall exposure level for bot.service: ").unwrap();
    let theirs = last.split(' ').next().unwrap();
    if ours.shown() != theirs {
        differences.push(format!("in all {}, systemd {theirs} in {text}", ours.shown()));
    }
    (ours.tenths, differences)
}

const SETTINGS: [&str; 51] = [
    "User=root",
    "User=nobody",
    "User=0",
    "ProtectHome=tmpfs",
    "ProtectHome=read-only",
    "ProtectHome=true",
    "ProtectSystem=full",
    "ProtectSystem=yes",
    "ProtectProc=noaccess",
    "ProtectProc=ptraceable",
    "ProcSubset=pid",
    "UMask=0027",
    "UMask=0000",
    "UMask=0007",
    "UMask=0037",
    "UMask=0066",
    "KeyringMode=inherit",
    "KeyringMode=shared",
    "NotifyAccess=all",
    "NotifyAccess=exec",
    "Delegate=yes",
    "Delegate=cpu memory",
    "RemoveIPC=yes",
    "SupplementaryGroups=audio",
    "RootDirectory=/srv",
    "PrivateMounts=yes",
    "PrivateDevices=yes",
    "DevicePolicy=strict",
    "DevicePolicy=closed|DeviceAllow=/dev/fuse rw",
    "CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_SYS_PTRACE",
    "CapabilityBoundingSet=CAP_CHOWN|CapabilityBoundingSet=CAP_KILL",
    "CapabilityBoundingSet=CAP_CHOWN|CapabilityBoundingSet=",
    "CapabilityBoundingSet=~",
    "CapabilityBoundingSet=CAP_CHOWN CAP_KILL|CapabilityBoundingSet=~CAP_KILL",
    "AmbientCapabilities=CAP_NET_BIND_SERVICE",
    "RestrictAddressFamilies=AF_INET AF_UNIX",
    "RestrictAddressFamilies=~AF_INET",
    "RestrictAddressFamilies=~AF_PACKET AF_NETLINK",
    "RestrictAddressFamilies=none",
    "RestrictAddressFamilies=AF_VSOCK",
    "RestrictNamespaces=user mnt",
    "RestrictNamespaces=~user mnt",
    "SystemCallArchitectures=native x86",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=@system-service|SystemCallFilter=~@privileged @resources",
    "SystemCallFilter=~@clock @mount @debug",
    "SystemCallFilter=~@privileged|SystemCallFilter=chown",
    "SystemCallFilter=read write|SystemCallFilter=|SystemCallFilter=~@swap",
    "IPAddressDeny=any",
    "IPAddressDeny=any|IPAddressAllow=localhost",
    "IPAddressDeny=any|IPAddressAllow=10.0.0.0/8",
];
