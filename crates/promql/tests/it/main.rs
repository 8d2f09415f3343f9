//! The public API of wardkit-promql, a module an area.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod evaluation;
mod limits;
mod parsing;
mod props;
