//! Buttons whose data names what belongs to somebody.

use std::collections::BTreeSet;

use super::Hit;
use super::effect::is_change;
use super::gate::is_gated;
use super::scene::{Reached, Scene, last_name};
use crate::flow::tree::{Call, Expr, ExprKind, StmtKind};
use crate::handlers::HandlerKind;
use crate::visit;

/// Finds buttons that act upon whatever their data names, whoever pressed them.
pub(super) fn judge(scene: &Scene<'_, '_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for handler in &scene.map.handlers {
        if handler.kind != HandlerKind::Button || handler.branch.is_some() {
            continue;
        }
        let reached = scene.reached(handler);
        if reached.exprs().any(is_presser) || is_gated(scene, handler, &reached) {
            continue;
        }
        let named = named_by_data(&reached);
        let mut found: Vec<&Expr<'_>> =
            reached.exprs().filter(|expr| acts_on(expr, &named)).collect();
        found.sort_by_key(|expr| expr.at);
        if let Some(expr) = found.first() {
            let name = last_name(expr);
            hits.push(Hit {
                check: "bot-callback-data-trust",
                at: expr.at,
                current: format!(
                    "`{name}` is given what the data of a button names, and nobody asks whose it is."
                ),
                about: name,
            });
        }
    }
    hits
}

/// Returns the names that hold a part of a button's data.
fn named_by_data<'t>(reached: &Reached<'_, 't>) -> BTreeSet<&'t str> {
    let mut named = BTreeSet::new();
    // Twice: what is read from data is taken apart in a second step.
    for _ in 0..2 {
        for stmt in reached.stmts() {
            let StmtKind::Assign { targets, value } = &stmt.kind else { continue };
            if !is_of_data(value, &named) {
                continue;
            }
            for target in targets {
                visit::each_within(target, &mut |expr| {
                    if let ExprKind::Name(name) = expr.kind {
                        named.insert(name);
                    }
                });
            }
        }
    }
    named
}

fn is_of_data(expr: &Expr<'_>, named: &BTreeSet<&str>) -> bool {
    let mut is_found = false;
    visit::each_within(expr, &mut |inner| {
        is_found |= match &inner.kind {
            ExprKind::Name(name) => named.contains(name) || *name == "callback_data",
            ExprKind::Member(of, "data") => {
                let of = last_name(of).to_lowercase();
                ["query", "call", "callback", "cb", "event"].iter().any(|word| of.contains(word))
            }
            ExprKind::Member(_, name) => {
                matches!(*name, "customId" | "custom_id" | "callback_data")
            }
            ExprKind::Index(of, _) => matches!(last_name(of).as_str(), "match" | "matches"),
            _ => false,
        };
    });
    is_found
}

/// Whether a call reads or changes a record that belongs to somebody, by what a button's data named.
fn acts_on(expr: &Expr<'_>, named: &BTreeSet<&str>) -> bool {
    let ExprKind::Call(call) = &expr.kind else { return false };
    let plain = last_name(&call.callee).to_lowercase().replace('_', "");
    let is_statement = matches!(
        plain.as_str(),
        "execute"
            | "query"
            | "fetchrow"
            | "fetch"
            | "fetchone"
            | "fetchval"
            | "run"
            | "get"
            | "all"
    );
    let acts = if is_statement {
        call.args.first().is_some_and(|arg| is_change(&arg.value) || selects_owned(&arg.value))
    } else {
        VERBS.iter().any(|verb| plain.starts_with(verb))
            && (is_owned(&plain) || owner_is_owned(call))
    };
    acts && call.args.iter().any(|arg| is_of_data(&arg.value, named))
}

fn owner_is_owned(call: &Call<'_>) -> bool {
    let name = call.callee.dotted().unwrap_or_default().to_lowercase();
    name.rsplit_once('.').is_some_and(|(owner, _)| is_owned(owner))
}

fn selects_owned(statement: &Expr<'_>) -> bool {
    let mut is_found = false;
    visit::each_within(statement, &mut |expr| {
        if let ExprKind::Str(text) = &expr.kind {
            let lower = text.trim_start().to_lowercase();
            is_found |= lower.starts_with("select") && is_owned(&lower);
        }
    });
    is_found
}

fn is_owned(name: &str) -> bool {
    OWNED.iter().any(|word| name.contains(word))
}

/// Whether an expression is who pressed the button, or whose the record is.
fn is_presser(expr: &Expr<'_>) -> bool {
    match &expr.kind {
        ExprKind::Name(name) => is_identity(name),
        ExprKind::Member(of, name) => {
            is_identity(name)
                || *name == "from"
                || *name == "user"
                    && matches!(last_name(of).as_str(), "interaction" | "i" | "ctx" | "body")
        }
        ExprKind::Index(_, key) => {
            matches!(&key.kind, ExprKind::Str(text) if matches!(text.as_ref(), "user" | "user_id" | "from"))
        }
        _ => false,
    }
}

fn is_identity(name: &str) -> bool {
    let plain = name.to_lowercase().replace('_', "");
    matches!(
        plain.as_str(),
        "fromuser"
            | "effectiveuser"
            | "author"
            | "userid"
            | "uid"
            | "senderid"
            | "fromid"
            | "currentuser"
    ) || plain.contains("owner")
}

const VERBS: [&str; 15] = [
    "delete", "remove", "cancel", "update", "approve", "refund", "pay", "withdraw", "transfer",
    "complete", "get", "find", "fetch", "load", "close",
];

/// What belongs to one user.
const OWNED: [&str; 20] = [
    "order",
    "invoice",
    "ticket",
    "note",
    "task",
    "reminder",
    "account",
    "wallet",
    "document",
    "booking",
    "reservation",
    "subscription",
    "payment",
    "withdraw",
    "address",
    "card",
    "habit",
    "todo",
    "expense",
    "draft",
];
