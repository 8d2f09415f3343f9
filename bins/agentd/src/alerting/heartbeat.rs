//! Whether somebody outside is to hear that alerting works. Silence is the alert, so it is the answer to every doubt.

use std::time::Duration;

use wardkit_core::Health;

use super::Look;
use crate::config::LOG_RECEIVER;

/// What was seen of alerting last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sign {
    /// When it answered, since the host's start; never, while it has not.
    pub at: Option<Duration>,
    /// What it said itself is wrong.
    pub trouble: Option<&'static str>,
    /// Since when rules are being asked, while they are.
    pub asking_since: Option<Duration>,
}

/// Returns what is so wrong that somebody outside must tell. A channel that fails is told of by the others, as long as
/// there is one.
pub(super) fn trouble(look: &Look) -> Option<&'static str> {
    let is_ready = look.health.as_ref().is_some_and(Health::is_ready);
    let Some(metrics) = look.metrics.as_ref().filter(|_| is_ready) else {
        return Some("it does not do its work");
    };
    if metrics.store_failing.is_some() {
        return Some("it keeps nothing");
    }
    let channels = metrics.outbox.channels.iter().filter(|one| !one.retired);
    let channels = channels.map(|one| (one.channel.as_str(), one.failing));
    is_mute(channels).then_some(NOBODY_HEARS)
}

/// What is wrong when every channel fails.
pub(super) const NOBODY_HEARS: &str = "no channel takes anything";

/// Returns whether there are channels beside the log, and each is left alone because it failed.
fn is_mute<'c>(channels: impl Iterator<Item = (&'c str, bool)>) -> bool {
    let log = format!("{LOG_RECEIVER}/");
    let mut channels = channels.filter(|(name, _)| !name.starts_with(&log)).peekable();
    channels.peek().is_some() && channels.all(|(_, is_failing)| is_failing)
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing, for so long.
    Wait(Duration),
    /// Somebody outside is to hear of it.
    Ping,
    /// It is time, and nobody is to hear: alerting does not work, or was not seen working. To be looked at again soon.
    Silent(&'static str),
}

/// When somebody outside hears.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    next: Duration,
}

impl Heartbeat {
    /// Creates one that beats at once.
    pub(crate) const fn new(interval: Duration) -> Self {
        Self { interval, next: Duration::ZERO }
    }

    /// Decides by what was seen, at a time since the host's start.
    pub(crate) fn step(&mut self, now: Duration, sign: &Sign) -> Beat {
        if let Some(wait) = self.next.checked_sub(now).filter(|wait| !wait.is_zero()) {
            return Beat::Wait(wait);
        }
        if let Some(doubt) = doubt(now, sign) {
            return Beat::Silent(doubt);
        }
        // What was missed is not made up for: who listens counts from the last one on.
        self.next = now.saturating_add(self.interval);
        Beat::Ping
    }
}

/// Returns why alerting may not work. That it said so a while ago proves nothing: who hangs says nothing at all.
fn doubt(now: Duration, sign: &Sign) -> Option<&'static str> {
    let Some(seen) = sign.at else { return Some("it has not started") };
    if sign.trouble.is_some() {
        return sign.trouble;
    }
    if now.saturating_sub(seen) > ANSWERS_WITHIN {
        return Some("it does not answer");
    }
    let asking = sign.asking_since.map(|since| now.saturating_sub(since));
    asking.is_some_and(|asking| asking > RULES_WITHIN).then_some("its rules are asked without end")
}

/// It is asked each second; a slow disk may hold it up that long.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// Longer than any set of rules takes that is asked each minute.
const RULES_WITHIN: Duration = Duration::from_mins(2);

#[cfg(test)]
mod tests {
    use wardkit_alerting::service::ServiceMetrics;

    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn well(seconds: u64) -> Sign {
        Sign { at: Some(at(seconds)), trouble: None, asking_since: None }
    }

    #[test]
    fn it_beats_at_each_interval_while_alerting_answers() {
        let mut heart = Heartbeat::new(at(60));
        assert_eq!(heart.step(at(1000), &well(1000)), Beat::Ping);
        assert_eq!(heart.step(at(1001), &well(1001)), Beat::Wait(at(59)));
        assert_eq!(heart.step(at(1060), &well(1060)), Beat::Ping);
        // A host that slept beats once, not as often as it missed.
        assert_eq!(heart.step(at(9000), &well(8999)), Beat::Ping);
        assert_eq!(heart.step(at(9001), &well(9001)), Beat::Wait(at(59)));
    }

    #[test]
    fn it_falls_silent_when_alerting_hangs_though_the_process_lives() {
        let mut heart = Heartbeat::new(at(60));
        assert_eq!(heart.step(at(1000), &well(1000)), Beat::Ping);
        let hangs = well(1020);
        for now in [1060, 1061, 2000, 100_000] {
            assert_eq!(heart.step(at(now), &hangs), Beat::Silent("it does not answer"), "{now}");
        }
        // It beats at once when alerting is back.
        assert_eq!(heart.step(at(100_001), &well(100_001)), Beat::Ping);
    }

    #[test]
    fn it_falls_silent_when_rules_hang_though_the_rest_answers() {
        let mut heart = Heartbeat::new(at(60));
        let asking = |now: u64| Sign { asking_since: Some(at(1000)), ..well(now) };
        assert_eq!(heart.step(at(1120), &asking(1120)), Beat::Ping);
        let silent = Beat::Silent("its rules are asked without end");
        assert_eq!(heart.step(at(1180), &asking(1180)), silent);
        assert_eq!(heart.step(at(1181), &well(1181)), Beat::Ping);
    }

    #[test]
    fn it_is_silent_before_alerting_started_and_while_it_is_not_well() {
        let mut heart = Heartbeat::new(at(60));
        assert_eq!(heart.step(at(5), &Sign::default()), Beat::Silent("it has not started"));
        let sign = Sign { trouble: Some("it keeps nothing"), ..well(6) };
        assert_eq!(heart.step(at(6), &sign), Beat::Silent("it keeps nothing"));
        assert_eq!(heart.step(at(7), &well(7)), Beat::Ping);
    }

    #[test]
    fn a_channel_that_fails_is_told_by_another_and_the_last_one_by_somebody_outside() {
        let log = ("log/log[0]", false);
        for (channels, expected) in [
            (vec![], false),
            (vec![log], false),
            (vec![log, ("a/ntfy[0]", false)], false),
            (vec![log, ("a/ntfy[0]", true), ("b/email[0]", false)], false),
            (vec![log, ("a/ntfy[0]", true)], true),
            (vec![("a/ntfy[0]", true), log, ("b/email[0]", true)], true),
        ] {
            assert_eq!(is_mute(channels.clone().into_iter()), expected, "{channels:?}");
        }
    }

    #[test]
    fn what_keeps_nothing_or_does_not_run_is_in_trouble() {
        let mut well = Look::default();
        assert_eq!(trouble(&well), Some("it does not do its work"));
        (well.health, well.metrics) = (Some(Health::Up), Some(ServiceMetrics::default()));
        assert_eq!(trouble(&well), None);
        let down = Look { health: Some(Health::down("it stopped")), ..well.clone() };
        assert_eq!(trouble(&down), Some("it does not do its work"));
        let mut full = well;
        let metrics = full.metrics.as_mut().unwrap();
        metrics.store_failing = Some("the disk is full".to_owned());
        assert_eq!(trouble(&full), Some("it keeps nothing"));
    }
}
