//! Numbers, strings, selectors, calls and aggregations.

use crate::ast::{Aggregate, AggregateOp, Call, Grouping, Node, Select, Shift};
use crate::function::{Function, Signature, unsupported};
use crate::token::Kind;
use crate::{Labels, MatchOp, Matcher, ParseError, Selector, ValueType};

use super::{Parser, Part};

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Result<Part, ParseError> {
        let offset = self.offset();
        let (node, height) = match self.peek().clone() {
            Kind::Number(number) => {
                self.at += 1;
                (Node::Number(number), 0)
            }
            Kind::Text(text) => {
                self.at += 1;
                (Node::Text(text), 0)
            }
            Kind::Sign("(") => {
                self.at += 1;
                let of = self.expression(0)?;
                self.expect(")")?;
                (Node::Paren(Box::new(of.node)), of.height + 1)
            }
            Kind::Sign("{") => (self.selector(None, offset)?, 0),
            Kind::Word(word) => self.named(word, offset)?,
            _ => return Err(self.unexpected("a selector, a number or a function")),
        };
        let part = self.part(node, offset, height)?;
        self.modified(part)
    }

    /// Parses what begins with a word: an aggregation, a call, a number or a selector.
    fn named(&mut self, word: &str, offset: usize) -> Result<(Node, usize), ParseError> {
        let is_it = |own: &str| own.eq_ignore_ascii_case(word);
        if let Some((_, op)) = AggregateOp::ALL.iter().find(|(own, _)| is_it(own))
            && self.starts_aggregation()
        {
            self.at += 1;
            return self.aggregation(*op, offset);
        }
        if is_it("inf") || is_it("nan") {
            self.at += 1;
            return Ok((Node::Number(if is_it("inf") { f64::INFINITY } else { f64::NAN }), 0));
        }
        if NO_METRICS.iter().any(|own| is_it(own)) {
            return Err(self.unexpected("a selector, a number or a function"));
        }
        self.at += 1;
        match self.peek() {
            Kind::Sign("(") => self.call(word, offset),
            _ => Ok((self.selector(Some(word), offset)?, 0)),
        }
    }

    fn starts_aggregation(&self) -> bool {
        match self.peek_second() {
            Kind::Sign(sign) => *sign == "(",
            Kind::Word(word) => ["by", "without"].iter().any(|own| own.eq_ignore_ascii_case(word)),
            _ => false,
        }
    }

    fn aggregation(&mut self, op: AggregateOp, offset: usize) -> Result<(Node, usize), ParseError> {
        let mut grouping = self.grouping()?;
        let mut args = self.arguments()?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let wanted = 1 + usize::from(op.param().is_some());
        if args.len() != wanted {
            let reason = format!("{} takes {wanted} arguments, found {}", op.word(), args.len());
            return Err(self.error_at(offset, reason));
        }
        let height = args.iter().map(|arg| arg.height).max().unwrap_or(0) + 1;
        let of = args.pop().ok_or_else(|| self.error_at(offset, "an argument is missing"))?;
        self.require(&of, ValueType::Vector)?;
        let param = args.pop();
        if let (Some(param), Some(wanted)) = (&param, op.param()) {
            self.require(param, wanted)?;
        }
        let grouping = grouping.unwrap_or(Grouping { without: false, labels: Vec::new() });
        let param = param.map(|param| param.node);
        let aggregate = Aggregate { op, param, of: of.node, grouping };
        Ok((Node::Aggregate(Box::new(aggregate)), height))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, ParseError> {
        let without = self.eat_word("without");
        if !without && !self.eat_word("by") {
            return Ok(None);
        }
        Ok(Some(Grouping { without, labels: self.label_list()? }))
    }

    fn call(&mut self, name: &str, offset: usize) -> Result<(Node, usize), ParseError> {
        let Some(signature) = Function::signature(name) else {
            let reason = match unsupported(name) {
                Some(why) => format!("function {name} is not supported: {why}"),
                None => format!("unknown function {name:?}"),
            };
            return Err(self.error_at(offset, reason));
        };
        let args = self.arguments()?;
        self.check_arguments(signature, &args, offset)?;
        let height = args.iter().map(|arg| arg.height).max().unwrap_or(0) + 1;
        let args = args.into_iter().map(|arg| arg.node).collect();
        Ok((Node::Call(Call { function: signature.function, args }), height))
    }

    fn check_arguments(
        &self,
        signature: &Signature,
        args: &[Part],
        offset: usize,
    ) -> Result<(), ParseError> {
        let most = signature.args.len();
        let least = most - signature.optional;
        if args.len() < least || (args.len() > most && !signature.repeats) {
            let expected = match (signature.repeats, least == most) {
                (true, _) => format!("at least {least}"),
                (false, true) => most.to_string(),
                (false, false) => format!("{least} to {most}"),
            };
            let name = signature.name;
            let reason = format!("{name} takes {expected} arguments, found {}", args.len());
            return Err(self.error_at(offset, reason));
        }
        let repeated = signature.args.last().into_iter().cycle();
        args.iter()
            .zip(signature.args.iter().chain(repeated))
            .try_for_each(|(arg, wanted)| self.require(arg, *wanted))
    }

    fn arguments(&mut self) -> Result<Vec<Part>, ParseError> {
        self.expect("(")?;
        let mut args = Vec::new();
        if self.eat(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expression(0)?);
            if self.eat(")") {
                return Ok(args);
            }
            self.expect(",")?;
        }
    }

    fn selector(&mut self, name: Option<&str>, offset: usize) -> Result<Node, ParseError> {
        let mut matchers = Vec::new();
        if self.eat("{") {
            while !self.eat("}") {
                matchers.push(self.matcher()?);
                if !self.eat(",") && self.peek() != &Kind::Sign("}") {
                    return Err(self.unexpected("\",\" or \"}\""));
                }
            }
        }
        if let Some(name) = name {
            if matchers.iter().any(|matcher: &Matcher| matcher.name() == Labels::NAME) {
                return Err(self.error_at(offset, "the metric's name is set twice"));
            }
            let name = Matcher::new(Labels::NAME, MatchOp::Equal, name);
            let name = name.map_err(|error| self.error_at(offset, error.to_string()))?;
            matchers.insert(0, name);
        }
        if matchers.iter().all(|matcher| matcher.matches("")) {
            let reason = "a selector needs a matcher that an empty value does not fit";
            return Err(self.error_at(offset, reason));
        }
        let index = self.selectors;
        self.selectors += 1;
        let selector = Selector::new(matchers);
        Ok(Node::Select(Select { selector, index, range_ms: None, shift: Shift::default() }))
    }

    fn matcher(&mut self) -> Result<Matcher, ParseError> {
        let Kind::Word(name) = *self.peek() else {
            return Err(self.unexpected("a label or \"}\""));
        };
        self.at += 1;
        let op = match self.peek() {
            Kind::Sign("=") => MatchOp::Equal,
            Kind::Sign("!=") => MatchOp::NotEqual,
            Kind::Sign("=~") => MatchOp::Matches,
            Kind::Sign("!~") => MatchOp::NotMatches,
            _ => return Err(self.unexpected("=, !=, =~ or !~")),
        };
        self.at += 1;
        let Kind::Text(value) = self.peek().clone() else {
            return Err(self.unexpected("a string"));
        };
        let matcher = Matcher::new(name, op, value);
        let matcher = matcher.map_err(|error| self.error(&error.to_string()))?;
        self.at += 1;
        Ok(matcher)
    }
}

/// Words of the grammar that no metric is called without quotes.
const NO_METRICS: [&str; 6] = ["atan2", "bool", "group_left", "group_right", "ignoring", "on"];
