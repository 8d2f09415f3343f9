//! An argument as configuration writes it: flat, and checked for keys that its kind does not have.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;

use crate::command::argument::{Argument, Kind, Place, Presence};
use crate::{Error, duration};

/// An argument as configuration writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::command) struct RawArgument {
    name: String,
    kind: RawKind,
    #[serde(default)]
    about: String,
    #[serde(default)]
    by_name: bool,
    #[serde(default)]
    optional: bool,
    default: Option<String>,
    min: Option<Bound>,
    max: Option<Bound>,
    choices: Option<Vec<String>>,
    pattern: Option<String>,
    max_chars: Option<usize>,
    example: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawKind {
    Word,
    Text,
    Integer,
    Decimal,
    Duration,
    Date,
    Choice,
    User,
    Flag,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Bound {
    Integer(i64),
    Decimal(f64),
    Text(String),
}

impl TryFrom<RawArgument> for Argument {
    type Error = Error;

    fn try_from(raw: RawArgument) -> Result<Self, Error> {
        let wrong = |reason| Error::Grammar { at: raw.name.clone(), reason };
        let bounded = matches!(raw.kind, RawKind::Integer | RawKind::Decimal | RawKind::Duration);
        if !bounded && (raw.min.is_some() || raw.max.is_some()) {
            return Err(wrong("only numbers and durations have min and max"));
        }
        if raw.kind != RawKind::Choice && raw.choices.is_some() {
            return Err(wrong("only a choice has choices"));
        }
        if raw.optional && raw.default.is_some() {
            return Err(wrong("what has a default is optional already"));
        }
        let bounds = "min and max must fit the kind: numbers, or durations as \"5m\"";
        let argument = match raw.kind {
            RawKind::Word => Self::word(raw.name.clone()),
            RawKind::Text => Self::text(raw.name.clone()),
            RawKind::Date => Self::date(raw.name.clone()),
            RawKind::User => Self::user(raw.name.clone()),
            RawKind::Flag => Self::flag(raw.name.clone()),
            RawKind::Choice => {
                Self::choice(raw.name.clone(), raw.choices.clone().unwrap_or_default())
            }
            RawKind::Integer => integers(&raw)
                .map(|range| Self::integer(raw.name.clone(), range))
                .ok_or_else(|| wrong(bounds))?,
            RawKind::Decimal => decimals(&raw)
                .map(|range| Self::decimal(raw.name.clone(), range))
                .ok_or_else(|| wrong(bounds))?,
            RawKind::Duration => durations(&raw)
                .map(|range| Self::duration(raw.name.clone(), range))
                .ok_or_else(|| wrong(bounds))?,
        };
        let place = if raw.by_name || argument.kind == Kind::Flag {
            Place::Option
        } else {
            Place::Position
        };
        let presence = match raw.default {
            Some(default) => Presence::Default(default),
            None if raw.optional => Presence::Optional,
            None => argument.presence.clone(),
        };
        Ok(Self {
            about: raw.about,
            place,
            presence,
            pattern: raw.pattern,
            most_chars: raw.max_chars.unwrap_or(argument.most_chars),
            example: raw.example,
            ..argument
        })
    }
}

fn integers(raw: &RawArgument) -> Option<RangeInclusive<i64>> {
    let read = |bound: &Option<Bound>, missing| match bound {
        None => Some(missing),
        Some(Bound::Integer(number)) => Some(*number),
        Some(Bound::Decimal(_) | Bound::Text(_)) => None,
    };
    Some(read(&raw.min, i64::MIN)?..=read(&raw.max, i64::MAX)?)
}

fn decimals(raw: &RawArgument) -> Option<RangeInclusive<f64>> {
    let read = |bound: &Option<Bound>, missing| match bound {
        None => Some(missing),
        // Configuration that means 2^53 and more has no use for fractions.
        Some(Bound::Integer(number)) => i32::try_from(*number).ok().map(f64::from),
        Some(Bound::Decimal(number)) => Some(*number),
        Some(Bound::Text(_)) => None,
    };
    Some(read(&raw.min, f64::MIN)?..=read(&raw.max, f64::MAX)?)
}

fn durations(raw: &RawArgument) -> Option<RangeInclusive<Duration>> {
    let read = |bound: &Option<Bound>, missing| match bound {
        None => Some(missing),
        Some(Bound::Text(text)) => duration::parse(text),
        Some(Bound::Integer(_) | Bound::Decimal(_)) => None,
    };
    Some(read(&raw.min, Duration::ZERO)?..=read(&raw.max, Duration::from_millis(u64::MAX))?)
}
