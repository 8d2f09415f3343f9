//! From tokens to a tree whose types fit, by the precedence of operators.

mod check;
mod modifier;
mod primary;

use crate::ParseError;
use crate::ast::{Binary, BinaryOp, Node};
use crate::token::{Kind, Token, tokens};

/// Parses an expression, and returns it with the number of its selectors.
pub(crate) fn parse(text: &str) -> Result<(Node, usize), ParseError> {
    if text.len() > MAX_LENGTH {
        let reason = format!("an expression has at most {MAX_LENGTH} bytes");
        return Err(ParseError::new(text, 0, reason));
    }
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, selectors: 0 };
    if parser.peek() == &Kind::End {
        return Err(parser.error("no expression found"));
    }
    let whole = parser.expression(0)?;
    match parser.peek() {
        Kind::End => Ok((whole.node, parser.selectors)),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    /// How many expressions the current one is inside of.
    depth: usize,
    selectors: usize,
}

/// A part of the tree, where it begins, and how high it is.
struct Part {
    node: Node,
    offset: usize,
    height: usize,
}

impl<'a> Parser<'a> {
    /// Parses operands and all operators between them that bind at least as tightly as `power`.
    fn expression(&mut self, power: u8) -> Result<Part, ParseError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.too_deep(self.offset()));
        }
        self.depth += 1;
        let part = self.operators(power);
        self.depth -= 1;
        part
    }

    fn operators(&mut self, power: u8) -> Result<Part, ParseError> {
        let mut left = self.operand()?;
        while let Some(op) = self.binary_op().filter(|op| op.power().0 >= power) {
            let offset = self.offset();
            self.at += 1;
            let (returns_bool, matching) = self.matching()?;
            let right = self.expression(op.power().1)?;
            let height = left.height.max(right.height) + 1;
            let start = left.offset;
            let ends = (left.offset, right.offset);
            let binary = Binary { op, returns_bool, matching, left: left.node, right: right.node };
            let binary = self.checked_binary(binary, offset, ends)?;
            left = self.part(Node::Binary(Box::new(binary)), start, height)?;
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Part, ParseError> {
        let offset = self.offset();
        let Some(sign) = ["-", "+"].into_iter().find(|sign| self.eat(sign)) else {
            return self.primary();
        };
        let of = self.expression(SIGNED)?;
        self.require_number(&of, "a sign")?;
        let node = match (sign, of.node) {
            ("-", Node::Number(number)) => Node::Number(-number),
            (_, Node::Number(number)) => Node::Number(number),
            ("-", node) => Node::Negate(Box::new(node)),
            (_, node) => Node::Plus(Box::new(node)),
        };
        self.part(node, offset, of.height + 1)
    }

    fn binary_op(&self) -> Option<BinaryOp> {
        let found = match self.peek() {
            Kind::Sign(sign) => BinaryOp::ALL.iter().find(|(own, _)| own == sign),
            Kind::Word(word) => {
                BinaryOp::ALL.iter().find(|(own, _)| own.eq_ignore_ascii_case(word))
            }
            _ => None,
        };
        found.map(|(_, op)| *op)
    }

    /// Makes a part, unless the tree gets higher than whoever walks it can take.
    fn part(&self, node: Node, offset: usize, height: usize) -> Result<Part, ParseError> {
        if height > MAX_DEPTH {
            return Err(self.too_deep(offset));
        }
        Ok(Part { node, offset, height })
    }

    fn peek(&self) -> &Kind<'a> {
        &self.tokens[self.at.min(self.tokens.len() - 1)].kind
    }

    fn peek_second(&self) -> &Kind<'a> {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].kind
    }

    fn offset(&self) -> usize {
        self.tokens[self.at.min(self.tokens.len() - 1)].offset
    }

    /// Takes a sign if it comes next.
    fn eat(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Kind::Sign(own) if *own == sign);
        self.at += usize::from(is_it);
        is_it
    }

    /// Takes a word of the grammar, in whatever case, if it comes next.
    fn eat_word(&mut self, word: &str) -> bool {
        let is_it = matches!(self.peek(), Kind::Word(own) if own.eq_ignore_ascii_case(word));
        self.at += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, sign: &str) -> Result<(), ParseError> {
        if self.eat(sign) {
            return Ok(());
        }
        Err(self.unexpected(&format!("\"{sign}\"")))
    }

    fn unexpected(&self, expected: &str) -> ParseError {
        let found = match self.peek() {
            Kind::End => "end of the expression".to_owned(),
            Kind::Word(word) => format!("{word:?}"),
            Kind::Sign(sign) => format!("{sign:?}"),
            Kind::Number(number) => format!("number {number}"),
            Kind::Duration(_) => "duration".to_owned(),
            Kind::Text(_) => "string".to_owned(),
        };
        self.error(&format!("unexpected {found}, expected {expected}"))
    }

    fn error(&self, reason: &str) -> ParseError {
        self.error_at(self.offset(), reason)
    }

    fn error_at(&self, offset: usize, reason: impl Into<String>) -> ParseError {
        ParseError::new(self.text, offset, reason)
    }

    fn too_deep(&self, offset: usize) -> ParseError {
        self.error_at(offset, format!("nested more than {MAX_DEPTH} deep"))
    }
}

/// The longest expression, in bytes.
const MAX_LENGTH: usize = 64 * 1024;

/// How high a tree may be; what walks it calls itself once for each level.
const MAX_DEPTH: usize = 100;

/// A sign binds like a multiplication to its right.
const SIGNED: u8 = 10;
