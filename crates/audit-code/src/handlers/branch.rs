//! Commands that a handler of messages tells apart by itself.

use super::commands::{command, listed, with_sigil};
use super::{Finder, Handler, HandlerKind};
use crate::flow::tree::{Compare, Expr, ExprKind, FunctionId, StmtKind};
use crate::visit::{self, Piece};

impl<'m, 't> Finder<'m, 't> {
    pub(super) fn branches(&mut self) {
        let module = self.module;
        let reads = |handler: &&Handler<'m, 't>| {
            matches!(handler.kind, HandlerKind::Message | HandlerKind::Event | HandlerKind::Button)
        };
        let wholes: Vec<Handler<'m, 't>> =
            self.found.handlers.iter().filter(reads).cloned().collect();
        for whole in wholes {
            let Some(FunctionId(number)) = whole.function else { continue };
            let mut found = Vec::new();
            visit::each(&module.functions[number].body, &mut |piece| {
                let Piece::Stmt(stmt) = piece else { return };
                match &stmt.kind {
                    StmtKind::If { test, then, .. } => {
                        found.push((told_apart(test), Some(test), then.as_slice(), stmt));
                    }
                    StmtKind::Match { subject, cases } if is_command(subject) => {
                        for case in cases {
                            let names = case.values.iter().flat_map(listed).collect();
                            found.push((names, None, case.body.as_slice(), stmt));
                        }
                    }
                    _ => {}
                }
            });
            for (commands, test, body, stmt) in found {
                if commands.is_empty() {
                    continue;
                }
                let mut guards = whole.guards.clone();
                guards.extend(test);
                let at = body.first().map_or(stmt.at, |first| first.at);
                let at = if test.is_some() { stmt.at } else { at };
                self.found.handlers.push(Handler {
                    kind: HandlerKind::Command,
                    commands,
                    branch: Some(body),
                    guards,
                    at,
                    ..whole.clone()
                });
            }
        }
    }
}

/// Returns the commands that a test waits for: `text == "/ban"`, `msg.content.startsWith("!ban")`, `command === "ban"`.
fn told_apart(test: &Expr<'_>) -> Vec<String> {
    let mut found = Vec::new();
    visit::each_within(test, &mut |expr| match &expr.kind {
        ExprKind::Compare(Compare::Equal, left, right) => {
            for (one, other) in [(left, right), (right, left)] {
                let names = if is_command(one) { listed(other) } else { with_sigil(other) };
                found.extend(names);
            }
        }
        ExprKind::Compare(Compare::In, left, right) if is_command(left) => {
            found.extend(listed(right));
        }
        ExprKind::Call(call) => {
            let ExprKind::Member(_, name) = &call.callee.kind else { return };
            let Some(arg) = call.args.first() else { return };
            if matches!(*name, "startsWith" | "startswith") {
                found.extend(with_sigil(&arg.value));
                // `${prefix}ban`: what follows the prefix.
                if let ExprKind::Concat(parts) = &arg.value.kind
                    && let [
                        Expr { kind: ExprKind::Name(_) | ExprKind::Member(..), .. },
                        Expr { kind: ExprKind::Str(text), .. },
                    ] = parts.as_slice()
                {
                    found.extend(command(text));
                }
            }
        }
        _ => {}
    });
    found
}

/// Whether an expression is called a command.
fn is_command(expr: &Expr<'_>) -> bool {
    let name = expr.dotted().unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    matches!(
        last,
        "command" | "cmd" | "commandName" | "command_name" | "cmdName" | "action" | "cmnd"
    ) || name.ends_with("interaction.data.name")
}
