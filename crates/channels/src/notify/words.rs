//! The usual words: short, for somebody who was asleep a minute ago.

use std::fmt::Write as _;
use std::time::Duration;

use wardkit_alerting::{Condition, Delivery, Kind, Notification, NotifiedAlert, Urgency};
use wardkit_core::{Labels, Timestamp};

use super::markup::{Limit, Markup, clean, one_line};

/// A notification on its way, and what is true for all of them.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) delivery: &'a Delivery,
    pub(crate) external_url: &'a str,
}

/// Whether the text says where to acknowledge, or a button does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AckLink {
    InText,
    OnButton,
}

impl<'a> Told<'a> {
    pub(crate) const fn notification(self) -> &'a Notification {
        &self.delivery.notification
    }

    pub(crate) fn is_resolved(self) -> bool {
        self.notification().condition() == Condition::Resolved
    }

    /// Returns where to acknowledge, while there is something to acknowledge.
    pub(crate) fn ack_url(self) -> Option<&'a str> {
        self.delivery.links.acknowledge.as_deref().filter(|_| !self.is_resolved())
    }

    /// Returns the token of a button, while there is something to acknowledge.
    pub(crate) fn ack_token(self) -> Option<&'a str> {
        self.delivery.links.token.as_deref().filter(|_| !self.is_resolved())
    }

    /// Returns a name of the incident that every vendor takes: letters and digits, the same for all its words.
    pub(crate) fn incident_key(self) -> String {
        let mut key = blake3::hash(self.notification().incident.as_bytes()).to_hex().to_string();
        key.truncate(32);
        format!("wardkit-{key}")
    }

    /// Returns the usual title: `[FIRING:2] DiskFull on db1 (critical)`.
    pub(crate) fn title(self) -> String {
        let notification = self.notification();
        let mut title = match notification.kind {
            Kind::Group => String::new(),
            Kind::Escalation => "ESCALATION ".to_owned(),
            Kind::Reminder => "REMINDER ".to_owned(),
            Kind::Flapping => "FLAPPING ".to_owned(),
            Kind::Digest => "DIGEST ".to_owned(),
            Kind::Test => "TEST ".to_owned(),
            _ => "NOTICE ".to_owned(),
        };
        let firing = count(notification, Condition::Firing);
        if firing > 0 {
            let firing = firing.saturating_add(notification.truncated);
            let _ = write!(title, "[FIRING:{firing}] ");
        } else {
            title.push_str("[RESOLVED] ");
        }
        let common = notification.common_labels();
        title.push_str(&one_line(common.value("alertname").unwrap_or("several alerts")));
        if let Some(place) = PLACES.iter().find_map(|name| common.value(name)) {
            let _ = write!(title, " on {}", one_line(place));
        }
        if notification.urgency == Urgency::Critical && firing > 0 {
            title.push_str(" (critical)");
        }
        Limit::characters(MOST_TITLE).cut(&title).into_owned()
    }

    /// Returns the usual text: what, since when, where, how much, what to do, and where to say that one does.
    pub(crate) fn text(self, markup: Markup, limit: Limit, ack: AckLink) -> String {
        let notification = self.notification();
        let common = notification.common_labels();
        let footer = self.footer(markup, ack);
        let mut page = Page::new(markup, limit, &footer);
        let paragraph = Limit { most: MOST_PARAGRAPH.min(limit.most / 3), unit: limit.unit };
        let annotations = notification.common_annotations();
        if notification.alerts.len() > 1
            && let Some(summary) = first(&annotations, &SUMMARIES)
        {
            page.push(&markup.escape(&paragraph.cut(&one_line(summary))));
        }
        let mut told = 0;
        for alert in &notification.alerts {
            let lines = block(alert, &common, notification, markup, paragraph);
            // The first alert is told as far as there is room, the others whole or not at all.
            if told > 0 && !page.has_room(&lines) {
                break;
            }
            for line in lines {
                page.push(&line);
            }
            told += 1;
        }
        let left = u64::try_from(notification.alerts.len() - told).unwrap_or(u64::MAX);
        let left = left.saturating_add(notification.truncated);
        page.end(left, &footer)
    }

    fn footer(self, markup: Markup, ack: AckLink) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(url) = self.ack_url().filter(|_| ack == AckLink::InText) {
            lines.push(markup.link("Acknowledge", url));
        }
        let notification = self.notification();
        let receiver = SHORT.cut(&notification.receiver).into_owned();
        lines.push(markup.escape(&format!("to {}", one_line(&receiver))).into_owned());
        lines
    }
}

/// What one alert says, a line each.
fn block(
    alert: &NotifiedAlert,
    common: &Labels,
    notification: &Notification,
    markup: Markup,
    paragraph: Limit,
) -> Vec<String> {
    let mut lines = vec![condition_line(alert, notification.at, markup)];
    let single = notification.alerts.len() == 1;
    let own = alert.labels.iter().filter(|(name, value)| {
        !matches!(*name, "alertname" | "severity") && (single || common.value(name) != Some(value))
    });
    let own: Vec<_> = own.map(|(name, value)| format!("{name}={}", one_line(value))).collect();
    if !own.is_empty() {
        lines.push(markup.escape(&paragraph.cut(&own.join(" "))).into_owned());
    }
    let shared = if single {
        None
    } else {
        first(&notification.common_annotations(), &SUMMARIES).map(str::to_owned)
    };
    for names in [&SUMMARIES[..], &["description"]] {
        if let Some(text) =
            first(&alert.annotations, names).filter(|text| shared.as_deref() != Some(*text))
        {
            lines.push(
                markup.escape(&paragraph.cut(clean(text).trim())).replace('\n', markup.line_end()),
            );
        }
    }
    if let Some(value) = first(&alert.annotations, &["value"]) {
        lines.push(markup.escape(&format!("value: {}", SHORT.cut(&one_line(value)))).into_owned());
    }
    for (label, url) in [
        ("Runbook", first(&alert.annotations, &["runbook_url", "runbook"])),
        ("Source", Some(alert.generator_url.as_str())),
    ] {
        if let Some(url) = url.filter(|url| !url.is_empty() && paragraph.holds(url)) {
            lines.push(markup.link(label, &one_line(url)));
        }
    }
    lines
}

fn condition_line(alert: &NotifiedAlert, at: Timestamp, markup: Markup) -> String {
    let name = SHORT.cut(alert.labels.value("alertname").unwrap_or("alert")).into_owned();
    let lasted = |end: Timestamp| span(end.duration_since(alert.starts_at).unwrap_or_default());
    let (word, times) = match (alert.condition, alert.ends_at) {
        (Condition::Resolved, Some(end)) => {
            ("resolved", format!(" at {} after {}", moment(end), lasted(end)))
        }
        (Condition::Resolved, None) => ("resolved", String::new()),
        (Condition::Firing, _) => {
            ("firing", format!(" since {}, for {}", moment(alert.starts_at), lasted(at)))
        }
    };
    let strong = markup.strong(&format!("{} {word}", one_line(&name)));
    format!("{strong}{}", markup.escape(&times))
}

/// Lines, as many as there is room for.
struct Page {
    markup: Markup,
    limit: Limit,
    text: String,
    used: usize,
    room: usize,
}

impl Page {
    fn new(markup: Markup, limit: Limit, footer: &[String]) -> Self {
        let footer: usize = footer.iter().map(|line| cost(line, markup, limit)).sum();
        let reserve = cost("… 18446744073709551615 more", markup, limit) + footer;
        Self {
            markup,
            limit,
            text: String::new(),
            used: 0,
            room: limit.most.saturating_sub(reserve),
        }
    }

    fn has_room(&self, lines: &[String]) -> bool {
        let cost: usize = lines.iter().map(|line| cost(line, self.markup, self.limit)).sum();
        self.used + cost <= self.room
    }

    /// Adds a line, if there is room.
    fn push(&mut self, line: &str) {
        let cost = cost(line, self.markup, self.limit);
        if self.used + cost <= self.room {
            self.used += cost;
            self.text.push_str(line);
            self.text.push_str(self.markup.line_end());
        }
    }

    fn end(mut self, left: u64, footer: &[String]) -> String {
        if left > 0 {
            let more = format!("… {left} more");
            self.text.push_str(&self.markup.escape(&more));
            self.text.push_str(self.markup.line_end());
        }
        for line in footer {
            if self.limit.unit.count(&self.text) + cost(line, self.markup, self.limit)
                <= self.limit.most
            {
                self.text.push_str(line);
                self.text.push_str(self.markup.line_end());
            }
        }
        self.text.truncate(self.text.trim_end().trim_end_matches("<br>").len());
        self.text
    }
}

fn cost(line: &str, markup: Markup, limit: Limit) -> usize {
    limit.unit.count(line) + limit.unit.count(markup.line_end())
}

fn count(notification: &Notification, condition: Condition) -> u64 {
    let alerts = notification.alerts.iter().filter(|alert| alert.condition == condition);
    u64::try_from(alerts.count()).unwrap_or(u64::MAX)
}

/// Returns the first of these that says something.
pub(crate) fn first<'a>(
    annotations: &'a wardkit_alerting::Annotations,
    names: &[&str],
) -> Option<&'a str> {
    let found = names.iter().filter_map(|name| annotations.get(*name));
    found.map(|text| text.trim()).find(|text| !text.is_empty())
}

/// Returns a point in time as people read it: `2026-11-21 12:01:05 UTC`.
pub(crate) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(..19).unwrap_or(&text).replace('T', " "))
}

/// Returns a duration as people read it: `3d 4h`, `14m`, `5s`.
pub(crate) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
    let Some(first) = units.iter().position(|(_, size)| seconds >= *size) else {
        return "0s".to_owned();
    };
    let (name, size) = units[first];
    let mut text = format!("{}{name}", seconds / size);
    if let Some((name, small)) = units.get(first + 1).filter(|(name, _)| *name != "s") {
        let rest = seconds % size / small;
        if rest > 0 {
            let _ = write!(text, " {rest}{name}");
        }
    }
    text
}

/// Where an alert is, by the first of these labels that it has.
const PLACES: [&str; 6] = ["instance", "host", "node", "service", "bot", "job"];
/// What an alert says of itself, by the first of these annotations that it has.
pub(crate) const SUMMARIES: [&str; 3] = ["summary", "message", "title"];
/// A subject that mail programs and lock screens show.
const MOST_TITLE: usize = 200;
/// A paragraph; who writes more has a runbook.
const MOST_PARAGRAPH: usize = 1000;
const SHORT: Limit = Limit::characters(100);
