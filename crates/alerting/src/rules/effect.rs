//! What rules want done.

use wardkit_promql::{Labels, Sample};

use crate::{Alert, Record, Transition};

/// What rules want done, in this order. What one step returns belongs into one commit.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RuleEffect {
    /// An alert to be brought to the engine: one that lasts until it is brought again, or one that is over.
    Alert(Alert),
    /// A sample to be kept with the metrics.
    Sample(Labels, Sample),
    /// State to be kept over a restart.
    Record(Record),
    /// Something for the history: a rule fails, or has no data.
    Transition(Transition),
}
