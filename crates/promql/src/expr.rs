//! A parsed expression.

use std::fmt;
use std::str::FromStr;

use crate::ast::Node;
use crate::parser::parse;
use crate::{ParseError, Selector, ValueType};

/// An expression that was read, checked and can be evaluated.
///
/// Prints in one canonical spelling, which parses to the same expression.
#[derive(Clone, Debug)]
pub struct Expr {
    node: Node,
    selectors: usize,
}

impl Expr {
    /// Parses an expression.
    ///
    /// # Errors
    ///
    /// Returns [`ParseError`] with the position when the text is not an expression of Prometheus 2.42, its types do not
    /// fit, or it uses what is not supported here.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let (node, selectors) = parse(text)?;
        Ok(Self { node, selectors })
    }

    /// Returns what it evaluates to.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        self.node.value_type()
    }

    /// Returns its selectors, from left to right: the metrics that it needs.
    #[must_use]
    pub fn selectors(&self) -> Vec<&Selector> {
        let mut found = Vec::with_capacity(self.selectors);
        collect(&self.node, &mut found);
        found
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    pub(crate) fn selector_count(&self) -> usize {
        self.selectors
    }
}

impl FromStr for Expr {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.node, f)
    }
}

fn collect<'a>(node: &'a Node, found: &mut Vec<&'a Selector>) {
    if let Node::Select(select) = node {
        found.push(&select.selector);
    }
    for part in node.parts() {
        collect(part, found);
    }
}
