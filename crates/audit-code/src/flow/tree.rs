//! A program in the form that the flow engine walks: the same for every language, and no deeper than is safe.

use std::borrow::Cow;

/// A stretch of the source, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A file.
#[derive(Debug, Default)]
pub(crate) struct Module<'t> {
    pub(crate) body: Vec<Stmt<'t>>,
    /// What a name stands for that was imported: `run` for `subprocess.run`.
    pub(crate) imports: Vec<(&'t str, String)>,
    /// Every function, methods and lambdas too; other places refer to them by number.
    pub(crate) functions: Vec<Function<'t>>,
    /// Classes whose objects are some of a few constants.
    pub(crate) choices: Vec<&'t str>,
    /// Whether something was left out because it lies too deep.
    pub(crate) is_cut: bool,
}

/// A function, by its place in [`Module::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FunctionId(pub(crate) usize);

#[derive(Debug, Default)]
pub(crate) struct Function<'t> {
    pub(crate) name: Cow<'t, str>,
    /// The class that it is a method of.
    pub(crate) class: Option<&'t str>,
    /// What that class inherits from.
    pub(crate) bases: Vec<&'t str>,
    pub(crate) params: Vec<Param<'t>>,
    pub(crate) decorators: Vec<Expr<'t>>,
    pub(crate) body: Vec<Stmt<'t>>,
    pub(crate) is_exported: bool,
    /// Whether it lies at the top of the file or in a class there.
    pub(crate) is_top: bool,
    pub(crate) at: Span,
}

#[derive(Debug)]
pub(crate) struct Param<'t> {
    pub(crate) target: Expr<'t>,
    /// The type, or a decorator of the parameter, as it is written.
    pub(crate) annotation: &'t str,
    pub(crate) default: Option<Expr<'t>>,
    pub(crate) is_rest: bool,
}

impl<'t> Param<'t> {
    /// Returns its name, when it is no pattern.
    pub(crate) fn name(&self) -> &'t str {
        if let ExprKind::Name(name) = self.target.kind { name } else { "" }
    }
}

#[derive(Debug)]
pub(crate) struct Stmt<'t> {
    pub(crate) at: Span,
    pub(crate) kind: StmtKind<'t>,
}

#[derive(Debug)]
pub(crate) enum StmtKind<'t> {
    Expr(Expr<'t>),
    Assign {
        targets: Vec<Expr<'t>>,
        value: Expr<'t>,
    },
    Augment {
        target: Expr<'t>,
        op: Op,
        value: Expr<'t>,
    },
    Return(Option<Expr<'t>>),
    /// Ends the function by an error.
    Raise(Option<Expr<'t>>),
    /// Leaves a loop or its turn.
    Leave,
    If {
        test: Expr<'t>,
        then: Vec<Stmt<'t>>,
        otherwise: Vec<Stmt<'t>>,
    },
    Loop {
        bind: Option<(Expr<'t>, Expr<'t>)>,
        test: Option<Expr<'t>>,
        body: Vec<Stmt<'t>>,
    },
    With {
        items: Vec<(Expr<'t>, Option<Expr<'t>>)>,
        body: Vec<Stmt<'t>>,
    },
    Try {
        body: Vec<Stmt<'t>>,
        handlers: Vec<Handler<'t>>,
        last: Vec<Stmt<'t>>,
    },
    Match {
        subject: Expr<'t>,
        cases: Vec<Case<'t>>,
    },
    Function(FunctionId),
    Class(Vec<Stmt<'t>>),
    /// Statements of an inner block.
    Block(Vec<Stmt<'t>>),
}

#[derive(Debug)]
pub(crate) struct Handler<'t> {
    pub(crate) name: Option<&'t str>,
    pub(crate) body: Vec<Stmt<'t>>,
}

#[derive(Debug)]
pub(crate) struct Case<'t> {
    /// What the subject is compared with; empty for the case of everything else.
    pub(crate) values: Vec<Expr<'t>>,
    /// Whether any subject fits.
    pub(crate) is_any: bool,
    /// Whether what follows is run too.
    pub(crate) falls_through: bool,
    pub(crate) body: Vec<Stmt<'t>>,
}

#[derive(Debug)]
pub(crate) struct Expr<'t> {
    pub(crate) at: Span,
    pub(crate) kind: ExprKind<'t>,
}

#[derive(Debug)]
pub(crate) enum ExprKind<'t> {
    Str(Cow<'t, str>),
    Int(i64),
    Bool(bool),
    Nothing,
    /// A number that is no whole one.
    Number,
    Regex(&'t str),
    Name(&'t str),
    Member(Box<Expr<'t>>, &'t str),
    Index(Box<Expr<'t>>, Box<Expr<'t>>),
    /// A part of a sequence: `x[a:b]`.
    Slice(Box<Expr<'t>>, Option<Box<Expr<'t>>>, Option<Box<Expr<'t>>>),
    Call(Box<Call<'t>>),
    /// Strings put together: `f"a{b}"`, a template, a long `+`.
    Concat(Vec<Expr<'t>>),
    Binary(Op, Box<Expr<'t>>, Box<Expr<'t>>),
    Compare(Compare, Box<Expr<'t>>, Box<Expr<'t>>),
    And(Box<Expr<'t>>, Box<Expr<'t>>),
    Or(Box<Expr<'t>>, Box<Expr<'t>>),
    Not(Box<Expr<'t>>),
    Choice {
        test: Box<Expr<'t>>,
        then: Box<Expr<'t>>,
        otherwise: Box<Expr<'t>>,
    },
    List(Vec<Expr<'t>>),
    Dict(Vec<(Expr<'t>, Expr<'t>)>),
    /// All of a sequence or of a dictionary, in its place: `*x`, `...x`.
    Spread(Box<Expr<'t>>),
    Lambda(FunctionId),
    Comprehension {
        clauses: Vec<Clause<'t>>,
        elements: Vec<Expr<'t>>,
    },
    Assign(Box<Expr<'t>>, Box<Expr<'t>>),
    /// Anything else: as its parts are.
    Parts(Vec<Expr<'t>>),
}

#[derive(Debug)]
pub(crate) struct Clause<'t> {
    pub(crate) target: Expr<'t>,
    pub(crate) iterable: Expr<'t>,
    pub(crate) tests: Vec<Expr<'t>>,
}

#[derive(Debug)]
pub(crate) struct Call<'t> {
    pub(crate) callee: Expr<'t>,
    pub(crate) args: Vec<Arg<'t>>,
}

#[derive(Debug)]
pub(crate) struct Arg<'t> {
    pub(crate) name: Option<&'t str>,
    pub(crate) value: Expr<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
    Other,
}

impl<'t> Expr<'t> {
    pub(crate) fn new(at: Span, kind: ExprKind<'t>) -> Self {
        Self { at, kind }
    }

    /// Returns the dotted name that is written here: `a.b.c`, of a call that of what is called.
    pub(crate) fn dotted(&self) -> Option<String> {
        match &self.kind {
            ExprKind::Name(name) => Some((*name).to_owned()),
            ExprKind::Member(of, name) => Some(format!("{}.{name}", of.dotted()?)),
            ExprKind::Call(call) => call.callee.dotted(),
            _ => None,
        }
    }

    /// Calls a function with each expression directly below.
    pub(crate) fn each_child<'e>(&'e self, visit: &mut dyn FnMut(&'e Self)) {
        match &self.kind {
            ExprKind::Member(one, _) | ExprKind::Not(one) | ExprKind::Spread(one) => visit(one),
            ExprKind::Index(a, b)
            | ExprKind::Binary(_, a, b)
            | ExprKind::Compare(_, a, b)
            | ExprKind::And(a, b)
            | ExprKind::Or(a, b)
            | ExprKind::Assign(a, b) => {
                visit(a);
                visit(b);
            }
            ExprKind::Slice(of, from, to) => {
                visit(of);
                for one in from.iter().chain(to) {
                    visit(one);
                }
            }
            ExprKind::Call(call) => {
                visit(&call.callee);
                call.args.iter().for_each(|arg| visit(&arg.value));
            }
            ExprKind::Concat(all) | ExprKind::List(all) | ExprKind::Parts(all) => {
                all.iter().for_each(visit);
            }
            ExprKind::Choice { test, then, otherwise } => {
                visit(test);
                visit(then);
                visit(otherwise);
            }
            ExprKind::Dict(pairs) => {
                for (key, value) in pairs {
                    visit(key);
                    visit(value);
                }
            }
            ExprKind::Comprehension { clauses, elements } => {
                for clause in clauses {
                    visit(&clause.iterable);
                    clause.tests.iter().for_each(&mut *visit);
                }
                elements.iter().for_each(visit);
            }
            ExprKind::Str(_)
            | ExprKind::Int(_)
            | ExprKind::Bool(_)
            | ExprKind::Nothing
            | ExprKind::Number
            | ExprKind::Regex(_)
            | ExprKind::Name(_)
            | ExprKind::Lambda(_) => {}
        }
    }
}

impl<'t> Stmt<'t> {
    /// Calls two functions with each expression and each statement directly below.
    pub(crate) fn each_child<'e>(
        &'e self,
        expr: &mut dyn FnMut(&'e Expr<'t>),
        stmt: &mut dyn FnMut(&'e Self),
    ) {
        match &self.kind {
            StmtKind::Expr(one) => expr(one),
            StmtKind::Assign { targets, value } => {
                targets.iter().for_each(&mut *expr);
                expr(value);
            }
            StmtKind::Augment { target, value, .. } => {
                expr(target);
                expr(value);
            }
            StmtKind::Return(value) | StmtKind::Raise(value) => value.iter().for_each(expr),
            StmtKind::If { test, then, otherwise } => {
                expr(test);
                then.iter().chain(otherwise).for_each(stmt);
            }
            StmtKind::Loop { bind, test, body } => {
                if let Some((target, iterable)) = bind {
                    expr(target);
                    expr(iterable);
                }
                test.iter().for_each(expr);
                body.iter().for_each(stmt);
            }
            StmtKind::With { items, body } => {
                for (value, _) in items {
                    expr(value);
                }
                body.iter().for_each(stmt);
            }
            StmtKind::Try { body, handlers, last } => {
                body.iter().for_each(&mut *stmt);
                handlers.iter().flat_map(|handler| &handler.body).for_each(&mut *stmt);
                last.iter().for_each(stmt);
            }
            StmtKind::Match { subject, cases } => {
                expr(subject);
                for case in cases {
                    case.values.iter().for_each(&mut *expr);
                    case.body.iter().for_each(&mut *stmt);
                }
            }
            StmtKind::Class(body) | StmtKind::Block(body) => body.iter().for_each(stmt),
            StmtKind::Function(_) | StmtKind::Leave => {}
        }
    }
}
