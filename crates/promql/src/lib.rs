//! The PromQL of alert rules: parsed with positions, evaluated over any store.
//!
//! An expression comes to what Prometheus 2.42 says it does; what is not supported is an error when it is parsed.
//!
//! ```
//! use wardkit_promql::{Expr, Labels, MemorySource, Sample, eval};
//!
//! let mut source = MemorySource::new();
//! let labels: Labels = [("__name__", "up"), ("job", "api")].into_iter().collect();
//! source.append(&labels, Sample::new(1_700_000_000_000, 0.0));
//!
//! // Half a minute later, somebody wants to know.
//! let down = Expr::parse("up == 0")?;
//! let found = eval(&down, &source, 1_700_000_030_000)?.into_elements().unwrap_or_default();
//! assert_eq!(found[0].labels.value("job"), Some("api"));
//!
//! // And what is wrong is told where it is.
//! let error = Expr::parse("up ==").unwrap_err();
//! assert_eq!((error.line(), error.column()), (1, 6));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Expr`], [`ParseError`] | an expression that was read and checked; what is wrong with one, and where |
//! | [`eval`], [`Evaluator`], [`Options`] | evaluation at one time and over a range, and what it may cost |
//! | [`Value`], [`Element`], [`Series`], [`Sample`] | what an expression comes to |
//! | [`Source`], [`Window`], [`MemorySource`] | where samples come from |
//! | [`Labels`], [`Selector`], [`Matcher`] | what series are called, and which of them are looked at |
//!
//! # What it does not do
//!
//! It stores nothing, reads no clock, and makes no alerts of what it finds. It knows no native histograms and nothing
//! that came after Prometheus 2.42: a range includes its beginning.
//!
//! # Features
//!
//! None for users; `interop` compares with a real Prometheus.
#![forbid(unsafe_code)]

mod ast;
mod error;
mod eval;
mod evaluator;
mod expr;
mod function;
mod labels;
mod matcher;
mod memory;
mod parser;
mod pattern;
mod print;
mod sample;
mod source;
mod text;
mod token;
mod value;

pub use error::{EvalError, ParseError};
pub use evaluator::{Evaluator, Options, eval};
pub use expr::Expr;
pub use labels::Labels;
pub use matcher::{MatchOp, Matcher, Selector};
pub use memory::MemorySource;
pub use pattern::PatternError;
pub use sample::{Sample, Series};
pub use source::{Source, SourceError, Want, Window};
pub use value::{Element, Value, ValueType};
