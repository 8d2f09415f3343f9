//! Which functions of a file answer users of a chat platform: the map of handlers.
//!
//! [`HandlerMap::of`] takes a file as the flow engine reads it (`flow::lower::module`). A handler is known by its decorators
//! (`@router.message(Command("ban"))`), by the call that registers it (`CommandHandler("ban", ban)`, `bot.command("ban", ban)`),
//! by the form of a command module (`module.exports = { data, execute }`), by its parameters (`update, context`), or by a branch
//! of a handler of messages that tells commands apart (`if text == "/ban"`).

mod branch;
mod commands;
mod decorated;
mod framework;
mod module;
mod registered;

use std::collections::HashMap;

use crate::flow::lower::Dialect;
use crate::flow::tree::{Expr, ExprKind, FunctionId, Module, Span, Stmt};
use crate::visit::{self, Piece};

pub(crate) use framework::{Application, Framework};

/// The handlers of one file, in the order of the source, and the bots that it makes.
#[derive(Debug, Default)]
pub(crate) struct HandlerMap<'m, 't> {
    pub(crate) handlers: Vec<Handler<'m, 't>>,
    /// The libraries that the file imports; empty when it is known by its form alone.
    pub(crate) frameworks: Vec<Framework>,
    pub(crate) applications: Vec<Application>,
}

/// A handler.
#[derive(Clone, Debug)]
pub(crate) struct Handler<'m, 't> {
    pub(crate) kind: HandlerKind,
    /// What users write to reach it: in lower case, without what stands before it. Of other kinds than commands it is empty.
    pub(crate) commands: Vec<String>,
    /// The name of the function as it is written; empty for one without a name.
    pub(crate) name: String,
    /// The function; `None` when another file defines it.
    pub(crate) function: Option<FunctionId>,
    /// The part of the function that answers, when it is a branch.
    pub(crate) branch: Option<&'m [Stmt<'t>]>,
    /// Whatever decides besides the command whether it is called: filters, other decorators, functions before it, the test of
    /// its branch.
    pub(crate) guards: Vec<&'m Expr<'t>>,
    /// What it was registered with, as `router.message` or `bot`; empty when that is unknown.
    pub(crate) receiver: String,
    /// Where it is registered, or begins.
    pub(crate) at: Span,
}

/// What a handler answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum HandlerKind {
    Command,
    /// A press of a button, a choice of a menu, a form.
    Button,
    Message,
    Inline,
    /// The question before a payment.
    PreCheckout,
    /// A payment that was made.
    Payment,
    /// What other handlers raised.
    Error,
    /// Anything else: somebody joins, the bot is ready.
    Event,
    /// A function of a handler's form that other files register.
    Unregistered,
}

impl HandlerKind {
    /// Whether what the handler is given was written or chosen by a user.
    pub(crate) const fn is_from_users(self) -> bool {
        !matches!(self, Self::Error | Self::Event)
    }
}

impl<'m, 't> HandlerMap<'m, 't> {
    /// Finds the handlers of a file.
    pub(crate) fn of(module: &'m Module<'t>, dialect: Dialect, text: &str) -> Self {
        let mut finder = Finder {
            module,
            dialect,
            frameworks: Framework::imported(dialect, text),
            by_name: by_name(module),
            found: Self::default(),
        };
        for number in 0..module.functions.len() {
            finder.by_decorators(FunctionId(number));
        }
        let bodies = module.functions.iter().map(|function| function.body.as_slice());
        for body in bodies.chain([module.body.as_slice()]) {
            visit::each(body, &mut |piece| finder.piece(piece));
        }
        for function in &module.functions {
            for decorator in &function.decorators {
                visit::each_within(decorator, &mut |expr| finder.piece(Piece::Expr(expr)));
            }
        }
        finder.by_form();
        finder.branches();
        let Self { mut handlers, mut applications, .. } = finder.found;
        handlers.sort_by_key(|handler| (handler.at, handler.branch.is_some()));
        applications.sort_by_key(|application| application.at);
        Self { handlers, frameworks: finder.frameworks, applications }
    }
}

/// Looks through one file.
struct Finder<'m, 't> {
    module: &'m Module<'t>,
    dialect: Dialect,
    frameworks: Vec<Framework>,
    by_name: HashMap<&'m str, FunctionId>,
    found: HandlerMap<'m, 't>,
}

impl<'m, 't> Finder<'m, 't> {
    fn piece(&mut self, piece: Piece<'m, 't>) {
        let Piece::Expr(expr) = piece else { return };
        match &expr.kind {
            ExprKind::Call(call) => {
                self.found.applications.extend(Application::of(expr, &self.frameworks));
                self.by_call(expr, call);
            }
            ExprKind::Dict(pairs) => self.by_object(expr, pairs),
            _ => {}
        }
    }

    /// Takes a handler, unless the same is known.
    fn take(&mut self, handler: Handler<'m, 't>) {
        let is_known = self.found.handlers.iter().any(|known| {
            known.function == handler.function
                && known.name == handler.name
                && known.kind == handler.kind
                && known.commands == handler.commands
                && known.branch.is_none()
                && handler.branch.is_none()
                && (handler.function.is_some() || known.at == handler.at)
        });
        if !is_known {
            self.found.handlers.push(handler);
        }
    }

    /// Returns the function that an expression names, as it is written and, when it is of this file, by its place.
    fn named(&self, expr: &Expr<'t>) -> Option<(String, Option<FunctionId>)> {
        match &expr.kind {
            ExprKind::Lambda(id) => Some((String::new(), Some(*id))),
            ExprKind::Name(_) | ExprKind::Member(..) => {
                let name = expr.dotted()?;
                let last = name.rsplit('.').next().unwrap_or_default();
                Some((last.to_owned(), self.by_name.get(last).copied()))
            }
            _ => None,
        }
    }

    fn imports(&self, framework: Framework) -> bool {
        self.frameworks.contains(&framework)
    }
}

fn by_name<'m>(module: &'m Module<'_>) -> HashMap<&'m str, FunctionId> {
    let mut by_name = HashMap::new();
    for (number, function) in module.functions.iter().enumerate() {
        if !function.name.is_empty() {
            by_name.entry(function.name.as_ref()).or_insert(FunctionId(number));
        }
    }
    by_name
}

#[cfg(test)]
mod tests;
