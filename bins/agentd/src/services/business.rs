//! The part `business`: asks services for the numbers of declared metrics.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use wardkit_channels::{HttpClient, HttpClientConfig, HttpRequest, endpoint_policy};
use wardkit_core::{Clock as _, Event, Health, Severity, SystemClock};
use wardkit_metrics::business::HttpMetrics;
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::config::MetricsConfig;
use crate::reload::error_chain;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Starts the part, replaces it, or ends it where nothing is to be asked.
pub(crate) fn start(app: &App, config: &MetricsConfig) {
    if config.http.is_empty() {
        app.parts.end("business");
        app.telemetry.hide("business");
        return;
    }
    let (app_of_part, config) = (app.clone(), config.clone());
    app.parts.start("business", move |context| run(app_of_part.clone(), context, config.clone()));
}

async fn run(app: App, context: Context, config: MetricsConfig) -> Result<(), Error> {
    let mut settings = HttpClientConfig::default();
    settings.policy = endpoint_policy(config.http.iter().map(|declared| declared.url.as_str()))?;
    settings.user_agent = String::from(concat!("agentd/", env!("CARGO_PKG_VERSION")));
    let client = HttpClient::new(settings)?;
    let metrics = HttpMetrics::new(&config.http, app.telemetry.registry())?;
    app.telemetry.show("business", metrics.clone());
    context.set_health(Health::Up);
    // Dropped, the set ends its tasks.
    let mut asking = JoinSet::new();
    for (index, source) in metrics.sources().enumerate() {
        let source = Source {
            url: source.url.to_owned(),
            interval: source.interval,
            index,
            metrics: metrics.clone(),
            client: client.clone(),
        };
        asking.spawn(source.ask_for_ever(app.clone(), context.clone()));
    }
    while let Some(ended) = asking.join_next().await {
        ended?;
    }
    Ok(())
}

struct Source {
    url: String,
    interval: Duration,
    index: usize,
    metrics: HttpMetrics,
    client: HttpClient,
}

impl Source {
    async fn ask_for_ever(self, app: App, context: Context) {
        let mut ticks = interval(self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            tokio::select! {
                () = context.stopped() => return,
                _ = ticks.tick() => {}
            }
            let found = tokio::select! {
                () = context.stopped() => return,
                found = self.ask() => found,
            };
            // A service that is down refuses at one time and answers late at another: that is one trouble.
            if std::mem::replace(&mut failing, found.is_err()) != found.is_err() {
                app.events.publish(self.event(&found.err().unwrap_or_default()));
            }
        }
    }

    /// Asks once, and returns what is wrong with the answer, if anything.
    async fn ask(&self) -> Result<(), String> {
        let request = HttpRequest::get(&self.url).with_timeout(MOST_WAIT);
        let answer = match self.client.send(&request).await {
            Ok(answer) if answer.status() == 200 => answer,
            Ok(answer) => {
                self.metrics.failed(self.index);
                return Err(format!("it answered {}", answer.status()));
            }
            Err(error) => {
                self.metrics.failed(self.index);
                return Err(error_chain(&error));
            }
        };
        let problems = self.metrics.answered(self.index, answer.body());
        let told: Vec<_> = problems.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        if told.is_empty() { Ok(()) } else { Err(told.join("; ")) }
    }

    fn event(&self, trouble: &str) -> Event {
        let now = SystemClock.now();
        let event = if trouble.is_empty() {
            Event::new(now, "metrics.source.recovered", Severity::Info, "business")
        } else {
            Event::new(now, "metrics.source.failed", Severity::Warning, "business")
        };
        // What follows the path may be a secret.
        let shown = self.url.split(['?', '#']).next().unwrap_or_default();
        event.with_subject(shown).with_message(trouble)
    }
}

const MOST_WAIT: Duration = Duration::from_secs(10);
