//! The functions, and what they take.

use crate::ValueType;

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// The name and what it does to each value.
    Math(&'static str),
    /// Over the samples of each series.
    Over(Over),
    Absent,
    AbsentOverTime,
    Calendar(Calendar),
    Clamp,
    ClampMax,
    ClampMin,
    HistogramQuantile,
    LabelJoin,
    LabelReplace,
    Pi,
    Round,
    Scalar,
    Sort,
    SortDesc,
    Time,
    Timestamp,
    Vector,
}

/// What is made of the samples of a series in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Avg,
    Changes,
    Count,
    Delta,
    Deriv,
    HoltWinters,
    Idelta,
    Increase,
    Irate,
    Last,
    Max,
    Min,
    PredictLinear,
    Present,
    Quantile,
    Rate,
    Resets,
    Stddev,
    Stdvar,
    Sum,
}

/// A part of the date of a time in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calendar {
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    DaysInMonth,
    Hour,
    Minute,
    Month,
    Year,
}

/// What a function is called and takes.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) name: &'static str,
    pub(crate) function: Function,
    pub(crate) args: &'static [ValueType],
    /// How many of `args` a call may leave out.
    pub(crate) optional: usize,
    /// Whether the last of `args` may come any number of times.
    pub(crate) repeats: bool,
}

impl Function {
    pub(crate) fn returns(self) -> ValueType {
        match self {
            Self::Pi | Self::Scalar | Self::Time => ValueType::Scalar,
            _ => ValueType::Vector,
        }
    }

    pub(crate) fn signature(name: &str) -> Option<&'static Signature> {
        SIGNATURES.iter().find(|signature| signature.name == name)
    }

    pub(crate) fn name(self) -> &'static str {
        let own = SIGNATURES.iter().find(|signature| signature.function == self);
        own.map_or("", |signature| signature.name)
    }
}

/// Functions of Prometheus, of whatever version, that are not supported, and why.
pub(crate) fn unsupported(name: &str) -> Option<&'static str> {
    let later = ["double_exponential_smoothing", "first_over_time", "info", "mad_over_time"];
    if name.starts_with("histogram_") {
        return Some("native histograms are not stored");
    }
    let is_later =
        later.contains(&name) || name.starts_with("ts_of_") || name.starts_with("sort_by_");
    is_later.then_some("it came after Prometheus 2.42")
}

const fn of(name: &'static str, function: Function, args: &'static [ValueType]) -> Signature {
    Signature { name, function, args, optional: 0, repeats: false }
}

const fn math(name: &'static str) -> Signature {
    of(name, Function::Math(name), &[V])
}

const fn over(name: &'static str, over: Over) -> Signature {
    of(name, Function::Over(over), &[M])
}

const fn calendar(name: &'static str, part: Calendar) -> Signature {
    Signature { optional: 1, ..of(name, Function::Calendar(part), &[V]) }
}

const V: ValueType = ValueType::Vector;
const S: ValueType = ValueType::Scalar;
const M: ValueType = ValueType::Matrix;
const T: ValueType = ValueType::String;

static SIGNATURES: [Signature; 67] = [
    math("abs"),
    of("absent", Function::Absent, &[V]),
    of("absent_over_time", Function::AbsentOverTime, &[M]),
    math("acos"),
    math("acosh"),
    math("asin"),
    math("asinh"),
    math("atan"),
    math("atanh"),
    over("avg_over_time", Over::Avg),
    math("ceil"),
    over("changes", Over::Changes),
    of("clamp", Function::Clamp, &[V, S, S]),
    of("clamp_max", Function::ClampMax, &[V, S]),
    of("clamp_min", Function::ClampMin, &[V, S]),
    math("cos"),
    math("cosh"),
    over("count_over_time", Over::Count),
    calendar("day_of_month", Calendar::DayOfMonth),
    calendar("day_of_week", Calendar::DayOfWeek),
    calendar("day_of_year", Calendar::DayOfYear),
    calendar("days_in_month", Calendar::DaysInMonth),
    math("deg"),
    over("delta", Over::Delta),
    over("deriv", Over::Deriv),
    math("exp"),
    math("floor"),
    of("histogram_quantile", Function::HistogramQuantile, &[S, V]),
    of("holt_winters", Function::Over(Over::HoltWinters), &[M, S, S]),
    calendar("hour", Calendar::Hour),
    over("idelta", Over::Idelta),
    over("increase", Over::Increase),
    over("irate", Over::Irate),
    Signature {
        optional: 1,
        repeats: true,
        ..of("label_join", Function::LabelJoin, &[V, T, T, T])
    },
    of("label_replace", Function::LabelReplace, &[V, T, T, T, T]),
    over("last_over_time", Over::Last),
    math("ln"),
    math("log10"),
    math("log2"),
    over("max_over_time", Over::Max),
    over("min_over_time", Over::Min),
    calendar("minute", Calendar::Minute),
    calendar("month", Calendar::Month),
    of("pi", Function::Pi, &[]),
    of("predict_linear", Function::Over(Over::PredictLinear), &[M, S]),
    over("present_over_time", Over::Present),
    of("quantile_over_time", Function::Over(Over::Quantile), &[S, M]),
    math("rad"),
    over("rate", Over::Rate),
    over("resets", Over::Resets),
    Signature { optional: 1, ..of("round", Function::Round, &[V, S]) },
    of("scalar", Function::Scalar, &[V]),
    math("sgn"),
    math("sin"),
    math("sinh"),
    of("sort", Function::Sort, &[V]),
    of("sort_desc", Function::SortDesc, &[V]),
    math("sqrt"),
    over("stddev_over_time", Over::Stddev),
    over("stdvar_over_time", Over::Stdvar),
    over("sum_over_time", Over::Sum),
    math("tan"),
    math("tanh"),
    of("time", Function::Time, &[]),
    of("timestamp", Function::Timestamp, &[V]),
    of("vector", Function::Vector, &[S]),
    calendar("year", Calendar::Year),
];
