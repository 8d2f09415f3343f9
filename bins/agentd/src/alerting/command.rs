//! The commands of `auditctl alerts`.

use std::time::Duration;

use serde_json::json;
use wardkit_alerting::{
    AlertState, AlertView, ChannelId, Engine, Fingerprint, HistoryQuery, IncidentAction, Input,
    Matcher, Outbox, Outcome,
};
use wardkit_api::alerts::{Command, Refused};
use wardkit_api::{Answer, Caller};
use wardkit_auditlog::Entry;
use wardkit_core::{Clock as _, SystemClock};

use super::Running;
use super::answer::{failed, matchers, who};
use super::shown::Line;
use crate::app::App;

impl App {
    /// Does what a command of the control socket says.
    pub(super) async fn command(
        &self,
        running: &Running,
        by: Option<Caller>,
        command: Command,
    ) -> Result<Answer, Refused> {
        match command {
            Command::List { filter } => running.list(&filter).await,
            Command::Incidents {} => {
                let look = |engine: &Engine, _: &Outbox| engine.incidents().collect::<Vec<_>>();
                running.handle.read(look).await.map(|all| Answer::new(&all)).map_err(failed)
            }
            Command::Ack { id, seconds, comment, by: name } => {
                let hold = seconds.map(Duration::from_secs);
                let action = IncidentAction::Acknowledge { hold, comment };
                self.act(running, named(&name, by), "alerting.incident.acknowledged", id, action)
                    .await
            }
            Command::Unack { id, by: name } => {
                let action = IncidentAction::Unacknowledge;
                self.act(running, named(&name, by), "alerting.incident.unacknowledged", id, action)
                    .await
            }
            Command::Snooze { id, seconds, by: name } => {
                let hold = Duration::from_secs(seconds);
                let action = IncidentAction::Snooze { hold, comment: String::new() };
                self.act(running, named(&name, by), "alerting.incident.snoozed", id, action).await
            }
            Command::Resolve { id, by: name } => {
                let action = IncidentAction::Resolve { comment: String::new() };
                self.act(running, named(&name, by), "alerting.incident.resolved", id, action).await
            }
            Command::Silence(wish) => self.set_silence(running, by, wish).await,
            Command::Silences {} => running.silences(&[]).await.map(|all| Answer::new(&all)),
            Command::Expire { id } => self.expire_silence(running, by, id).await,
            Command::History { id, since, most } => {
                let mut query = HistoryQuery::default();
                (query.from, query.limit) = (since, most);
                running.history(id, query).await
            }
            Command::Analytics { from, to } => {
                let to = to.unwrap_or_else(|| SystemClock.now());
                let from = from.unwrap_or_else(|| to.saturating_sub(ANALYSED));
                if from >= to {
                    return Err(Refused::Bad(format!("{from} is not before {to}")));
                }
                running.handle.analyse(from, to).await.map(|all| Answer::new(&all)).map_err(failed)
            }
            Command::Dead {} => {
                let dead = running.handle.dead(HistoryQuery::MAX).await;
                dead.map(|all| Answer::new(&all)).map_err(failed)
            }
            Command::Replay { keys } => self.replay(running, by, keys).await,
            Command::Test { channel } => self.test(running, by, channel).await,
            Command::Explain { what } => self.explain(running, what).await,
            Command::Rules {} => Ok(Answer::new(&running.rules.views())),
            Command::Schedules {} => Ok(self.schedules()),
            Command::Schedule { name, from, to, calendar } => {
                self.schedule(&name, from, to, calendar)
            }
            _ => Err(Refused::Bad("this daemon does not know the command".to_owned())),
        }
    }

    /// Does something with the incident, or with those of an alert.
    async fn act(
        &self,
        running: &Running,
        by: String,
        kind: &str,
        id: String,
        action: IncidentAction,
    ) -> Result<Answer, Refused> {
        let incidents = running.incidents_of(id).await?;
        let input = |id: &String| {
            let (id, by, action) = (id.clone(), by.clone(), action.clone());
            Input::Incident { id, by, action }
        };
        running.tell(incidents.iter().map(input).collect()).await?;
        for id in &incidents {
            self.events.recorder().record(Entry::new(kind, id).by(&by));
        }
        Ok(Answer::new(&json!({ "incidents": incidents })))
    }

    async fn replay(
        &self,
        running: &Running,
        by: Option<Caller>,
        keys: Vec<String>,
    ) -> Result<Answer, Refused> {
        let dead = running.handle.dead(HistoryQuery::MAX).await.map_err(failed)?;
        let is_dead = |key: &&String| dead.iter().any(|head| head.key.as_str() == **key);
        if let Some(unknown) = keys.iter().find(|key| !is_dead(key)) {
            return Err(Refused::NotFound(format!("there is no dead message {unknown}")));
        }
        let wanted = dead.iter().filter(|head| {
            keys.is_empty() || keys.iter().any(|key| head.key.as_str() == key.as_str())
        });
        let sequences: Vec<u64> = wanted.map(|head| head.sequence).collect();
        let count = running.handle.replay(sequences).await.map_err(failed)?;
        let entry = Entry::new("alerting.messages.replayed", keys.join(" ")).by(who(by));
        if let Ok(entry) = entry.with("count", count) {
            self.events.recorder().record(entry);
        }
        Ok(Answer::new(&json!({ "replayed": count })))
    }

    async fn test(
        &self,
        running: &Running,
        by: Option<Caller>,
        channel: String,
    ) -> Result<Answer, Refused> {
        let prepared = self.alerting.prepared();
        let wanted: Vec<ChannelId> = match prepared.plan.receivers.get(&channel) {
            Some(receiver) => receiver.channels.iter().map(|one| one.id.clone()).collect(),
            None => prepared.channels.keys().filter(|id| id.as_str() == channel).cloned().collect(),
        };
        if wanted.is_empty() {
            let known: Vec<_> = prepared.channels.keys().map(ChannelId::as_str).collect();
            let known = known.join(", ");
            return Err(Refused::NotFound(format!(
                "there is no receiver or channel {channel:?}; there are: {known}"
            )));
        }
        let mut outcomes = Vec::new();
        for id in wanted {
            let outcome = running.handle.test(id.clone(), who(by)).await.map_err(failed)?;
            let (sent, reason) = match outcome {
                Outcome::Sent { .. } => (true, String::new()),
                Outcome::Retry { reason, .. } | Outcome::Permanent { reason } => (false, reason),
                _ => (false, "it did not say how it went".to_owned()),
            };
            outcomes.push(json!({ "channel": id, "sent": sent, "reason": reason }));
        }
        self.events.recorder().record(Entry::new("alerting.channel.tested", channel).by(who(by)));
        Ok(Answer::new(&outcomes))
    }
}

impl Running {
    async fn list(&self, filter: &[String]) -> Result<Answer, Refused> {
        let filter: Vec<Matcher> = matchers(filter)?;
        let look = move |engine: &Engine, _: &Outbox| {
            let wants = |view: &AlertView| {
                view.state != AlertState::Resolved
                    && filter.iter().all(|one| one.matches(&view.alert.labels))
            };
            let found = engine.alerts().filter(wants);
            found.map(|view| Line::new(view, engine)).collect::<Vec<_>>()
        };
        self.handle.read(look).await.map(|lines| Answer::new(&lines)).map_err(failed)
    }

    /// Returns the incident of that name, or those of the alert with that fingerprint.
    pub(super) async fn incidents_of(&self, id: String) -> Result<Vec<String>, Refused> {
        let name = id.clone();
        let look = move |engine: &Engine, _: &Outbox| {
            if engine.incident(&name).is_some() {
                return vec![name];
            }
            let is_it = |one: &AlertView| fingerprint_is(one.fingerprint, &name);
            let found = engine.alerts().find(is_it);
            found.map(|view| view.incidents).unwrap_or_default()
        };
        let found = self.handle.read(look).await.map_err(failed)?;
        if found.is_empty() {
            return Err(Refused::NotFound(format!("there is no incident and no alert {id}")));
        }
        Ok(found)
    }

    async fn history(&self, id: String, mut query: HistoryQuery) -> Result<Answer, Refused> {
        let is_fingerprint = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        match id.as_str() {
            "" => {}
            _ if is_fingerprint => query.subject = Some(id),
            _ => query.incident = Some(id),
        }
        self.handle.history(query).await.map(|rows| Answer::new(&rows)).map_err(failed)
    }
}

/// Names who asks by what they call themselves, and by what the kernel knows of them.
fn named(name: &str, by: Option<Caller>) -> String {
    let name: String =
        name.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
    if name.trim().is_empty() { who(by) } else { format!("{} ({})", name.trim(), who(by)) }
}

pub(super) fn fingerprint_is(fingerprint: Fingerprint, text: &str) -> bool {
    fingerprint.to_string() == text
}

const LONGEST_NAME: usize = 64;
/// As long as a month: what wakes people is looked at in reviews.
const ANALYSED: Duration = Duration::from_hours(24 * 30);
