//! Texts of the operator's own.

use std::borrow::Cow;
use std::io::{self, Write};

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;
use wardkit_alerting::gotemplate::{NotificationScope, NotificationTemplate};
use wardkit_alerting::receiver::Text;
use wardkit_alerting::{Annotations, Condition, Delivery, Kind, NotifiedAlert, Urgency, Violation};
use wardkit_core::{Labels, Timestamp};

use super::markup::{Limit, Markup, clean};
use super::trial::trial_delivery;
use super::words::{Told, moment, span};

/// A text that was found sound when its channel was built.
pub(crate) struct Template {
    source: Source,
    markup: Markup,
}

enum Source {
    Usual,
    Jinja(Box<Environment<'static>>),
    Go(NotificationTemplate),
}

impl Template {
    /// Compiles a text, whose values are escaped for `markup`.
    ///
    /// # Errors
    ///
    /// Why the text can never be used, and where.
    fn new(text: &Text, markup: Markup) -> Result<Self, String> {
        let source = match text {
            Text::Usual => Source::Usual,
            Text::Jinja(source) => Source::Jinja(Box::new(environment(source, markup)?)),
            Text::Go { source, definitions } => Source::Go(
                NotificationTemplate::parse(source, definitions)
                    .map_err(|error| error.to_string())?,
            ),
            _ => return Err("is a sort of template that is not known here".to_owned()),
        };
        let template = Self { source, markup };
        template.try_out()?;
        Ok(template)
    }

    /// Compiles the text of a key.
    pub(crate) fn of(key: &str, text: &Text, markup: Markup) -> Result<Self, Vec<Violation>> {
        Self::new(text, markup).map_err(|reason| vec![Violation::new(key, reason)])
    }

    pub(crate) const fn is_usual(&self) -> bool {
        matches!(self.source, Source::Usual)
    }

    /// Returns the text, or the usual one where there is no other, or it fails, or is longer than its vendor takes.
    /// The usual one then says why it is there.
    pub(crate) fn text(
        &self,
        told: Told<'_>,
        limit: Limit,
        usual: impl FnOnce(Limit) -> String,
    ) -> String {
        let refused = match self.render(told) {
            None => return usual(limit),
            Some(Ok(text)) if text.trim().is_empty() => "its text is empty".to_owned(),
            Some(Ok(text)) if limit.holds(&text) => return text,
            Some(Ok(text)) if self.markup.can_be_cut() => return limit.cut(&text).into_owned(),
            Some(Ok(_)) => format!("its text is longer than {}", limit.most),
            Some(Err(reason)) => reason,
        };
        let note = format!("(the channel's own template was not used: {refused})");
        let note = self.markup.escape(&NOTE.cut(&note)).into_owned();
        let end = self.markup.line_end();
        let taken = limit.unit.count(&note) + limit.unit.count(end);
        if taken * 2 > limit.most {
            return usual(limit);
        }
        let text = usual(Limit { most: limit.most - taken, unit: limit.unit });
        format!("{text}{end}{note}")
    }

    /// Returns the text of the template, if there is one.
    pub(crate) fn render(&self, told: Told<'_>) -> Option<Result<String, String>> {
        let text = match &self.source {
            Source::Usual => return None,
            Source::Jinja(environment) => render(environment, told).map_err(|error| shown(&error)),
            Source::Go(template) => {
                let scope = NotificationScope {
                    notification: told.notification(),
                    external_url: told.external_url,
                };
                let text = match self.markup {
                    Markup::Html | Markup::ChatHtml => template.render_html(&scope),
                    _ => template.render(&scope),
                };
                text.map_err(|error| error.to_string())
            }
        };
        Some(text.map(|text| clean(&text)))
    }

    /// Finds what no alert could make work: filters and functions that do not exist.
    fn try_out(&self) -> Result<(), String> {
        let Source::Jinja(environment) = &self.source else { return Ok(()) };
        let delivery = trial_delivery();
        let told = Told { delivery: &delivery, external_url: "" };
        match render(environment, told) {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnknownFilter
                        | ErrorKind::UnknownTest
                        | ErrorKind::UnknownFunction
                        | ErrorKind::UnknownMethod
                        | ErrorKind::TemplateNotFound
                ) =>
            {
                Err(shown(&error))
            }
            _ => Ok(()),
        }
    }
}

fn environment(source: &str, markup: Markup) -> Result<Environment<'static>, String> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION);
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(move |_| match markup {
        Markup::Plain => AutoEscape::None,
        _ => AutoEscape::Custom("markup".into()),
    });
    environment.set_formatter(move |out, state, value| {
        if value.is_safe() || *state.auto_escape() == AutoEscape::None {
            return minijinja::escape_formatter(out, state, value);
        }
        let shown =
            if value.is_undefined() || value.is_none() { String::new() } else { value.to_string() };
        out.write_str(&markup.escape(&shown)).map_err(minijinja::Error::from)
    });
    environment
        .add_template_owned(NAME.to_owned(), source.to_owned())
        .map_err(|error| shown(&error))?;
    Ok(environment)
}

fn render(environment: &Environment<'_>, told: Told<'_>) -> Result<String, minijinja::Error> {
    let template = environment.get_template(NAME)?;
    let mut sheet = Sheet(Vec::new());
    template.render_captured_to(Value::from(Serde(Context::of(told))), &mut sheet)?;
    // Templates write text, and what they write is cut nowhere.
    Ok(String::from_utf8(sheet.0).unwrap_or_default())
}

/// An error with its line, and nothing of what the template was given.
fn shown(error: &minijinja::Error) -> String {
    if error.kind() == ErrorKind::WriteFailure {
        return "its text is longer than 256 KiB".to_owned();
    }
    let reason = match (error.kind(), error.detail()) {
        (kind, None) => kind.to_string(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
    };
    error.line().map_or_else(|| reason.clone(), |line| format!("line {line}: {reason}"))
}

/// What a template writes on; it ends.
struct Sheet(Vec<u8>);

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::Error::other("the text is longer than 256 KiB"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a template can name.
#[derive(Serialize)]
struct Context<'a> {
    status: Condition,
    kind: Kind,
    urgency: Urgency,
    receiver: &'a str,
    person: Option<&'a str>,
    incident: &'a str,
    group_key: &'a str,
    key: &'a str,
    attempt: u32,
    at: String,
    group_labels: &'a Labels,
    common_labels: Labels,
    common_annotations: Annotations,
    alerts: Vec<ContextAlert<'a>>,
    firing: usize,
    resolved: usize,
    truncated: u64,
    external_url: &'a str,
    ack_url: Option<Cow<'a, str>>,
    title: String,
}

#[derive(Serialize)]
struct ContextAlert<'a> {
    status: Condition,
    labels: &'a Labels,
    annotations: &'a Annotations,
    starts_at: String,
    ends_at: Option<String>,
    lasted: String,
    generator_url: &'a str,
    fingerprint: String,
}

impl<'a> Context<'a> {
    fn of(told: Told<'a>) -> Self {
        let Delivery { notification, attempt, .. } = told.delivery;
        let alerts: Vec<_> = notification
            .alerts
            .iter()
            .map(|alert| ContextAlert::of(alert, notification.at))
            .collect();
        let firing = alerts.iter().filter(|alert| alert.status == Condition::Firing).count();
        Self {
            status: notification.condition(),
            kind: notification.kind,
            urgency: notification.urgency,
            receiver: &notification.receiver,
            person: notification.person.as_deref(),
            incident: &notification.incident,
            group_key: &notification.group_key,
            key: notification.key.as_str(),
            attempt: *attempt,
            at: moment(notification.at),
            group_labels: &notification.group_labels,
            common_labels: notification.common_labels(),
            common_annotations: notification.common_annotations(),
            firing,
            resolved: alerts.len() - firing,
            alerts,
            truncated: notification.truncated,
            external_url: told.external_url,
            ack_url: told.ack_url().map(Cow::Borrowed),
            title: told.title(),
        }
    }
}

impl<'a> ContextAlert<'a> {
    fn of(alert: &'a NotifiedAlert, at: Timestamp) -> Self {
        let end = alert.ends_at.unwrap_or(at);
        Self {
            status: alert.condition,
            labels: &alert.labels,
            annotations: &alert.annotations,
            starts_at: moment(alert.starts_at),
            ends_at: alert.ends_at.map(moment),
            lasted: span(end.duration_since(alert.starts_at).unwrap_or_default()),
            generator_url: &alert.generator_url,
            fingerprint: alert.fingerprint.to_string(),
        }
    }
}

/// A thousand alerts with twenty values each; a loop without end is over in a few milliseconds.
const FUEL: u64 = 200_000;
const RECURSION: usize = 50;
const NAME: &str = "text";
const LONGEST: usize = 256 * 1024;
const NOTE: Limit = Limit::characters(300);
