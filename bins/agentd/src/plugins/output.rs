//! What a plugin gave: events that it wants told, under its own name.

use serde::Deserialize;
use serde_json::Value;
use wardkit_core::{Event, EventKind, Severity, Timestamp};
use wardkit_plugin::manifest::PluginId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    kind: String,
    #[serde(default)]
    severity: Severity,
    #[serde(default)]
    message: String,
}

/// Returns the events in what a plugin gave. Their kinds begin with `plugin` and its id, so that they are nobody
/// else's.
///
/// # Errors
///
/// When there are events, and one of them is not as it has to be: none of them is told.
pub(super) fn events(
    plugin: &PluginId,
    value: &Value,
    at: Timestamp,
) -> Result<Vec<Event>, String> {
    let Some(given) = value.get("events") else { return Ok(Vec::new()) };
    let given: Vec<Given> =
        Deserialize::deserialize(given).map_err(|error| format!("`events`: {error}"))?;
    if given.len() > MOST_EVENTS {
        return Err(format!("`events`: more than {MOST_EVENTS}"));
    }
    given.into_iter().map(|given| event(plugin, given, at)).collect()
}

fn event(plugin: &PluginId, given: Given, at: Timestamp) -> Result<Event, String> {
    let Given { kind, severity, message } = given;
    // Ids have no `_`, so that no two of them become one.
    let kind = format!("{OF_PLUGINS}{}.{kind}", plugin.as_str().replace('-', "_"));
    let kind: EventKind = kind.parse().map_err(|_| {
        "`events`: a kind is not lower-case words joined by full stops, or too long".to_owned()
    })?;
    if message.len() > MOST_MESSAGE || message.chars().any(char::is_control) {
        return Err(format!(
            "`events`: a message is longer than {MOST_MESSAGE} bytes or has control characters"
        ));
    }
    let mut event = Event::new(at, "plugin.event", severity, super::SOURCE);
    event.kind = kind;
    Ok(event.with_subject(plugin.as_str()).with_message(message))
}

/// What the kinds of all their events begin with. Nothing of agentd's own does.
pub(super) const OF_PLUGINS: &str = "plugin.";
const MOST_EVENTS: usize = 16;
const MOST_MESSAGE: usize = 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(value: &Value) -> Result<Vec<String>, String> {
        let plugin = "org.ex-ample.hello".parse().unwrap();
        let events = events(&plugin, value, Timestamp::UNIX_EPOCH)?;
        let line = |event: &Event| {
            format!("{} {} {} {}", event.kind, event.severity, event.subject, event.message)
        };
        Ok(events.iter().map(line).collect())
    }

    #[test]
    fn events_are_under_the_name_of_the_plugin_and_as_they_have_to_be() {
        let good = json!({"count": 3, "events": [
            {"kind": "door.opened", "severity": "warning", "message": "at night"},
            {"kind": "integrity.file.changed"},
        ]});
        assert_eq!(
            told(&good).unwrap(),
            [
                "plugin.org.ex_ample.hello.door.opened warning org.ex-ample.hello at night",
                "plugin.org.ex_ample.hello.integrity.file.changed info org.ex-ample.hello ",
            ]
        );
        for nothing in [json!({}), json!(5), json!([{"events": 1}]), json!({"events": []})] {
            assert_eq!(told(&nothing).unwrap(), [""; 0], "{nothing}");
        }
        for bad in [
            json!({"events": 5}),
            json!({"events": [5]}),
            json!({"events": [{}]}),
            json!({"events": [{"kind": "Upper"}]}),
            json!({"events": [{"kind": "a..b"}]}),
            json!({"events": [{"kind": ""}]}),
            json!({"events": [{"kind": "a".repeat(200)}]}),
            json!({"events": [{"kind": "a", "severity": "worst"}]}),
            json!({"events": [{"kind": "a", "subject": "/etc/passwd"}]}),
            json!({"events": [{"kind": "a", "message": "two\nlines"}]}),
            json!({"events": [{"kind": "a", "message": "x".repeat(2000)}]}),
            json!({"events": vec![json!({"kind": "a"}); 17]}),
        ] {
            assert!(told(&bad).is_err(), "{bad}");
        }
    }
}
