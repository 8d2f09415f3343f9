//! What the history says of how alerts are dealt with.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use wardkit_core::Timestamp;

use crate::engine::NOISE;
use crate::{ChannelId, MessageHead, MessageState, Transition};

/// Works out an [`Analysis`] from what happened, fed from the oldest on.
///
/// ```
/// use wardkit_alerting::{Analytics, Transition};
/// use wardkit_core::Timestamp;
///
/// let mut analytics = Analytics::default();
/// for (second, what) in [(0, "incident.opened"), (60, "incident.acknowledged"), (600, "incident.resolved")] {
///     let mut transition = Transition::new(Timestamp::from_unix_seconds(second), what, "i-1");
///     transition.incident = "i-1".to_owned();
///     analytics.transition(&transition);
/// }
/// let analysis = analytics.finish();
/// assert_eq!(analysis.mean_seconds_to_acknowledge, Some(60.0));
/// assert_eq!(analysis.mean_seconds_to_resolve, Some(600.0));
/// assert_eq!(analysis.noise, Some(0.0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Analytics {
    open: BTreeMap<String, Open>,
    to_acknowledge: Mean,
    to_resolve: Mean,
    incidents: u64,
    resolved: u64,
    noisy: u64,
    rules: BTreeMap<String, RuleAnalysis>,
    hours: [u64; 24],
    people: BTreeMap<String, PersonAnalysis>,
    channels: BTreeMap<ChannelId, (ChannelAnalysis, Mean)>,
}

/// An incident that is not resolved.
#[derive(Clone, Debug)]
struct Open {
    since: Timestamp,
    acknowledged: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: f64,
    count: u64,
}

/// How alerts were dealt with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Analysis {
    /// From when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// How many incidents were opened.
    pub incidents: u64,
    /// How many were resolved.
    pub resolved: u64,
    /// From being opened to being acknowledged, on average.
    pub mean_seconds_to_acknowledge: Option<f64>,
    /// From being opened to being resolved, on average.
    pub mean_seconds_to_resolve: Option<f64>,
    /// The share of resolved incidents that nobody acknowledged and that were over within five minutes.
    pub noise: Option<f64>,
    /// By the name of the alert, those that changed most first.
    pub rules: Vec<RuleAnalysis>,
    /// How many alerts fired in each hour of the day, in UTC.
    pub fired_by_hour: [u64; 24],
    /// By person, by name.
    pub people: Vec<PersonAnalysis>,
    /// By channel, by name.
    pub channels: Vec<ChannelAnalysis>,
}

/// How often an alert fired.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RuleAnalysis {
    /// The alert's name.
    pub name: String,
    /// How often one of them fired.
    pub fired: u64,
    /// How often one of them ended.
    pub resolved: u64,
    /// How often one of them began to come and go.
    pub flapped: u64,
}

/// What a person had to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PersonAnalysis {
    /// Their name.
    pub name: String,
    /// How many messages they were sent.
    pub messages: u64,
    /// How many incidents they acknowledged.
    pub acknowledged: u64,
}

/// What a channel did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChannelAnalysis {
    /// Which one.
    pub channel: ChannelId,
    /// How many messages it took.
    pub sent: u64,
    /// How many died on it.
    pub dead: u64,
    /// From being queued to being taken, on average.
    pub mean_seconds: Option<f64>,
    /// The longest of these.
    pub longest_seconds: f64,
}

impl Analytics {
    /// Takes in something that happened.
    pub fn transition(&mut self, one: &Transition) {
        match one.what.as_str() {
            "incident.opened" | "incident.reopened" => {
                self.incidents += 1;
                let open = Open { since: one.at, acknowledged: false };
                self.open.insert(one.incident.clone(), open);
            }
            "incident.acknowledged" => self.acknowledged(one),
            "incident.resolved" | "incident.closed" => self.resolved(one),
            "alert.fired" => {
                let hour = one.at.as_unix_seconds().rem_euclid(86_400) / 3600;
                self.hours[usize::try_from(hour).unwrap_or(0)] += 1;
                self.rule(one).fired += 1;
            }
            "alert.resolved" => self.rule(one).resolved += 1,
            "alert.flapping" => self.rule(one).flapped += 1,
            _ => {}
        }
    }

    /// Takes in a message.
    pub fn message(&mut self, head: &MessageHead) {
        let (channel, mean) = self.channels.entry(head.channel.clone()).or_insert_with(|| {
            let channel = head.channel.clone();
            let analysis = ChannelAnalysis {
                channel,
                sent: 0,
                dead: 0,
                mean_seconds: None,
                longest_seconds: 0.0,
            };
            (analysis, Mean::default())
        });
        match head.state {
            MessageState::Sent => {
                let waited = head.at.duration_since(head.queued_at).unwrap_or_default();
                channel.sent += 1;
                mean.add(waited.as_secs_f64());
                channel.longest_seconds = channel.longest_seconds.max(waited.as_secs_f64());
                if let Some(person) = &head.person {
                    self.person(person).messages += 1;
                }
            }
            MessageState::Dead => channel.dead += 1,
            _ => {}
        }
    }

    /// Returns what it comes to.
    #[must_use]
    pub fn finish(self) -> Analysis {
        let mut rules: Vec<RuleAnalysis> = self.rules.into_values().collect();
        rules.sort_by_key(|rule| std::cmp::Reverse((rule.flapped, rule.fired)));
        let channels = self
            .channels
            .into_values()
            .map(|(channel, mean)| ChannelAnalysis { mean_seconds: mean.value(), ..channel });
        Analysis {
            from: None,
            to: None,
            incidents: self.incidents,
            resolved: self.resolved,
            mean_seconds_to_acknowledge: self.to_acknowledge.value(),
            mean_seconds_to_resolve: self.to_resolve.value(),
            noise: Mean { sum: float(self.noisy), count: self.resolved }.value(),
            rules,
            fired_by_hour: self.hours,
            people: self.people.into_values().collect(),
            channels: channels.collect(),
        }
    }

    fn acknowledged(&mut self, one: &Transition) {
        if let Some(open) = self.open.get_mut(&one.incident)
            && !open.acknowledged
        {
            open.acknowledged = true;
            let waited = one.at.duration_since(open.since).unwrap_or_default();
            self.to_acknowledge.add(waited.as_secs_f64());
        }
        // How they did it, behind their name, does not make them another person.
        let name = one.by.split([',', '(']).next().unwrap_or_default().trim_end();
        if !name.is_empty() {
            self.person(name).acknowledged += 1;
        }
    }

    fn resolved(&mut self, one: &Transition) {
        let Some(open) = self.open.remove(&one.incident) else { return };
        let lasted = one.at.duration_since(open.since).unwrap_or_default().as_secs_f64();
        self.resolved += 1;
        self.to_resolve.add(lasted);
        self.noisy += u64::from(!open.acknowledged && lasted < NOISE.as_secs_f64());
    }

    fn rule(&mut self, one: &Transition) -> &mut RuleAnalysis {
        let name = one.labels.value("alertname").unwrap_or_default();
        let rule = self.rules.entry(name.to_owned()).or_default();
        name.clone_into(&mut rule.name);
        rule
    }

    fn person(&mut self, name: &str) -> &mut PersonAnalysis {
        let person = self.people.entry(name.to_owned()).or_default();
        name.clone_into(&mut person.name);
        person
    }
}

impl Analysis {
    /// Returns it as comma-separated values, as RFC 4180 has them: what it is about, of what, and the number.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = String::from("measure,of,value\r\n");
        self.measures(|measure, _, of, value| {
            // Writing into a text cannot fail.
            let _ = write!(csv, "{measure},{},{value}\r\n", quoted(of));
        });
        csv
    }

    /// Returns it in the text format of Prometheus, for a file that a textfile collector or a push gateway takes.
    #[must_use]
    pub fn to_prometheus(&self) -> String {
        let (mut text, mut last) = (String::new(), "");
        self.measures(|measure, label, of, value| {
            if last != measure {
                let _ = writeln!(text, "# TYPE alerting_{measure} gauge");
            }
            last = measure;
            let _ = match label {
                "" => writeln!(text, "alerting_{measure} {value}"),
                label => writeln!(text, "alerting_{measure}{{{label}=\"{}\"}} {value}", Quoted(of)),
            };
        });
        text
    }

    /// Goes through all that was measured: what, the label and the name of what it is about, how much.
    fn measures(&self, mut row: impl FnMut(&'static str, &'static str, &str, f64)) {
        row("incidents", "", "", float(self.incidents));
        row("resolved", "", "", float(self.resolved));
        for (measure, value) in [
            ("mean_seconds_to_acknowledge", self.mean_seconds_to_acknowledge),
            ("mean_seconds_to_resolve", self.mean_seconds_to_resolve),
            ("noise", self.noise),
        ] {
            if let Some(value) = value {
                row(measure, "", "", value);
            }
        }
        for (hour, fired) in self.fired_by_hour.iter().enumerate() {
            row("fired_by_hour", "hour", &hour.to_string(), float(*fired));
        }
        for (measure, value) in [
            ("rule_fired", (|one| one.fired) as fn(&RuleAnalysis) -> u64),
            ("rule_resolved", |one| one.resolved),
            ("rule_flapped", |one| one.flapped),
        ] {
            for rule in &self.rules {
                row(measure, "alertname", &rule.name, float(value(rule)));
            }
        }
        for (measure, value) in [
            ("person_messages", (|one| one.messages) as fn(&PersonAnalysis) -> u64),
            ("person_acknowledged", |one| one.acknowledged),
        ] {
            for person in &self.people {
                row(measure, "person", &person.name, float(value(person)));
            }
        }
        for (measure, value) in [
            ("channel_sent", (|one| Some(float(one.sent))) as fn(&ChannelAnalysis) -> Option<f64>),
            ("channel_dead", |one| Some(float(one.dead))),
            ("channel_mean_seconds", |one| one.mean_seconds),
            ("channel_longest_seconds", |one| Some(one.longest_seconds)),
        ] {
            for channel in &self.channels {
                if let Some(value) = value(channel) {
                    row(measure, "channel", channel.channel.as_str(), value);
                }
            }
        }
    }
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / float(self.count))
    }
}

/// Quotes what a table would misread; a program for tables takes a leading sign for a formula.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// A name as the text format of Prometheus quotes it.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '\n' => f.write_str("\\n"),
            '"' | '\\' => write!(f, "\\{letter}"),
            letter => f.write_char(letter),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "no count comes near 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use wardkit_core::Labels;

    use super::*;

    fn transition(second: i64, what: &str, incident: &str, by: &str) -> Transition {
        let mut one = Transition::new(Timestamp::from_unix_seconds(second), what, "subject");
        incident.clone_into(&mut one.incident);
        by.clone_into(&mut one.by);
        one.labels = Labels::from_pairs([("alertname", "Down, \"hard\"")]).unwrap();
        one
    }

    #[test]
    fn incidents_are_counted_timed_and_told_from_noise() {
        let mut analytics = Analytics::default();
        for (second, what, incident, by) in [
            (0, "incident.opened", "a", ""),
            (3600, "alert.fired", "a", ""),
            (3700, "alert.fired", "a", ""),
            (40, "incident.acknowledged", "a", "alice (uid 0)"),
            (50, "incident.acknowledged", "a", "bob, by a link"),
            (100, "incident.resolved", "a", ""),
            (200, "incident.opened", "b", ""),
            (260, "incident.resolved", "b", ""),
            (300, "incident.opened", "c", ""),
            (900, "incident.resolved", "c", ""),
            (999, "incident.resolved", "unknown", ""),
        ] {
            analytics.transition(&transition(second, what, incident, by));
        }
        let analysis = analytics.finish();
        assert_eq!((analysis.incidents, analysis.resolved), (3, 3));
        assert_eq!(analysis.mean_seconds_to_acknowledge, Some(40.0));
        assert_eq!(analysis.mean_seconds_to_resolve, Some((100.0 + 60.0 + 600.0) / 3.0));
        assert_eq!(analysis.noise, Some(1.0 / 3.0));
        assert_eq!(analysis.fired_by_hour[1], 2);
        assert_eq!(analysis.rules[0].fired, 2);
        let people: Vec<_> =
            analysis.people.iter().map(|one| (&*one.name, one.acknowledged)).collect();
        assert_eq!(people, [("alice", 1), ("bob", 1)]);
        let text = analysis.to_prometheus();
        for line in [
            "# TYPE alerting_rule_fired gauge\nalerting_rule_fired{alertname=\"Down, \\\"hard\\\"\"} 2\n",
            "alerting_fired_by_hour{hour=\"1\"} 2\n",
            "alerting_mean_seconds_to_acknowledge 40\n",
            "alerting_person_acknowledged{person=\"bob\"} 1\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        let csv = analysis.to_csv();
        assert!(csv.contains("rule_fired,\"Down, \"\"hard\"\"\",2\r\n"), "{csv}");
    }

    #[test]
    fn table_takes_no_name_for_a_formula() {
        assert_eq!(quoted("=cmd()"), "'=cmd()");
        assert_eq!(quoted("plain"), "plain");
    }
}
