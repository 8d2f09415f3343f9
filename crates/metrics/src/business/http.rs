//! Metrics from numbers in JSON that services tell over HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::{DeclaredKind, HttpMetricConfig};
use crate::samples::push_label;
use crate::{Collector, Counter, Error, Family, Kind, Labelled, Registry, Samples};

/// Metrics from JSON that services tell. The caller asks each of [`HttpMetrics::sources`] at its interval and hands
/// the answers in. A clone has the same values.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    sources: Arc<[Source]>,
    answers: Arc<Mutex<Vec<Answer>>>,
    overflowed: Labelled<Counter, 1>,
    up: String,
}

/// A service that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpSource<'a> {
    /// The address.
    pub url: &'a str,
    /// How often it is asked: as often as the most eager of its metrics wants.
    pub interval: Duration,
}

/// Why a metric has no value after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum HttpProblem {
    /// The answer is no JSON.
    #[error("the answer is no JSON")]
    NotJson,
    /// Nothing stands where the pointer points.
    #[error("the answer has nothing where the pointer points")]
    Nothing,
    /// What stands there is no number.
    #[error("what the pointer points to is no number")]
    NotANumber,
}

#[derive(Debug)]
struct Source {
    url: String,
    interval: Duration,
    metrics: Vec<HttpMetricConfig>,
}

/// What a service told last; nothing since it did not answer.
#[derive(Debug, Default)]
struct Answer {
    is_up: Option<bool>,
    /// Labels as they are printed and the value, for each metric.
    values: Vec<Vec<(String, f64)>>,
}

impl HttpMetrics {
    /// Creates the metrics, without values. What they have no room for the registry counts.
    ///
    /// # Errors
    ///
    /// When the registry has the name of that count for another metric.
    pub fn new(declared: &[HttpMetricConfig], registry: &Registry) -> Result<Self, Error> {
        let mut sources = BTreeMap::<&str, Source>::new();
        for config in declared {
            let source = sources.entry(&config.url).or_insert_with(|| Source {
                url: config.url.clone(),
                interval: config.interval,
                metrics: Vec::new(),
            });
            source.interval = source.interval.min(config.interval);
            source.metrics.push(config.clone());
        }
        let sources: Arc<[Source]> = sources.into_values().collect();
        let answers = sources.iter().map(|_| Answer::default()).collect();
        let up = match registry.prefix() {
            "" => "business_http_up".to_owned(),
            prefix => format!("{prefix}_business_http_up"),
        };
        let overflowed = super::overflow(registry)?;
        Ok(Self { sources, answers: Arc::new(Mutex::new(answers)), overflowed, up })
    }

    /// Returns the services to ask.
    #[must_use]
    pub fn sources(&self) -> impl ExactSizeIterator<Item = HttpSource<'_>> {
        self.sources.iter().map(|source| HttpSource { url: &source.url, interval: source.interval })
    }

    /// Takes in what a service answered; `source` is its place among the sources. Returns the metrics that have no
    /// value in it, and why.
    #[must_use]
    pub fn answered(&self, source: usize, body: &[u8]) -> Vec<(String, HttpProblem)> {
        let Some(asked) = self.sources.get(source) else { return Vec::new() };
        let json: Option<Value> = serde_json::from_slice(body).ok();
        let mut problems = Vec::new();
        let mut values = Vec::new();
        for metric in &asked.metrics {
            let found = json.as_ref().ok_or(HttpProblem::NotJson).and_then(|json| {
                let (found, surplus) = metric.values(json)?;
                self.overflowed.with([&metric.name]).add(surplus);
                Ok(found)
            });
            values.push(found.unwrap_or_else(|problem| {
                problems.push((metric.name.clone(), problem));
                Vec::new()
            }));
        }
        self.set(source, Answer { is_up: Some(json.is_some()), values });
        problems
    }

    /// Forgets what a service told, because it did not answer: a value that nobody vouches for is none.
    pub fn failed(&self, source: usize) {
        self.set(source, Answer { is_up: Some(false), values: Vec::new() });
    }

    fn set(&self, source: usize, answer: Answer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = answers.get_mut(source) {
            *place = answer;
        }
    }
}

impl Collector for HttpMetrics {
    fn name(&self) -> &'static str {
        "business_http"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), Error> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let help = "Whether the service that a declared metric is read from answered in JSON.";
        out.family(Family { name: &self.up, help, kind: Kind::Gauge });
        for (source, answer) in self.sources.iter().zip(&*answers) {
            let Some(is_up) = answer.is_up else { continue };
            for metric in &source.metrics {
                out.push(&[("metric", &metric.name)], if is_up { 1.0 } else { 0.0 });
            }
        }
        for (source, answer) in self.sources.iter().zip(&*answers) {
            for (metric, values) in source.metrics.iter().zip(&answer.values) {
                let kind = match metric.kind {
                    DeclaredKind::Counter => Kind::Counter,
                    _ => Kind::Gauge,
                };
                out.family(Family { name: &metric.name, help: &metric.help, kind });
                for (labels, value) in values {
                    out.push_text(labels, *value);
                }
            }
        }
        Ok(())
    }
}

impl HttpMetricConfig {
    /// Returns the numbers that the pointer points to, with their labels, and for how many there is no room.
    fn values(&self, json: &Value) -> Result<(Vec<(String, f64)>, u64), HttpProblem> {
        let Some((before, after)) = self.pointer.split_once("/*") else {
            let found = json.pointer(&self.pointer).ok_or(HttpProblem::Nothing)?;
            let value = number(found).ok_or(HttpProblem::NotANumber)?;
            return Ok((vec![(self.printed(None), self.unit.convert(value))], 0));
        };
        let elements: Vec<(String, &Value)> = match json.pointer(before) {
            Some(Value::Array(elements)) => {
                elements.iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect()
            }
            Some(Value::Object(elements)) => {
                elements.iter().map(|(key, one)| (key.clone(), one)).collect()
            }
            _ => return Err(HttpProblem::Nothing),
        };
        let mut found = Vec::new();
        let surplus = elements.len().saturating_sub(MOST_ELEMENTS);
        for (key, element) in elements.into_iter().take(MOST_ELEMENTS) {
            let Some(element) = element.pointer(after) else { continue };
            let value = number(element).ok_or(HttpProblem::NotANumber)?;
            found.push((self.printed(Some(&key)), self.unit.convert(value)));
        }
        if found.is_empty() { Err(HttpProblem::Nothing) } else { Ok((found, surplus as u64)) }
    }

    /// Returns the labels as they are printed.
    fn printed(&self, element: Option<&str>) -> String {
        let element = element.map(|key| (self.each.as_str(), key));
        let fixed = self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut text = String::new();
        for (name, value) in fixed.chain(element) {
            text.push(if text.is_empty() { '{' } else { ',' });
            push_label(name, value, &mut text);
        }
        if !text.is_empty() {
            text.push('}');
        }
        text
    }
}

/// Returns a number; what is true is one, and false is nought.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(is_true) => Some(if *is_true { 1.0 } else { 0.0 }),
        _ => None,
    }
}

/// Elements of one array or object that become series.
const MOST_ELEMENTS: usize = 1000;
