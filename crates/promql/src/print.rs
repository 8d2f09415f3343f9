//! The canonical spelling of an expression.

use std::fmt;

use crate::ValueType;
use crate::ast::{Aggregate, At, Binary, Group, Node, Select, Shift, Subquery};
use crate::text::quoted;
use crate::token::write_duration;

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write_number(f, *number),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Select(select) => write_select(f, select),
            Self::Subquery(subquery) => write_subquery(f, subquery),
            Self::Paren(of) => write!(f, "({of})"),
            Self::Negate(of) => write!(f, "-{of}"),
            Self::Plus(of) => write!(f, "+{of}"),
            Self::Binary(binary) => write_binary(f, binary),
            Self::Aggregate(aggregate) => write_aggregate(f, aggregate),
            Self::Call(call) => {
                write!(f, "{}(", call.function.name())?;
                write_list(f, &call.args)?;
                f.write_str(")")
            }
        }
    }
}

fn write_number(f: &mut fmt::Formatter<'_>, number: f64) -> fmt::Result {
    let size = number.abs();
    if number.is_nan() {
        f.write_str("NaN")
    } else if number.is_infinite() {
        f.write_str(if number > 0.0 { "Inf" } else { "-Inf" })
    } else if size == 0.0 || (1e-5..1e16).contains(&size) {
        write!(f, "{number}")
    } else {
        write!(f, "{number:e}")
    }
}

fn write_select(f: &mut fmt::Formatter<'_>, select: &Select) -> fmt::Result {
    fmt::Display::fmt(&select.selector, f)?;
    if let Some(range_ms) = select.range_ms {
        f.write_str("[")?;
        write_duration(f, range_ms)?;
        f.write_str("]")?;
    }
    write_shift(f, select.shift)
}

fn write_subquery(f: &mut fmt::Formatter<'_>, subquery: &Subquery) -> fmt::Result {
    write!(f, "{}[", subquery.of)?;
    write_duration(f, subquery.range_ms)?;
    f.write_str(":")?;
    if let Some(step_ms) = subquery.step_ms {
        write_duration(f, step_ms)?;
    }
    f.write_str("]")?;
    write_shift(f, subquery.shift)
}

fn write_shift(f: &mut fmt::Formatter<'_>, shift: Shift) -> fmt::Result {
    match shift.at {
        Some(At::Start) => f.write_str(" @ start()")?,
        Some(At::End) => f.write_str(" @ end()")?,
        Some(At::Ms(millis)) => {
            let sign = if millis < 0 { "-" } else { "" };
            let millis = millis.unsigned_abs();
            write!(f, " @ {sign}{}.{:03}", millis / 1000, millis % 1000)?;
        }
        None => {}
    }
    if let Some(offset_ms) = shift.offset_ms {
        f.write_str(" offset ")?;
        write_duration(f, offset_ms)?;
    }
    Ok(())
}

fn write_binary(f: &mut fmt::Formatter<'_>, binary: &Binary) -> fmt::Result {
    let Binary { op, matching, left, right, .. } = binary;
    write!(f, "{left} {}", op.sign())?;
    if binary.returns_bool {
        f.write_str(" bool")?;
    }
    let is_vector = |node: &Node| node.value_type() == ValueType::Vector;
    let is_matched = is_vector(left) && is_vector(right);
    if is_matched && (matching.on || !matching.labels.is_empty() || matching.group != Group::None) {
        write_labels(f, if matching.on { " on " } else { " ignoring " }, &matching.labels)?;
    }
    match matching.group {
        Group::None => {}
        Group::Left => write_labels(f, " group_left ", &matching.include)?,
        Group::Right => write_labels(f, " group_right ", &matching.include)?,
    }
    write!(f, " {right}")
}

fn write_aggregate(f: &mut fmt::Formatter<'_>, aggregate: &Aggregate) -> fmt::Result {
    f.write_str(aggregate.op.word())?;
    let grouping = &aggregate.grouping;
    if grouping.without {
        write_labels(f, " without ", &grouping.labels)?;
        f.write_str(" ")?;
    } else if !grouping.labels.is_empty() {
        write_labels(f, " by ", &grouping.labels)?;
        f.write_str(" ")?;
    }
    f.write_str("(")?;
    write_list(f, aggregate.param.iter().chain([&aggregate.of]))?;
    f.write_str(")")
}

fn write_list<'a>(
    f: &mut fmt::Formatter<'_>,
    nodes: impl IntoIterator<Item = &'a Node>,
) -> fmt::Result {
    for (index, node) in nodes.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}{node}")?;
    }
    Ok(())
}

fn write_labels(f: &mut fmt::Formatter<'_>, before: &str, labels: &[String]) -> fmt::Result {
    write!(f, "{before}({})", labels.join(", "))
}
