//! The walk over a tree at one time.

mod aggregate;
mod binary;
mod calendar;
mod call;
mod data;
mod histogram;
mod index;
mod math;
mod over;
mod regression;
mod vector;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::ast::{At, Node, Select, Shift, Subquery};
use crate::{Element, EvalError, Expr, Labels, Options, Sample, Series, Source, Value};

use self::index::ByLabels;
use self::vector::Vector;

/// What a part of an expression comes to.
enum Part<'e> {
    Scalar(f64),
    Vector(Vector),
    Text(&'e str),
}

/// What a subquery came to, by time.
type Memo = RefCell<HashMap<i64, Vec<Element>>>;

/// One evaluation: the data of all selectors, and what it may still cost.
pub(crate) struct Evaluation<'a> {
    options: Options,
    stop: Option<&'a dyn Fn() -> bool>,
    /// By the index of the selector.
    data: Vec<Vec<Series>>,
    touched: Cell<usize>,
    /// What subqueries came to at their steps, for those that are looked at from more than one time: their steps are
    /// the same for each, and one within another would be evaluated as often as both have steps, multiplied.
    memos: HashMap<usize, Memo>,
    /// What `start()` and `end()` are.
    from_ms: i64,
    to_ms: i64,
}

impl<'a> Evaluation<'a> {
    /// Reads what an expression needs from `from_ms` to `to_ms`.
    pub(crate) fn new(
        expr: &Expr,
        source: &dyn Source,
        options: Options,
        stop: Option<&'a dyn Fn() -> bool>,
        (from_ms, to_ms): (i64, i64),
    ) -> Result<Self, EvalError> {
        let mut data = Vec::new();
        data.resize_with(expr.selector_count(), Vec::new);
        let touched = Cell::new(0);
        let mut evaluation =
            Self { options, stop, data, touched, memos: HashMap::new(), from_ms, to_ms };
        evaluation.read(expr.node(), source, (from_ms, to_ms))?;
        Ok(evaluation)
    }

    /// Evaluates an expression of any type.
    pub(crate) fn value(&self, node: &Node, at_ms: i64) -> Result<Value, EvalError> {
        if node.value_type() == crate::ValueType::Matrix {
            return self.matrix(node, at_ms).map(Value::Matrix);
        }
        Ok(match self.part(node, at_ms)? {
            Part::Scalar(value) => Value::Scalar(value),
            Part::Vector(vector) => Value::Vector(vector.elements),
            Part::Text(text) => Value::String(text.to_owned()),
        })
    }

    fn matrix(&self, node: &Node, at_ms: i64) -> Result<Vec<Series>, EvalError> {
        let mut found = Vec::new();
        self.each_range(node, at_ms, |labels, samples, _| {
            found.push(Series::new(labels.clone(), samples.to_vec()));
            Ok(())
        })?;
        Ok(found)
    }

    fn part<'e>(&self, node: &'e Node, at_ms: i64) -> Result<Part<'e>, EvalError> {
        let part = match node {
            Node::Number(number) => Part::Scalar(*number),
            Node::Text(text) => Part::Text(text),
            Node::Paren(of) | Node::Plus(of) => self.part(of, at_ms)?,
            Node::Negate(of) => match self.part(of, at_ms)? {
                Part::Scalar(value) => Part::Scalar(-value),
                Part::Vector(vector) => Part::Vector(vector.mapped(|value| -value)?),
                text @ Part::Text(_) => text,
            },
            Node::Select(select) => Part::Vector(self.instant(select, at_ms)?),
            Node::Binary(binary) => self.binary(binary, at_ms)?,
            Node::Aggregate(aggregate) => Part::Vector(self.aggregate(aggregate, at_ms)?),
            Node::Call(call) => self.call(call, at_ms)?,
            // The parser lets one stand alone or as an argument that is taken whole.
            Node::Subquery(_) => return Err(mismatch("a range stands where a number belongs")),
        };
        if let Part::Vector(vector) = &part
            && vector.elements.len() > self.options.max_series
        {
            return Err(EvalError::TooManySeries { limit: self.options.max_series });
        }
        Ok(part)
    }

    fn vector(&self, node: &Node, at_ms: i64) -> Result<Vector, EvalError> {
        match self.part(node, at_ms)? {
            Part::Vector(vector) => Ok(vector),
            _ => Err(mismatch("an instant vector is missing")),
        }
    }

    fn scalar(&self, node: &Node, at_ms: i64) -> Result<f64, EvalError> {
        match self.part(node, at_ms)? {
            Part::Scalar(value) => Ok(value),
            _ => Err(mismatch("a scalar is missing")),
        }
    }

    /// Returns the latest value of each series.
    fn instant(&self, select: &Select, at_ms: i64) -> Result<Vector, EvalError> {
        let elements = self
            .latest(select, at_ms, |labels, sample| Element::new(labels.clone(), sample.value))?;
        let is_distinct = select.selector.name().is_some();
        Ok(Vector { elements, distinct_without_name: is_distinct })
    }

    fn latest(
        &self,
        select: &Select,
        at_ms: i64,
        make: impl Fn(&Labels, Sample) -> Element,
    ) -> Result<Vec<Element>, EvalError> {
        let to_ms = self.shifted(select.shift, at_ms);
        let from_ms = self.lookback_from(to_ms);
        let series = &self.data[select.index];
        let mut elements = Vec::with_capacity(series.len());
        for Series { labels, samples } in series {
            let Some(sample) = latest(samples, to_ms) else { continue };
            if sample.at_ms >= from_ms && !sample.is_stale() {
                elements.push(make(labels, sample));
            }
        }
        self.touch(elements.len())?;
        Ok(elements)
    }

    /// Calls `f` with the samples in the range and where it begins and ends, for each series that has some.
    fn each_range(
        &self,
        node: &Node,
        at_ms: i64,
        mut f: impl FnMut(&Labels, &[Sample], (i64, i64)) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        match node.bare() {
            Node::Select(select) => {
                let to_ms = self.shifted(select.shift, at_ms);
                let from_ms = to_ms.saturating_sub(select.range_ms.unwrap_or(0));
                for Series { labels, samples } in &self.data[select.index] {
                    let samples = between(samples, from_ms, to_ms);
                    if !samples.is_empty() {
                        self.touch(samples.len())?;
                        f(labels, samples, (from_ms, to_ms))?;
                    }
                }
                Ok(())
            }
            Node::Subquery(subquery) => {
                let to_ms = self.shifted(subquery.shift, at_ms);
                let from_ms = to_ms.saturating_sub(subquery.range_ms);
                for series in self.steps(subquery, from_ms, to_ms)? {
                    f(&series.labels, &series.samples, (from_ms, to_ms))?;
                }
                Ok(())
            }
            _ => Err(mismatch("a range is missing")),
        }
    }

    /// Evaluates what a subquery is of at all of its steps, which are multiples of its step since the epoch.
    fn steps(&self, of: &Subquery, from_ms: i64, to_ms: i64) -> Result<Vec<Series>, EvalError> {
        let step_ms = self.subquery_step(of);
        let first = from_ms.div_euclid(step_ms) + i64::from(from_ms.rem_euclid(step_ms) > 0);
        let mut at_ms = first.saturating_mul(step_ms);
        let mut collected = ByLabels::default();
        while at_ms <= to_ms {
            self.step(of, at_ms, |elements| collected.add(elements, at_ms))?;
            at_ms = at_ms.saturating_add(step_ms);
            if at_ms == i64::MAX {
                break;
            }
        }
        Ok(collected.series)
    }

    /// Evaluates what a subquery is of at one of its steps, or remembers what it came to.
    fn step(&self, of: &Subquery, at_ms: i64, f: impl FnOnce(&[Element])) -> Result<(), EvalError> {
        self.touch(1)?;
        let Some(memo) = self.memos.get(&address(of)) else {
            let vector = self.vector(&of.of, at_ms)?;
            self.touch(vector.elements.len())?;
            f(&vector.elements);
            return Ok(());
        };
        if let Some(elements) = memo.borrow().get(&at_ms) {
            self.touch(elements.len())?;
            f(elements);
            return Ok(());
        }
        // Nothing is borrowed meanwhile: what is inside has memos of its own.
        let vector = self.vector(&of.of, at_ms)?;
        self.touch(vector.elements.len())?;
        f(&vector.elements);
        memo.borrow_mut().insert(at_ms, vector.elements);
        Ok(())
    }

    /// Evaluates at each step and returns the series that come of it.
    pub(crate) fn range(&self, node: &Node, step_ms: i64) -> Result<Vec<Series>, EvalError> {
        let mut collected = ByLabels::default();
        let mut at_ms = self.from_ms;
        while at_ms <= self.to_ms {
            self.touch(1)?;
            match self.part(node, at_ms)? {
                Part::Scalar(value) => {
                    collected.add(&[Element::new(Labels::new(), value)], at_ms);
                }
                Part::Vector(vector) => collected.add(&vector.elements, at_ms),
                Part::Text(_) => return Err(mismatch("a string has no values over time")),
            }
            match at_ms.checked_add(step_ms) {
                Some(next) => at_ms = next,
                None => break,
            }
        }
        Ok(collected.series)
    }

    fn subquery_step(&self, subquery: &Subquery) -> i64 {
        subquery.step_ms.unwrap_or_else(|| millis(self.options.subquery_step)).max(1)
    }

    /// Returns the first time whose sample still counts at `to_ms`: as old as it may be, it is not too old.
    fn lookback_from(&self, to_ms: i64) -> i64 {
        to_ms.saturating_sub(millis(self.options.lookback))
    }

    /// Returns when a selector looks at, at a time.
    fn shifted(&self, shift: Shift, at_ms: i64) -> i64 {
        let at_ms = match shift.at {
            None => at_ms,
            Some(At::Ms(fixed)) => fixed,
            Some(At::Start) => self.from_ms,
            Some(At::End) => self.to_ms,
        };
        at_ms.saturating_sub(shift.offset_ms.unwrap_or(0))
    }

    /// Counts samples that are looked at, and now and then asks whether to go on.
    fn touch(&self, count: usize) -> Result<(), EvalError> {
        let before = self.touched.get();
        let touched = before.saturating_add(count);
        self.touched.set(touched);
        if touched > self.options.max_samples {
            return Err(EvalError::TooManySamples { limit: self.options.max_samples });
        }
        let is_time = touched / BETWEEN_STOPS != before / BETWEEN_STOPS;
        if is_time && self.stop.is_some_and(|stop| stop()) {
            return Err(EvalError::Stopped);
        }
        Ok(())
    }
}

/// How many samples are touched between two questions whether to stop: below a millisecond.
const BETWEEN_STOPS: usize = 4096;

fn mismatch(reason: impl Into<String>) -> EvalError {
    EvalError::Mismatch(reason.into())
}

pub(crate) fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Tells the subqueries of an expression apart.
fn address(subquery: &Subquery) -> usize {
    std::ptr::from_ref(subquery).addr()
}

/// Returns the latest sample that is not after a time.
fn latest(samples: &[Sample], to_ms: i64) -> Option<Sample> {
    match samples.last() {
        // One evaluation at the end of the data is the common case.
        Some(last) if last.at_ms <= to_ms => Some(*last),
        _ => {
            let end = samples.partition_point(|sample| sample.at_ms <= to_ms);
            samples[..end].last().copied()
        }
    }
}

/// Returns the samples from one time to another, both included.
fn between(samples: &[Sample], from_ms: i64, to_ms: i64) -> &[Sample] {
    let end = match samples.last() {
        Some(last) if last.at_ms > to_ms => samples.partition_point(|one| one.at_ms <= to_ms),
        _ => samples.len(),
    };
    let begin = match samples.first() {
        Some(first) if first.at_ms < from_ms => samples.partition_point(|one| one.at_ms < from_ms),
        _ => 0,
    };
    samples.get(begin..end).unwrap_or(&[])
}
