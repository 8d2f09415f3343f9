//! Commands that only some may give.

use super::Hit;
use super::effect::{Effect, EffectKind, effects};
use super::gate::is_gated;
use super::scene::{Reached, Scene};
use crate::flow::tree::Span;
use crate::handlers::{Handler, HandlerKind};

/// Finds commands that act upon others, and that nobody guards or writes down.
pub(super) fn judge(scene: &Scene<'_, '_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for handler in &scene.map.handlers {
        let Some((command, kinds)) = privileged(handler) else { continue };
        let reached = scene.reached(handler);
        let effects = effects(scene, &reached);
        let Some(effect) = effects.iter().find(|effect| kinds.contains(&effect.kind)) else {
            continue;
        };
        if !is_gated(scene, handler, &reached) {
            hits.push(ungated(handler, scene, &command, effect));
        }
        if !logs(&reached) {
            hits.push(Hit {
                check: "no-audit-log-admin",
                at: start(handler, scene),
                current: format!("`{command}` reaches `{}` and writes no log.", effect.name),
                about: command,
            });
        }
    }
    hits
}

fn ungated(
    handler: &Handler<'_, '_>,
    scene: &Scene<'_, '_>,
    command: &str,
    effect: &Effect,
) -> Hit {
    Hit {
        check: "bot-admin-gate-missing",
        at: start(handler, scene),
        current: format!(
            "Anybody may give the command `{command}`: it reaches `{}`, and nothing on the way looks at who asks.",
            effect.name
        ),
        about: command.to_owned(),
    }
}

/// Returns where a handler begins: its function when it has a name, else what registers it.
fn start(handler: &Handler<'_, '_>, scene: &Scene<'_, '_>) -> Span {
    match handler.function {
        Some(id) if handler.branch.is_none() && !handler.name.is_empty() => scene.function(id).at,
        _ => handler.at,
    }
}

/// Returns the command that not everybody may give, and which effects show that it is one.
fn privileged(handler: &Handler<'_, '_>) -> Option<(String, &'static [EffectKind])> {
    let is_command = matches!(handler.kind, HandlerKind::Command | HandlerKind::Unregistered);
    let own = Some(bare(&handler.name)).filter(|_| handler.commands.is_empty());
    let mut names = handler.commands.iter().map(String::as_str).chain(own);
    names.find_map(|name| Some((name.to_owned(), kinds(name)?))).filter(|_| is_command)
}

/// Returns the name of a function without what says that it is a handler.
fn bare(name: &str) -> &str {
    let mut name = name;
    for start in ["cmd_", "handle_", "on_", "command_", "admin_", "do_", "process_"] {
        name = name.strip_prefix(start).filter(|rest| !rest.is_empty()).unwrap_or(name);
    }
    for end in ["_command", "_cmd", "_handler", "_callback", "Command", "Handler"] {
        name = name.strip_suffix(end).filter(|rest| !rest.is_empty()).unwrap_or(name);
    }
    name
}

fn kinds(command: &str) -> Option<&'static [EffectKind]> {
    let plain: String = command.chars().filter(|one| one.is_alphanumeric()).collect();
    let plain = plain.to_lowercase();
    let is = |list: &[&str]| list.contains(&plain.as_str());
    if is(&ON_MEMBERS) {
        Some(&[EffectKind::Member])
    } else if is(&ON_SYSTEM) {
        Some(&[EffectKind::System])
    } else if is(&TO_EVERYBODY) {
        Some(&[EffectKind::Everybody])
    } else if is(&ON_DATA) {
        Some(&[EffectKind::Data, EffectKind::Member])
    } else if is(&ON_ALL) {
        Some(&[EffectKind::Member, EffectKind::System, EffectKind::Data, EffectKind::Everybody])
    } else {
        None
    }
}

fn logs(reached: &Reached<'_, '_>) -> bool {
    reached.exprs().any(|expr| {
        let crate::flow::tree::ExprKind::Call(call) = &expr.kind else { return false };
        let name = call.callee.dotted().unwrap_or_default().to_lowercase();
        ["log", "audit", "console.", "print", "journal", "capture_"]
            .iter()
            .any(|word| name.contains(word))
    })
}

const ON_MEMBERS: [&str; 30] = [
    "ban",
    "unban",
    "kick",
    "mute",
    "unmute",
    "tempban",
    "tempmute",
    "softban",
    "timeout",
    "untimeout",
    "purge",
    "nuke",
    "promote",
    "demote",
    "gban",
    "ungban",
    "addrole",
    "giverole",
    "removerole",
    "takerole",
    "lockdown",
    "restrict",
    "unrestrict",
    "banuser",
    "kickuser",
    "muteuser",
    "prune",
    "massban",
    "clear",
    "banmember",
];

const ON_SYSTEM: [&str; 29] = [
    "exec",
    "execute",
    "eval",
    "shell",
    "sh",
    "bash",
    "terminal",
    "sudo",
    "shutdown",
    "restart",
    "reboot",
    "deploy",
    "reload",
    "load",
    "unload",
    "die",
    "stopbot",
    "killbot",
    "runcode",
    "pyeval",
    "jseval",
    "poweroff",
    "logout",
    "gitpull",
    "cmd",
    "system",
    "upgrade",
    "kill",
    "reloadcog",
];

const TO_EVERYBODY: [&str; 9] = [
    "broadcast",
    "announce",
    "sendall",
    "massmail",
    "mailing",
    "notifyall",
    "bc",
    "announcement",
    "massdm",
];

const ON_DATA: [&str; 54] = [
    "refund",
    "grant",
    "revoke",
    "addadmin",
    "deladmin",
    "rmadmin",
    "removeadmin",
    "setadmin",
    "makeadmin",
    "addbalance",
    "setbalance",
    "addcoins",
    "givecoins",
    "setcoins",
    "addcredits",
    "setcredits",
    "givecredits",
    "givepremium",
    "addpremium",
    "grantpremium",
    "setpremium",
    "addvip",
    "setvip",
    "givevip",
    "deleteuser",
    "deluser",
    "removeuser",
    "resetdb",
    "dropdb",
    "wipe",
    "wipedb",
    "cleardb",
    "resetall",
    "blacklist",
    "whitelist",
    "unblacklist",
    "setprice",
    "maintenance",
    "ban",
    "unban",
    "addmoney",
    "setmoney",
    "addpoints",
    "setpoints",
    "setrole",
    "addowner",
    "grantrole",
    "resetuser",
    "approvewithdrawal",
    "payout",
    "refundpayment",
    "setowner",
    "grantadmin",
    "deleteall",
];

const ON_ALL: [&str; 6] = ["admin", "adminpanel", "panel", "superuser", "root", "sql"];
