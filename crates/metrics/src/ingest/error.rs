//! Why a body was refused.

/// Why a body was refused. Nothing of it was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The body is longer than allowed.
    #[error("the body is longer than {limit} bytes")]
    TooLarge {
        /// The most bytes of a body.
        limit: usize,
    },
    /// The body is not what Prometheus's text format calls for.
    #[error("line {line}: {reason}")]
    Malformed {
        /// The first line at fault, from 1.
        line: usize,
        /// What is wrong with it.
        reason: Reason,
    },
}

/// What is wrong with a line. It never repeats the line, which may hold what is nobody else's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Bytes that are no text.
    #[error("it is not UTF-8")]
    NotText,
    /// Longer than a line may be.
    #[error("it is longer than a line may be")]
    LongLine,
    /// More families in one body than are kept.
    #[error("it begins one family too many")]
    ManyFamilies,
    /// Something after `# EOF`.
    #[error("it follows the end that `# EOF` marks")]
    AfterEnd,
    /// A type that the format does not have.
    #[error("the type is none of counter, gauge, histogram, summary, untyped")]
    Type,
    /// A family whose type or help is told twice.
    #[error("it declares a family for the second time")]
    Twice,
    /// A type that is told after the samples.
    #[error("the type must come before the samples")]
    LateType,
    /// No metric name where one must be; names beyond `[a-zA-Z_:][a-zA-Z0-9_:]*` are not taken.
    #[error("there is no metric name where one must be")]
    Name,
    /// A sample that a family of this type does not have.
    #[error("a family of this type has no such sample")]
    NotOfFamily,
    /// A label name that is malformed, or begins with two underscores.
    #[error("there is no label name where one must be")]
    LabelName,
    /// A label that is given twice.
    #[error("a label is given twice")]
    LabelTwice,
    /// A label value without quotes, or without an end.
    #[error("a label value must stand between double quotes")]
    LabelValue,
    /// An escape other than the three that there are.
    #[error("an escape in a label value is none of \\\\, \\\" and \\n")]
    Escape,
    /// A label value that is longer than allowed.
    #[error("a label value is longer than allowed")]
    LongLabel,
    /// More labels than allowed.
    #[error("it has more labels than allowed")]
    ManyLabels,
    /// Labels that do not end.
    #[error("the labels must end with a closing brace")]
    Braces,
    /// A bucket whose `le`, or a quantile whose `quantile`, is missing or no such number.
    #[error(
        "the label `le` of a bucket must be a number, `quantile` of a quantile one from 0 to 1"
    )]
    Bound,
    /// A histogram without the bucket that counts everything.
    #[error("it begins a histogram that has no bucket with le=\"+Inf\"")]
    LastBucket,
    /// A bucket that counts less than one that it includes.
    #[error("a bucket counts less than one with a smaller `le`")]
    Falling,
    /// A histogram that counts differently at two places.
    #[error("the count of a histogram is not that of its bucket with le=\"+Inf\"")]
    OtherCount,
    /// What no count can be.
    #[error("what counts must be a number from 0 up, in a bucket and a count a whole one")]
    Count,
    /// A quantile that is negative.
    #[error("a quantile cannot be negative")]
    Quantile,
    /// A value that is no number.
    #[error("the value is no number")]
    Value,
    /// A timestamp that is no number.
    #[error("the timestamp is no number")]
    Time,
    /// Something after the value and the timestamp.
    #[error("there is something after the value")]
    Surplus,
    /// A series that an earlier line has.
    #[error("an earlier line has the same series")]
    Duplicate,
}
