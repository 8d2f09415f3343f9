//! What an expression came to, here or there.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;
use wardkit_promql::{Sample, Series, Value};

pub(crate) enum Answer {
    /// It is not an expression.
    Refused(String),
    /// It could not be evaluated.
    Failed(String),
    Text(String),
    /// By labels; a scalar has none. A value at one time is a sample.
    Series(Vec<(BTreeMap<String, String>, Vec<Sample>)>),
}

impl Answer {
    pub(crate) fn of_value(value: Value, at_ms: i64) -> Self {
        match value {
            Value::String(text) => Self::Text(text),
            Value::Matrix(series) => Self::of_series(series),
            Value::Scalar(value) => {
                Self::Series(vec![(BTreeMap::new(), vec![Sample::new(at_ms, value)])])
            }
            Value::Vector(elements) => {
                let series = elements
                    .into_iter()
                    .map(|one| Series::new(one.labels, vec![Sample::new(at_ms, one.value)]));
                Self::of_series(series.collect())
            }
        }
    }

    pub(crate) fn of_series(series: Vec<Series>) -> Self {
        let own = |series: Series| {
            let pairs = series.labels.iter();
            let labels = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            (labels, series.samples)
        };
        Self::Series(series.into_iter().map(own).collect())
    }

    pub(crate) fn of_json(json: &Json) -> Self {
        if json["status"] != "success" {
            let text = json["error"].to_string();
            return match json["errorType"].as_str() {
                Some("execution") => Self::Failed(text),
                _ => Self::Refused(text),
            };
        }
        let result = &json["data"]["result"];
        match json["data"]["resultType"].as_str().unwrap() {
            "string" => Self::Text(result[1].as_str().unwrap().to_owned()),
            "scalar" => Self::Series(vec![(BTreeMap::new(), vec![sample(result)])]),
            _ => {
                let all = result.as_array().unwrap().iter().map(series);
                Self::Series(all.filter(|(_, samples)| !samples.is_empty()).collect())
            }
        }
    }

    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Failed(_))
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Series(series) if series.is_empty())
    }

    pub(crate) fn agrees(&self, other: &Self, room: f64) -> bool {
        match (self, other) {
            (Self::Refused(_), Self::Refused(_)) | (Self::Failed(_), Self::Failed(_)) => true,
            (Self::Text(mine), Self::Text(theirs)) => mine == theirs,
            (Self::Series(mine), Self::Series(theirs)) => {
                // Both order as they like.
                let by_labels = |all: &Vec<(BTreeMap<String, String>, Vec<Sample>)>| {
                    all.iter().cloned().collect::<BTreeMap<_, _>>()
                };
                let (left, right) = (by_labels(mine), by_labels(theirs));
                mine.len() == theirs.len()
                    && left.len() == mine.len()
                    && left.keys().eq(right.keys())
                    && left
                        .values()
                        .zip(right.values())
                        .all(|(mine, theirs)| same(mine, theirs, room))
            }
            _ => false,
        }
    }

    /// Whether the values are the same, whichever series have them: of equals, `topk` takes any.
    pub(crate) fn agrees_in_values(&self, other: &Self, room: f64) -> bool {
        let (Self::Series(mine), Self::Series(theirs)) = (self, other) else { return false };
        let sorted = |all: &[(BTreeMap<String, String>, Vec<Sample>)]| {
            let mut samples: Vec<Sample> =
                all.iter().flat_map(|(_, samples)| samples.iter().copied()).collect();
            samples.sort_by(|a, b| a.at_ms.cmp(&b.at_ms).then(a.value.total_cmp(&b.value)));
            samples
        };
        same(&sorted(mine), &sorted(theirs), room)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reason) => write!(f, "refused: {reason}"),
            Self::Failed(reason) => write!(f, "failed: {reason}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Series(series) => {
                let mut all: Vec<_> = series
                    .iter()
                    .map(|(labels, samples)| {
                        let samples: Vec<_> = samples
                            .iter()
                            .take(30)
                            .map(|sample| format!("{}@{}", sample.value, sample.at_ms))
                            .collect();
                        let labels: Vec<_> =
                            labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                        format!("{{{}}} {}", labels.join(","), samples.join(" "))
                    })
                    .collect();
                all.sort();
                all.truncate(12);
                f.write_str(&all.join("; "))
            }
        }
    }
}

fn same(mine: &[Sample], theirs: &[Sample], room: f64) -> bool {
    let is_same = |(mine, theirs): (&Sample, &Sample)| {
        mine.at_ms == theirs.at_ms && is_close(mine.value, theirs.value, room)
    };
    mine.len() == theirs.len() && mine.iter().zip(theirs).all(is_same)
}

fn is_close(mine: f64, theirs: f64, room: f64) -> bool {
    if mine.is_finite() && theirs.is_finite() {
        // The logarithm of nearly one has few digits to compare.
        return (mine - theirs).abs() <= (room * mine.abs().max(theirs.abs())).max(room / 1e3);
    }
    mine.total_cmp(&theirs).is_eq() || (mine.is_nan() && theirs.is_nan())
}

fn series(json: &Json) -> (BTreeMap<String, String>, Vec<Sample>) {
    let labels = serde_json::from_value(json["metric"].clone()).unwrap();
    let samples = match json["values"].as_array() {
        Some(values) => values.iter().map(sample).collect(),
        None if json["value"].is_array() => vec![sample(&json["value"])],
        // Of a range that holds nothing but the end of the series, Prometheus names the series.
        None => Vec::new(),
    };
    (labels, samples)
}

fn sample(json: &Json) -> Sample {
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds")]
    let at_ms = (json[0].as_f64().unwrap() * 1000.0).round() as i64;
    Sample::new(at_ms, json[1].as_str().unwrap().parse().unwrap())
}
