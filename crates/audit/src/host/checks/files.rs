//! Owners and modes.

use super::{Answer, Area, Host, Row, known, settled};
use crate::host::facts::{FileFact, Files, Unit};
use crate::{Effort, Severity};

pub(super) const AREA: Area = Area { component: "Files", rows: &ROWS };

/// Fails with the files of one list that are bad.
fn among(
    host: &Host<'_>,
    list: fn(&Files) -> &[FileFact],
    current: &str,
    is_bad: &dyn Fn(&FileFact) -> bool,
) -> Answer {
    settled(known(&host.facts.files).map(|files| {
        let bad: Vec<&FileFact> = list(files).iter().filter(|file| is_bad(file)).collect();
        Answer::files(&bad, current, "none was found").with_gaps(&files.gaps)
    }))
}

fn world_writable(host: &Host<'_>) -> Answer {
    among(host, |files| &files.world_writable, "Everybody can change files.", &|file| {
        // Sockets and devices are for talking to.
        matches!(file.mode & 0o170_000, 0o100_000 | 0o040_000)
    })
}

fn set_id(host: &Host<'_>) -> Answer {
    let is_known = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let of_system = path.starts_with("/usr/bin/")
            || path.starts_with("/usr/sbin/")
            || path.starts_with("/bin/")
            || path.starts_with("/sbin/");
        (of_system && SET_ID.contains(&name)) || host.settings.suid.contains(path)
    };
    among(
        host,
        |files| &files.set_id,
        "Programs that distributions do not have so run as others.",
        &|file| !is_known(&file.path),
    )
}

fn environments(host: &Host<'_>) -> Answer {
    among(host, |files| &files.environments, "Others can read files of environments.", &|file| {
        file.mode & 0o077 != 0
    })
}

fn keys(host: &Host<'_>) -> Answer {
    // A group of its own may read keys of servers: Debian's ssl-cert.
    among(host, |files| &files.keys, "Others can read private keys.", &|file| {
        file.mode & 0o027 != 0
    })
}

fn own_code(host: &Host<'_>) -> Answer {
    let judge = || {
        let (bots, units) = (host.bots()?, known(&host.facts.units)?);
        let mut bad: Vec<&FileFact> = Vec::new();
        let mut looked = 0;
        for bot in &bots {
            let gids = host.gids(bot);
            let own = |unit: &&Unit| unit.value("User") == Some(bot.name.as_str());
            for file in units.iter().filter(own).flat_map(|unit| &unit.programs) {
                looked += 1;
                if file.is_file() && file.is_writable_by(bot.uid, &gids) {
                    bad.push(file);
                }
            }
        }
        bad.sort();
        bad.dedup();
        if looked == 0 {
            return Ok(Answer::not_applicable("no unit of a bot's account names a program"));
        }
        Ok(Answer::files(
            &bad,
            "Bots can change their own programs.",
            "no bot can change its programs",
        ))
    };
    settled(judge())
}

fn preload(host: &Host<'_>) -> Answer {
    use crate::host::facts::Fact;
    match &host.facts.preload {
        Fact::Known(text) if !text.trim().is_empty() => {
            Answer::fail("Libraries are loaded into every program.")
                .with(text.trim(), text.trim())
                .at("/etc/ld.so.preload", 1)
        }
        Fact::Known(_) | Fact::Absent => Answer::pass("nothing is loaded into every program"),
        Fact::Unknown(why) => Answer::unknown(why),
    }
}

fn unowned(host: &Host<'_>) -> Answer {
    among(host, |files| &files.unowned, "Files belong to accounts that do not exist.", &|_| true)
}

/// What Debian, Ubuntu, Fedora and Alpine install so.
const SET_ID: [&str; 31] = [
    "at",
    "bwrap",
    "chage",
    "chfn",
    "chsh",
    "crontab",
    "dotlockfile",
    "expiry",
    "fusermount",
    "fusermount3",
    "gpasswd",
    "grub2-set-bootflag",
    "mail-lock",
    "mail-touchlock",
    "mail-unlock",
    "mount",
    "mount.cifs",
    "mount.nfs",
    "newgidmap",
    "newgrp",
    "newuidmap",
    "pam_timestamp_check",
    "passwd",
    "pkexec",
    "ssh-agent",
    "su",
    "sudo",
    "umount",
    "unix_chkpwd",
    "wall",
    "write.ul",
];

const ROWS: [Row; 7] = [
    Row {
        id: "host-file-world-writable",
        title: "Everybody can change a file",
        severity: Severity::High,
        effort: Effort::Small,
        description: "Any account, also that of a bot that was taken over, can put something there that others run or read.",
        expected: "Nobody but the owner and its group may write, but for sticky folders such as /tmp.",
        recommendation: "`chmod o-w FILE`.",
        cwe: &[732],
        judge: world_writable,
    },
    Row {
        id: "host-file-set-id",
        title: "An unusual program runs with the rights of its owner",
        severity: Severity::High,
        effort: Effort::Medium,
        description: "A fault in such a program is a way to root; who broke in leaves one behind to come back.",
        expected: "Only the programs that the distribution has so.",
        recommendation: "`chmod u-s,g-s FILE`; one that is right goes to `host.suid` in .auditctl.toml.",
        cwe: &[250, 269],
        judge: set_id,
    },
    Row {
        id: "host-file-env-readable",
        title: "Others can read a file of an environment",
        severity: Severity::High,
        effort: Effort::Small,
        description: "A bot's token and its passwords are in there.",
        expected: "The mode is 0600, or less.",
        recommendation: "`chmod 0600 FILE`, and renew what was in it when others use this host.",
        cwe: &[732, 522],
        judge: environments,
    },
    Row {
        id: "host-file-key-readable",
        title: "Others can read a private key",
        severity: Severity::High,
        effort: Effort::Small,
        description: "Who has the key is its owner to everybody else.",
        expected: "The mode is 0600, or 0640 with a group for it.",
        recommendation: "`chmod 0600 FILE`, and renew the key when others use this host.",
        cwe: &[732, 522],
        judge: keys,
    },
    Row {
        id: "host-file-bot-owns-code",
        title: "A bot can change its own program",
        severity: Severity::Medium,
        effort: Effort::Medium,
        description: "What takes over the bot once can stay in it for ever.",
        expected: "Root owns the program, and the bot's account may read and run it only.",
        recommendation: "`chown -R root:root FOLDER && chmod -R go-w FOLDER`; data goes to a folder of its own.",
        cwe: &[732, 276],
        judge: own_code,
    },
    Row {
        id: "host-file-preload",
        title: "A library is loaded into every program",
        severity: Severity::High,
        effort: Effort::Medium,
        description: "It sees and changes what every program does, sudo and sshd too; rootkits use it.",
        expected: "/etc/ld.so.preload does not exist, or is empty.",
        recommendation: "Find out who put it there (`dpkg -S LIBRARY`); when nobody knows, treat the host as broken into.",
        cwe: &[427],
        judge: preload,
    },
    Row {
        id: "host-file-unowned",
        title: "A file belongs to nobody",
        severity: Severity::Low,
        effort: Effort::Small,
        description: "The next account that is made may get the number, and the file with it.",
        expected: "Every file belongs to an account and a group that exist.",
        recommendation: "`chown` it to who needs it, or remove it.",
        cwe: &[282],
        judge: unowned,
    },
];
