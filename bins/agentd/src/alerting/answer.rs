//! Alertmanager's API, answered from what runs.

use regex::Regex;
use wardkit_alerting::service::{ServiceError, Work};
use wardkit_alerting::{
    Alert, AlertState, AlertView, Answer as Told, Input, MatchOp, Matcher, Matchers, Refusal,
    SilenceRequest,
};
use wardkit_api::alerts::{
    AlertStatus, Call, Query, ReceiverName, Refused, ServerStatus, ShownAlert, ShownGroup,
    ShownMatcher, ShownSilence, SilenceId, SilenceState, SilenceStatus, SilenceWish,
};
use wardkit_api::{Answer, Caller};
use wardkit_auditlog::Entry;
use wardkit_core::{Clock as _, SystemClock, Timestamp};

use super::Running;
use super::shown;
use crate::app::App;

impl App {
    /// Answers what is asked about alerts.
    pub(crate) async fn answer_alerts(
        &self,
        by: Option<Caller>,
        call: Call,
    ) -> Result<Answer, Refused> {
        let running = self.alerting.running_soon().await.ok_or_else(|| {
            Refused::Unavailable("alerting does not run: look at the part `alerting`".to_owned())
        })?;
        match call {
            Call::Status => Ok(Answer::new(&self.alerting_status())),
            Call::Receivers => {
                let prepared = self.alerting.prepared();
                let shown = |name: &String| ReceiverName { name: name.clone() };
                let all: Vec<_> = prepared.receiver_names().map(shown).collect();
                Ok(Answer::new(&all))
            }
            Call::Alerts(query) => running.alerts(&query).await.map(|found| Answer::new(&found)),
            Call::Groups(query) => running.groups(&query).await.map(|found| Answer::new(&found)),
            Call::Post(alerts) => running.post(alerts).await,
            Call::Silences { filter } => {
                running.silences(&filter).await.map(|found| Answer::new(&found))
            }
            Call::Silence(id) => running.silence(id).await.map(|found| Answer::new(&found)),
            Call::SetSilence(wish) => self.set_silence(&running, by, wish).await,
            Call::ExpireSilence(id) => self.expire_silence(&running, by, id).await,
            Call::Command(command) => self.command(&running, by, command).await,
            _ => Err(Refused::Bad("this daemon does not know the question".to_owned())),
        }
    }

    fn alerting_status(&self) -> ServerStatus {
        let config = self.alerting.prepared().original.clone();
        // What clients look at is which Alertmanager it speaks like.
        let version = concat!("0.25.0+agentd.", env!("CARGO_PKG_VERSION"));
        ServerStatus::new(config, self.started_at(), version)
    }

    pub(super) async fn set_silence(
        &self,
        running: &Running,
        by: Option<Caller>,
        wish: SilenceWish,
    ) -> Result<Answer, Refused> {
        let (request, until) = (request(wish)?, SystemClock.now());
        let matchers = request.matchers.to_string();
        let entry = Entry::new("alerting.silence.set", matchers).by(who(by));
        let entry = entry.with("created_by", &request.created_by).and_then(|entry| {
            entry.with("comment", &request.comment)?.with("ends_at", request.ends_at.max(until))
        });
        let answers = running.handle.tell(Input::SetSilence(request)).await.map_err(failed)?;
        for answer in answers {
            match answer {
                Told::Silence(id) => {
                    // Texts and times: nothing in them can fail to be put on record.
                    if let Ok(entry) = entry.and_then(|entry| entry.with("id", &id)) {
                        self.events.recorder().record(entry);
                    }
                    return Ok(Answer::new(&SilenceId { id }));
                }
                Told::Refused(refusal) => return Err(refused(&refusal)),
                _ => {}
            }
        }
        Err(Refused::Unavailable("the silence got no name".to_owned()))
    }

    pub(super) async fn expire_silence(
        &self,
        running: &Running,
        by: Option<Caller>,
        id: String,
    ) -> Result<Answer, Refused> {
        let entry = Entry::new("alerting.silence.expired", &id).by(who(by));
        running.tell(vec![Input::ExpireSilence { id, by: who(by) }]).await?;
        self.events.recorder().record(entry);
        Ok(Answer::done())
    }
}

impl Running {
    /// Tells the engine what somebody wants, all of it in one commit.
    pub(super) async fn tell(&self, inputs: Vec<Input>) -> Result<Vec<Told>, Refused> {
        let work = Work { inputs, ..Work::default() };
        let answers = self.handle.work(work).await.map_err(failed)?;
        let refusal = answers.iter().find_map(|answer| match answer {
            Told::Refused(refusal) => Some(refused(refusal)),
            _ => None,
        });
        refusal.map_or(Ok(answers), Err)
    }

    async fn post(&self, alerts: Vec<Alert>) -> Result<Answer, Refused> {
        if alerts.is_empty() {
            return Ok(Answer::done());
        }
        let refusals = self.handle.bring("api", alerts).await.map_err(failed)?;
        let Some(first) = refusals.first() else { return Ok(Answer::done()) };
        // Whoever brought them brings them all again: those that were taken are known by their labels.
        let worst = refusals.iter().find(|refusal| refusal.is_transient()).unwrap_or(first);
        let more = refusals.len() - 1;
        let reason = if more > 0 { format!("{worst}; and {more} more") } else { worst.to_string() };
        Err(if worst.is_transient() { Refused::Unavailable(reason) } else { Refused::Bad(reason) })
    }

    async fn alerts(&self, query: &Query) -> Result<Vec<ShownAlert>, Refused> {
        let wanted = Wanted::read(query)?;
        let now = SystemClock.now();
        let look = move |engine: &wardkit_alerting::Engine, _: &wardkit_alerting::Outbox| {
            let wanted = |view: &AlertView| wanted.wants(view);
            engine.alerts().filter(wanted).map(|view| shown_alert(view, now)).collect()
        };
        self.handle.read(look).await.map_err(failed)
    }

    async fn groups(&self, query: &Query) -> Result<Vec<ShownGroup>, Refused> {
        let wanted = Wanted::read(query)?;
        let now = SystemClock.now();
        let look = move |engine: &wardkit_alerting::Engine, _: &wardkit_alerting::Outbox| {
            let mut groups: Vec<ShownGroup> = Vec::new();
            for group in engine.groups() {
                if !wanted.is_receiver(&group.receiver) {
                    continue;
                }
                let found = group.alerts.iter().filter_map(|one| engine.alert(*one));
                let found = found.filter(|view| wanted.wants_but_receiver(view));
                let alerts: Vec<_> = found.map(|view| shown_alert(view, now)).collect();
                if !alerts.is_empty() {
                    let receiver = ReceiverName { name: group.receiver };
                    groups.push(ShownGroup { alerts, labels: group.labels, receiver });
                }
            }
            groups.sort_by(|a, b| a.labels.cmp(&b.labels).then(a.receiver.cmp(&b.receiver)));
            groups
        };
        self.handle.read(look).await.map_err(failed)
    }

    pub(super) async fn silences(&self, filter: &[String]) -> Result<Vec<ShownSilence>, Refused> {
        let filter = matchers(filter)?;
        let now = SystemClock.now();
        let look = move |engine: &wardkit_alerting::Engine, _: &wardkit_alerting::Outbox| {
            let fits = |silence: &&wardkit_alerting::Silence| {
                filter.iter().all(|wanted| {
                    let own = silence.matchers.iter().find(|own| own.name() == wanted.name());
                    wanted.matches_value(own.map_or("", Matcher::value))
                })
            };
            let found = engine.silences().filter(fits);
            let mut found: Vec<_> = found.map(|silence| shown_silence(silence, now)).collect();
            found.sort_by(|a, b| {
                a.status.state.cmp(&b.status.state).then_with(|| match a.status.state {
                    SilenceState::Active => a.ends_at.cmp(&b.ends_at),
                    SilenceState::Pending => a.starts_at.cmp(&b.starts_at),
                    SilenceState::Expired => b.ends_at.cmp(&a.ends_at),
                })
            });
            found
        };
        self.handle.read(look).await.map_err(failed)
    }

    async fn silence(&self, id: String) -> Result<ShownSilence, Refused> {
        let now = SystemClock.now();
        let name = id.clone();
        let look = move |engine: &wardkit_alerting::Engine, _: &wardkit_alerting::Outbox| {
            engine.silence(&name).map(|silence| shown_silence(silence, now))
        };
        let found = self.handle.read(look).await.map_err(failed)?;
        found.ok_or_else(|| Refused::NotFound(format!("there is no silence {id}")))
    }
}

/// Which alerts somebody wants.
struct Wanted {
    matchers: Vec<Matcher>,
    receiver: Option<Regex>,
    query: Query,
}

impl Wanted {
    fn read(query: &Query) -> Result<Self, Refused> {
        let receiver = query.receiver.as_deref().map(|text| {
            // Go's names of the syntax are the same, for what is used here.
            Regex::new(&format!("^(?:{text})$"))
                .map_err(|error| Refused::Bad(format!("failed to parse receiver param: {error}")))
        });
        Ok(Self {
            matchers: matchers(&query.filter)?,
            receiver: receiver.transpose()?,
            query: query.clone(),
        })
    }

    fn wants(&self, view: &AlertView) -> bool {
        view.receivers.iter().any(|name| self.is_receiver(name)) && self.wants_but_receiver(view)
    }

    fn is_receiver(&self, name: &str) -> bool {
        self.receiver.as_ref().is_none_or(|wanted| wanted.is_match(name))
    }

    fn wants_but_receiver(&self, view: &AlertView) -> bool {
        if view.state == AlertState::Resolved {
            return false;
        }
        let status = shown::status(view);
        let (silenced, inhibited) =
            (!status.silenced_by.is_empty(), !status.inhibited_by.is_empty());
        let is_active = !silenced && !inhibited;
        (self.query.active || !is_active)
            && (self.query.silenced || !silenced)
            && (self.query.inhibited || !inhibited)
            && self.matchers.iter().all(|wanted| wanted.matches(&view.alert.labels))
    }
}

/// Reads filters, each of which may be several matchers.
pub(super) fn matchers(filter: &[String]) -> Result<Vec<Matcher>, Refused> {
    let mut found = Vec::new();
    for text in filter {
        let read: Matchers = text.parse().map_err(|error: wardkit_alerting::InvalidMatcher| {
            Refused::Bad(format!("bad matcher format: {text}: {error}"))
        })?;
        if read.is_empty() {
            return Err(Refused::Bad(format!("bad matcher format: {text}: it has no matcher")));
        }
        found.extend(read.iter().cloned());
    }
    Ok(found)
}

fn shown_alert(view: AlertView, now: Timestamp) -> ShownAlert {
    let status: AlertStatus = shown::status(&view);
    let AlertView { fingerprint, alert, updated_at, receivers, .. } = view;
    let named = |name| ReceiverName { name };
    ShownAlert {
        annotations: alert.annotations,
        ends_at: alert.ends_at.unwrap_or(now),
        fingerprint: fingerprint.to_string(),
        receivers: receivers.into_iter().map(named).collect(),
        starts_at: alert.starts_at,
        status,
        updated_at,
        generator_url: alert.generator_url,
        labels: alert.labels,
    }
}

fn shown_silence(silence: &wardkit_alerting::Silence, now: Timestamp) -> ShownSilence {
    let matcher = |matcher: &Matcher| ShownMatcher {
        is_equal: matches!(matcher.op(), MatchOp::Equal | MatchOp::Regex),
        is_regex: matches!(matcher.op(), MatchOp::Regex | MatchOp::NotRegex),
        name: matcher.name().to_owned(),
        value: matcher.value().to_owned(),
    };
    let state = match silence.state(now) {
        wardkit_alerting::SilenceState::Pending => SilenceState::Pending,
        wardkit_alerting::SilenceState::Active => SilenceState::Active,
        wardkit_alerting::SilenceState::Expired => SilenceState::Expired,
    };
    ShownSilence {
        id: silence.id.clone(),
        status: SilenceStatus { state },
        updated_at: silence.updated_at,
        comment: silence.comment.clone(),
        created_by: silence.created_by.clone(),
        ends_at: silence.ends_at,
        matchers: silence.matchers.iter().map(matcher).collect(),
        starts_at: silence.starts_at,
    }
}

fn request(wish: SilenceWish) -> Result<SilenceRequest, Refused> {
    let mut read = Vec::new();
    for matcher in wish.matchers {
        let op = match (matcher.is_equal, matcher.is_regex) {
            (true, false) => MatchOp::Equal,
            (false, false) => MatchOp::NotEqual,
            (true, true) => MatchOp::Regex,
            (false, true) => MatchOp::NotRegex,
        };
        let made = Matcher::new(&matcher.name, op, &matcher.value);
        read.push(made.map_err(|error| Refused::Bad(format!("silence invalid: {error}")))?);
    }
    let matchers = Matchers::try_from(read);
    Ok(SilenceRequest {
        id: Some(wish.id).filter(|id| !id.is_empty()),
        matchers: matchers.map_err(|error| Refused::Bad(format!("silence invalid: {error}")))?,
        starts_at: wish.starts_at,
        ends_at: wish.ends_at,
        until_resolved: wish.until_resolved,
        remind_before: None,
        created_by: wish.created_by,
        comment: wish.comment,
    })
}

/// Names who asks, for the trail and the history.
pub(super) fn who(by: Option<Caller>) -> String {
    match by {
        Some(Caller { uid, pid: Some(pid), .. }) => format!("uid {uid}, pid {pid}"),
        Some(Caller { uid, .. }) => format!("uid {uid}"),
        None => "api".to_owned(),
    }
}

pub(super) fn failed(error: ServiceError) -> Refused {
    match error {
        ServiceError::NoChannel(name) => Refused::NotFound(format!("there is no channel {name}")),
        error => Refused::Unavailable(crate::reload::error_chain(&error)),
    }
}

fn refused(refusal: &Refusal) -> Refused {
    let reason = refusal.to_string();
    match refusal {
        Refusal::NoSilence { .. } | Refusal::NoIncident { .. } | Refusal::NoReceiver { .. } => {
            Refused::NotFound(reason)
        }
        refusal if refusal.is_transient() => Refused::Unavailable(reason),
        _ => Refused::Bad(reason),
    }
}
