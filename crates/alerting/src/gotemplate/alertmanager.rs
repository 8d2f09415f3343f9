//! What the templates of Alertmanager's receivers may call, and what they are filled in with.

use std::sync::OnceLock;

use super::exec::Host;
use super::functions::{text, two};
use super::parse::{Language, parse};
use super::tree::Definitions;
use super::value::{ListKind, MapKind, Value};
use super::{NotificationScope, text as texts};
use crate::{Annotations, Condition, NotifiedAlert};

pub(super) const LANGUAGE: Language = Language {
    functions: &[
        "join",
        "match",
        "reReplaceAll",
        "safeHtml",
        "stringSlice",
        "title",
        "toLower",
        "toUpper",
    ],
    variables: &["$"],
};

/// What the defaults of receivers call, by the names that Alertmanager has for them.
const DEFAULTS: &str = include_str!("default.tmpl");

pub(super) fn defaults() -> &'static Definitions {
    static DEFINITIONS: OnceLock<Definitions> = OnceLock::new();
    DEFINITIONS.get_or_init(|| {
        let mut definitions = Definitions::new();
        parse(DEFAULTS, LANGUAGE, &mut definitions).expect("a test reads the defaults");
        definitions
    })
}

pub(super) fn data(scope: &NotificationScope<'_>) -> Value {
    let notification = scope.notification;
    let alerts = notification.alerts.iter().map(alert).collect();
    let condition = status(notification.condition());
    Value::record([
        ("Receiver", Value::text(&notification.receiver)),
        ("Status", condition),
        ("Alerts", Value::List(ListKind::Alerts, alerts)),
        ("GroupLabels", Value::labels(MapKind::Pairs, &notification.group_labels)),
        ("CommonLabels", Value::labels(MapKind::Pairs, &notification.common_labels())),
        ("CommonAnnotations", annotations(&notification.common_annotations())),
        ("ExternalURL", Value::text(scope.external_url)),
    ])
}

fn alert(alert: &NotifiedAlert) -> Value {
    Value::record([
        ("Status", status(alert.condition)),
        ("Labels", Value::labels(MapKind::Pairs, &alert.labels)),
        ("Annotations", annotations(&alert.annotations)),
        ("StartsAt", Value::Time(Some(alert.starts_at))),
        ("EndsAt", Value::Time(alert.ends_at)),
        ("GeneratorURL", Value::text(&alert.generator_url)),
        ("Fingerprint", Value::text(alert.fingerprint.to_string())),
    ])
}

fn status(condition: Condition) -> Value {
    Value::text(match condition {
        Condition::Firing => "firing",
        Condition::Resolved => "resolved",
    })
}

fn annotations(annotations: &Annotations) -> Value {
    let pairs = annotations.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Value::pairs(MapKind::Pairs, pairs)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotificationHost {
    Text,
    Html,
}

impl Host for NotificationHost {
    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, String> {
        if let Some(result) = texts::call(name, arguments) {
            return result;
        }
        match name {
            "join" => two(name, arguments).and_then(|(separator, list)| {
                let Value::List(_, items) = list else {
                    return Err(format!("expected a list of strings, got {}", list.type_name()));
                };
                let items: Result<Vec<&str>, String> = items.iter().map(text).collect();
                Ok(Value::text(items?.join(text(separator)?)))
            }),
            "stringSlice" => {
                for argument in arguments {
                    text(argument)?;
                }
                Ok(Value::list(arguments.iter().cloned()))
            }
            _ => Err(format!("function {name} is not defined")),
        }
    }

    fn is_html(&self) -> bool {
        *self == Self::Html
    }
}
