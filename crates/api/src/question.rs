//! Questions about metrics, and their answers.

use serde::{Deserialize, Serialize};
use wardkit_core::Timestamp;

use crate::site::to_json;

/// A question about metrics.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Question {
    /// What series are worth at a time.
    At {
        /// Which: `name{label="value"}`.
        series: String,
        /// When; now, if it does not say.
        at: Option<Timestamp>,
    },
    /// What series were worth over a time.
    Range(Range),
    /// Which processes use most.
    Top {
        /// How many of them.
        most: usize,
    },
    /// What is short.
    Bottleneck,
    /// When something ends.
    Forecast {
        /// What: `name{label="value"}`.
        series: String,
        /// The value at which it is at its end; where it says nothing, the program knows it or refuses.
        limit: Option<f64>,
    },
}

/// A question about a time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Range {
    /// Which series: `name{label="value"}`.
    pub series: String,
    /// From when on.
    pub from: Option<Timestamp>,
    /// Until when; now, if it does not say.
    pub until: Option<Timestamp>,
    /// The seconds between two points; the program chooses, if it does not say.
    pub step: Option<f64>,
    /// What becomes of the values within a step: `avg`, `min`, `max`, `sum`, `last`, `rate`, ...
    pub aggregate: Option<String>,
}

impl Range {
    /// Asks for all of some series.
    #[must_use]
    pub fn of(series: impl Into<String>) -> Self {
        Self { series: series.into(), from: None, until: None, step: None, aggregate: None }
    }
}

/// The answer to a [`Question`]: a document in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(pub(crate) Vec<u8>);

impl Answer {
    /// Answers with a document of names, texts and numbers.
    #[must_use]
    pub fn new(document: &impl Serialize) -> Self {
        Self(to_json(document))
    }

    /// Answers that it was done.
    #[must_use]
    pub const fn done() -> Self {
        Self(Vec::new())
    }
}

/// Why a question is not answered.
///
/// Exhaustive on purpose: each is another status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionRefused {
    /// It is none that can be answered.
    Bad(String),
    /// Not now, whatever it is.
    Unavailable(String),
}

/// What [`Question::At`] and [`Question::Range`] are answered with.
///
/// Exhaustive on purpose: who answers says all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SeriesAnswer {
    /// The series that were found, by name and labels.
    pub series: Vec<SeriesPoints>,
    /// Whether there were more than are answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// A series and what it was worth.
///
/// Exhaustive for the same reason as [`SeriesAnswer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesPoints {
    /// Name and labels: `name{label="value"}`.
    pub series: String,
    /// When, in Unix seconds, and how much, oldest first.
    pub points: Vec<(f64, Number)>,
}

/// What [`Question::Top`] is answered with.
///
/// Exhaustive for the same reason as [`SeriesAnswer`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TopAnswer {
    /// The processes that use most of something, those first that use most processor.
    pub processes: Vec<ProcessUse>,
}

/// A process and what it uses.
///
/// Exhaustive for the same reason as [`SeriesAnswer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessUse {
    /// Its number.
    pub pid: u32,
    /// Its name, which is its own choice.
    pub name: String,
    /// Processors that it kept busy: 1.5 is one and a half.
    pub cpu: Option<f64>,
    /// Its memory in bytes.
    pub memory: u64,
    /// Its threads.
    pub threads: u64,
    /// Bytes a second read from disks; known only while disks are short.
    pub read: Option<f64>,
    /// Bytes a second written to disks; known only while disks are short.
    pub written: Option<f64>,
}

/// What [`Question::Bottleneck`] and [`Question::Forecast`] are answered with.
///
/// Exhaustive for the same reason as [`SeriesAnswer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The answer in one sentence each.
    pub sentences: Vec<String>,
    /// The same as data.
    pub details: serde_json::Value,
}

/// A number that JSON may not have: `NaN`, `+Inf` and `-Inf` are texts there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            value if value.is_finite() => serializer.serialize_f64(value),
            value if value.is_nan() => serializer.serialize_str("NaN"),
            value if value > 0.0 => serializer.serialize_str("+Inf"),
            _ => serializer.serialize_str("-Inf"),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<'a> {
            Number(f64),
            #[serde(borrow)]
            Text(std::borrow::Cow<'a, str>),
        }
        match Either::deserialize(deserializer)? {
            Either::Number(value) => Ok(Self(value)),
            Either::Text(text) => match &*text {
                "NaN" => Ok(Self(f64::NAN)),
                "+Inf" => Ok(Self(f64::INFINITY)),
                "-Inf" => Ok(Self(f64::NEG_INFINITY)),
                _ => Err(serde::de::Error::custom("neither a number nor NaN, +Inf, -Inf")),
            },
        }
    }
}
