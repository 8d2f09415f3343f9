//! `auditctl alerts`: what the running daemon alerts of, and what is to be done about it.

mod analytics;
mod escalation;
mod schedule;

use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;
use wardkit_alerting::{MatchOp, Matchers};
use wardkit_api::alerts::{Command, ShownMatcher, SilenceWish};
use wardkit_cli::{Common, Format, Report, escaped, escaped_json};
use wardkit_core::{Clock as _, SystemClock};

use super::table::{Column, table, texts};
use super::{actor, ask, could_not_run, print};
use crate::cli::{Alerts, AlertsCommand, By, ScheduleCommand, Silence, SilenceCommand};

/// Runs the command.
pub(super) fn run(common: &Common, alerts: &Alerts) -> Result<ExitCode, Report> {
    if let AlertsCommand::Analytics(asked) = &alerts.command {
        return analytics::run(common, asked);
    }
    let command = command(&alerts.command)?;
    let answer: Value = ask(common, async |client| client.alerts(&command).await)?;
    if let AlertsCommand::Schedule { command: ScheduleCommand::Show { ical: true, .. } } =
        &alerts.command
    {
        // A file for other programs, whatever the format of answers is.
        print(answer.as_str().unwrap_or_default())?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&match common.format {
        Format::Json => format!("{}\n", escaped_json(&answer).map_err(could_not_run)?),
        Format::Text => text(&alerts.command, &answer),
    })?;
    Ok(if is_finding(&alerts.command, &answer) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Returns what the daemon is told.
fn command(command: &AlertsCommand) -> Result<Command, Report> {
    Ok(match command {
        AlertsCommand::List { matcher } => Command::List { filter: matcher.clone() },
        AlertsCommand::Incidents => Command::Incidents {},
        AlertsCommand::Ack { id, hold, comment, by } => Command::Ack {
            id: id.clone(),
            seconds: hold.map(|hold| hold.as_secs()),
            comment: comment.clone(),
            by: name(by),
        },
        AlertsCommand::Unack { id, by } => Command::Unack { id: id.clone(), by: name(by) },
        AlertsCommand::Snooze { id, hold, by } => {
            Command::Snooze { id: id.clone(), seconds: hold.as_secs(), by: name(by) }
        }
        AlertsCommand::Resolve { id, by } => Command::Resolve { id: id.clone(), by: name(by) },
        AlertsCommand::Silence(silence) => match &silence.command {
            Some(SilenceCommand::List) => Command::Silences {},
            Some(SilenceCommand::Expire { id }) => Command::Expire { id: id.clone() },
            None => Command::Silence(wish(silence)?),
        },
        AlertsCommand::Test { channel } => Command::Test { channel: channel.clone() },
        AlertsCommand::Explain { what } => Command::Explain { what: what.clone() },
        AlertsCommand::Dead => Command::Dead {},
        AlertsCommand::Replay { key, .. } => Command::Replay { keys: key.clone() },
        AlertsCommand::History { id, since, most } => Command::History {
            id: id.clone().unwrap_or_default(),
            since: since.map(|since| SystemClock.now().saturating_sub(since)),
            most: *most,
        },
        AlertsCommand::Rules => Command::Rules {},
        AlertsCommand::Schedule { command } => match command {
            ScheduleCommand::List => Command::Schedules {},
            ScheduleCommand::Show { name, from, to, ical } => {
                Command::Schedule { name: name.clone(), from: *from, to: *to, calendar: *ical }
            }
        },
        AlertsCommand::Analytics(asked) => analytics::command(asked),
    })
}

/// Returns who does something: the name that is given, else the user's, before `sudo`.
fn name(by: &By) -> String {
    let user = || ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    by.name.clone().or_else(user).unwrap_or_default()
}

fn wish(silence: &Silence) -> Result<SilenceWish, Report> {
    let mut matchers = Vec::new();
    for text in &silence.matcher {
        let read: Matchers = text.parse().map_err(could_not_run)?;
        matchers.extend(read.iter().map(|one| ShownMatcher {
            is_equal: matches!(one.op(), MatchOp::Equal | MatchOp::Regex),
            is_regex: matches!(one.op(), MatchOp::Regex | MatchOp::NotRegex),
            name: one.name().to_owned(),
            value: one.value().to_owned(),
        }));
    }
    let now = SystemClock.now();
    let hold = silence.hold.unwrap_or(Duration::ZERO);
    let ends_at = silence.until.unwrap_or_else(|| now.saturating_add(hold));
    let mut wish = SilenceWish::new(matchers, now, ends_at);
    wish.created_by = Some(name(&silence.by)).filter(|name| !name.is_empty()).unwrap_or_else(actor);
    wish.comment = silence.comment.clone().unwrap_or_default();
    wish.until_resolved = silence.until_resolved;
    Ok(wish)
}

/// Returns whether somebody should look.
fn is_finding(command: &AlertsCommand, answer: &Value) -> bool {
    let any = |wanted: &dyn Fn(&Value) -> bool| {
        answer.as_array().is_some_and(|items| items.iter().any(wanted))
    };
    match command {
        AlertsCommand::List { .. } => any(&|one| one["state"] == "firing"),
        AlertsCommand::Dead => any(&|_| true),
        AlertsCommand::Test { .. } => any(&|one| one["sent"] != true),
        AlertsCommand::Rules => any(&|group| {
            let rules = group["rules"].as_array();
            rules.is_some_and(|rules| rules.iter().any(|rule| rule["health"]["error"].is_string()))
        }),
        _ => false,
    }
}

/// Returns an answer for people.
fn text(command: &AlertsCommand, answer: &Value) -> String {
    match command {
        AlertsCommand::List { .. } => table(answer, ALERTS, "no alert lasts"),
        AlertsCommand::Incidents => table(answer, INCIDENTS, "there is no incident"),
        AlertsCommand::Silence(Silence { command: Some(SilenceCommand::List), .. }) => {
            table(answer, SILENCES, "there is no silence")
        }
        AlertsCommand::Silence(Silence { command: None, .. }) => one(answer, "silenceID"),
        AlertsCommand::Dead => table(answer, MESSAGES, "no message is dead"),
        AlertsCommand::History { .. } => table(answer, HISTORY, "nothing happened"),
        AlertsCommand::Test { .. } => table(answer, TESTS, "there is no channel"),
        AlertsCommand::Rules => {
            let groups = answer.as_array().into_iter().flatten();
            let rules = groups.flat_map(|group| group["rules"].as_array().into_iter().flatten());
            table(&rules.cloned().collect(), RULES, "there is no rule")
        }
        AlertsCommand::Schedule { command: ScheduleCommand::List } => {
            table(answer, schedule::LIST, "there is no schedule")
        }
        AlertsCommand::Schedule { .. } => schedule::shown(answer),
        AlertsCommand::Explain { .. } => explained(answer),
        AlertsCommand::Replay { .. } => one(answer, "replayed"),
        AlertsCommand::Ack { .. }
        | AlertsCommand::Unack { .. }
        | AlertsCommand::Snooze { .. }
        | AlertsCommand::Resolve { .. } => one(answer, "incidents"),
        AlertsCommand::Silence(_) | AlertsCommand::Analytics(_) => "done\n".to_owned(),
    }
}

fn one(answer: &Value, key: &str) -> String {
    format!("{}\n", escaped(&texts(&answer[key])))
}

fn explained(answer: &Value) -> String {
    let mut text = String::new();
    let mut part = |title: &str, body: &str| {
        text.push_str(title);
        text.push('\n');
        text.push_str(body);
    };
    if !answer["alert"].is_null() {
        part("Alert", &table(&Value::Array(vec![answer["alert"].clone()]), ALERTS, ""));
    }
    if let Some(routes) = answer["routes"].as_array() {
        let (policies, routes): (Vec<_>, Vec<_>) =
            routes.iter().cloned().partition(|route| route["policy"].is_string());
        let policies: String = policies.iter().map(escalation::steps).collect();
        let routes = Value::Array(routes);
        let nobody = if policies.is_empty() { "nobody\n" } else { "" };
        let routes = match routes.as_array() {
            Some(none) if none.is_empty() => nobody.to_owned(),
            _ => table(&routes, ROUTES, ""),
        };
        part("Goes to", &(policies + &routes));
    }
    for incident in answer["incidents"].as_array().into_iter().flatten() {
        let own = Value::Array(vec![incident["incident"].clone()]);
        let next = escalation::next(&incident["incident"]["escalation"]);
        part("Incident", &(table(&own, INCIDENTS, "") + &next));
        part("Messages", &table(&incident["messages"], MESSAGES, "none"));
        part("What happened", &table(&incident["history"], HISTORY, "nothing"));
    }
    text
}

const ALERTS: &[Column] = &[
    ("ID", "id"),
    ("STATE", "state"),
    ("SINCE", "since"),
    ("LABELS", "labels"),
    ("BY", "by"),
    ("HELD BACK BY", "suppressed_by"),
    ("WOULD BE SILENCED BY", "would_be_silenced_by"),
    ("SUMMARY", "annotations.summary"),
];
const INCIDENTS: &[Column] = &[
    ("ID", "id"),
    ("STATE", "state"),
    ("URGENCY", "urgency"),
    ("SINCE", "opened_at"),
    ("LABELS", "labels"),
    ("RECEIVER", "receiver"),
    ("BY", "by"),
    ("UNTIL", "until"),
];
const SILENCES: &[Column] = &[
    ("ID", "id"),
    ("STATE", "status.state"),
    ("ENDS", "endsAt"),
    ("MATCHERS", "matchers"),
    ("BY", "createdBy"),
    ("COMMENT", "comment"),
];
const MESSAGES: &[Column] = &[
    ("KEY", "key"),
    ("STATE", "state"),
    ("CHANNEL", "channel"),
    ("KIND", "kind"),
    ("QUEUED", "queued_at"),
    ("ATTEMPTS", "attempts"),
    ("WHY", "reason"),
];
const HISTORY: &[Column] = &[
    ("AT", "at"),
    ("WHAT", "what"),
    ("OF", "subject"),
    ("INCIDENT", "incident"),
    ("BY", "by"),
    ("WHY", "why"),
    ("LABELS", "labels"),
];
const TESTS: &[Column] = &[("CHANNEL", "channel"), ("SENT", "sent"), ("WHY NOT", "reason")];
const RULES: &[Column] = &[
    ("RULE", "name"),
    ("KIND", "kind"),
    ("STATE", "state"),
    ("HEALTH", "health"),
    ("LAST", "lastEvaluation"),
    ("EXPRESSION", "expr"),
];
const ROUTES: &[Column] = &[
    ("RECEIVER", "receiver"),
    ("CHANNELS", "channels"),
    ("ROUTE", "route"),
    ("MUTED WHILE", "mute-times"),
    ("ONLY WHILE", "active-times"),
];
