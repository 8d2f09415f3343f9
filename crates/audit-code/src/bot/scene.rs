//! A file with its handlers, and what each of them reaches.

use std::collections::{BTreeSet, HashMap};

use crate::flow::tree::{Expr, ExprKind, Function, FunctionId, Module, Span, Stmt};
use crate::handlers::{Handler, HandlerMap};
use crate::visit::{self, Piece};

/// A file, ready to be asked.
pub(super) struct Scene<'m, 't> {
    pub(super) module: &'m Module<'t>,
    pub(super) text: &'m str,
    pub(super) map: &'m HandlerMap<'m, 't>,
    by_name: HashMap<&'m str, FunctionId>,
}

/// What a handler runs: its own statements, and those of functions of the file that it calls.
pub(super) struct Reached<'m, 't> {
    pub(super) pieces: Vec<Piece<'m, 't>>,
    pub(super) functions: BTreeSet<FunctionId>,
}

impl<'m, 't> Scene<'m, 't> {
    pub(super) fn new(module: &'m Module<'t>, text: &'m str, map: &'m HandlerMap<'m, 't>) -> Self {
        let mut by_name = HashMap::new();
        for (number, function) in module.functions.iter().enumerate() {
            if !function.name.is_empty() {
                by_name.entry(function.name.as_ref()).or_insert(FunctionId(number));
            }
        }
        Self { module, text, map, by_name }
    }

    pub(super) fn function(&self, id: FunctionId) -> &'m Function<'t> {
        &self.module.functions[id.0]
    }

    /// Returns the function of this file that an expression is or names.
    pub(super) fn function_of(&self, expr: &Expr<'t>) -> Option<FunctionId> {
        if let ExprKind::Lambda(id) = &expr.kind {
            return Some(*id);
        }
        let name = expr.dotted()?;
        self.by_name.get(name.rsplit('.').next().unwrap_or_default()).copied()
    }

    /// Returns the source of a place.
    pub(super) fn text_of(&self, at: Span) -> &'m str {
        self.text.get(at.start as usize..at.end as usize).unwrap_or_default()
    }

    /// Returns what a handler runs. Nothing of a handler that another file defines.
    pub(super) fn reached(&self, handler: &Handler<'m, 't>) -> Reached<'m, 't> {
        match (handler.branch, handler.function) {
            (Some(branch), _) => self.reached_from(branch, None),
            (None, Some(id)) => self.reached_from(&self.function(id).body, Some(id)),
            (None, None) => self.reached_from(&[], None),
        }
    }

    /// Returns what statements run.
    pub(super) fn reached_from(
        &self,
        body: &'m [Stmt<'t>],
        of: Option<FunctionId>,
    ) -> Reached<'m, 't> {
        let mut reached = Reached { pieces: Vec::new(), functions: of.into_iter().collect() };
        let mut open = vec![body];
        while let Some(body) = open.pop() {
            visit::each(body, &mut |piece| {
                reached.pieces.push(piece);
                let Piece::Expr(expr) = piece else { return };
                let called = match &expr.kind {
                    ExprKind::Lambda(id) => Some(*id),
                    ExprKind::Call(call) if is_own_call(&call.callee) => {
                        self.function_of(&call.callee)
                    }
                    _ => None,
                };
                if let Some(id) = called
                    && reached.functions.len() < MOST_REACHED
                    && reached.functions.insert(id)
                {
                    open.push(&self.function(id).body);
                }
            });
        }
        reached
    }
}

impl<'m, 't> Reached<'m, 't> {
    pub(super) fn exprs(&self) -> impl Iterator<Item = &'m Expr<'t>> + '_ {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Expr(expr) => Some(*expr),
            Piece::Stmt(_) => None,
        })
    }

    pub(super) fn stmts(&self) -> impl Iterator<Item = &'m Stmt<'t>> + '_ {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Stmt(stmt) => Some(*stmt),
            Piece::Expr(_) => None,
        })
    }
}

/// Whether what is called may be a function of the file: `ban(…)`, `self.ban(…)`, and no method of a library's object.
fn is_own_call(callee: &Expr<'_>) -> bool {
    match &callee.kind {
        ExprKind::Name(_) => true,
        ExprKind::Member(of, _) => matches!(of.kind, ExprKind::Name("self" | "this" | "cls")),
        _ => false,
    }
}

/// Returns the last part of the name of what is called.
pub(super) fn last_name(expr: &Expr<'_>) -> String {
    let name = expr.dotted().unwrap_or_default();
    match &expr.kind {
        // The name of a method stays where what it is called on has none: `users[id].ban()`.
        ExprKind::Call(call) if name.is_empty() => last_name(&call.callee),
        ExprKind::Member(_, last) => (*last).to_owned(),
        _ => name.rsplit('.').next().unwrap_or_default().to_owned(),
    }
}

/// A handler that reaches more does so by accident of names.
const MOST_REACHED: usize = 40;
