//! Messages to many, without a thought for the platform's limits.

use super::Hit;
use super::effect::is_send;
use super::scene::{Scene, last_name};
use crate::flow::tree::{Expr, ExprKind, Stmt, StmtKind};
use crate::handlers::Framework;
use crate::visit::{self, Piece};

/// Finds loops over users that send to each, in a file that knows nothing of limits.
pub(super) fn judge(scene: &Scene<'_, '_>) -> Vec<Hit> {
    let is_limited =
        scene.map.frameworks.iter().any(|one| one.is_telegram() && *one != Framework::Telethon);
    if !is_limited || KNOWING.iter().any(|word| scene.text.contains(word)) {
        return Vec::new();
    }
    let mut hits = Vec::new();
    let bodies = scene.module.functions.iter().map(|function| function.body.as_slice());
    for body in bodies.chain([scene.module.body.as_slice()]) {
        visit::each(body, &mut |piece| {
            let (over, at) = match piece {
                Piece::Stmt(stmt) => match &stmt.kind {
                    StmtKind::Loop { bind: Some((target, over)), body, .. }
                        if sends_to(body, target) =>
                    {
                        (over, stmt.at)
                    }
                    _ => return,
                },
                Piece::Expr(expr) => match each_of(scene, expr) {
                    Some(over) => (over, expr.at),
                    None => return,
                },
            };
            let text = scene.text_of(over.at);
            let lower = text.to_lowercase();
            if PEOPLE.iter().any(|word| lower.contains(word)) && !lower.contains("admin") {
                hits.push(Hit {
                    check: "bot-flood-retryafter",
                    at,
                    current: format!(
                        "Each of `{}` is sent a message, as fast as it goes.",
                        text.split_whitespace().collect::<Vec<_>>().join(" ")
                    ),
                    about: text.to_owned(),
                });
            }
        });
    }
    hits
}

/// Whether a loop sends something to what it goes over.
fn sends_to(body: &[Stmt<'_>], target: &Expr<'_>) -> bool {
    let mut names = Vec::new();
    visit::each_within(target, &mut |expr| {
        if let ExprKind::Name(name) = expr.kind {
            names.push(name);
        }
    });
    let mut is_found = false;
    visit::each(body, &mut |piece| {
        let Piece::Expr(expr) = piece else { return };
        if !is_send(expr) {
            return;
        }
        visit::each_within(expr, &mut |inner| {
            is_found |= matches!(inner.kind, ExprKind::Name(name) if names.contains(&name));
        });
    });
    is_found
}

/// Returns what `users.forEach((user) => bot.sendMessage(user, …))` goes over.
fn each_of<'m, 't>(scene: &Scene<'m, 't>, expr: &'m Expr<'t>) -> Option<&'m Expr<'t>> {
    let ExprKind::Call(call) = &expr.kind else { return None };
    let ExprKind::Member(over, _) = &call.callee.kind else { return None };
    if !matches!(last_name(&call.callee).as_str(), "forEach" | "map") {
        return None;
    }
    let id = scene.function_of(&call.args.first()?.value)?;
    let function = scene.function(id);
    let target = &function.params.first()?.target;
    sends_to(&function.body, target).then_some(over)
}

/// Words of a file that waits, or tries again.
const KNOWING: [&str; 20] = [
    "RetryAfter",
    "FloodWait",
    "retry_after",
    "retryAfter",
    "429",
    "RateLimiter",
    "rate_limit",
    "rateLimit",
    "sleep",
    "setTimeout",
    "throttl",
    "autoRetry",
    "auto-retry",
    "RetryError",
    "delay",
    "limiter",
    "backoff",
    "tenacity",
    "queue",
    "Semaphore",
];

/// Words for those whom a bot writes to.
const PEOPLE: [&str; 9] =
    ["user", "chat", "subscriber", "member", "recipient", "customer", "client", "player", "group"];
