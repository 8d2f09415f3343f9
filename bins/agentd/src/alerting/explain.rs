//! `auditctl alerts explain`: why somebody is told, or is not.

use serde_json::{Value, json};
use wardkit_alerting::{
    AlertView, Engine, HistoryQuery, MatchOp, Matchers, MessageQuery, Outbox, Router,
};
use wardkit_api::Answer;
use wardkit_api::alerts::Refused;
use wardkit_core::Labels;

use super::Running;
use super::answer::failed;
use super::command::fingerprint_is;
use super::shown::Line;
use crate::app::App;

impl App {
    /// Tells where an alert of these labels goes, or what became of an incident or an alert.
    pub(super) async fn explain(&self, running: &Running, what: String) -> Result<Answer, Refused> {
        if what.contains('=') {
            let labels = labels(&what)?;
            let routes = self.routes(&labels);
            let held = running.held(labels).await?;
            return Ok(Answer::new(&json!({ "routes": routes, "alert": held })));
        }
        let alert = running.alert(what.clone()).await?;
        let mut told = Vec::new();
        for id in running.incidents_of(what).await? {
            told.push(running.told(id).await?);
        }
        let routes = alert.as_ref().map(|(labels, _)| self.routes(labels)).unwrap_or_default();
        let alert = alert.map(|(_, line)| line);
        Ok(Answer::new(&json!({ "alert": alert, "routes": routes, "incidents": told })))
    }

    fn routes(&self, labels: &Labels) -> Vec<Value> {
        let prepared = self.alerting.prepared();
        let router = Router::new(&prepared.plan.route);
        let policy = |node: &wardkit_alerting::RouteNode| {
            let policy = prepared.plan.escalations.get(node.route.escalation.as_ref()?)?;
            let steps = policy.steps.iter().map(|step| {
                let to: Vec<_> = step.to.iter().map(ToString::to_string).collect();
                json!({ "to": to, "delay-seconds": step.delay.as_secs() })
            });
            let steps: Vec<_> = steps.collect();
            let repeat = policy.repeat;
            Some(json!({
                "route": node.key,
                "policy": policy.name,
                "steps": steps,
                "repeat": repeat,
                "repeat-delay-seconds": policy.repeat_delay.as_secs(),
            }))
        };
        let receiver = |node: &wardkit_alerting::RouteNode| {
            let receiver = &node.route.receiver;
            let channels = prepared.plan.receivers.get(receiver);
            let channels: Vec<_> =
                channels.iter().flat_map(|one| &one.channels).map(|one| &one.id).collect();
            json!({
                "route": node.key,
                "receiver": receiver,
                "channels": channels,
                "group-wait-seconds": node.route.group_wait.as_secs_f64(),
                "group-interval-seconds": node.route.group_interval.as_secs_f64(),
                "repeat-interval-seconds": node.route.repeat_interval.as_secs_f64(),
                "mute-times": node.route.mute_time_intervals,
                "active-times": node.route.active_time_intervals,
            })
        };
        let shown = |node| policy(node).unwrap_or_else(|| receiver(node));
        router.route(labels).into_iter().map(shown).collect()
    }
}

impl Running {
    /// Returns the alert of these labels, if it lasts, and else the silences that would hold it back.
    async fn held(&self, labels: Labels) -> Result<Value, Refused> {
        let look = move |engine: &Engine, _: &Outbox| {
            let fingerprint = wardkit_alerting::Fingerprint::of(&labels);
            if let Some(view) = engine.alert(fingerprint) {
                return json!(Line::new(view, engine));
            }
            let now = super::now().wall;
            let silences = engine.silences().filter(|one| {
                one.matchers.matches(&labels)
                    && one.state(now) == wardkit_alerting::SilenceState::Active
            });
            let silences: Vec<_> = silences.map(|one| one.id.clone()).collect();
            json!({ "state": "not brought", "would_be_silenced_by": silences })
        };
        self.handle.read(look).await.map_err(failed)
    }

    async fn alert(&self, id: String) -> Result<Option<(Labels, Value)>, Refused> {
        let look = move |engine: &Engine, _: &Outbox| {
            let view: AlertView =
                engine.alerts().find(|one| fingerprint_is(one.fingerprint, &id))?;
            Some((view.alert.labels.clone(), json!(Line::new(view, engine))))
        };
        self.handle.read(look).await.map_err(failed)
    }

    /// Returns what became of an incident: its state, what happened, and its messages.
    async fn told(&self, id: String) -> Result<Value, Refused> {
        let name = id.clone();
        let look = move |engine: &Engine, _: &Outbox| engine.incident(&name);
        let incident = self.handle.read(look).await.map_err(failed)?;
        let mut history = HistoryQuery::default();
        history.incident = Some(id.clone());
        let mut messages = MessageQuery::default();
        messages.incident = Some(id);
        let history = self.handle.history(history).await.map_err(failed)?;
        let messages = self.handle.messages(messages).await.map_err(failed)?;
        Ok(json!({ "incident": incident, "history": history, "messages": messages }))
    }
}

/// Reads labels as they are written for matchers.
fn labels(text: &str) -> Result<Labels, Refused> {
    let read: Matchers = text
        .parse()
        .map_err(|error: wardkit_alerting::InvalidMatcher| Refused::Bad(error.to_string()))?;
    let mut labels = Labels::new();
    for matcher in read.iter() {
        if matcher.op() != MatchOp::Equal {
            let reason = format!("{matcher}: a label is written name=\"value\"");
            return Err(Refused::Bad(reason));
        }
        let inserted = labels.insert(matcher.name(), matcher.value());
        inserted.map_err(|error| Refused::Bad(format!("{matcher}: {error}")))?;
    }
    Ok(labels)
}
