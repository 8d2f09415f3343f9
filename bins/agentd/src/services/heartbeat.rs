//! The part `heartbeat`: tells somebody outside that alerting works. Its silence is the alert.

use std::time::Duration;

use tokio::time::sleep;
use wardkit_channels::{HttpClient, HttpClientConfig, HttpRequest, endpoint_policy};
use wardkit_core::{Clock as _, Event, Health, Severity, SystemClock};
use wardkit_supervise::tasks::Context;

use crate::alerting::{Beat, Heartbeat, now};
use crate::app::App;
use crate::config::HeartbeatConfig;
use crate::reload::error_chain;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Starts the part, replaces it, or ends it where nobody is to be told.
pub(crate) fn start(app: &App, config: &HeartbeatConfig) {
    if config.url.is_empty() {
        app.parts.end("heartbeat");
        return;
    }
    let (app_of_part, config) = (app.clone(), config.clone());
    app.parts.start("heartbeat", move |context| run(app_of_part.clone(), context, config.clone()));
}

async fn run(app: App, context: Context, config: HeartbeatConfig) -> Result<(), Error> {
    let mut settings = HttpClientConfig::default();
    settings.policy = endpoint_policy([config.url.as_str()])?;
    settings.user_agent = String::from(concat!("agentd/", env!("CARGO_PKG_VERSION")));
    let client = HttpClient::new(settings)?;
    let mut heart = Heartbeat::new(config.interval);
    let (mut fails, mut silent) = (false, None);
    context.set_health(Health::Up);
    loop {
        let beat = heart.step(now().boot, &app.alerting.sign());
        if let Beat::Silent(doubt) = beat
            && silent.replace(doubt) != Some(doubt)
        {
            let reason = format!("nobody outside is told that alerting works: {doubt}");
            tracing::warn!(reason, "the heartbeat is silent");
        }
        if let Beat::Wait(_) | Beat::Silent(_) = beat {
            let wait = if let Beat::Wait(wait) = beat { wait.min(LOOK_AGAIN) } else { LOOK_AGAIN };
            tokio::select! {
                () = context.stopped() => return Ok(()),
                () = sleep(wait) => continue,
            }
        }
        silent = None;
        let request = HttpRequest::get(&config.url).with_timeout(config.interval);
        let answer = tokio::select! {
            () = context.stopped() => return Ok(()),
            answer = client.send(&request) => answer,
        };
        let reason = match answer {
            Ok(answer) if (200..300).contains(&answer.status()) => None,
            Ok(answer) => Some(format!("it answered {}", answer.status())),
            Err(error) => Some(error_chain(&error)),
        };
        if let Some(reason) = reason {
            context.set_health(Health::degraded(format!("nobody outside hears: {reason}")));
            if !std::mem::replace(&mut fails, true) {
                publish(&app, "alerting.heartbeat.failed", Severity::Warning, reason);
            }
        } else if std::mem::replace(&mut fails, false) {
            context.set_health(Health::Up);
            let reason = "somebody outside hears again".to_owned();
            publish(&app, "alerting.heartbeat.resumed", Severity::Notice, reason);
        }
    }
}

fn publish(app: &App, kind: &'static str, severity: Severity, reason: String) {
    let event = Event::new(SystemClock.now(), kind, severity, "heartbeat");
    app.events.publish(event.with_message(reason));
}

/// Alerting is looked at as often; a host that slept is ahead of a longer timer.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
