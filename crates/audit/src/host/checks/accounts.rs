//! Accounts and groups.

use std::collections::BTreeMap;

use super::{Answer, Area, Host, Row, known, settled};
use crate::host::facts::{Account, Password};
use crate::{Effort, Severity};

pub(super) const AREA: Area = Area { component: "Accounts", rows: &ROWS };

/// Fails with accounts, or passes when there are none.
fn accounts(found: &[(&Account, String)], current: &str, well: &str) -> Answer {
    if found.is_empty() {
        return Answer::pass(well);
    }
    found.iter().fold(Answer::fail(current).at(PASSWD, 0), |answer, (account, seen)| {
        answer.with(&account.name, seen)
    })
}

fn extra_root(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.accounts).map(|all| {
        let extra = all.iter().filter(|one| one.uid == 0 && one.name != "root");
        let found: Vec<_> = extra.map(|one| (one, format!("{} has uid 0", one.name))).collect();
        accounts(&found, "Accounts besides root have its uid.", "root alone has uid 0")
    }))
}

fn empty_hash(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.passwords).map(|passwords| {
        let empty = passwords.iter().filter(|(_, state)| **state == Password::Empty);
        let answer = Answer::fail("Accounts have an empty password.").at("/etc/shadow", 0);
        let answer = empty.fold(answer, |answer, (name, _)| {
            answer.with(name, format!("{name} has an empty password"))
        });
        if answer.subjects.is_empty() { Answer::pass("no password is empty") } else { answer }
    }))
}

fn bot_shell(host: &Host<'_>) -> Answer {
    settled(host.bots().map(|bots| {
        if bots.is_empty() {
            return Answer::not_applicable(NO_BOTS);
        }
        let found: Vec<_> = bots
            .into_iter()
            .filter(|one| one.has_shell())
            .map(|one| (one, format!("{} has the shell {}", one.name, one.shell)))
            .collect();
        accounts(&found, "Accounts of bots have a shell.", "no account of a bot has a shell")
    }))
}

fn bot_groups(host: &Host<'_>) -> Answer {
    let judge = || {
        let (bots, groups) = (host.bots()?, known(&host.facts.groups)?);
        if bots.is_empty() {
            return Ok(Answer::not_applicable(NO_BOTS));
        }
        let mut found = Vec::new();
        for bot in bots {
            let gids = host.gids(bot);
            let strong = groups.iter().filter(|group| gids.contains(&group.gid));
            for group in strong.filter(|group| STRONG.contains(&group.name.as_str())) {
                found.push((bot, format!("{} is in the group {}", bot.name, group.name)));
            }
        }
        let current = "Accounts of bots are in groups that can become root.";
        Ok(accounts(&found, current, "no account of a bot is in a strong group"))
    };
    settled(judge())
}

fn shared_uid(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.accounts).map(|all| {
        let mut by_uid: BTreeMap<u32, Vec<&Account>> = BTreeMap::new();
        for account in all.iter().filter(|one| one.uid != 0) {
            by_uid.entry(account.uid).or_default().push(account);
        }
        let mut found = Vec::new();
        for (uid, same) in by_uid.iter().filter(|(_, same)| same.len() > 1) {
            found.extend(same.iter().map(|&one| (one, format!("{} has uid {uid}", one.name))));
        }
        accounts(&found, "Several accounts share a uid.", "every uid has one account")
    }))
}

fn open_home(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.accounts).map(|all| {
        let is_person = |one: &&Account| one.uid == 0 || (1000..60_000).contains(&one.uid);
        let open = |one: &Account| {
            let mode = one.home_mode.filter(|mode| mode & 0o007 != 0)?;
            Some(format!("{} mode {:04o}", one.home, mode & 0o7777))
        };
        let found: Vec<_> =
            all.iter().filter(is_person).filter_map(|one| Some((one, open(one)?))).collect();
        let answer = accounts(&found, "Everybody can enter homes.", "no home is open to others");
        found.iter().fold(answer, |answer, (one, _)| answer.at(&one.home, 0))
    }))
}

const PASSWD: &str = "/etc/passwd";
const NO_BOTS: &str = "no unit below /etc/systemd/system names an account";

/// Who is in one of these can become root: by sudo, by a container with the host's root in it, by the disk itself.
const STRONG: [&str; 9] =
    ["adm", "admin", "disk", "docker", "libvirt", "lxd", "shadow", "sudo", "wheel"];

const ROWS: [Row; 6] = [
    Row {
        id: "host-user-extra-root",
        title: "An account besides root has its rights",
        severity: Severity::Critical,
        effort: Effort::Small,
        description: "Every account with uid 0 is root, whatever its name; a second one is a way in that nobody looks at.",
        expected: "Only root has uid 0.",
        recommendation: "Find out who made it, then `userdel NAME`, or give it a uid of its own.",
        cwe: &[250, 266],
        judge: extra_root,
    },
    Row {
        id: "host-user-empty-password",
        title: "An account has an empty password",
        severity: Severity::Critical,
        effort: Effort::Small,
        description: "Whoever knows its name can become it.",
        expected: "Every account has a password, or is locked.",
        recommendation: "`passwd -l NAME` locks it; `passwd NAME` sets one.",
        cwe: &[258],
        judge: empty_hash,
    },
    Row {
        id: "host-user-bot-shell",
        title: "A bot's account has a shell",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "A bot needs no shell. With one, a stolen key or password is a session on the host.",
        expected: "The shell of a bot's account is nologin.",
        recommendation: "`usermod -s /usr/sbin/nologin NAME`.",
        cwe: &[250],
        judge: bot_shell,
    },
    Row {
        id: "host-user-bot-strong-group",
        title: "A bot's account can become root by its groups",
        severity: Severity::High,
        effort: Effort::Medium,
        description: "Who takes over the bot gets root with it: the group docker starts containers that hold the host's \
                      files, sudo and wheel run everything, disk reads every file.",
        expected: "A bot's account is in no such group.",
        recommendation: "`gpasswd -d NAME GROUP`, then restart the bot; what it needed of the group gets a rule of its own.",
        cwe: &[250, 269],
        judge: bot_groups,
    },
    Row {
        id: "host-user-shared-uid",
        title: "Several accounts share a uid",
        severity: Severity::Medium,
        effort: Effort::Medium,
        description: "The kernel knows numbers only: they read each other's files, and the log cannot tell who did what.",
        expected: "Every account has its own uid.",
        recommendation: "`usermod -u NEW NAME`, then `find / -xdev -uid OLD` for the files that are to follow.",
        cwe: &[266],
        judge: shared_uid,
    },
    Row {
        id: "host-user-open-home",
        title: "Everybody can enter a home",
        severity: Severity::Low,
        effort: Effort::Small,
        description: "Keys, histories and configurations with tokens lie in homes.",
        expected: "A home has the mode 0750 or less.",
        recommendation: "`chmod o-rwx HOME`.",
        cwe: &[732],
        judge: open_home,
    },
];
