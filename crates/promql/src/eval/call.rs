//! Functions.

use crate::ast::{Call, Node};
use crate::function::{Calendar, Function};
use crate::pattern::Pattern;
use crate::{Element, EvalError, Labels, MatchOp};

use super::aggregate::is_label;
use super::math::{self, larger, nan_first, smaller};
use super::vector::Vector;
use super::{Evaluation, Part, calendar, histogram, mismatch};

impl Evaluation<'_> {
    pub(super) fn call<'e>(&self, call: &Call, at_ms: i64) -> Result<Part<'e>, EvalError> {
        let args = Args { of: self, nodes: &call.args, at_ms };
        let vector = match call.function {
            Function::Pi => return Ok(Part::Scalar(std::f64::consts::PI)),
            Function::Time => return Ok(Part::Scalar(math::seconds(at_ms))),
            Function::Scalar => {
                return args.vector(0).map(|vector| match vector.elements.as_slice() {
                    [one] => Part::Scalar(one.value),
                    _ => Part::Scalar(f64::NAN),
                });
            }
            Function::Vector => Vector::one(args.scalar(0)?),
            Function::Math(name) => args.vector(0)?.mapped(math::function(name))?,
            Function::Over(over) => self.over(over, call, at_ms)?,
            Function::Absent => absent(args.node(0)?, args.vector(0)?.elements.is_empty()),
            Function::AbsentOverTime => {
                let mut is_empty = true;
                self.each_range(args.node(0)?, at_ms, |_, _, _| {
                    is_empty = false;
                    Ok(())
                })?;
                absent(args.node(0)?, is_empty)
            }
            Function::Calendar(part) => args.calendar(part)?,
            Function::Clamp => {
                let (least, most) = (args.scalar(1)?, args.scalar(2)?);
                let vector = args.vector(0)?;
                if most < least {
                    Vector::default()
                } else {
                    vector.mapped(|value| larger(least, smaller(most, value)))?
                }
            }
            Function::ClampMax => {
                let most = args.scalar(1)?;
                args.vector(0)?.mapped(|value| smaller(most, value))?
            }
            Function::ClampMin => {
                let least = args.scalar(1)?;
                args.vector(0)?.mapped(|value| larger(least, value))?
            }
            Function::HistogramQuantile => histogram::quantiles(args.scalar(0)?, args.vector(1)?)?,
            Function::LabelJoin => args.label_join()?,
            Function::LabelReplace => args.label_replace()?,
            Function::Round => args.round()?,
            Function::Sort | Function::SortDesc => {
                sorted(args.vector(0)?, call.function == Function::SortDesc)
            }
            Function::Timestamp => args.timestamp()?,
        };
        Ok(Part::Vector(vector))
    }
}

/// The arguments of a call at one time.
struct Args<'a> {
    of: &'a Evaluation<'a>,
    nodes: &'a [Node],
    at_ms: i64,
}

impl<'a> Args<'a> {
    fn node(&self, index: usize) -> Result<&'a Node, EvalError> {
        self.nodes.get(index).ok_or_else(|| mismatch("an argument is missing"))
    }

    fn vector(&self, index: usize) -> Result<Vector, EvalError> {
        self.of.vector(self.node(index)?, self.at_ms)
    }

    fn scalar(&self, index: usize) -> Result<f64, EvalError> {
        self.of.scalar(self.node(index)?, self.at_ms)
    }

    fn text(&self, index: usize) -> Result<&'a str, EvalError> {
        match self.node(index)?.bare() {
            Node::Text(text) => Ok(text),
            _ => Err(mismatch("a string is missing")),
        }
    }

    fn label(&self, index: usize) -> Result<&'a str, EvalError> {
        let label = self.text(index)?;
        if !is_label(label) {
            return Err(mismatch(format!("{label:?} is no name of a label")));
        }
        Ok(label)
    }

    fn calendar(&self, part: Calendar) -> Result<Vector, EvalError> {
        if self.nodes.is_empty() {
            return Ok(Vector::one(calendar::part(part, math::seconds(self.at_ms))));
        }
        self.vector(0)?.mapped(|seconds| calendar::part(part, seconds))
    }

    fn round(&self) -> Result<Vector, EvalError> {
        let to = if self.nodes.len() > 1 { self.scalar(1)? } else { 1.0 };
        // Multiplied by the inverse: tenths are exact that way round.
        let inverse = 1.0 / to;
        self.vector(0)?.mapped(|value| (value * inverse + 0.5).floor() / inverse)
    }

    /// Returns when each sample was taken; what is calculated is as old as the evaluation.
    fn timestamp(&self) -> Result<Vector, EvalError> {
        match self.node(0)?.bare() {
            Node::Select(select) => {
                let elements = self.of.latest(select, self.at_ms, |labels, sample| {
                    Element::new(labels.without_name(), math::seconds(sample.at_ms))
                })?;
                Vector::nameless(elements, select.selector.name().is_some())
            }
            _ => self.vector(0)?.mapped(|_| math::seconds(self.at_ms)),
        }
    }

    fn label_replace(&self) -> Result<Vector, EvalError> {
        let (to, replacement, from) = (self.label(1)?, self.text(2)?, self.text(3)?);
        let pattern = Pattern::new(self.text(4)?)
            .map_err(|error| mismatch(format!("the pattern of label_replace: {error}")))?;
        let mut elements = self.vector(0)?.elements;
        for Element { labels, .. } in &mut elements {
            if let Some(value) = pattern.expand(labels.value(from).unwrap_or(""), replacement) {
                *labels = labels.with(to, &value);
            }
        }
        Vector::checked(elements)
    }

    fn label_join(&self) -> Result<Vector, EvalError> {
        let (to, separator) = (self.label(1)?, self.text(2)?);
        let from = (3..self.nodes.len()).map(|index| self.label(index));
        let from = from.collect::<Result<Vec<_>, _>>()?;
        let mut elements = self.vector(0)?.elements;
        for Element { labels, .. } in &mut elements {
            let parts: Vec<_> = from.iter().map(|name| labels.value(name).unwrap_or("")).collect();
            *labels = labels.with(to, &parts.join(separator));
        }
        Vector::checked(elements)
    }
}

/// Returns 1 with the labels that a selector fixes, where there is nothing.
fn absent(of: &Node, is_empty: bool) -> Vector {
    if !is_empty {
        return Vector::default();
    }
    let mut labels = Labels::new();
    if let Node::Select(select) = of.bare() {
        let mut fixed = Vec::new();
        let matchers = select.selector.matchers().iter();
        for matcher in matchers.filter(|matcher| matcher.name() != Labels::NAME) {
            let (name, op) = (matcher.name(), matcher.op());
            // What is asked of a label after its first value leaves it open again.
            let is_first = op == MatchOp::Equal && !fixed.contains(&name);
            if is_first {
                fixed.push(name);
            }
            labels = labels.with(name, if is_first { matcher.value() } else { "" });
        }
    }
    Vector { elements: vec![Element::new(labels, 1.0)], distinct_without_name: true }
}

/// Sorts by value; NaN comes last.
fn sorted(mut vector: Vector, descending: bool) -> Vector {
    vector.elements.sort_by(|a, b| {
        let (a, b) = (a.value, b.value);
        a.is_nan()
            .cmp(&b.is_nan())
            .then_with(|| if descending { nan_first(b, a) } else { nan_first(a, b) })
    });
    vector
}
