//! Whether somebody looks at who asks, before a handler does anything.

use super::scene::{Reached, Scene, last_name};
use crate::flow::tree::{Call, Compare, Expr, ExprKind, FunctionId, Span, Stmt, StmtKind};
use crate::handlers::Handler;
use crate::visit::{self, Piece};

/// Whether a handler is only for some.
pub(super) fn is_gated<'m, 't>(
    scene: &Scene<'m, 't>,
    handler: &Handler<'m, 't>,
    reached: &Reached<'m, 't>,
) -> bool {
    let decorators = handler.function.map(|id| scene.function(id).decorators.as_slice());
    handler.guards.iter().any(|guard| is_guard(scene, guard))
        || decorators.unwrap_or_default().iter().any(|one| is_guard(scene, one))
        || handler.function.is_some_and(|id| class_is_gated(scene, id))
        || asks(reached)
        || handler.branch.is_some() && asked_before(scene, handler)
        || file_is_gated(scene, handler)
}

/// Whether what runs asks who it is that wants it.
pub(super) fn asks(reached: &Reached<'_, '_>) -> bool {
    reached.exprs().any(is_question) || reached.stmts().filter_map(test_of).any(names_rights)
}

/// Whether a filter, a decorator or a function in between decides by who asks.
fn is_guard<'m, 't>(scene: &Scene<'m, 't>, guard: &'m Expr<'t>) -> bool {
    if let ExprKind::Str(key) = &guard.kind {
        return !key.contains(' ') && is_right(key);
    }
    let mut is_found = false;
    visit::each_within(guard, &mut |expr| {
        is_found |= match &expr.kind {
            ExprKind::Name(name) => is_right(name) || names_user(name),
            ExprKind::Member(of, name) => {
                is_right(name)
                    || names_user(name)
                    || matches!(*name, "user" | "User" | "chat" | "Chat" | "username")
                        && matches!(of.kind, ExprKind::Name("filters" | "Filters" | "filter"))
            }
            ExprKind::Call(call) => call.args.iter().any(|arg| {
                arg.name.is_some_and(|name| is_right(name) || names_user(name) || name == "chats")
            }),
            ExprKind::Lambda(id) => asks(&scene.reached_from(&scene.function(*id).body, Some(*id))),
            _ => false,
        };
    });
    is_found || asks_by_name(scene, guard)
}

/// Whether a function or a class of the file, named in an expression, asks.
fn asks_by_name<'m, 't>(scene: &Scene<'m, 't>, expr: &'m Expr<'t>) -> bool {
    let named = last_name(expr);
    let mut of_class = scene.module.functions.iter().enumerate().filter(|(_, function)| {
        !named.is_empty() && function.class.is_some_and(|class| class == named)
    });
    if of_class.any(|(number, function)| {
        asks(&scene.reached_from(&function.body, Some(FunctionId(number))))
    }) {
        return true;
    }
    scene
        .function_of(expr)
        .is_some_and(|id| asks(&scene.reached_from(&scene.function(id).body, Some(id))))
}

/// Whether an expression compares the sender with somebody known, or calls what does.
fn is_question(expr: &Expr<'_>) -> bool {
    match &expr.kind {
        ExprKind::Compare(how, left, right) => {
            *how != Compare::Other
                && (is_sender(left) && !is_anybody(right) || is_sender(right) && !is_anybody(left))
        }
        ExprKind::Call(call) => is_asking_call(call),
        ExprKind::And(a, b) | ExprKind::Or(a, b) => names_rights(a) || names_rights(b),
        ExprKind::Choice { test, .. } => names_rights(test),
        ExprKind::Not(one) => names_rights(one),
        _ => false,
    }
}

fn is_asking_call(call: &Call<'_>) -> bool {
    let name = last_name(&call.callee);
    let lower = name.to_lowercase().replace('_', "");
    let is_lookup =
        matches!(lower.as_str(), "includes" | "has" | "indexof" | "some" | "get" | "find");
    if is_lookup && call.args.iter().any(|arg| is_sender(&arg.value)) {
        let holder = call.callee.dotted().unwrap_or_default();
        // Any store is read by the sender's id; only a list of those who may is a question.
        return matches!(lower.as_str(), "includes" | "indexof" | "some") || is_right(&holder);
    }
    lower.contains("chatadministrators")
        || matches!(lower.as_str(), "getchatmember" | "chatmember" | "getmember" if lower != "getmember")
        || ASKING.iter().any(|word| lower.starts_with(word)) && is_right(&name)
}

/// Whether a test has a word of rights in it.
fn names_rights(test: &Expr<'_>) -> bool {
    let mut is_found = false;
    visit::each_within(test, &mut |expr| {
        is_found |= match &expr.kind {
            ExprKind::Name(name) => !TARGETS.contains(name) && is_right(name),
            ExprKind::Member(_, name) => is_right(name) || is_secret(name),
            ExprKind::Str(status) => {
                matches!(status.as_ref(), "administrator" | "creator" | "left")
            }
            _ => false,
        };
    });
    is_found
}

fn test_of<'m, 't>(stmt: &'m Stmt<'t>) -> Option<&'m Expr<'t>> {
    match &stmt.kind {
        StmtKind::If { test, .. } => Some(test),
        StmtKind::Loop { test, .. } => test.as_ref(),
        StmtKind::Match { subject, .. } => Some(subject),
        StmtKind::Expr(Expr { kind: ExprKind::Parts(parts), .. }) => parts.first(),
        _ => None,
    }
}

/// Whether the class around a method is for some only: by what stands above it, or by its own check of each command.
fn class_is_gated(scene: &Scene<'_, '_>, id: FunctionId) -> bool {
    let function = scene.function(id);
    let Some(class) = function.class else { return false };
    let has_check = scene.module.functions.iter().any(|other| {
        other.class == Some(class)
            && matches!(
                other.name.as_ref(),
                "cog_check" | "interaction_check" | "cog_before_invoke"
            )
    });
    has_check || header_of(scene, function.at).is_some_and(is_right_somewhere)
}

/// Returns the class around a place, up to its first statement.
fn header_of<'m>(scene: &Scene<'m, '_>, at: Span) -> Option<&'m str> {
    let mut header = None;
    visit::each(&scene.module.body, &mut |piece| {
        if let Piece::Stmt(Stmt { at: around, kind: StmtKind::Class(body) }) = piece
            && around.start <= at.start
            && at.end <= around.end
        {
            let end = body.first().map_or(around.end, |first| first.at.start);
            header = Some(scene.text_of(Span { start: around.start, end }));
        }
    });
    header
}

/// Whether a handler of messages has asked before it comes to a command.
fn asked_before(scene: &Scene<'_, '_>, handler: &Handler<'_, '_>) -> bool {
    let Some(id) = handler.function else { return false };
    let mut is_asked = false;
    visit::each(&scene.function(id).body, &mut |piece| {
        let Piece::Stmt(stmt) = piece else { return };
        let StmtKind::If { test, then, .. } = &stmt.kind else { return };
        let is_around = stmt.at.start <= handler.at.start && handler.at.end <= stmt.at.end;
        let is_before = stmt.at.end <= handler.at.start && leaves(then);
        if is_around || is_before {
            let mut is_question_there = names_rights(test);
            visit::each_within(test, &mut |expr| is_question_there |= is_question(expr));
            is_asked |= is_question_there;
        }
    });
    is_asked
}

fn leaves(body: &[Stmt<'_>]) -> bool {
    let ends = |stmt: &Stmt<'_>| {
        matches!(stmt.kind, StmtKind::Return(_) | StmtKind::Raise(_) | StmtKind::Leave)
    };
    // A branch that ends is a command of its own when it does more than answer.
    body.len() <= 2 && body.last().is_some_and(ends)
}

/// Whether the file lets only some through to all handlers, or to those of one router.
fn file_is_gated<'m, 't>(scene: &Scene<'m, 't>, handler: &Handler<'m, 't>) -> bool {
    let root = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let own = root(&handler.receiver);
    let mut is_found = false;
    let mut look = |expr: &'m Expr<'t>| {
        let ExprKind::Call(call) = &expr.kind else { return };
        let Some(name) = call.callee.dotted() else { return };
        let (owner, last) = name.rsplit_once('.').unwrap_or(("", &name));
        if !THROUGH.contains(&last) {
            return;
        }
        let of = root(owner);
        let concerns = of.is_empty() || of == own || EVERYWHERE.contains(&of.as_str());
        is_found |= concerns && call.args.iter().any(|arg| is_guard(scene, &arg.value));
    };
    let bodies = scene.module.functions.iter().map(|function| function.body.as_slice());
    for body in bodies.chain([scene.module.body.as_slice()]) {
        visit::each(body, &mut |piece| {
            if let Piece::Expr(expr) = piece {
                look(expr);
            }
        });
    }
    is_found
        || scene.module.functions.iter().enumerate().any(|(number, function)| {
            let is_check = function.decorators.iter().any(|one| {
                let name = one.dotted().unwrap_or_default();
                THROUGH.contains(&name.rsplit('.').next().unwrap_or_default()) && name.contains('.')
            });
            is_check && asks(&scene.reached_from(&function.body, Some(FunctionId(number))))
        })
}

/// Whether an expression is who sent the message.
pub(super) fn is_sender(expr: &Expr<'_>) -> bool {
    let mut is_sender = false;
    visit::each_within(expr, &mut |inner| {
        is_sender |= match &inner.kind {
            ExprKind::Name(name) => SENDERS.contains(name),
            ExprKind::Member(of, name) => {
                SENDERS.contains(name)
                    || matches!(*name, "id" | "username")
                        && matches!(
                            last_name(of).as_str(),
                            "from_user"
                                | "effective_user"
                                | "author"
                                | "user"
                                | "from"
                                | "sender"
                                | "effective_chat"
                                | "chat"
                        )
            }
            ExprKind::Index(_, key) => {
                matches!(&key.kind, ExprKind::Str(text) if matches!(text.as_ref(), "user_id" | "user" | "from"))
            }
            _ => false,
        };
    });
    is_sender
}

/// Whether an expression is another user, to whom the sender is compared: `member.id`, `ctx.me`, `null`.
fn is_anybody(expr: &Expr<'_>) -> bool {
    let name = match &expr.kind {
        ExprKind::Nothing | ExprKind::Bool(_) => return true,
        _ => expr.dotted().unwrap_or_default(),
    };
    if !name.contains(|one: char| one.is_lowercase()) || is_right(&name) {
        return false;
    }
    let lower = name.to_lowercase();
    !lower.starts_with("config")
        && !lower.starts_with("settings")
        && !lower.contains("env")
        && OTHERS.iter().any(|word| lower.contains(word))
}

fn is_right_somewhere(text: &str) -> bool {
    text.split(|one: char| !one.is_alphanumeric() && one != '_').any(|word| {
        is_right(word)
            && !word.eq_ignore_ascii_case("admin")
            && !word.starts_with(char::is_uppercase)
    })
}

/// Whether a name is about what somebody may do.
pub(super) fn is_right(name: &str) -> bool {
    let lower = name.to_lowercase();
    RIGHTS.iter().any(|word| lower.contains(word))
        || lower.contains("only")
            && !["guild", "dm", "private", "group", "read"].iter().any(|one| lower.contains(one))
}

fn is_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.contains("password") || lower.contains("secret")
}

fn names_user(name: &str) -> bool {
    matches!(
        name,
        "from_user" | "from_users" | "user_id" | "user_ids" | "chat_id" | "chat_ids" | "from_id"
    )
}

const RIGHTS: [&str; 34] = [
    "admin",
    "owner",
    "permission",
    "perms",
    "role",
    "sudo",
    "moderator",
    "is_mod",
    "ismod",
    "staff",
    "allow",
    "authori",
    "authed",
    "isauth",
    "is_auth",
    "check_auth",
    "checkauth",
    "whitelist",
    "privileg",
    "rights",
    "trusted",
    "creator",
    "superuser",
    "operator",
    "developer",
    "is_dev",
    "isdev",
    "restricted",
    "master",
    "manager",
    "access",
    "can_",
    "guard",
    "is_super",
];

/// Words that a function begins with which lets nobody else through.
const ASKING: [&str; 14] = [
    "check",
    "require",
    "ensure",
    "assert",
    "verify",
    "authorize",
    "authorise",
    "is",
    "has",
    "can",
    "deny",
    "enforce",
    "validate",
    "user",
];

/// What is called so is what the command is about, not who gives it.
const TARGETS: [&str; 6] = ["role", "role_name", "roleName", "roles", "admin_id", "new_admin"];

const SENDERS: [&str; 14] = [
    "user_id",
    "userId",
    "uid",
    "sender_id",
    "senderId",
    "from_id",
    "fromId",
    "author_id",
    "authorId",
    "chat_id",
    "chatId",
    "effective_user",
    "from_user",
    "author",
];

/// Words in the names of other users.
const OTHERS: [&str; 9] =
    ["member", "target", "victim", "user", "author", ".me", "reply", "message", "recipient"];

/// What lets updates through to what comes after it, or stops them.
const THROUGH: [&str; 14] = [
    "filter",
    "middleware",
    "outer_middleware",
    "setup",
    "use",
    "add_check",
    "add_middleware",
    "setup_middleware",
    "check",
    "before_invoke",
    "TypeHandler",
    "check_once",
    "global_middleware",
    "guard",
];

/// What every handler hangs on.
const EVERYWHERE: [&str; 8] =
    ["dp", "dispatcher", "bot", "app", "application", "client", "composer", "self"];
