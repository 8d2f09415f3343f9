//! From a syntax tree to the form that is walked.

mod javascript;
mod javascript_statement;
mod python;
mod python_statement;
mod text;

pub(super) use javascript_statement::module_name;

use tree_sitter::Node;

use super::tree::{Expr, ExprKind, Function, FunctionId, Module, Span, Stmt, StmtKind};

/// Brings a tree into the form that is walked. `None` for a language that nobody reads here.
pub(crate) fn module<'t>(dialect: Dialect, root: Node<'t>, text: &'t str) -> Module<'t> {
    let mut lowerer =
        Lowerer { text, dialect, module: Module::default(), depth: 0, within: 0, class: None };
    lowerer.module.body = match dialect {
        Dialect::Python => lowerer.python_block(root),
        Dialect::JavaScript => lowerer.script_block(root),
    };
    lowerer.module
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Python,
    /// TypeScript too.
    JavaScript,
}

/// Reads the nodes of one file.
pub(super) struct Lowerer<'t> {
    text: &'t str,
    dialect: Dialect,
    module: Module<'t>,
    depth: usize,
    /// Functions around.
    within: usize,
    /// The class around, and what it inherits from.
    class: Option<(&'t str, Vec<&'t str>)>,
}

impl<'t> Lowerer<'t> {
    fn text_of(&self, node: Node<'t>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn field(node: Node<'t>, name: &str) -> Option<Node<'t>> {
        node.child_by_field_name(name)
    }

    /// Returns the children that are more than punctuation.
    fn parts(node: Node<'t>) -> Vec<Node<'t>> {
        let mut cursor = node.walk();
        node.named_children(&mut cursor).filter(|child| child.kind() != "comment").collect()
    }

    /// Reads an expression, unless it lies too deep.
    fn expr(&mut self, node: Node<'t>) -> Expr<'t> {
        let at = span(node);
        if self.depth >= DEEPEST {
            self.module.is_cut = true;
            return Expr::new(at, ExprKind::Parts(Vec::new()));
        }
        self.depth += 1;
        let kind = match self.dialect {
            Dialect::Python => self.python_expr(node),
            Dialect::JavaScript => self.script_expr(node),
        };
        self.depth -= 1;
        Expr::new(at, kind)
    }

    fn boxed(&mut self, node: Node<'t>) -> Box<Expr<'t>> {
        Box::new(self.expr(node))
    }

    fn field_expr(&mut self, node: Node<'t>, name: &str) -> Expr<'t> {
        match Self::field(node, name) {
            Some(child) => self.expr(child),
            None => Expr::new(span(node), ExprKind::Parts(Vec::new())),
        }
    }

    fn field_boxed(&mut self, node: Node<'t>, name: &str) -> Box<Expr<'t>> {
        Box::new(self.field_expr(node, name))
    }

    fn exprs(&mut self, nodes: Vec<Node<'t>>) -> Vec<Expr<'t>> {
        nodes.into_iter().map(|node| self.expr(node)).collect()
    }

    /// Reads statements, unless they lie too deep.
    fn block(&mut self, node: Option<Node<'t>>) -> Vec<Stmt<'t>> {
        let Some(node) = node else { return Vec::new() };
        if self.depth >= DEEPEST {
            self.module.is_cut = true;
            return Vec::new();
        }
        self.depth += 1;
        let body = match self.dialect {
            Dialect::Python => self.python_block(node),
            Dialect::JavaScript => self.script_block(node),
        };
        self.depth -= 1;
        body
    }

    fn add(&mut self, function: Function<'t>) -> FunctionId {
        self.module.functions.push(function);
        FunctionId(self.module.functions.len() - 1)
    }
}

fn span(node: Node<'_>) -> Span {
    let number = |byte| u32::try_from(byte).unwrap_or(u32::MAX);
    Span { start: number(node.start_byte()), end: number(node.end_byte()) }
}

/// A long chain of the same operator leans to the left, as deep as it is long: this returns what it joins, in order.
fn spine<'t>(node: Node<'t>, same: &dyn Fn(Node<'t>) -> bool) -> Vec<Node<'t>> {
    let mut joined = Vec::new();
    let mut at = node;
    while same(at) {
        let (Some(left), Some(right)) =
            (at.child_by_field_name("left"), at.child_by_field_name("right"))
        else {
            break;
        };
        joined.push(right);
        at = left;
    }
    joined.push(at);
    joined.reverse();
    joined
}

/// No program that a person wrote nests deeper, and the walk of it fits a thread's stack.
const DEEPEST: usize = 60;

/// A lambda's body is what it returns.
fn returning(value: Expr<'_>) -> Stmt<'_> {
    Stmt { at: value.at, kind: StmtKind::Return(Some(value)) }
}
