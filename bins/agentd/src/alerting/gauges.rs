//! What alerting tells of itself.

use wardkit_alerting::service::ChannelLatency;
use wardkit_alerting::{ChannelView, IncidentTotals, RuleTotals};
use wardkit_metrics::{Collector, Family, Kind, Samples};

use crate::app::App;
use crate::telemetry::{counter, float, gauge};

/// Tells what alerting measured of itself a moment ago.
pub(crate) struct AlertingGauges(pub(crate) App);

impl Collector for AlertingGauges {
    fn name(&self) -> &'static str {
        "alerting"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), wardkit_metrics::Error> {
        let Some(metrics) = self.0.alerting.metrics() else { return Ok(()) };
        let engine = &metrics.engine;
        let help = "Alerts, by whether they last.";
        out.family(gauge("agentd_alerting_alerts", help));
        out.push(&[("state", "firing")], count(engine.firing));
        out.push(&[("state", "resolved")], count(engine.resolved));
        let failing = usize::from(metrics.store_failing.is_some());
        for (name, help, value) in [
            ("agentd_alerting_groups", "Groups of alerts.", engine.groups),
            ("agentd_alerting_incidents_open", "Incidents that last.", engine.open_incidents),
            ("agentd_alerting_silences", "Silences, ended ones included.", engine.silences),
            ("agentd_alerting_alerts_flapping", "Alerts that come and go.", engine.flapping),
            ("agentd_alerting_storm", "Whether a storm lasts.", usize::from(engine.storm)),
            ("agentd_alerting_messages_waiting", "Messages that wait.", metrics.outbox.waiting),
            ("agentd_alerting_store_failing", "Whether the store keeps nothing.", failing),
            ("agentd_alerting_store_pending", "What waits for the store.", metrics.pending),
        ] {
            out.single(gauge(name, help), count(value));
        }
        for (name, help, value) in [
            ("agentd_alerting_alerts_accepted_total", "Alerts taken.", engine.accepted_total),
            ("agentd_alerting_alerts_refused_total", "Alerts refused.", engine.refused_total),
            ("agentd_alerting_commits_total", "Commits of the store.", metrics.commits_total),
            (
                "agentd_alerting_commit_failures_total",
                "Commits that failed.",
                metrics.commit_failures_total,
            ),
            (
                "agentd_alerting_history_dropped_total",
                "Rows of history lost while the store kept nothing.",
                metrics.history_dropped_total,
            ),
        ] {
            out.single(counter(name, help), float(value));
        }
        incidents(out, &engine.incidents);
        rules(out, &metrics.rules);
        let help = "The time that commits took.";
        out.single(
            counter("agentd_alerting_commit_seconds_total", help),
            metrics.commit_seconds_total,
        );
        channels(out, &metrics.outbox.channels);
        latency(out, metrics.latency.iter().map(|(id, latency)| (id.as_str(), latency)));
        Ok(())
    }
}

/// How people dealt with what they were told: the mean of a time is its seconds by its count.
fn incidents(out: &mut Samples, totals: &IncidentTotals) {
    for (name, help, value) in [
        ("agentd_alerting_incidents_opened_total", "Incidents opened.", float(totals.opened)),
        (
            "agentd_alerting_incidents_acknowledged_total",
            "Incidents that somebody acknowledged.",
            float(totals.acknowledged),
        ),
        (
            "agentd_alerting_incidents_acknowledge_seconds_total",
            "The time until somebody did, of all together.",
            totals.acknowledge_seconds,
        ),
        ("agentd_alerting_incidents_resolved_total", "Incidents resolved.", float(totals.resolved)),
        (
            "agentd_alerting_incidents_resolve_seconds_total",
            "The time until they were, of all together.",
            totals.resolve_seconds,
        ),
        (
            "agentd_alerting_incidents_noise_total",
            "Incidents over within five minutes that nobody acknowledged.",
            float(totals.noise),
        ),
    ] {
        out.single(counter(name, help), value);
    }
}

/// How often alerts fired, by their names; there are no more of these than the engine tells apart.
fn rules(out: &mut Samples, rules: &[RuleTotals]) {
    for (name, help, of) in [
        ("agentd_alerting_fired_total", "Alerts that fired.", 0),
        ("agentd_alerting_flapped_total", "Alerts that began to come and go.", 1),
    ] {
        out.family(counter(name, help));
        for rule in rules {
            let totals = [rule.fired, rule.flapped];
            out.push(&[("alertname", rule.name.as_str())], float(totals[of]));
        }
    }
}

/// What became of messages, by channel.
fn channels(out: &mut Samples, channels: &[ChannelView]) {
    for (name, help, value) in [
        ("agentd_alerting_channel_sent_total", "Messages that a channel took.", 0),
        ("agentd_alerting_channel_failed_total", "Attempts of a channel that failed.", 1),
        ("agentd_alerting_channel_dead_total", "Messages that died on a channel.", 2),
    ] {
        out.family(counter(name, help));
        for channel in channels {
            let totals = [channel.sent_total, channel.failed_total, channel.dead_total];
            out.push(&[("channel", channel.channel.as_str())], float(totals[value]));
        }
    }
    out.family(gauge("agentd_alerting_channel_waiting", "Messages that wait for a channel."));
    for channel in channels {
        out.push(&[("channel", channel.channel.as_str())], count(channel.waiting));
    }
}

fn latency<'a>(out: &mut Samples, all: impl Iterator<Item = (&'a str, &'a ChannelLatency)>) {
    let name = "agentd_alerting_delivery_seconds";
    let help = "How long messages waited from being queued to being taken.";
    out.family(Family { name, help, kind: Kind::Histogram });
    for (channel, latency) in all {
        for (bound, within) in ChannelLatency::BOUNDS.iter().zip(latency.within) {
            let series = format!("_bucket{{channel={channel:?},le=\"{bound}\"}}");
            out.push_text(&series, float(within));
        }
        let infinite = format!("_bucket{{channel={channel:?},le=\"+Inf\"}}");
        out.push_text(&infinite, float(latency.count));
        out.push_text(&format!("_sum{{channel={channel:?}}}"), latency.seconds);
        out.push_text(&format!("_count{{channel={channel:?}}}"), float(latency.count));
    }
}

fn count(of: usize) -> f64 {
    float(u64::try_from(of).unwrap_or(u64::MAX))
}
