//! From a line to an answer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wardkit_core::{Clock as _, SystemClock};
use wardkit_validation::{Error, Level, Policies, Policy, Sink, Strictness, Verdict};

/// A policy for each sink.
pub(super) struct Judge {
    sink: Option<Sink>,
    message: Policy,
    sinks: BTreeMap<Sink, Policy>,
}

/// What is written of a line.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Judged {
        id: Value,
        verdict: &'static str,
        class: Option<&'static str>,
        rule: Option<&'static str>,
        span: Option<[usize; 2]>,
        reason: Option<&'static str>,
    },
    Failed {
        id: Value,
        error: String,
    },
}

/// A line of JSON.
#[derive(Deserialize)]
struct Message<'l> {
    #[serde(default)]
    id: Value,
    #[serde(borrow)]
    payload: Cow<'l, str>,
    #[serde(borrow, default)]
    sink: Option<Cow<'l, str>>,
}

/// What is left of a line of JSON that is no message.
#[derive(Deserialize)]
struct Identified {
    id: Value,
}

impl Judge {
    /// Judges texts for the sink, unless a line names another.
    pub(super) fn new(
        policies: &Policies,
        sink: Option<Sink>,
        strictness: Option<Strictness>,
    ) -> Self {
        let policy = |sink: Option<Sink>| {
            let mut policy = policies.of(sink);
            policy.strictness = strictness.unwrap_or(policy.strictness);
            policy
        };
        let sinks = Sink::ALL.iter().map(|sink| (*sink, policy(Some(*sink)))).collect();
        Self { sink, message: policy(None), sinks }
    }

    /// Judges a line that is a text.
    pub(super) fn text(&self, number: u64, line: &[u8]) -> Answer {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(at) = memchr::memchr(0, line) {
            return Answer::error(number.into(), format!("no text: a NUL at byte {at}"));
        }
        let text =
            std::str::from_utf8(line).map_err(|error| Error::NotUtf8 { at: error.valid_up_to() });
        Answer::new(number.into(), text.and_then(|text| self.check(self.sink, text)))
    }

    /// Judges a line that is a JSON object.
    pub(super) fn object(&self, line: &[u8]) -> Answer {
        let message: Message<'_> = match serde_json::from_slice(line) {
            Ok(message) => message,
            Err(error) => {
                let id = serde_json::from_slice(line).map_or(Value::Null, |Identified { id }| id);
                // Its own text may quote the line's.
                let error = format!("no message: {} at column {}", what(&error), error.column());
                return Answer::error(id, error);
            }
        };
        let sink = match message.sink.as_deref().map(str::parse::<Sink>) {
            None => self.sink,
            Some(Ok(sink)) => Some(sink),
            Some(Err(error)) => return Answer::error(message.id, error.to_string()),
        };
        Answer::new(message.id, self.check(sink, &message.payload))
    }

    fn check(&self, sink: Option<Sink>, text: &str) -> Result<Verdict, Error> {
        let policy = sink.and_then(|sink| self.sinks.get(&sink)).unwrap_or(&self.message);
        if policy.exceptions.is_empty() {
            return policy.check(text);
        }
        policy.check_at(text, SystemClock.now())
    }
}

impl Answer {
    fn new(id: Value, judged: Result<Verdict, Error>) -> Self {
        let verdict = match judged {
            Ok(verdict) => verdict,
            Err(error) => return Self::error(id, error.to_string()),
        };
        let worst = verdict.findings().first();
        Self::Judged {
            id: known(id),
            verdict: if verdict.level() == Level::Clean { "clean" } else { "attack" },
            class: worst.map(|finding| finding.rule.class.as_str()),
            rule: worst.map(|finding| finding.rule.id),
            span: worst.map(|finding| [finding.span.start, finding.span.end]),
            reason: worst.map(|finding| finding.rule.reason),
        }
    }

    pub(super) fn error(id: Value, error: impl Into<String>) -> Self {
        Self::Failed { id: known(id), error: error.into() }
    }

    pub(super) const fn is_attack(&self) -> bool {
        matches!(self, Self::Judged { class: Some(_), .. })
    }
}

/// An id is a number or a text; anything else could be of any size and depth.
fn known(id: Value) -> Value {
    if id.is_number() || id.is_string() { id } else { Value::Null }
}

fn what(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "the JSON ends too early",
        serde_json::error::Category::Syntax => "broken JSON",
        serde_json::error::Category::Data => {
            "an object with a text `payload`, and `id` and `sink` once at most, is wanted"
        }
        serde_json::error::Category::Io => "unreadable",
    }
}
