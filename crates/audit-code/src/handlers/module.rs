//! Handlers by their form: command modules that a loader registers, and functions that take an update.

use super::commands::listed;
use super::decorated::mentions;
use super::{Finder, Framework, Handler, HandlerKind};
use crate::flow::lower::Dialect;
use crate::flow::tree::{Expr, ExprKind, FunctionId, Stmt, StmtKind};
use crate::visit::{self, Piece};

impl<'m, 't> Finder<'m, 't> {
    /// Takes a command module: an object with a name and a function that is called.
    pub(super) fn by_object(&mut self, object: &'m Expr<'t>, pairs: &'m [(Expr<'t>, Expr<'t>)]) {
        let value = |keys: &[&str]| {
            pairs.iter().find_map(|(key, value)| match &key.kind {
                ExprKind::Str(name) if keys.contains(&name.as_ref()) => Some(value),
                _ => None,
            })
        };
        let is_module = self.dialect == Dialect::JavaScript && self.imports(Framework::DiscordJs)
            || value(&["data"]).is_some_and(|data| mentions(data, "SlashCommandBuilder"));
        let Some(run) = value(RUNS).filter(|_| is_module) else { return };
        let named = value(&["name"]).or_else(|| value(&["data"])).map_or_else(Vec::new, |data| {
            let names = listed(data);
            if names.is_empty() { names_set(data) } else { names }
        });
        let Some((name, function)) = self.named(run).filter(|_| !named.is_empty()) else { return };
        let guards = pairs.iter().filter(|(_, other)| !std::ptr::eq(other, run));
        let guards = guards.flat_map(|(key, other)| [key, other]).collect();
        self.take(Handler {
            kind: HandlerKind::Command,
            commands: named,
            name,
            function,
            branch: None,
            guards,
            receiver: String::new(),
            at: object.at,
        });
    }

    /// Takes functions that have the form of a handler.
    pub(super) fn by_form(&mut self) {
        match self.dialect {
            Dialect::Python => self.by_parameters(),
            Dialect::JavaScript => self.by_exports(),
        }
    }

    /// Takes `async def ban(update, context)`, which another file registers.
    fn by_parameters(&mut self) {
        if !self.imports(Framework::PythonTelegramBot) {
            return;
        }
        let module = self.module;
        for (number, function) in module.functions.iter().enumerate() {
            let id = FunctionId(number);
            let mut params =
                function.params.iter().filter(|param| !matches!(param.name(), "self" | "cls"));
            let is_update = params.next().is_some_and(|param| param.name() == "update");
            let takes_context =
                params.next().is_some_and(|param| matches!(param.name(), "context" | "ctx" | "_"));
            let is_known = self.found.handlers.iter().any(|known| known.function == Some(id));
            if !is_update || !takes_context || is_known || function.name.is_empty() {
                continue;
            }
            let kind = if mentions_payment(&function.body) {
                HandlerKind::Payment
            } else {
                HandlerKind::Unregistered
            };
            self.found.handlers.push(Handler {
                kind,
                commands: Vec::new(),
                name: function.name.to_string(),
                function: Some(id),
                branch: None,
                guards: function.decorators.iter().collect(),
                receiver: String::new(),
                at: function.at,
            });
        }
    }

    /// Takes `export const data = new SlashCommandBuilder()…` with `export async function execute(interaction)`.
    fn by_exports(&mut self) {
        let module = self.module;
        let mut data = None;
        for stmt in &module.body {
            if let StmtKind::Assign { targets, value } = &stmt.kind
                && targets.iter().any(|target| {
                    target
                        .dotted()
                        .is_some_and(|name| name == "data" || name.ends_with("exports.data"))
                })
                && mentions(value, "SlashCommandBuilder")
            {
                data = Some(value);
            }
        }
        let Some(data) = data else { return };
        let Some(id) = RUNS.iter().find_map(|name| self.by_name.get(name)).copied() else { return };
        self.take(Handler {
            kind: HandlerKind::Command,
            commands: names_set(data),
            name: module.functions[id.0].name.to_string(),
            function: Some(id),
            branch: None,
            guards: vec![data],
            receiver: String::new(),
            at: module.functions[id.0].at,
        });
    }
}

/// Returns what `.setName("ban")` says last in a chain, which is said first.
fn names_set(data: &Expr<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = data;
    while let ExprKind::Call(call) = &at.kind {
        let ExprKind::Member(of, name) = &call.callee.kind else { break };
        if *name == "setName" {
            names = call.args.first().map_or_else(Vec::new, |arg| listed(&arg.value));
        }
        at = of;
    }
    names
}

fn mentions_payment(body: &[Stmt<'_>]) -> bool {
    let mut is_there = false;
    visit::each(body, &mut |piece| {
        if let Piece::Expr(Expr { kind: ExprKind::Member(_, "successful_payment"), .. }) = piece {
            is_there = true;
        }
    });
    is_there
}

/// What loaders of command modules call.
const RUNS: &[&str] =
    &["execute", "run", "callback", "handler", "messageRun", "chatInputRun", "slashRun"];
