//! What is read before the walk: each selector's window, once for all steps.

use crate::ast::{Node, Select};
use crate::{EvalError, Source, Want, Window};

use super::Evaluation;

impl Evaluation<'_> {
    /// Reads the data of all selectors below a node that is evaluated between two times.
    pub(super) fn read(
        &mut self,
        node: &Node,
        source: &dyn Source,
        (from_ms, to_ms): (i64, i64),
    ) -> Result<(), EvalError> {
        match node {
            Node::Select(select) => self.read_selector(select, source, (from_ms, to_ms)),
            Node::Subquery(subquery) => {
                if from_ms != to_ms {
                    self.memos.insert(super::address(subquery), super::Memo::default());
                }
                let from_ms = self.shifted(subquery.shift, from_ms);
                let from_ms = from_ms.saturating_sub(subquery.range_ms);
                let to_ms = self.shifted(subquery.shift, to_ms);
                self.read(&subquery.of, source, (from_ms, to_ms))
            }
            other => {
                let parts = other.parts();
                parts.into_iter().try_for_each(|part| self.read(part, source, (from_ms, to_ms)))
            }
        }
    }

    fn read_selector(
        &mut self,
        select: &Select,
        source: &dyn Source,
        (from_ms, to_ms): (i64, i64),
    ) -> Result<(), EvalError> {
        let (first, last) =
            (self.shifted(select.shift, from_ms), self.shifted(select.shift, to_ms));
        let from_ms = match select.range_ms {
            Some(range_ms) => first.saturating_sub(range_ms),
            None => self.lookback_from(first),
        };
        let max_samples = self.options.max_samples.saturating_sub(self.touched.get());
        let mut window = Window { max_samples, ..Window::new(from_ms, last) };
        if select.range_ms.is_none() && first == last {
            window.want = Want::Latest;
        }
        let mut series = source.select(&select.selector, &window)?;
        if series.len() > self.options.max_series {
            return Err(EvalError::TooManySeries { limit: self.options.max_series });
        }
        for one in &mut series {
            self.touch(one.samples.len())?;
            if select.range_ms.is_some() {
                // That a series ended in between does not matter to a range.
                one.samples.retain(|sample| !sample.is_stale());
            }
        }
        self.data[select.index] = series;
        Ok(())
    }
}
