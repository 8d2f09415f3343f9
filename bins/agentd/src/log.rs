//! What agentd says on standard error: one line an event, as text or as JSON.
//!
//! Text from outside reaches a line escaped only, so that it cannot forge another one.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;
use wardkit_core::{Clock, SystemClock, Timestamp};
use wardkit_validation::Masker;

/// What is logged to standard error, and how.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct LogConfig {
    /// How a line looks.
    pub format: LogFormat,
    /// What is logged: off, error, warn, info, debug or trace; then exceptions, as in `info,wardkit_api=debug`.
    pub level: LogLevel,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object, for programs.
    Json,
}

/// A level, and targets that have another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub(crate) struct LogLevel(String);

impl Default for LogLevel {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl From<LogLevel> for String {
    fn from(level: LogLevel) -> Self {
        level.0
    }
}

impl TryFrom<String> for LogLevel {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        for (index, directive) in text.split(',').enumerate() {
            let level = match (index, directive.split_once('=')) {
                (0, None) => directive,
                (1.., Some((target, level))) if !target.trim().is_empty() => level,
                _ => {
                    return Err(format!(
                        "`{directive}` is not in the form \"level,target=level,...\""
                    ));
                }
            };
            if !LEVELS.contains(&level.trim()) {
                return Err(format!(
                    "`{}` is no level; expected one of {}",
                    level.trim(),
                    LEVELS.join(", ")
                ));
            }
        }
        Ok(Self(text))
    }
}

impl LogLevel {
    fn targets(&self) -> Targets {
        // Every directive was checked when the level was made.
        Targets::from_str(&self.0.replace(' ', "")).unwrap_or_default()
    }
}

/// Changes what is logged while the program runs.
#[derive(Clone)]
pub(crate) struct Logging {
    targets: reload::Handle<Targets, tracing_subscriber::Registry>,
    format: Arc<RwLock<LogFormat>>,
}

impl Logging {
    /// Installs the process's log and its panic hook.
    pub(crate) fn install(config: &LogConfig) -> Self {
        let (layer, targets) = reload::Layer::new(config.level.targets());
        let format = Arc::new(RwLock::new(config.format));
        let lines = Lines { format: Arc::clone(&format), masker: Masker::default() };
        tracing_subscriber::registry().with(layer).with(lines).init();
        std::panic::set_hook(Box::new(|panic| {
            let message = panic.payload_as_str().unwrap_or("no message");
            let location = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(panic = message, location, "panicked");
        }));
        Self { targets, format }
    }

    /// Takes over a changed configuration from the next line on.
    pub(crate) fn apply(&self, config: &LogConfig) {
        *self.format.write().unwrap_or_else(PoisonError::into_inner) = config.format;
        // The handle fails only after the subscriber is gone, and then there is nobody to tell.
        let _ = self.targets.reload(config.level.targets());
    }
}

/// Writes events as lines, with the fields of the spans around them.
struct Lines {
    format: Arc<RwLock<LogFormat>>,
    /// Keeps what dependencies and peers say of secrets out of the log.
    masker: Masker,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            record.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let spans: Vec<(&str, Fields)> =
            context.event_scope(event).map_or_else(Vec::new, |scope| {
                scope
                    .from_root()
                    .map(|span| {
                        (
                            span.name(),
                            span.extensions().get::<Fields>().cloned().unwrap_or_default(),
                        )
                    })
                    .collect()
            });
        let line = Line { event, spans, fields };
        let format = *self.format.read().unwrap_or_else(PoisonError::into_inner);
        let text = match format {
            LogFormat::Text => line.text(),
            LogFormat::Json => line.json(),
        };
        // Nobody can be told that the log cannot be written.
        let _ = std::io::stderr().lock().write_all(self.masker.mask(&text).as_bytes());
    }
}

struct Line<'a> {
    event: &'a Event<'a>,
    spans: Vec<(&'a str, Fields)>,
    fields: Fields,
}

impl Line<'_> {
    fn text(&self) -> String {
        let metadata = self.event.metadata();
        let mut text = format!("{} {:<5} ", now(), metadata.level());
        for (name, fields) in &self.spans {
            // Writing to a String cannot fail.
            let _ = write!(text, "{name}{{{}}}: ", Pairs(&fields.0));
        }
        // A dependency's message may hold foreign text.
        for c in self.fields.message().chars() {
            if c.is_control() { text.extend(c.escape_debug()) } else { text.push(c) }
        }
        let rest = Pairs(&self.fields.0).to_string();
        if !rest.is_empty() {
            let _ = write!(text, " {rest}");
        }
        text.push('\n');
        text
    }

    fn json(self) -> String {
        let metadata = self.event.metadata();
        let mut fields = self.fields;
        let message = fields.0.remove("message").unwrap_or_default();
        let spans = self.spans.into_iter().map(|(name, mut fields)| {
            fields.0.insert("span".to_owned(), name.into());
            Value::Object(fields.0)
        });
        let line = serde_json::json!({
            "at": now(),
            "level": metadata.level().as_str().to_ascii_lowercase(),
            "target": metadata.target(),
            "message": message,
            "fields": fields.0,
            "spans": spans.collect::<Vec<_>>(),
        });
        format!("{line}\n")
    }
}

/// Returns the time to the millisecond, which is as fine as a reader compares lines.
fn now() -> Timestamp {
    Timestamp::from_unix_nanos(SystemClock.now().as_unix_nanos() / 1_000_000 * 1_000_000)
}

/// The fields of an event or a span, by name.
#[derive(Clone, Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn message(&self) -> &str {
        self.0.get("message").and_then(Value::as_str).unwrap_or_default()
    }

    fn set(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        // An event has every field; those without a value would be noise.
        if !value.is_empty() {
            self.set(field, value.into());
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }
}

/// Fields as `name=value`, without the message.
struct Pairs<'a>(&'a Map<String, Value>);

impl fmt::Display for Pairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in
            self.0.iter().filter(|(name, _)| *name != "message").enumerate()
        {
            let space = if index == 0 { "" } else { " " };
            match value.as_str() {
                Some(text) if is_plain(text) => write!(f, "{space}{name}={text}")?,
                // Debug escapes quotes, newlines and control characters.
                Some(text) => write!(f, "{space}{name}={text:?}")?,
                None => write!(f, "{space}{name}={value}")?,
            }
        }
        Ok(())
    }
}

/// Returns whether a text needs no quotes to be read back.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '=' | '{' | '}'))
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
