//! What a template says, once it is read.

use std::collections::HashMap;
use std::sync::Arc;

/// Templates by name.
pub(super) type Definitions = HashMap<Arc<str>, Arc<[Node]>>;

#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(Arc<str>),
    /// Its value is written, unless it declares a variable.
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    /// Calls another template.
    Call {
        name: Arc<str>,
        argument: Option<Pipe>,
        line: usize,
    },
    Break,
    Continue,
}

#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) then: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

/// Commands, each of which gets the value of the one before as its last argument.
#[derive(Clone, Debug)]
pub(super) struct Pipe {
    pub(super) line: usize,
    pub(super) variables: Vec<Arc<str>>,
    pub(super) binding: Binding,
    pub(super) commands: Vec<Vec<Operand>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    None,
    /// `:=`
    Declares,
    /// `=`
    Assigns,
}

#[derive(Clone, Debug)]
pub(super) enum Operand {
    Dot,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    Variable(Arc<str>),
    Function(&'static str),
    Pipe(Box<Pipe>),
    /// Fields of something, from left to right.
    Fields(Box<Operand>, Vec<Arc<str>>),
}
