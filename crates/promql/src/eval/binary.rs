//! Operators between two parts.

use std::collections::HashSet;

use crate::ast::{Binary, BinaryOp, Group, Matching};
use crate::{Element, EvalError, Labels};

use super::index::{Counted, Index};
use super::vector::Vector;
use super::{Evaluation, Part, mismatch};

impl Evaluation<'_> {
    pub(super) fn binary<'e>(&self, binary: &Binary, at_ms: i64) -> Result<Part<'e>, EvalError> {
        let left = self.part(&binary.left, at_ms)?;
        let right = self.part(&binary.right, at_ms)?;
        let op = binary.op;
        Ok(match (left, right) {
            (Part::Scalar(left), Part::Scalar(right)) => Part::Scalar(scalars(op, left, right)),
            (Part::Vector(vector), Part::Scalar(right)) => {
                let f = |value| (elements(op, value, right), value);
                Part::Vector(with_scalar(binary, vector, f)?)
            }
            (Part::Scalar(left), Part::Vector(vector)) => {
                let f = |value| (elements(op, left, value), value);
                Part::Vector(with_scalar(binary, vector, f)?)
            }
            (Part::Vector(left), Part::Vector(right)) if op.is_set() => {
                Part::Vector(sets(binary, left, right)?)
            }
            (Part::Vector(left), Part::Vector(right)) => {
                Part::Vector(vectors(binary, left, right)?)
            }
            _ => return Err(mismatch("an operator stands between texts")),
        })
    }
}

/// What comes of two values, and whether a comparison holds.
type Outcome = (f64, bool);

fn elements(op: BinaryOp, left: f64, right: f64) -> Outcome {
    #[expect(clippy::float_cmp, reason = "that is what the operator asks")]
    match op {
        BinaryOp::Equal => (left, left == right),
        BinaryOp::NotEqual => (left, left != right),
        BinaryOp::Greater => (left, left > right),
        BinaryOp::Less => (left, left < right),
        BinaryOp::GreaterOrEqual => (left, left >= right),
        BinaryOp::LessOrEqual => (left, left <= right),
        _ => (arithmetic(op, left, right), true),
    }
}

fn arithmetic(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mul => left * right,
        BinaryOp::Div => left / right,
        BinaryOp::Mod => left % right,
        BinaryOp::Pow => left.powf(right),
        BinaryOp::Atan2 => left.atan2(right),
        _ => f64::NAN,
    }
}

fn scalars(op: BinaryOp, left: f64, right: f64) -> f64 {
    match (elements(op, left, right), op.is_comparison()) {
        ((_, holds), true) => f64::from(u8::from(holds)),
        ((value, _), false) => value,
    }
}

/// Applies an operator whose other side is a scalar: a comparison keeps the value of the vector.
fn with_scalar(
    binary: &Binary,
    vector: Vector,
    f: impl Fn(f64) -> (Outcome, f64),
) -> Result<Vector, EvalError> {
    if binary.returns_bool {
        return vector.mapped(|value| f64::from(u8::from(f(value).0.1)));
    }
    if binary.op.is_comparison() {
        return Ok(vector.filtered(|value| f(value).0.1.then_some(value)));
    }
    vector.mapped(|value| f(value).0.0)
}

fn sets(binary: &Binary, left: Vector, right: Vector) -> Result<Vector, EvalError> {
    let counted = counted(&binary.matching);
    let (mut left, right) = (left, right);
    if binary.op == BinaryOp::Or {
        let mut index = Index::new(counted);
        for element in &left.elements {
            index.number(&element.labels);
        }
        let others = right.elements.into_iter();
        left.elements.extend(others.filter(|other| index.find(&other.labels).is_none()));
        return Vector::checked(left.elements);
    }
    let mut index = Index::new(counted);
    for element in &right.elements {
        index.number(&element.labels);
    }
    let keeps_found = binary.op == BinaryOp::And;
    left.elements.retain(|element| index.find(&element.labels).is_some() == keeps_found);
    Ok(left)
}

fn counted(matching: &Matching) -> Counted<'_> {
    Counted { listed: matching.on, labels: &matching.labels }
}

/// Applies an operator to the elements that belong together.
fn vectors(binary: &Binary, left: Vector, right: Vector) -> Result<Vector, EvalError> {
    if left.elements.is_empty() || right.elements.is_empty() {
        return Ok(Vector::default());
    }
    let matching = &binary.matching;
    // From here on `one` is the side with one element for each match.
    let (many, one) = match matching.group {
        Group::Right => (right, left),
        Group::None | Group::Left => (left, right),
    };
    let mut index = Index::new(counted(matching));
    for (number, element) in one.elements.iter().enumerate() {
        if index.number(&element.labels) != number {
            return Err(many_to_many(matching, &element.labels));
        }
    }
    let mut result = Vec::with_capacity(many.elements.len());
    let mut matched = vec![false; one.elements.len()];
    let mut grouped: HashSet<(usize, Labels)> = HashSet::new();
    for element in &many.elements {
        let Some(number) = index.find(&element.labels) else { continue };
        let other = &one.elements[number];
        let (l, r) = match matching.group {
            Group::Right => (other.value, element.value),
            Group::None | Group::Left => (element.value, other.value),
        };
        let (mut value, holds) = elements(binary.op, l, r);
        if binary.returns_bool {
            value = f64::from(u8::from(holds));
        } else if !holds {
            continue;
        }
        let labels = result_labels(binary, &element.labels, &other.labels);
        let is_new = match matching.group {
            Group::None => !std::mem::replace(&mut matched[number], true),
            Group::Left | Group::Right => grouped.insert((number, labels.clone())),
        };
        if !is_new {
            return Err(twice(matching, &element.labels));
        }
        result.push(Element::new(labels, value));
    }
    let drops_name = !binary.op.is_comparison() || binary.returns_bool;
    // Matched by all labels but the name, each at most once.
    let is_whole = !matching.on && matching.labels.is_empty() && matching.group == Group::None;
    if drops_name && is_whole { Vector::nameless(result, true) } else { Vector::checked(result) }
}

fn result_labels(binary: &Binary, many: &Labels, one: &Labels) -> Labels {
    let matching = &binary.matching;
    let mut labels = if binary.op.is_comparison() { many.clone() } else { many.without_name() };
    if matching.group == Group::None && (matching.on || !matching.labels.is_empty()) {
        let is_listed = |name: &str| matching.labels.iter().any(|own| own == name);
        labels = labels.filtered(|name| is_listed(name) == matching.on);
    }
    for name in &matching.include {
        labels = labels.with(name, one.value(name).unwrap_or(""));
    }
    if binary.returns_bool { labels.without_name() } else { labels }
}

fn many_to_many(matching: &Matching, labels: &Labels) -> EvalError {
    let side = if matching.group == Group::Right { "left" } else { "right" };
    let key = labels.filtered(|name| counted(matching).counts(name));
    mismatch(format!("two elements of the {side} side match {key}; only one may"))
}

fn twice(matching: &Matching, labels: &Labels) -> EvalError {
    let key = labels.filtered(|name| counted(matching).counts(name));
    mismatch(match matching.group {
        Group::None => format!("two elements of the left side match {key}; group_left says so"),
        Group::Left | Group::Right => {
            format!("two elements that match {key} come to the same labels")
        }
    })
}
