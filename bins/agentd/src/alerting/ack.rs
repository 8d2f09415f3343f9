//! Links that acknowledge: who makes them, and what they do.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::rand::{GetRandomFlags, getrandom};
use wardkit_alerting::{
    AckKey, AckLinks, AckToken, AlertState, Engine, HistoryQuery, IncidentState, Input,
    MessageQuery, Notification, Outbox,
};
use wardkit_api::alerts::{AckStep, AckView, Refused};
use wardkit_auditlog::Entry;
use wardkit_core::{Clock as _, SystemClock};

use super::Running;
use super::answer::failed;
use crate::app::App;

/// Returns the key that links are signed with; the first call in a directory makes it.
///
/// # Errors
///
/// When it can be neither read nor written.
pub(crate) fn ack_key(dir: &Path) -> io::Result<AckKey> {
    let path = dir.join("ack.key");
    match fs::read(&path).map(<[u8; KEY]>::try_from) {
        Ok(Ok(key)) => return Ok(AckKey::new(key)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        // One of another length was cut off or is none: links that it signed do not hold any more.
        Ok(Err(_)) | Err(_) => {}
    }
    let mut key = [0; KEY];
    let mut filled = 0;
    while filled < KEY {
        filled += getrandom(&mut key[filled..], GetRandomFlags::empty())?;
    }
    let new = dir.join("ack.key.new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&new)?;
    file.write_all(&key)?;
    file.sync_all()?;
    fs::rename(&new, &path)?;
    Ok(AckKey::new(key))
}

/// Returns the links of a notification.
pub(crate) fn ack_links(app: &App, key: &AckKey, of: &Notification) -> AckLinks {
    let token = key.token(of);
    let prepared = app.alerting.prepared();
    let base = Some(&prepared.external_url).filter(|url| !url.is_empty());
    let page = token.as_ref().zip(base).map(|(token, base)| format!("{base}/ack/{token}"));
    AckLinks { acknowledge: page, token }
}

impl App {
    /// Says what a link is about, and acknowledges when told to.
    pub(crate) async fn answer_link(
        &self,
        token: String,
        step: AckStep,
    ) -> Result<AckView, Refused> {
        self.use_token(&token, step, None).await
    }

    /// Says what a token is about, and acknowledges for somebody when told to: whoever it is that `by` names, else whom
    /// the token was sent to.
    pub(super) async fn use_token(
        &self,
        token: &str,
        step: AckStep,
        by: Option<&str>,
    ) -> Result<AckView, Refused> {
        let running = self.alerting.running_soon().await;
        let running =
            running.ok_or_else(|| Refused::Unavailable("alerting does not run".to_owned()))?;
        let token = running.ack.open(token, SystemClock.now());
        let token = token.map_err(|error| Refused::NotFound(error.to_string()))?;
        let view = running.link_view(token.incident()).await?;
        if step == AckStep::Look || view.is_over || view.taken_by.is_some() {
            return Ok(view);
        }
        let by = match by {
            Some(by) => by.to_owned(),
            None => running.holder(token).await?,
        };
        let input = Input::Acknowledge { token, by: by.clone() };
        running.tell(vec![input]).await?;
        let entry = Entry::new("alerting.incident.acknowledged", token.incident()).by(by);
        self.events.recorder().record(entry);
        running.link_view(token.incident()).await
    }
}

impl Running {
    /// Returns whom a link was sent to: whoever uses it is they, or somebody whom they showed it.
    async fn holder(&self, token: AckToken) -> Result<String, Refused> {
        let mut query = MessageQuery::default();
        (query.incident, query.limit) = (Some(token.incident()), HistoryQuery::MAX);
        let sent = self.handle.messages(query).await.map_err(failed)?;
        let sent = sent.into_iter().find(|head| token.is_of(&head.key));
        let name = sent.map(|head| head.person.unwrap_or(head.receiver));
        Ok(name.map_or_else(|| BY.to_owned(), |name| format!("{name}, by a link")))
    }

    async fn link_view(&self, id: String) -> Result<AckView, Refused> {
        let look = move |engine: &Engine, _: &Outbox| {
            let incident = engine.incident(&id)?;
            let lasts = |alert: &&wardkit_alerting::Fingerprint| {
                engine.alert(**alert).is_some_and(|alert| alert.state != AlertState::Resolved)
            };
            let mut view = AckView::of(id);
            view.firing = incident.alerts.iter().filter(lasts).count();
            view.since = Some(incident.opened_at);
            view.is_over = incident.state == IncidentState::Resolved;
            let attended = matches!(incident.state, IncidentState::Acked | IncidentState::Snoozed);
            view.taken_by = attended.then_some(incident.by);
            view.labels = incident.labels;
            Some(view)
        };
        let view = self.handle.read(look).await.map_err(failed)?;
        view.ok_or_else(|| Refused::NotFound("the incident is over and forgotten".to_owned()))
    }
}

/// Its message is forgotten.
const BY: &str = "whoever has the link";
const KEY: usize = 32;
