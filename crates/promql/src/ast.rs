//! The tree of an expression.

use crate::function::Function;
use crate::{Selector, ValueType};

/// A part of an expression whose types were checked.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Number(f64),
    Text(String),
    Select(Select),
    Subquery(Box<Subquery>),
    Paren(Box<Node>),
    Negate(Box<Node>),
    Plus(Box<Node>),
    Binary(Box<Binary>),
    Aggregate(Box<Aggregate>),
    Call(Call),
}

/// A selector, over a range or of one value for each series.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    pub(crate) selector: Selector,
    /// Which of the expression's selectors it is.
    pub(crate) index: usize,
    pub(crate) range_ms: Option<i64>,
    pub(crate) shift: Shift,
}

/// What moves the time that a selector or a subquery looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shift {
    pub(crate) offset_ms: Option<i64>,
    pub(crate) at: Option<At>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Ms(i64),
    Start,
    End,
}

#[derive(Clone, Debug)]
pub(crate) struct Subquery {
    pub(crate) of: Node,
    pub(crate) range_ms: i64,
    pub(crate) step_ms: Option<i64>,
    pub(crate) shift: Shift,
}

#[derive(Clone, Debug)]
pub(crate) struct Binary {
    pub(crate) op: BinaryOp,
    pub(crate) returns_bool: bool,
    pub(crate) matching: Matching,
    pub(crate) left: Node,
    pub(crate) right: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    And,
    Or,
    Unless,
}

/// Which elements of two vectors belong together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matching {
    /// Whether `labels` are those that count, not those that do not.
    pub(crate) on: bool,
    pub(crate) labels: Vec<String>,
    pub(crate) group: Group,
    /// What is taken over from the side that has one element.
    pub(crate) include: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Group {
    #[default]
    None,
    Left,
    Right,
}

#[derive(Clone, Debug)]
pub(crate) struct Aggregate {
    pub(crate) op: AggregateOp,
    pub(crate) param: Option<Node>,
    pub(crate) of: Node,
    pub(crate) grouping: Grouping,
}

#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    pub(crate) without: bool,
    pub(crate) labels: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AggregateOp {
    Sum,
    Min,
    Max,
    Avg,
    Count,
    Group,
    Stddev,
    Stdvar,
    Topk,
    Bottomk,
    Quantile,
    CountValues,
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) function: Function,
    pub(crate) args: Vec<Node>,
}

impl Node {
    pub(crate) fn value_type(&self) -> ValueType {
        match self {
            Self::Number(_) => ValueType::Scalar,
            Self::Text(_) => ValueType::String,
            Self::Select(select) if select.range_ms.is_none() => ValueType::Vector,
            Self::Select(_) | Self::Subquery(_) => ValueType::Matrix,
            Self::Paren(of) | Self::Negate(of) | Self::Plus(of) => of.value_type(),
            Self::Binary(binary) => {
                let is_scalar = |node: &Self| node.value_type() == ValueType::Scalar;
                if is_scalar(&binary.left) && is_scalar(&binary.right) {
                    ValueType::Scalar
                } else {
                    ValueType::Vector
                }
            }
            Self::Aggregate(_) => ValueType::Vector,
            Self::Call(call) => call.function.returns(),
        }
    }

    /// Returns the parts that it has directly, from left to right.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Number(_) | Self::Text(_) | Self::Select(_) => Vec::new(),
            Self::Subquery(subquery) => vec![&subquery.of],
            Self::Paren(of) | Self::Negate(of) | Self::Plus(of) => vec![of],
            Self::Binary(binary) => vec![&binary.left, &binary.right],
            Self::Aggregate(aggregate) => aggregate.param.iter().chain([&aggregate.of]).collect(),
            Self::Call(call) => call.args.iter().collect(),
        }
    }

    /// Returns what is inside parentheses.
    pub(crate) fn bare(&self) -> &Self {
        match self {
            Self::Paren(of) => of.bare(),
            other => other,
        }
    }
}

impl BinaryOp {
    pub(crate) const ALL: [(&'static str, Self); 16] = [
        ("+", Self::Add),
        ("-", Self::Sub),
        ("*", Self::Mul),
        ("/", Self::Div),
        ("%", Self::Mod),
        ("^", Self::Pow),
        ("atan2", Self::Atan2),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        (">", Self::Greater),
        ("<", Self::Less),
        (">=", Self::GreaterOrEqual),
        ("<=", Self::LessOrEqual),
        ("and", Self::And),
        ("or", Self::Or),
        ("unless", Self::Unless),
    ];

    pub(crate) fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(_, own)| *own == self).map_or("", |(sign, _)| sign)
    }

    pub(crate) fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    pub(crate) fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Greater
                | Self::Less
                | Self::GreaterOrEqual
                | Self::LessOrEqual
        )
    }

    /// How tightly it binds to the left and to the right.
    pub(crate) fn power(self) -> (u8, u8) {
        match self {
            Self::Or => (1, 2),
            Self::And | Self::Unless => (3, 4),
            _ if self.is_comparison() => (5, 6),
            Self::Add | Self::Sub => (7, 8),
            // To the right.
            Self::Pow => (12, 11),
            _ => (9, 10),
        }
    }
}

impl AggregateOp {
    pub(crate) const ALL: [(&'static str, Self); 12] = [
        ("sum", Self::Sum),
        ("min", Self::Min),
        ("max", Self::Max),
        ("avg", Self::Avg),
        ("count", Self::Count),
        ("group", Self::Group),
        ("stddev", Self::Stddev),
        ("stdvar", Self::Stdvar),
        ("topk", Self::Topk),
        ("bottomk", Self::Bottomk),
        ("quantile", Self::Quantile),
        ("count_values", Self::CountValues),
    ];

    pub(crate) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, own)| *own == self).map_or("", |(word, _)| word)
    }

    /// Returns the type of what stands before the vector, for those that have it.
    pub(crate) fn param(self) -> Option<ValueType> {
        match self {
            Self::Topk | Self::Bottomk | Self::Quantile => Some(ValueType::Scalar),
            Self::CountValues => Some(ValueType::String),
            _ => None,
        }
    }
}
