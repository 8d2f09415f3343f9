//! What the templates of Prometheus' rules may call, and what they are filled in with.

use std::sync::Arc;

use super::RuleScope;
use super::exec::Host;
use super::functions::{escape_query, one, text, two};
use super::parse::Language;
use super::value::{ListKind, MapKind, Value};
use super::{number, text as texts};

pub(super) const LANGUAGE: Language = Language {
    functions: &[
        "args",
        "externalURL",
        "first",
        "graphLink",
        "humanize",
        "humanize1024",
        "humanizeDuration",
        "humanizePercentage",
        "humanizeTimestamp",
        "label",
        "match",
        "parseDuration",
        "pathPrefix",
        "query",
        "reReplaceAll",
        "safeHtml",
        "sortByLabel",
        "stripDomain",
        "stripPort",
        "strvalue",
        "tableLink",
        "title",
        "toLower",
        "toTime",
        "toUpper",
        "value",
    ],
    variables: &["$", "$labels", "$externalLabels", "$externalURL", "$value"],
};

/// Returns the data and the variables that are known from the start.
pub(super) fn data(scope: &RuleScope<'_>) -> (Value, Vec<(Arc<str>, Value)>) {
    let labels = Value::labels(MapKind::Texts, scope.labels);
    let external = Value::labels(MapKind::Texts, scope.external_labels);
    let url = Value::text(scope.external_url);
    let value = Value::Float(scope.value);
    let data = Value::record([
        ("Labels", labels.clone()),
        ("ExternalLabels", external.clone()),
        ("ExternalURL", url.clone()),
        ("Value", value.clone()),
    ]);
    let values = [data.clone(), labels, external, url, value];
    let names = LANGUAGE.variables.iter().map(|name| Arc::from(*name));
    (data, names.zip(values).collect())
}

pub(super) struct RuleHost<'a>(pub(super) &'a RuleScope<'a>);

impl Host for RuleHost<'_> {
    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, String> {
        if let Some(result) = texts::call(name, arguments) {
            return result;
        }
        match name {
            "args" => Ok(numbered(arguments)),
            "query" => self.query(one(name, arguments)?),
            "first" => match one(name, arguments)? {
                Value::List(_, items) => items
                    .first()
                    .cloned()
                    .ok_or_else(|| "first() called on vector with no elements".to_owned()),
                other => Err(format!("expected samples, got {}", other.type_name())),
            },
            "label" => {
                two(name, arguments).and_then(|(label, sample)| label_of(text(label)?, sample))
            }
            "value" => part(one(name, arguments)?, "Value"),
            "strvalue" => label_of("__value__", one(name, arguments)?),
            "sortByLabel" => {
                two(name, arguments).and_then(|(label, list)| sort(text(label)?, list))
            }
            "externalURL" => Ok(Value::text(self.0.external_url)),
            "pathPrefix" => Ok(Value::text(path(self.0.external_url))),
            "graphLink" => Ok(link(text(one(name, arguments)?)?, 0)),
            "tableLink" => Ok(link(text(one(name, arguments)?)?, 1)),
            "stripPort" => Ok(Value::text(strip_port(text(one(name, arguments)?)?))),
            "stripDomain" => Ok(Value::text(strip_domain(text(one(name, arguments)?)?))),
            "parseDuration" => duration(text(one(name, arguments)?)?),
            _ => humanized(name, float(one(name, arguments)?)?),
        }
    }
}

impl RuleHost<'_> {
    fn query(&self, expression: &Value) -> Result<Value, String> {
        let samples = (self.0.query)(text(expression)?)?;
        Ok(Value::list(samples.iter().map(|(labels, value)| {
            Value::record([
                ("Labels", Value::labels(MapKind::Texts, labels)),
                ("Value", Value::Float(*value)),
            ])
        })))
    }
}

fn humanized(name: &str, value: f64) -> Result<Value, String> {
    if name == "toTime" {
        return moment(value).map(|at| Value::Time(Some(at)));
    }
    let short = |value: f64| number::general(value, Some(4));
    if !value.is_finite() {
        return Ok(Value::text(short(value)));
    }
    Ok(Value::text(match name {
        "humanize" if value == 0.0 => short(value),
        "humanize" if value.abs() >= 1.0 => scaled(value, 1000.0, &LARGE),
        "humanize" => small(value, ""),
        "humanize1024" if value.abs() <= 1.0 => short(value),
        "humanize1024" => scaled(value, 1024.0, &BINARY),
        "humanizePercentage" => short(value * 100.0) + "%",
        "humanizeDuration" => humanize_duration(value),
        "humanizeTimestamp" => super::time::print(Some(moment(value)?)),
        _ => return Err(format!("function {name} is not defined")),
    }))
}

fn scaled(mut value: f64, step: f64, prefixes: &[&str]) -> String {
    let mut prefix = "";
    for next in prefixes {
        if value.abs() < step {
            break;
        }
        prefix = next;
        value /= step;
    }
    number::general(value, Some(4)) + prefix
}

fn small(mut value: f64, unit: &str) -> String {
    let mut prefix = "";
    for next in SMALL {
        if value.abs() >= 1.0 {
            break;
        }
        prefix = next;
        value *= 1000.0;
    }
    format!("{}{prefix}{unit}", number::general(value, Some(4)))
}

fn humanize_duration(value: f64) -> String {
    if value == 0.0 {
        return number::general(value, Some(4)) + "s";
    }
    if value.abs() < 1.0 {
        return small(value, "s");
    }
    let sign = if value < 0.0 { "-" } else { "" };
    #[expect(clippy::cast_possible_truncation, reason = "what is too large stays at the end")]
    let whole = value.abs() as i64;
    let (seconds, minutes) = (whole % 60, whole / 60 % 60);
    let (hours, days) = (whole / 3600 % 24, whole / 86_400);
    if days != 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours != 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes != 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        format!("{sign}{}s", number::general(value.abs(), Some(4)))
    }
}

/// Prometheus keeps times in milliseconds.
fn moment(seconds: f64) -> Result<wardkit_core::Timestamp, String> {
    let nanos = seconds * 1e9;
    // What fits both: 1970 +- 292 years.
    if !nanos.is_finite() || nanos.abs() > 9.2e18 {
        return Err(format!("{} is no time", number::general(seconds, None)));
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked above; the fraction is dropped")]
    let millis = (nanos as i64) / 1_000_000;
    Ok(wardkit_core::Timestamp::from_unix_nanos(millis * 1_000_000))
}

fn float(value: &Value) -> Result<f64, String> {
    match value {
        Value::Float(number) => Ok(*number),
        #[expect(clippy::cast_precision_loss, reason = "as there")]
        Value::Int(number) => Ok(*number as f64),
        Value::Text(text) => text.parse().map_err(|_| format!("{text:?} is no number")),
        other => Err(format!("can't convert {} to float", other.type_name())),
    }
}

fn part(sample: &Value, name: &str) -> Result<Value, String> {
    match sample {
        Value::Record(fields) => match fields.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(format!("a sample has no {name}")),
        },
        other => Err(format!("expected a sample, got {}", other.type_name())),
    }
}

fn label_of(label: &str, sample: &Value) -> Result<Value, String> {
    let Value::Map(_, labels) = part(sample, "Labels")? else {
        return Ok(Value::text(""));
    };
    Ok(labels.get(label).cloned().unwrap_or_else(|| Value::text("")))
}

fn sort(label: &str, list: &Value) -> Result<Value, String> {
    let Value::List(_, items) = list else {
        return Err(format!("expected samples, got {}", list.type_name()));
    };
    let mut keyed = Vec::with_capacity(items.len());
    for item in items.iter() {
        keyed.push((label_of(label, item)?.printed(), item.clone()));
    }
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Value::List(ListKind::Plain, keyed.into_iter().map(|(_, item)| item).collect()))
}

fn numbered(arguments: &[Value]) -> Value {
    let numbered = arguments.iter().enumerate();
    let map = numbered.map(|(index, value)| (format!("arg{index}").into(), value.clone()));
    Value::Map(MapKind::Any, Arc::new(map.collect()))
}

fn link(expression: &str, tab: u8) -> Value {
    let expression = escape_query(expression);
    Value::text(format!("/graph?g0.expr={expression}&g0.tab={tab}"))
}

fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    path.split(['?', '#']).next().unwrap_or_default()
}

/// `host:9100` without the port; what has none stays as it is.
fn strip_port(host: &str) -> String {
    if let Some(rest) = host.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((inner, port)) if port.starts_with(':') => inner.to_owned(),
            _ => host.to_owned(),
        };
    }
    match host.split_once(':') {
        Some((name, port)) if !port.contains(':') => name.to_owned(),
        _ => host.to_owned(),
    }
}

/// `host.example.org:9100` without the domain; an address stays as it is.
fn strip_domain(host: &str) -> String {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return host.to_owned();
    }
    let first = name.split('.').next().unwrap_or_default();
    match port {
        Some(port) => format!("{first}:{port}"),
        None => first.to_owned(),
    }
}

fn duration(text: &str) -> Result<Value, String> {
    match crate::duration::prometheus(text) {
        Some(duration) => Ok(Value::Float(duration.as_secs_f64())),
        None => Err(format!("{text:?} is no duration")),
    }
}

const LARGE: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];
const BINARY: [&str; 8] = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
