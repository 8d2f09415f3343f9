//! The part `otlp`: pushes what was measured to a collector.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use wardkit_core::{Clock as _, Event, Health, Severity, SystemClock, Timestamp};
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::config::OtlpConfig;
use crate::reload::error_chain;
use crate::telemetry::{Moment, Pusher, Refused};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Starts the part, replaces it, or ends it.
pub(crate) fn start(app: &App, config: &OtlpConfig) {
    if config.url.is_empty() {
        app.parts.end("otlp");
        return;
    }
    let (app_of_part, config) = (app.clone(), config.clone());
    app.parts.start("otlp", move |context| run(app_of_part.clone(), context, config.clone()));
}

async fn run(app: App, context: Context, config: OtlpConfig) -> Result<(), Error> {
    let (interval, started) = (config.interval, app.started_at());
    let mut pusher = None;
    let mut moments = app.telemetry.moments();
    let mut due = Duration::ZERO;
    let mut fails = false;
    context.set_health(Health::Up);
    loop {
        let moment = tokio::select! {
            () = context.stopped() => return Ok(()),
            moment = moments.recv() => match moment {
                Ok(moment) => moment,
                // The values are totals: a later push has them.
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return Ok(()),
            },
        };
        let now = SystemClock.uptime();
        if now < due {
            continue;
        }
        due = now + interval;
        let outcome = tokio::select! {
            () = context.stopped() => return Ok(()),
            done = push(&mut pusher, &config, started, &moment) => done,
        };
        match outcome {
            Err(error) => {
                let wait = error.downcast_ref::<Refused>().and_then(|refused| refused.wait);
                due = due.max(now + wait.unwrap_or_default().min(LONGEST_WAIT));
                let reason = error_chain(&*error);
                context.set_health(Health::degraded(format!("nothing is pushed: {reason}")));
                if !fails {
                    app.events.publish(event("otlp.push.failed", Severity::Warning, reason));
                }
                fails = true;
            }
            Ok(()) if fails => {
                context.set_health(Health::Up);
                let reason = "the collector takes what is pushed again".to_owned();
                app.events.publish(event("otlp.push.resumed", Severity::Notice, reason));
                fails = false;
            }
            Ok(()) => {}
        }
    }
}

/// Pushes with what the configuration refers to. After a failure that is read again: somebody may have exchanged a
/// secret or a certificate.
async fn push(
    pusher: &mut Option<Pusher>,
    config: &OtlpConfig,
    started: Timestamp,
    moment: &Moment,
) -> Result<(), Error> {
    let ready = if let Some(ready) = pusher.take() {
        ready
    } else {
        let config = config.clone();
        tokio::task::spawn_blocking(move || Pusher::new(&config, started)).await??
    };
    ready.push(moment).await?;
    *pusher = Some(ready);
    Ok(())
}

fn event(kind: &'static str, severity: Severity, reason: String) -> Event {
    Event::new(SystemClock.now(), kind, severity, "otlp").with_message(reason)
}

/// A collector that asks for more time has made a mistake, as far as an operator is concerned.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
