//! What a handler does to others: the calls that matter.

use super::scene::{Reached, Scene, last_name};
use crate::flow::tree::{Call, Expr, ExprKind, Span, Stmt, StmtKind};
use crate::visit::{self, Piece};

/// Something that a handler does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) kind: EffectKind,
    /// The name of what is called.
    pub(super) name: String,
    pub(super) at: Span,
}

/// Whom an effect concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EffectKind {
    /// Another member: they are banned, muted, promoted; what they wrote is deleted.
    Member,
    /// The process, the host or the bot itself.
    System,
    /// What is stored.
    Data,
    /// Everybody at once.
    Everybody,
}

/// Returns the effects of what a handler runs, in the order of the source.
pub(super) fn effects(scene: &Scene<'_, '_>, reached: &Reached<'_, '_>) -> Vec<Effect> {
    let mut found = Vec::new();
    for piece in &reached.pieces {
        match piece {
            Piece::Expr(expr) => found.extend(of_expr(scene, expr)),
            Piece::Stmt(stmt) => match &stmt.kind {
                StmtKind::Loop { bind: Some(_), body, .. } if sends(body) => {
                    found.push(Effect {
                        kind: EffectKind::Everybody,
                        name: "a message to each".to_owned(),
                        at: stmt.at,
                    });
                }
                StmtKind::Augment { target, .. } => found.extend(stored(target, stmt.at)),
                StmtKind::Assign { targets, .. } => {
                    found.extend(targets.iter().filter_map(|target| stored(target, stmt.at)));
                }
                _ => {}
            },
        }
    }
    found.sort_by_key(|effect| (effect.at, effect.kind));
    found
}

fn of_expr(scene: &Scene<'_, '_>, expr: &Expr<'_>) -> Option<Effect> {
    let ExprKind::Call(call) = &expr.kind else { return None };
    let name = call.callee.dotted().unwrap_or_else(|| last_name(&call.callee));
    let plain = last_name(&call.callee).to_lowercase().replace('_', "");
    let kind = if on_member(&name, &plain, call) {
        EffectKind::Member
    } else if on_system(&name, &plain) {
        EffectKind::System
    } else if is_loop(&plain) && call.args.iter().any(|arg| sends_in(scene, &arg.value)) {
        EffectKind::Everybody
    } else if on_data(&name, &plain, call) {
        EffectKind::Data
    } else {
        return None;
    };
    Some(Effect { kind, name, at: expr.at })
}

fn on_member(name: &str, plain: &str, call: &Call<'_>) -> bool {
    let owner = name.rsplit_once('.').map_or("", |(owner, _)| owner);
    let is_method = !owner.is_empty();
    is_method && MEMBER.contains(&plain)
        || is_method
            && matches!(plain, "add" | "remove" | "set" | "create" | "delete")
            && ["roles", "bans", "permissionOverwrites"].iter().any(|end| owner.ends_with(end))
        || plain == "edit"
            && call.args.iter().any(|arg| matches!(arg.name, Some("mute" | "deafen" | "roles")))
}

fn on_system(name: &str, plain: &str) -> bool {
    let (owner, last) = name.rsplit_once('.').unwrap_or(("", name));
    let root = owner.split('.').next_back().unwrap_or_default();
    match root {
        "subprocess" | "child_process" | "childProcess" | "cp" => true,
        "os" => {
            SYSTEM_OF_OS.contains(&last) || last.starts_with("exec") || last.starts_with("spawn")
        }
        "sys" | "process" => matches!(last, "exit" | "kill" | "abort"),
        "asyncio" => last.starts_with("create_subprocess"),
        "vm" => last.starts_with("runIn"),
        "" => matches!(
            plain,
            "exec"
                | "eval"
                | "exit"
                | "quit"
                | "execsync"
                | "execfile"
                | "spawn"
                | "spawnsync"
                | "execasync"
                | "popen"
                | "checkoutput"
                | "checkcall"
                | "system"
        ),
        "bot" | "client" | "self" | "application" | "app" | "updater" | "dp" => matches!(
            plain,
            "close"
                | "logout"
                | "stop"
                | "stoppolling"
                | "stoprunning"
                | "destroy"
                | "shutdown"
                | "reloadextension"
                | "loadextension"
                | "unloadextension"
        ),
        _ => false,
    }
}

fn on_data(name: &str, plain: &str, call: &Call<'_>) -> bool {
    let owner = name.rsplit_once('.').map_or("", |(owner, _)| owner).to_lowercase();
    let first = call.args.first().map(|arg| &arg.value);
    match plain {
        "commit" | "deleteone" | "deletemany" | "updateone" | "updatemany" | "insertone"
        | "insertmany" | "dropdatabase" | "findoneandupdate" | "findoneanddelete"
        | "findbyidandupdate" | "findbyidanddelete" | "refundstarpayment" | "truncate"
        | "upsert" | "bulkwrite" => true,
        "save" | "delete" | "destroy" | "update" | "create" | "increment" | "decrement" => {
            // A message is deleted and edited too, by its author's bot.
            !owner.is_empty() && !NO_STORES.iter().any(|one| owner.ends_with(one))
        }
        "execute" | "executemany" | "executescript" | "query" | "run" | "raw" | "prepare" => {
            first.is_some_and(is_change)
        }
        "add" | "append" | "push" | "discard" | "remove" => {
            ["admin", "owner", "banned", "blacklist", "whitelist", "premium", "vip", "allowed"]
                .iter()
                .any(|one| owner.contains(one))
        }
        _ => {
            VERBS.iter().any(|verb| plain.starts_with(verb))
                && NOUNS.iter().any(|noun| plain.contains(noun))
        }
    }
}

/// Whether a statement for a database changes it.
pub(super) fn is_change(statement: &Expr<'_>) -> bool {
    let mut is_change = false;
    visit::each_within(statement, &mut |expr| {
        if let ExprKind::Str(text) = &expr.kind {
            let start: String =
                text.trim_start().chars().take(12).collect::<String>().to_uppercase();
            is_change |= CHANGES.iter().any(|word| start.starts_with(word));
        }
    });
    is_change
}

/// A change of something that is kept: `users[id]["balance"]`, `user.is_admin`.
fn stored(target: &Expr<'_>, at: Span) -> Option<Effect> {
    let key = match &target.kind {
        ExprKind::Member(_, name) => (*name).to_owned(),
        ExprKind::Index(of, key) => match &key.kind {
            ExprKind::Str(text) => text.to_string(),
            _ => last_name(of),
        },
        _ => return None,
    };
    let lower = key.to_lowercase();
    let is_kept = NOUNS.iter().any(|noun| *noun != "user" && lower.contains(noun))
        || lower.contains("banned");
    is_kept.then_some(Effect { kind: EffectKind::Data, name: key, at })
}

/// Whether a loop sends messages.
fn sends(body: &[Stmt<'_>]) -> bool {
    let mut is_found = false;
    visit::each(body, &mut |piece| {
        if let Piece::Expr(expr) = piece {
            is_found |= is_send(expr);
        }
    });
    is_found
}

fn sends_in(scene: &Scene<'_, '_>, expr: &Expr<'_>) -> bool {
    let ExprKind::Lambda(id) = &expr.kind else { return false };
    sends(&scene.function(*id).body)
}

/// Whether a call sends a message to a chat that it names.
pub(super) fn is_send(expr: &Expr<'_>) -> bool {
    let ExprKind::Call(call) = &expr.kind else { return false };
    let plain = last_name(&call.callee).to_lowercase().replace('_', "");
    SENDS.contains(&plain.as_str())
}

fn is_loop(plain: &str) -> bool {
    matches!(plain, "foreach" | "map")
}

const MEMBER: [&str; 35] = [
    "ban",
    "kick",
    "unban",
    "softban",
    "timeout",
    "purge",
    "prune",
    "banchatmember",
    "kickchatmember",
    "unbanchatmember",
    "restrictchatmember",
    "promotechatmember",
    "setchatpermissions",
    "banchatsenderchat",
    "bulkdelete",
    "deletemessages",
    "addroles",
    "removeroles",
    "restrict",
    "promote",
    "kickparticipant",
    "editadmin",
    "editbanned",
    "editpermissions",
    "groupparticipantsupdate",
    "removeparticipants",
    "promoteparticipants",
    "demoteparticipants",
    "setpermissions",
    "createguildban",
    "removeguildmember",
    "promotechatmembers",
    "leaveguild",
    "setmute",
    "bulkban",
];

const SYSTEM_OF_OS: [&str; 8] =
    ["system", "popen", "kill", "_exit", "abort", "killpg", "startfile", "posix_spawn"];

const CHANGES: [&str; 8] =
    ["INSERT", "UPDATE", "DELETE", "DROP", "ALTER", "TRUNCATE", "REPLACE", "MERGE"];

const VERBS: [&str; 18] = [
    "add", "set", "give", "grant", "revoke", "remove", "delete", "update", "increase", "decrease",
    "credit", "debit", "reset", "wipe", "clear", "drop", "refund", "ban",
];

const NOUNS: [&str; 26] = [
    "balance",
    "coin",
    "credit",
    "money",
    "premium",
    "admin",
    "role",
    "vip",
    "token",
    "subscription",
    "blacklist",
    "whitelist",
    "price",
    "points",
    "gold",
    "database",
    "user",
    "refund",
    "payment",
    "order",
    "permission",
    "banned",
    "wallet",
    "maintenance",
    "owner",
    "stars",
];

/// What has methods of the same name and is no store.
const NO_STORES: [&str; 13] = [
    "message",
    "msg",
    "reply",
    "interaction",
    "channel",
    "ctx",
    "response",
    "query",
    "followup",
    "sent",
    "hash",
    "hmac",
    "thread",
];

const SENDS: [&str; 17] = [
    "sendmessage",
    "sendphoto",
    "sendvideo",
    "senddocument",
    "copymessage",
    "forwardmessage",
    "send",
    "sendanimation",
    "sendsticker",
    "copyto",
    "sendcopy",
    "forwardto",
    "postmessage",
    "chatpostmessage",
    "forwardmessages",
    "sendfile",
    "copy",
];
