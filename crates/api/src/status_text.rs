//! The status as text, for a terminal.

use std::fmt::{self, Write as _};

use wardkit_core::{Event, Health, Timestamp};

use crate::Status;

/// One fact a line, then a line a part, then the latest events. Text from outside is escaped.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "health  {}", escaped(&self.health))?;
        writeln!(
            f,
            "runs    {} with pid {}, since {}",
            Shown(&self.version),
            self.pid,
            seconds(self.started_at)
        )?;
        writeln!(f, "data    {}", Shown(&self.data_dir))?;
        if let Some(head) = &self.trail {
            writeln!(f, "trail   {}", Shown(head))?;
        }
        let config = self.config_file.as_deref().unwrap_or("embedded defaults");
        writeln!(f, "config  {}", Shown(config))?;
        if let Some(address) = self.listen {
            writeln!(f, "look    http://{address}/")?;
        }
        writeln!(f, "\nparts")?;
        for part in &self.parts {
            let since = seconds(part.since);
            writeln!(
                f,
                "  {:<12} {} since {since}, restarts: {}",
                Shown(&part.name).to_string(),
                escaped(&part.health),
                part.restarts
            )?;
        }
        if !self.services.is_empty() {
            writeln!(f, "\nservices")?;
        }
        for service in &self.services {
            let pid = service.pid.map_or_else(String::new, |pid| format!(", pid {pid}"));
            writeln!(
                f,
                "  {:<12} {} since {}{pid}, restarts: {}",
                Shown(&service.name).to_string(),
                Shown(&service.state),
                seconds(service.since),
                service.restarts
            )?;
        }
        if !self.plugins.is_empty() {
            writeln!(f, "\nplugins")?;
        }
        for plugin in &self.plugins {
            writeln!(f, "  {plugin}")?;
        }
        writeln!(f, "\nevents, newest first")?;
        for event in self.events.iter().take(SHOWN) {
            event_line(f, event)?;
        }
        Ok(())
    }
}

fn event_line(f: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
    write!(f, "  {} {:<8} {}", seconds(event.at), event.severity, event.kind)?;
    for text in [&event.subject, &event.message] {
        if !text.is_empty() {
            write!(f, " {}", Shown(text))?;
        }
    }
    for (name, value) in &event.details {
        write!(f, " {}={}", Shown(name), Shown(&value.to_string()))?;
    }
    writeln!(f)
}

/// A text without what would break the line, steer the terminal, or hide or reorder what is read.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '\'' | '"' | '\\' => f.write_char(letter),
            _ => write!(f, "{}", letter.escape_debug()),
        })
    }
}

fn escaped(health: &Health) -> String {
    match health.reason() {
        Some(reason) => format!("{}: {}", health.as_str(), Shown(reason)),
        None => health.as_str().to_owned(),
    }
}

/// Nobody at a terminal needs the nanoseconds.
fn seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_unix_seconds(at.as_unix_seconds())
}

/// A screenful; the JSON form has them all.
const SHOWN: usize = 10;

#[cfg(test)]
mod tests {
    use wardkit_core::Severity;

    use super::*;
    use crate::{PartStatus, ServiceLine};

    #[test]
    fn text_is_short_and_no_reason_forges_a_line() {
        let at = Timestamp::from_unix_nanos(1_500_000_000);
        let event = Event::new(at, "part.failed", Severity::Error, "agentd")
            .with_subject("http")
            .with_message("gone\nhealth  up")
            .with_detail("errors", vec!["\u{9b}2J\u{202e}\"ä\"".to_owned()])
            .with_detail("restart_in_seconds", 0.5);
        let status = Status {
            version: "1.2.3\u{1b}[2J\n".to_owned(),
            pid: 7,
            started_at: at,
            uptime_seconds: 5,
            data_dir: "/data".to_owned(),
            trail: Some("3 cm9vdA==".to_owned()),
            config_file: None,
            listen: Some(([127, 0, 0, 1], 9180).into()),
            health: Health::down("http: gone\nhealth  up"),
            parts: vec![PartStatus {
                name: "ht\ttp".to_owned(),
                health: Health::Starting,
                restarts: 2,
                since: at,
            }],
            incidents: Vec::new(),
            plugins: Vec::new(),
            services: vec![ServiceLine {
                name: "bot".to_owned(),
                state: "crash_loop".to_owned(),
                is_amiss: true,
                pid: Some(8),
                since: at,
                restarts: 5,
            }],
            events: vec![event],
        };
        let expected = "\
health  down: http: gone\\nhealth  up
runs    1.2.3\\u{1b}[2J\\n with pid 7, since 1970-01-01T00:00:01Z
data    /data
trail   3 cm9vdA==
config  embedded defaults
look    http://127.0.0.1:9180/

parts
  ht\\ttp       starting since 1970-01-01T00:00:01Z, restarts: 2

services
  bot          crash_loop since 1970-01-01T00:00:01Z, pid 8, restarts: 5

events, newest first
  1970-01-01T00:00:01Z error    part.failed http gone\\nhealth  up errors=[\"\\u{9b}2J\\u{202e}\\\"ä\\\"\"] restart_in_seconds=0.5
";
        assert_eq!(status.to_string(), expected);
    }
}
