//! Evaluation at one time, and over a range of them.

use std::fmt;
use std::time::Duration;

use crate::eval::{Evaluation, millis};
use crate::{EvalError, Expr, Series, Source, Value, ValueType};

/// Evaluates an expression at one time with the options that Prometheus has by default.
///
/// # Errors
///
/// Returns [`EvalError`] as [`Evaluator::instant`] does.
pub fn eval(expr: &Expr, source: &dyn Source, at_ms: i64) -> Result<Value, EvalError> {
    Evaluator::new(source).instant(expr, at_ms)
}

/// What an evaluation may cost, and how far it looks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How old a sample may be to count as the value of now.
    pub lookback: Duration,
    /// The step of subqueries that name none: the interval of evaluation.
    pub subquery_step: Duration,
    /// The most samples that one evaluation may touch.
    pub max_samples: usize,
    /// The most series that any part of an expression may come to.
    pub max_series: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lookback: Duration::from_mins(5),
            subquery_step: Duration::from_mins(1),
            max_samples: 50_000_000,
            max_series: 1_000_000,
        }
    }
}

/// Evaluates expressions over a source.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    source: &'a dyn Source,
    options: Options,
    stop: Option<&'a dyn Fn() -> bool>,
}

impl<'a> Evaluator<'a> {
    /// Creates an evaluator with default options.
    #[must_use]
    pub fn new(source: &'a dyn Source) -> Self {
        Self { source, options: Options::default(), stop: None }
    }

    /// Sets what an evaluation may cost and how far it looks back.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Asks `stop` now and then, every few thousand series, whether to give up: a deadline, or a shutdown.
    #[must_use]
    pub fn with_stop(mut self, stop: &'a dyn Fn() -> bool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Evaluates an expression at one time.
    ///
    /// # Errors
    ///
    /// Returns [`EvalError`] when the source fails, the data do not fit the expression, or the limits are reached.
    pub fn instant(&self, expr: &Expr, at_ms: i64) -> Result<Value, EvalError> {
        let times = (at_ms, at_ms);
        let evaluation = Evaluation::new(expr, self.source, self.options, self.stop, times)?;
        evaluation.value(expr.node(), at_ms)
    }

    /// Evaluates an expression at `from_ms` and then every `step` until `to_ms`; data is read once for all steps.
    ///
    /// # Errors
    ///
    /// Returns [`EvalError`] as [`Evaluator::instant`] does, and when the expression is neither a scalar nor an instant
    /// vector.
    pub fn range(
        &self,
        expr: &Expr,
        from_ms: i64,
        to_ms: i64,
        step: Duration,
    ) -> Result<Vec<Series>, EvalError> {
        if !matches!(expr.value_type(), ValueType::Scalar | ValueType::Vector) {
            let reason = format!("a {} has no values over time", expr.value_type());
            return Err(EvalError::Mismatch(reason));
        }
        let times = (from_ms, to_ms);
        let evaluation = Evaluation::new(expr, self.source, self.options, self.stop, times)?;
        evaluation.range(expr.node(), millis(step).max(1))
    }
}

impl fmt::Debug for Evaluator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluator").field("options", &self.options).finish_non_exhaustive()
    }
}
