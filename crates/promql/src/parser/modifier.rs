//! What follows an operator or a selector and changes it.

use crate::ParseError;
use crate::ast::{At, Group, Matching, Node, Select, Shift, Subquery};
use crate::token::Kind;

use super::{Parser, Part};

impl Parser<'_> {
    /// Parses `bool`, `on`, `ignoring` and `group_left` after an operator.
    pub(super) fn matching(&mut self) -> Result<(bool, Matching), ParseError> {
        let mut matching = Matching::default();
        let returns_bool = self.eat_word("bool");
        matching.on = self.eat_word("on");
        if !matching.on && !self.eat_word("ignoring") {
            return Ok((returns_bool, matching));
        }
        matching.labels = self.label_list()?;
        matching.group = if self.eat_word("group_left") {
            Group::Left
        } else if self.eat_word("group_right") {
            Group::Right
        } else {
            Group::None
        };
        if matching.group != Group::None && self.peek() == &Kind::Sign("(") {
            matching.include = self.label_list()?;
        }
        Ok((returns_bool, matching))
    }

    /// Parses names of labels in parentheses, among which the words of the grammar are names too.
    pub(super) fn label_list(&mut self) -> Result<Vec<String>, ParseError> {
        let mut labels: Vec<String> = Vec::new();
        self.expect("(")?;
        while !self.eat(")") {
            let Kind::Word(word) = *self.peek() else {
                return Err(self.unexpected("a label"));
            };
            if word.contains(':') {
                return Err(self.unexpected("a label"));
            }
            labels.push(word.to_owned());
            self.at += 1;
            if !self.eat(",") && self.peek() != &Kind::Sign(")") {
                return Err(self.unexpected("\",\" or \")\""));
            }
        }
        Ok(labels)
    }

    /// Parses ranges, subqueries, `offset` and `@` after an operand.
    pub(super) fn modified(&mut self, mut part: Part) -> Result<Part, ParseError> {
        loop {
            let offset = self.offset();
            if self.eat("[") {
                part = self.range(part, offset)?;
            } else if self.eat_word("offset") {
                let millis = self.signed_duration()?;
                let shift = self.shift(&mut part, "offset", offset)?;
                if shift.offset_ms.replace(millis).is_some() {
                    return Err(self.error_at(offset, "offset is set twice"));
                }
            } else if self.eat("@") {
                let at = self.at_time()?;
                let shift = self.shift(&mut part, "@", offset)?;
                if shift.at.replace(at).is_some() {
                    return Err(self.error_at(offset, "@ is set twice"));
                }
            } else {
                return Ok(part);
            }
        }
    }

    fn range(&mut self, part: Part, offset: usize) -> Result<Part, ParseError> {
        let range_ms = self.duration()?;
        if self.eat(":") {
            let step_ms = match self.peek() {
                Kind::Duration(_) => Some(self.duration()?),
                _ => None,
            };
            self.expect("]")?;
            self.require(&part, crate::ValueType::Vector)?;
            let Part { node: of, offset, height } = part;
            let subquery = Subquery { of, range_ms, step_ms, shift: Shift::default() };
            return self.part(Node::Subquery(Box::new(subquery)), offset, height + 1);
        }
        self.expect("]")?;
        match part.node {
            Node::Select(select) if select.range_ms.is_none() => {
                if select.shift != Shift::default() {
                    let reason = "a range comes before offset and @";
                    return Err(self.error_at(offset, reason));
                }
                let select = Select { range_ms: Some(range_ms), ..select };
                Ok(Part { node: Node::Select(select), ..part })
            }
            _ => {
                Err(self
                    .error_at(offset, "only a selector has a range; for a subquery write [5m:]"))
            }
        }
    }

    fn shift<'p>(
        &self,
        part: &'p mut Part,
        what: &str,
        offset: usize,
    ) -> Result<&'p mut Shift, ParseError> {
        match &mut part.node {
            Node::Select(select) => Ok(&mut select.shift),
            Node::Subquery(subquery) => Ok(&mut subquery.shift),
            _ => {
                let reason = format!("{what} goes with a selector or a subquery only");
                Err(self.error_at(offset, reason))
            }
        }
    }

    fn duration(&mut self) -> Result<i64, ParseError> {
        match *self.peek() {
            Kind::Duration(0) => Err(self.error("a duration must be greater than 0")),
            Kind::Duration(millis) => {
                self.at += 1;
                Ok(millis)
            }
            _ => Err(self.unexpected("a duration such as 5m")),
        }
    }

    fn signed_duration(&mut self) -> Result<i64, ParseError> {
        let is_negative = self.eat("-");
        if !is_negative {
            self.eat("+");
        }
        self.duration().map(|millis| if is_negative { -millis } else { millis })
    }

    fn at_time(&mut self) -> Result<At, ParseError> {
        for (word, at) in [("start", At::Start), ("end", At::End)] {
            if self.eat_word(word) {
                self.expect("(")?;
                self.expect(")")?;
                return Ok(at);
            }
        }
        let is_negative = self.eat("-");
        if !is_negative {
            self.eat("+");
        }
        let Kind::Number(seconds) = *self.peek() else {
            return Err(self.unexpected("a time in seconds, start() or end()"));
        };
        let millis = (seconds * 1000.0).round();
        if millis.is_nan() || millis.abs() >= MAX_AT_MS {
            return Err(self.error("a time is out of bounds"));
        }
        self.at += 1;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and within bounds")]
        let millis = millis as i64;
        Ok(At::Ms(if is_negative { -millis } else { millis }))
    }
}

/// No wall clock gets there, and no sum of it with ranges and offsets overflows.
const MAX_AT_MS: f64 = 1e18;
