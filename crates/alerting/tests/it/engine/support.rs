//! An engine with a clock, driven as a service would: a tick whenever it asks for one.

use std::time::Duration;

use wardkit_alerting::{
    Alert, Answer, ChannelId, Condition, Effect, Engine, EngineConfig, GroupBy, IncidentAction,
    Input, Kind, Matchers, Notification, Now, Plan, Receiver, ReceiverChannel, Record, Route,
    SilenceRequest, Transition,
};
use wardkit_core::{Event, Labels, Timestamp};

pub(crate) const START: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// All that the engine did, with its clock.
pub(crate) struct Sim {
    pub(crate) engine: Engine,
    pub(crate) now: Now,
    pub(crate) boot_id: String,
    pub(crate) told: Vec<Notification>,
    pub(crate) history: Vec<Transition>,
    pub(crate) events: Vec<Event>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) cancelled: Vec<String>,
    pub(crate) records: Vec<Record>,
    pub(crate) writes: usize,
}

impl Sim {
    pub(crate) fn new(plan: Plan) -> Self {
        Self::with(plan, EngineConfig::default())
    }

    pub(crate) fn with(plan: Plan, config: EngineConfig) -> Self {
        let boot_id = "boot-1".to_owned();
        Self {
            engine: Engine::new(plan, config, &boot_id),
            now: Now { wall: START, boot: Duration::from_secs(1_000) },
            boot_id,
            told: Vec::new(),
            history: Vec::new(),
            events: Vec::new(),
            answers: Vec::new(),
            cancelled: Vec::new(),
            records: Vec::new(),
            writes: 0,
        }
    }

    pub(crate) fn step(&mut self, input: Input) {
        let effects = self.engine.step(self.now, input);
        self.take(effects);
    }

    pub(crate) fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Notify(notification) => self.told.push(*notification),
                Effect::Transition(transition) => self.history.push(transition),
                Effect::Event(event) => self.events.push(event),
                Effect::Answer(answer) => self.answers.push(answer),
                Effect::Cancel(cancel) => self.cancelled.push(cancel.incident),
                Effect::Record(record) => {
                    self.writes += 1;
                    let same =
                        |other: &Record| other.space == record.space && other.key == record.key;
                    self.records.retain(|other| !same(other));
                    if record.value.is_some() {
                        self.records.push(record);
                    }
                }
                other => panic!("an effect that the tests do not know: {other:?}"),
            }
        }
    }

    /// Lets time pass, with a tick whenever the engine asks for one.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now.boot + time;
        while let Some(wake) = self.engine.next_wake().filter(|&wake| wake <= until) {
            self.skip(wake.saturating_sub(self.now.boot));
            self.step(Input::Tick);
        }
        self.skip(until.saturating_sub(self.now.boot));
    }

    pub(crate) fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// Lets time pass without a step, as when the host is suspended.
    pub(crate) fn skip(&mut self, time: Duration) {
        self.now.boot += time;
        self.now.wall = self.now.wall.saturating_add(time);
    }

    /// Starts the program anew with what was kept, as after kill -9.
    pub(crate) fn crash(&mut self) {
        let plan = self.engine.plan().clone();
        self.crash_with(plan);
    }

    pub(crate) fn crash_with(&mut self, plan: Plan) {
        let config = self.engine.config().clone();
        let (engine, effects) =
            Engine::restore(plan, config, &self.boot_id, &self.records, self.now);
        self.engine = engine;
        self.take(effects);
    }

    /// Starts the host anew: the time since the boot begins at zero.
    pub(crate) fn reboot(&mut self, boot_id: &str) {
        boot_id.clone_into(&mut self.boot_id);
        self.now.boot = Duration::from_secs(3);
        self.crash();
    }

    pub(crate) fn fire(&mut self, labels: &[(&str, &str)]) {
        let alert = self.alert(labels);
        self.post(vec![alert]);
    }

    pub(crate) fn resolve(&mut self, labels: &[(&str, &str)]) {
        let mut alert = self.alert(labels);
        alert.starts_at = START;
        alert.ends_at = Some(self.now.wall);
        self.post(vec![alert]);
    }

    pub(crate) fn post(&mut self, alerts: Vec<Alert>) {
        self.step(Input::Alerts { source: "api".to_owned(), alerts });
    }

    /// An alert that lasts for a day unless it is ended.
    pub(crate) fn alert(&self, labels: &[(&str, &str)]) -> Alert {
        Alert {
            labels: labels_of(labels),
            annotations: [("summary".to_owned(), "it is down".to_owned())].into(),
            starts_at: self.now.wall,
            ends_at: Some(self.now.wall.saturating_add(Duration::from_hours(24))),
            generator_url: "http://prometheus/graph".to_owned(),
        }
    }

    pub(crate) fn silence(&mut self, matchers: &str, time: Duration) -> String {
        self.set_silence(SilenceRequest { ..self.request(matchers, time) })
    }

    pub(crate) fn request(&self, matchers: &str, time: Duration) -> SilenceRequest {
        SilenceRequest {
            matchers: self::matchers(matchers),
            starts_at: self.now.wall,
            ends_at: self.now.wall.saturating_add(time),
            created_by: "ann".to_owned(),
            comment: "maintenance".to_owned(),
            ..SilenceRequest::default()
        }
    }

    pub(crate) fn set_silence(&mut self, request: SilenceRequest) -> String {
        self.step(Input::SetSilence(request));
        match self.answers.pop() {
            Some(Answer::Silence(id)) => id,
            other => panic!("the silence was not set: {other:?}"),
        }
    }

    pub(crate) fn act(&mut self, incident: &str, action: IncidentAction) {
        let (id, by) = (incident.to_owned(), "ann".to_owned());
        self.step(Input::Incident { id, by, action });
    }

    pub(crate) fn acknowledge(&mut self, incident: &str) {
        self.act(incident, IncidentAction::Acknowledge { hold: None, comment: String::new() });
    }

    /// Takes what was told since the last call, as lines: kind, channel, and each alert's name with `-` when it is over.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        let told = std::mem::take(&mut self.told);
        told.iter().map(line).collect()
    }

    pub(crate) fn only_incident(&self) -> String {
        let ids: Vec<_> = self.engine.incidents().map(|incident| incident.id).collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
        ids[0].clone()
    }
}

pub(crate) fn line(notification: &Notification) -> String {
    let alerts: Vec<_> = notification
        .alerts
        .iter()
        .map(|alert| {
            let name = alert.labels.value("alertname").unwrap_or_default();
            let end = if alert.condition == Condition::Resolved { "-" } else { "" };
            format!("{end}{name}")
        })
        .collect();
    let kind = match notification.kind {
        Kind::Group => "group",
        Kind::Escalation => "escalation",
        Kind::Reminder => "reminder",
        Kind::Flapping => "flapping",
        Kind::Digest => "digest",
        _ => "other",
    };
    format!("{kind} {} {}", notification.receiver, alerts.join(" "))
}

pub(crate) fn labels_of(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied()).unwrap()
}

pub(crate) fn matchers(text: &str) -> Matchers {
    text.parse().unwrap()
}

/// Thirty seconds of waiting, five minutes between news, four hours between repetitions.
pub(crate) fn plan() -> Plan {
    let mut plan = Plan::default();
    plan.route = route("ops", &["job"]);
    plan.receivers =
        [receiver("ops", true), receiver("dev", true), receiver("quiet", false)].into();
    plan
}

pub(crate) fn route(receiver: &str, group_by: &[&str]) -> Route {
    let mut route = Route::default();
    receiver.clone_into(&mut route.receiver);
    route.group_by = GroupBy::Labels(group_by.iter().map(|&name| name.to_owned()).collect());
    route
}

pub(crate) fn receiver(name: &str, send_resolved: bool) -> (String, Receiver) {
    let mut channel = ReceiverChannel::new(ChannelId::new(name, "webhook", 0));
    channel.send_resolved = send_resolved;
    let mut receiver = Receiver::default();
    receiver.channels = vec![channel];
    (name.to_owned(), receiver)
}
