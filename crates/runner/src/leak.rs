//! When a run that loses memory is started again.

mod kept;

use std::time::Duration;

use wardkit_core::Timestamp;
use wardkit_detect::leak::{Leak, LeakWatch, Verdict};
use wardkit_supervise::{Amount, LeakConfig, Measure, ServiceSpec};

pub(crate) use self::kept::{Kept, Watch};

/// Watches one run.
#[derive(Clone, Debug)]
pub(crate) struct Leaking {
    config: LeakConfig,
    /// The memory that it must not reach.
    limit: Option<f64>,
    watch: LeakWatch,
    /// The hour, since 1970, that was judged last.
    judged: Option<i64>,
    leak: Option<Leak>,
    /// What was said of it: the numbers of that hour, so that it is said once.
    said: Option<String>,
}

/// What is to be done about a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What is to be known of it; nothing while it loses nothing.
    pub(crate) remark: Option<String>,
    /// It is to be started again now.
    pub(crate) is_due: bool,
}

impl Leaking {
    /// Begins with a run that has just begun; `None` where the service does not ask for it.
    pub(crate) fn of(spec: &ServiceSpec) -> Option<Self> {
        let config = spec.leak.clone()?;
        let limits = [config.limit, spec.limits.memory_high, spec.limits.memory_max];
        let rules = spec.rules.iter().filter(|rule| rule.measure == Measure::Memory);
        let least = match config.limit {
            Some(limit) => Some(limit),
            None => limits
                .into_iter()
                .chain(rules.map(|rule| rule.hard))
                .flatten()
                .min_by(|one, other| one.value().total_cmp(&other.value())),
        };
        let limit = least.map(Amount::value);
        Some(Self { config, limit, watch: LeakWatch::new(), judged: None, leak: None, said: None })
    }

    /// Goes on with what was seen of the same run under another declaration.
    pub(crate) fn going_on(mut self, before: Option<Self>) -> Self {
        if let Some(before) = before {
            (self.watch, self.judged, self.leak) = (before.watch, before.judged, before.leak);
        }
        self
    }

    /// Goes on with what was seen of the same run before this program was started again.
    pub(crate) fn seen(&mut self, watch: LeakWatch) {
        self.watch = watch;
    }

    /// Returns what was seen, and the hour of it that was judged last.
    pub(crate) fn watch(&self) -> (&LeakWatch, Option<i64>) {
        (&self.watch, self.judged)
    }

    /// Takes in the memory that nothing but the run needs, and all of its memory as the limit counts it.
    pub(crate) fn push(&mut self, at: Timestamp, anonymous: f64, memory: f64) -> Plan {
        self.watch.push(at, anonymous);
        let hour = at.as_unix_seconds().div_euclid(3600);
        // Hours are judged when they are complete.
        if self.judged != Some(hour) {
            self.judged = Some(hour);
            self.leak = match self.watch.verdict() {
                Verdict::Leaking(leak) => Some(leak),
                _ => None,
            };
        }
        let Some(leak) = &self.leak else {
            self.said = None;
            return Plan::default();
        };
        let is_quiet = self.config.quiet.is_some_and(|quiet| quiet.contains(at));
        let is_near = self.limit.is_some_and(|limit| {
            (limit - memory) / leak.per_hour * 3600.0 <= self.config.before.as_secs_f64()
        });
        let remark = self.said.get_or_insert_with(|| say(leak, &self.config, self.limit));
        Plan { remark: Some(remark.clone()), is_due: is_quiet || is_near }
    }

    /// Returns why it is started again.
    pub(crate) fn why(&self) -> String {
        self.leak.as_ref().map(|leak| format!("it loses memory: {leak}")).unwrap_or_default()
    }
}

fn say(leak: &Leak, config: &LeakConfig, limit: Option<f64>) -> String {
    let quiet = config.quiet.map(|quiet| format!("between {quiet} UTC"));
    let near = limit.map(|limit| {
        let before = hours_and_minutes(config.before);
        format!("{before} before it reaches {}", Amount::new(limit))
    });
    let times: Vec<String> = quiet.into_iter().chain(near).collect();
    if times.is_empty() {
        return format!(
            "it loses memory: {leak}; it has neither leak.quiet nor a limit to be started again for"
        );
    }
    format!("it loses memory: {leak}; it is started again {}", times.join(", or "))
}

/// Prints hours and minutes.
fn hours_and_minutes(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEGABYTE: f64 = 1e6;

    fn leaky(leak: LeakConfig) -> ServiceSpec {
        let mut bot = ServiceSpec::new("bot", ["/usr/bin/bot"]);
        bot.leak = Some(leak);
        bot
    }

    /// Feeds a run that loses `per_hour` until it is to be started again; returns the hours until then, the remarks,
    /// each once, and why.
    fn run(spec: &ServiceSpec, per_hour: f64, hours: u32) -> (Option<u32>, Vec<String>, String) {
        let mut leaking = Leaking::of(spec).unwrap();
        let mut remarks = Vec::new();
        // 1970-01-01 00:00.
        for quarter in 0..hours * 4 {
            let at = Timestamp::from_unix_seconds(i64::from(quarter) * 900);
            let memory = 100.0 * MEGABYTE + f64::from(quarter) / 4.0 * per_hour;
            let plan = leaking.push(at, memory, memory);
            remarks.extend(plan.remark);
            remarks.dedup();
            if plan.is_due {
                return (Some(quarter / 4), remarks, leaking.why());
            }
        }
        (None, remarks, leaking.why())
    }

    #[test]
    fn a_leak_is_told_and_mended_at_the_next_quiet_time() {
        let mut leak = LeakConfig::default();
        leak.quiet = Some("02:00-05:00".parse().unwrap());
        let (hours, remarks, why) = run(&leaky(leak), MEGABYTE, 24 * 7);
        // Three days are needed to tell; the next night is the fourth.
        assert_eq!(hours, Some(3 * 24 + 2));
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        assert!(remarks[0].starts_with("it loses memory: grows 1.0 MB an hour, "), "{remarks:?}");
        assert!(
            remarks[0].ends_with("; it is started again between 02:00-05:00 UTC"),
            "{remarks:?}"
        );
        assert!(why.starts_with("it loses memory: grows 1.0 MB an hour, "), "{why}");
    }

    #[test]
    fn a_leak_that_nears_its_limit_does_not_wait_for_the_night() {
        let mut leak = LeakConfig::default();
        leak.quiet = Some("20:00-20:30".parse().unwrap());
        let mut bot = leaky(leak);
        // Reached after 80 hours, at eight in the morning.
        bot.limits.memory_max = Some(Amount::new(180.0 * MEGABYTE));
        let (hours, remarks, _) = run(&bot, MEGABYTE, 24 * 7);
        assert_eq!(hours, Some(78));
        assert!(remarks[0].ends_with("UTC, or 2 h before it reaches 180MB"), "{remarks:?}");
        // Of several limits the least counts, unless the section names its own.
        bot.limits.memory_high = Some(Amount::new(178.0 * MEGABYTE));
        assert_eq!(run(&bot, MEGABYTE, 24 * 7).0, Some(76));
        bot.leak.as_mut().unwrap().limit = Some(Amount::new(182.0 * MEGABYTE));
        assert_eq!(run(&bot, MEGABYTE, 24 * 7).0, Some(80));
    }

    #[test]
    fn what_does_not_leak_is_left_alone_and_a_leak_without_a_time_is_only_told() {
        let mut leak = LeakConfig::default();
        leak.quiet = Some("02:00-05:00".parse().unwrap());
        assert_eq!(run(&leaky(leak), 0.0, 24 * 7), (None, Vec::new(), String::new()));
        let (hours, remarks, _) = run(&leaky(LeakConfig::default()), MEGABYTE, 24 * 5);
        assert_eq!((hours, remarks.len()), (None, 1));
        assert!(remarks[0].ends_with("neither leak.quiet nor a limit to be started again for"));
        assert!(Leaking::of(&ServiceSpec::new("bot", ["x"])).is_none());
    }
}
