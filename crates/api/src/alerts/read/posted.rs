//! Alerts that clients bring.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use wardkit_alerting::{Alert, Annotations};
use wardkit_core::{Labels, Timestamp};

/// Reads a list of alerts, and what is wrong with those that are left out.
///
/// # Errors
///
/// Returns why the body is no such list, in words.
pub(super) fn read(body: &[u8], now: Timestamp) -> Result<(Vec<Alert>, Vec<String>), String> {
    // What Go's clients write for an empty list.
    if body.trim_ascii() == b"null" {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut from = serde_json::Deserializer::from_slice(body);
    let list = List::new(now);
    let read = from.deserialize_seq(list).and_then(|list| from.end().map(|()| list));
    let list = read.map_err(|error| format!("parsing the alerts failed: {error}"))?;
    let mut errors = list.errors;
    if list.more_errors > 0 {
        errors.push(format!("... and {} more", list.more_errors));
    }
    Ok((list.alerts, errors))
}

/// The list while it is read: each alert is checked as it comes, so that what is left out takes no room.
struct List {
    now: Timestamp,
    alerts: Vec<Alert>,
    errors: Vec<String>,
    more_errors: usize,
}

impl List {
    const fn new(now: Timestamp) -> Self {
        Self { now, alerts: Vec::new(), errors: Vec::new(), more_errors: 0 }
    }

    fn refuse(&mut self, index: usize, name: &str, reason: &str) {
        if self.errors.len() == MOST_ERRORS {
            self.more_errors += 1;
        } else {
            self.errors.push(format!("alert {index}{name}: {reason}"));
        }
    }
}

impl<'de> Visitor<'de> for List {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of alerts")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Self, A::Error> {
        let mut index = 0;
        while let Some(posted) = items.next_element::<Posted>()? {
            if index == MOST_ALERTS {
                let reason = format!("more than {MOST_ALERTS} alerts in one request");
                return Err(A::Error::custom(reason));
            }
            let name = posted.name();
            match posted.into_alert(self.now) {
                Ok(alert) => self.alerts.push(alert),
                Err(reason) => self.refuse(index, &name, &reason),
            }
            index += 1;
        }
        Ok(self)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    #[serde(default)]
    labels: Option<Pairs>,
    #[serde(default)]
    annotations: Option<Pairs>,
    #[serde(default)]
    starts_at: Option<Time>,
    #[serde(default)]
    ends_at: Option<Time>,
    #[serde(rename = "generatorURL", default)]
    generator_url: Option<String>,
}

impl Posted {
    /// Returns what an error calls the alert.
    fn name(&self) -> String {
        let mut pairs = self.labels.iter().flat_map(|labels| &labels.pairs);
        let name = pairs.find(|(name, _)| name == "alertname");
        name.map_or_else(String::new, |(_, value)| format!(" ({})", shown(value)))
    }

    fn into_alert(self, now: Timestamp) -> Result<Alert, String> {
        let mut labels = Labels::new();
        let posted = self.labels.unwrap_or_default();
        posted.check("label", Labels::MAX_VALUE)?;
        for (name, value) in posted.pairs {
            // An empty label is the same as none.
            if !value.is_empty() {
                let inserted = labels.insert(&name, value);
                inserted.map_err(|error| format!("label {}: {error}", shown(&name)))?;
            }
        }
        if labels.is_empty() {
            return Err("at least one label pair required".to_owned());
        }
        let annotations = self.annotations.unwrap_or_default();
        annotations.check("annotation", MOST_ANNOTATION)?;
        let generator_url = self.generator_url.unwrap_or_default();
        if let Some(reason) = unfit(&generator_url, MOST_URL) {
            return Err(format!("generatorURL: {reason}"));
        }
        let ends_at = self.ends_at.and_then(|time| time.0);
        let start = self.starts_at.and_then(|time| time.0);
        let starts_at = start.unwrap_or_else(|| ends_at.unwrap_or(now).min(now));
        if ends_at.is_some_and(|end| end < starts_at) {
            return Err("start time must be before end time".to_owned());
        }
        let annotations = annotations.pairs.into_iter().collect::<Annotations>();
        Ok(Alert { labels, annotations, starts_at, ends_at, generator_url })
    }
}

/// Names and values, no more of them than anybody means.
#[derive(Default)]
struct Pairs {
    pairs: Vec<(String, String)>,
    /// How many were passed over.
    beyond: usize,
}

impl Pairs {
    fn check(&self, what: &str, longest: usize) -> Result<(), String> {
        if self.beyond > 0 {
            let count = self.pairs.len() + self.beyond;
            return Err(format!("{count} {what}s are more than {}", Labels::MAX_PAIRS));
        }
        for (name, value) in &self.pairs {
            if name.is_empty() || name.len() > Labels::MAX_NAME || !is_name(name) {
                return Err(format!("{what} {}: not a name", shown(name)));
            }
            if let Some(reason) = unfit(value, longest) {
                return Err(format!("{what} {}: {reason}", shown(name)));
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names and values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut found = Pairs::default();
                while found.pairs.len() < Labels::MAX_PAIRS {
                    let Some(pair) = map.next_entry::<String, String>()? else { return Ok(found) };
                    found.pairs.push(pair);
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    found.beyond += 1;
                }
                Ok(found)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// A time; none for one that Go's clients write where they have none, in the year 1.
struct Time(Option<Timestamp>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || text.starts_with("0001-") {
            return Ok(Self(None));
        }
        text.parse().map(|at| Self(Some(at))).map_err(D::Error::custom)
    }
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// Tells why a text is not taken: too long, or with letters that show nothing and turn what stands beside them.
fn unfit(text: &str, longest: usize) -> Option<String> {
    if text.len() > longest {
        return Some(format!("{} bytes are more than {longest}", text.len()));
    }
    let is_hidden = |letter: &char| match letter {
        '\n' | '\r' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        letter => letter.is_control(),
    };
    let found = text.chars().find(is_hidden)?;
    Some(format!("the character U+{:04X} is not taken", u32::from(found)))
}

/// Returns the beginning of a foreign text, quoted.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(LONGEST_SHOWN).collect();
    format!("{start:?}")
}

/// What is brought at once takes no more memory than a body: more come in another request.
const MOST_ALERTS: usize = 10_000;
/// Two lines of a terminal.
const LONGEST_SHOWN: usize = 64;
/// A page of text.
const MOST_ANNOTATION: usize = 8 * 1024;
const MOST_URL: usize = 4 * 1024;
/// As many as somebody reads.
const MOST_ERRORS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    #[test]
    fn alerts_are_read_as_prometheus_and_amtool_write_them() {
        let body = r#"[{"labels":{"alertname":"A","empty":"","job":"é"},"annotations":{"summary":"s\nt"},
              "startsAt":"2023-11-14T22:00:00.5Z","endsAt":"2023-11-14T23:13:20+01:00","generatorURL":"http://p/g"},
             {"labels":{"alertname":"B"},"startsAt":"0001-01-01T00:00:00.000Z","endsAt":"0001-01-01T00:00:00.000Z"},
             {"labels":{"alertname":"C"},"annotations":null,"endsAt":"2023-11-14T22:00:00Z","more":[1]}]"#;
        let (alerts, errors) = read(body.as_bytes(), NOW).unwrap();
        assert_eq!(errors, [""; 0]);
        assert_eq!(alerts[0].labels.to_string(), "{alertname=\"A\",job=\"é\"}");
        assert_eq!(alerts[0].annotations["summary"], "s\nt");
        assert_eq!(alerts[0].starts_at.to_string(), "2023-11-14T22:00:00.500Z");
        assert_eq!(alerts[0].ends_at, Some(NOW));
        assert_eq!(alerts[0].generator_url, "http://p/g");
        assert_eq!((alerts[1].starts_at, alerts[1].ends_at), (NOW, None));
        assert_eq!(Some(alerts[2].starts_at), alerts[2].ends_at);
    }

    #[test]
    fn one_bad_alert_is_named_and_keeps_no_other_out() {
        let many: Vec<_> = (0..65).map(|n| format!("\"l{n}\":\"v\"")).collect();
        let many = many.join(",");
        let long = "x".repeat(1025);
        for (alert, reason) in [
            ("{}", "alert 1: at least one label pair required"),
            (r#"{"labels":{}}"#, "alert 1: at least one label pair required"),
            (r#"{"labels":{"a":""}}"#, "alert 1: at least one label pair required"),
            (r#"{"labels":{"a-b":"x"}}"#, "alert 1: label \"a-b\": not a name"),
            (
                r#"{"labels":{"alertname":"D","1a":"x"}}"#,
                "alert 1 (\"D\"): label \"1a\": not a name",
            ),
            (r#"{"labels":{"a":"x\u0000"}}"#, "alert 1: label \"a\": the character U+0000"),
            (r#"{"labels":{"a":"\u202ex"}}"#, "alert 1: label \"a\": the character U+202E"),
            (
                r#"{"labels":{"a":"x"},"annotations":{"b":"\u001b"}}"#,
                "alert 1: annotation \"b\": the",
            ),
            (&format!("{{\"labels\":{{{many}}}}}"), "alert 1: 65 labels are more than 64"),
            (&format!("{{\"labels\":{{\"a\":\"{long}\"}}}}"), "alert 1: label \"a\": 1025 bytes"),
            (
                r#"{"labels":{"a":"x"},"startsAt":"2023-11-14T22:00:00Z","endsAt":"2023-11-14T21:00:00Z"}"#,
                "alert 1: start time must be before end time",
            ),
        ] {
            let body = format!(r#"[{{"labels":{{"a":"b"}}}},{alert},{{"labels":{{"a":"c"}}}}]"#);
            let (alerts, errors) = read(body.as_bytes(), NOW).unwrap();
            assert_eq!(alerts.len(), 2, "{alert}");
            assert!(errors.len() == 1 && errors[0].starts_with(reason), "{errors:?}");
        }
    }

    #[test]
    fn what_is_no_list_of_alerts_is_refused_as_a_whole() {
        assert_eq!(read(b" null\n", NOW), Ok((Vec::new(), Vec::new())));
        for body in [
            "",
            "{",
            "{}",
            "[1]",
            "[] x",
            r#"[{"labels":{"a":1}}]"#,
            r#"[{"labels":{"a":"b"},"startsAt":"nope"}]"#,
            r#"[{"labels":{"a":"b"},"startsAt":7}]"#,
        ] {
            let refused = read(body.as_bytes(), NOW).unwrap_err();
            assert!(refused.starts_with("parsing the alerts failed: "), "{body}: {refused}");
        }
        let bomb = format!("[{}]", vec![r#"{"labels":{"a":"b"}}"#; 10_001].join(","));
        assert!(read(bomb.as_bytes(), NOW).unwrap_err().contains("more than 10000 alerts"));
        let deep = "[".repeat(100_000);
        assert!(read(deep.as_bytes(), NOW).is_err());
        let many_bad = format!("[{}]", vec![r#"{"labels":{}}"#; 50].join(","));
        let (_, errors) = read(many_bad.as_bytes(), NOW).unwrap();
        assert_eq!((errors.len(), errors[10].as_str()), (11, "... and 40 more"));
    }
}
