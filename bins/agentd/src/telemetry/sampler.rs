//! Measuring the host, once an interval.

use wardkit_core::{Clock as _, Event, SystemClock};
use wardkit_metrics::business::Aggregates;
use wardkit_metrics::host::{Host, HostPaths};
use wardkit_metrics::{Collector as _, Error, Registry, Samples};

use super::answers::seconds;
use super::slack::Slack;
use super::{Moment, gauge};
use crate::app::App;
use crate::config::MetricsConfig;

/// Measures the host. Its calls block.
#[derive(Debug)]
pub(crate) struct Sampler {
    host: Host,
    aggregates: Aggregates,
    slack: Slack,
}

impl Sampler {
    pub(crate) fn new(config: &MetricsConfig, registry: &Registry) -> Result<Self, Error> {
        Ok(Self {
            host: Host::new(HostPaths::default(), config.host.clone())?,
            aggregates: Aggregates::new(&config.aggregate, registry)?,
            slack: Slack::default(),
        })
    }

    /// Measures everything once, tells it to those who follow, and returns what there is to report.
    pub(crate) fn sample(&mut self, app: &App) -> Vec<Event> {
        let (at, started) = (SystemClock.now(), SystemClock.uptime());
        let mut samples = Samples::new();
        // The host reports through its changes what it cannot measure.
        let _ = self.host.collect(&mut samples);
        let took = SystemClock.uptime().saturating_sub(started);
        samples.single(
            gauge(
                "agentd_metrics_sample_duration_seconds",
                "How long the last sample of the host took.",
            ),
            took.as_secs_f64(),
        );
        samples.single(
            gauge("agentd_metrics_sample_timestamp_seconds", "When the host was sampled last."),
            seconds(at),
        );
        let host = app.telemetry.sampled(samples, self.host.snapshot().clone());
        let mut all = Samples::clone(&host);
        app.collect(&mut all);
        app.telemetry.registry().gather(&mut all);
        let mut derived = Samples::new();
        self.aggregates.step(started, &all, &mut derived);
        app.telemetry.tell(Moment { at, samples: all }, derived);
        self.slack.look();
        self.host.take_changes().iter().map(|change| change.event(at)).collect()
    }
}
