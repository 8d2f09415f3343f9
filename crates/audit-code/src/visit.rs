//! A walk over what a program is made of, without recursion.

use crate::flow::tree::{Expr, Stmt};

/// What a walk meets.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'m, 't> {
    Expr(&'m Expr<'t>),
    Stmt(&'m Stmt<'t>),
}

/// Calls a function with each statement and each expression below some statements, in no certain order. Bodies of functions
/// lie elsewhere: of a lambda only its place is met.
pub(crate) fn each<'m, 't>(body: &'m [Stmt<'t>], visit: &mut dyn FnMut(Piece<'m, 't>)) {
    walk(body.iter().map(Piece::Stmt).collect(), visit);
}

/// Calls a function with an expression and each one below it.
pub(crate) fn each_within<'m, 't>(expr: &'m Expr<'t>, visit: &mut dyn FnMut(&'m Expr<'t>)) {
    walk(vec![Piece::Expr(expr)], &mut |piece| {
        if let Piece::Expr(expr) = piece {
            visit(expr);
        }
    });
}

fn walk<'m, 't>(mut open: Vec<Piece<'m, 't>>, visit: &mut dyn FnMut(Piece<'m, 't>)) {
    while let Some(piece) = open.pop() {
        visit(piece);
        match piece {
            Piece::Expr(expr) => expr.each_child(&mut |child| open.push(Piece::Expr(child))),
            Piece::Stmt(stmt) => {
                let (mut exprs, mut stmts) = (Vec::new(), Vec::new());
                stmt.each_child(&mut |expr| exprs.push(expr), &mut |stmt| stmts.push(stmt));
                open.extend(exprs.into_iter().map(Piece::Expr));
                open.extend(stmts.into_iter().map(Piece::Stmt));
            }
        }
    }
}
