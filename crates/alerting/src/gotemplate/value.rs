//! What a template works on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use wardkit_core::{Labels, Timestamp};

use super::{number, time};

#[derive(Clone, Debug)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    /// A text that is HTML already.
    Html(Arc<str>),
    List(ListKind, Arc<[Value]>),
    Map(MapKind, Arc<BTreeMap<Arc<str>, Value>>),
    Record(Arc<[(&'static str, Value)]>),
    /// None is Go's own zero: the year 1.
    Time(Option<Timestamp>),
}

/// Which methods a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListKind {
    Plain,
    /// `Firing` and `Resolved`.
    Alerts,
    /// `Names` and `Values`.
    Pairs,
}

/// Which methods a map has, and what is there when nothing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MapKind {
    /// Nothing is there.
    Any,
    /// The empty text is there.
    Texts,
    /// The same, with `SortedPairs`, `Remove`, `Names` and `Values`.
    Pairs,
}

impl Value {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().into())
    }

    pub(super) fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(ListKind::Plain, items.into_iter().collect())
    }

    pub(super) fn pairs<'a>(
        kind: MapKind,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), Self::text(value)));
        Self::Map(kind, Arc::new(pairs.collect()))
    }

    pub(super) fn labels(kind: MapKind, labels: &Labels) -> Self {
        Self::pairs(kind, labels.iter())
    }

    pub(super) fn record(fields: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        Self::Record(fields.into_iter().collect())
    }

    /// What `if` goes by.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) | Self::Html(text) => !text.is_empty(),
            Self::List(_, items) => !items.is_empty(),
            Self::Map(_, map) => !map.is_empty(),
            Self::Record(_) | Self::Time(_) => true,
        }
    }

    /// Go's name of its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::Text(_) | Self::Html(_) => "string",
            Self::List(..) => "list",
            Self::Map(..) => "map",
            Self::Record(_) => "struct",
            Self::Time(_) => "time.Time",
        }
    }

    /// Writes it as `%v` does. What is written may be longer than any limit by one value, and no longer.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Nil => out.push_str("<nil>"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            // Writing to a String does not fail.
            Self::Int(number) => drop(write!(out, "{number}")),
            Self::Float(number) => out.push_str(&number::general(*number, None)),
            Self::Text(text) | Self::Html(text) => out.push_str(text),
            Self::List(_, items) => {
                out.push('[');
                write_all(out, items.iter());
                out.push(']');
            }
            Self::Map(_, map) => {
                out.push_str("map[");
                for (index, (key, value)) in map.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { " " });
                    out.push_str(key);
                    out.push(':');
                    value.write(out);
                }
                out.push(']');
            }
            Self::Record(fields) => {
                out.push('{');
                write_all(out, fields.iter().map(|(_, value)| value));
                out.push('}');
            }
            Self::Time(at) => out.push_str(&time::print(*at)),
        }
    }

    pub(super) fn printed(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

fn write_all<'a>(out: &mut String, values: impl Iterator<Item = &'a Value>) {
    for (index, value) in values.enumerate() {
        out.push_str(if index == 0 { "" } else { " " });
        value.write(out);
    }
}
