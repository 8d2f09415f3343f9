//! Checks of who asks that come too late.

use super::Hit;
use super::gate::asks;
use super::scene::{Scene, last_name};
use crate::flow::tree::{Call, Expr, ExprKind, Span, Stmt};
use crate::handlers::Framework;
use crate::visit::{self, Piece};

/// Finds checks that are registered after handlers, which then answer before them.
pub(super) fn judge(scene: &Scene<'_, '_>) -> Vec<Hit> {
    let knows = |framework| scene.map.frameworks.contains(&framework);
    let is_ordered = knows(Framework::Telegraf) || knows(Framework::Grammy);
    if !is_ordered && !knows(Framework::PythonTelegramBot) {
        return Vec::new();
    }
    let mut hits = Vec::new();
    let bodies = scene.module.functions.iter().map(|function| function.body.as_slice());
    for body in bodies.chain([scene.module.body.as_slice()]) {
        let (checks, handlers) = registrations(scene, body);
        for (at, owner) in checks {
            let is_late = handlers.iter().any(|(earlier, other)| *earlier < at && *other == owner);
            if is_late {
                hits.push(Hit {
                    check: "bot-middleware-order",
                    at,
                    current:
                        "Handlers that are registered above it answer before this check is asked."
                            .to_owned(),
                    about: owner,
                });
            }
        }
    }
    hits
}

type Places = Vec<(Span, String)>;

/// Returns where checks and where handlers are registered, each with what at.
fn registrations(scene: &Scene<'_, '_>, body: &[Stmt<'_>]) -> (Places, Places) {
    let (mut checks, mut handlers) = (Vec::new(), Vec::new());
    visit::each(body, &mut |piece| {
        let Piece::Expr(expr) = piece else { return };
        let ExprKind::Call(call) = &expr.kind else { return };
        let ExprKind::Member(of, name) = &call.callee.kind else { return };
        let ExprKind::Name(owner) = of.kind else { return };
        match *name {
            "use" if call.args.len() == 1 && is_check(scene, &call.args[0].value) => {
                checks.push((expr.at, owner.to_owned()));
            }
            "command" | "hears" | "action" | "callbackQuery" if !is_public(call) => {
                handlers.push((expr.at, owner.to_owned()));
            }
            "add_handler" => {
                let group = call.args.iter().find(|arg| arg.name == Some("group"));
                let is_first = group.or(call.args.get(1)).is_some_and(
                    |group| matches!(group.value.kind, ExprKind::Int(number) if number < 0),
                );
                let Some(arg) = call.args.first() else { return };
                if is_stopping(scene, &arg.value) {
                    if !is_first {
                        checks.push((expr.at, owner.to_owned()));
                    }
                } else if let ExprKind::Call(inner) = &arg.value.kind
                    && last_name(&inner.callee) == "CommandHandler"
                    && !is_public(inner)
                {
                    handlers.push((expr.at, owner.to_owned()));
                }
            }
            _ => {}
        }
    });
    (checks, handlers)
}

/// Whether a middleware lets only some through.
fn is_check(scene: &Scene<'_, '_>, middleware: &Expr<'_>) -> bool {
    let own = scene.function_of(middleware);
    if let Some(id) = own {
        let function = scene.function(id);
        return asks(&scene.reached_from(&function.body, Some(id)));
    }
    let name = last_name(middleware).to_lowercase();
    NAMES.iter().any(|word| name.starts_with(word))
}

/// Whether a handler of every update ends those of some users.
fn is_stopping(scene: &Scene<'_, '_>, handler: &Expr<'_>) -> bool {
    let ExprKind::Call(call) = &handler.kind else { return false };
    if last_name(&call.callee) != "TypeHandler" {
        return false;
    }
    let function = call.args.iter().find_map(|arg| scene.function_of(&arg.value));
    function.is_some_and(|id| {
        let function = scene.function(id);
        scene.text_of(function.at).contains("ApplicationHandlerStop")
            && asks(&scene.reached_from(&function.body, Some(id)))
    })
}

/// Whether a command is for everybody, so that it may stand before any check.
fn is_public(call: &Call<'_>) -> bool {
    call.args.first().is_some_and(
        |arg| matches!(&arg.value.kind, ExprKind::Str(name) if PUBLIC.contains(&name.as_ref())),
    )
}

const NAMES: [&str; 9] = [
    "auth",
    "requireauth",
    "checkauth",
    "restrict",
    "onlyallowed",
    "whitelist",
    "checkaccess",
    "ensure",
    "allowonly",
];

const PUBLIC: [&str; 14] = [
    "start",
    "help",
    "id",
    "ping",
    "about",
    "terms",
    "privacy",
    "login",
    "register",
    "whoami",
    "info",
    "support",
    "myid",
    "paysupport",
];
