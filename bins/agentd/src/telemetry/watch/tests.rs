use super::*;

/// A minute of a group called bot.
fn minute(minute: u32, began: f64, resident: f64, anonymous: Option<f64>) -> Moment {
    let mut samples = Samples::new();
    let group = [("group", "bot")];
    samples.family(gauge(BEGAN, "When it began."));
    samples.push(&group, began);
    samples.family(gauge(RESIDENT, "All."));
    samples.push(&group, resident);
    if let Some(anonymous) = anonymous {
        samples.family(gauge(ANONYMOUS, "Its own."));
        samples.push(&group, anonymous);
    }
    Moment { at: Timestamp::from_unix_seconds(i64::from(minute) * 60), samples }
}

/// Watches that many hours, and returns the series that were said to leak.
fn leaking(hours: u32, moment: impl Fn(u32) -> Moment) -> Vec<String> {
    let mut watch = Watch::new(DetectConfig::default());
    let events = (0..hours * 60).flat_map(|at| watch.step(&moment(at))).collect::<Vec<_>>();
    let leaks = events.into_iter().filter(|event| event.kind.as_str() == "detect.leak.found");
    leaks.map(|event| event.subject).collect()
}

/// A megabyte an hour.
fn grows(minute: u32) -> f64 {
    200e6 + f64::from(minute) * 1e6 / 60.0
}

#[test]
fn a_leak_is_told_once_of_what_a_group_allocated_itself() {
    let both = |at| minute(at, 5.0, grows(at) + 1e8, Some(grows(at)));
    assert_eq!(leaking(80, both), [format!("{ANONYMOUS}{{group=\"bot\"}}")]);
    let mapped = |at| minute(at, 5.0, grows(at), Some(200e6));
    assert_eq!(leaking(80, mapped), [""; 0]);
    let resident = |at| minute(at, 5.0, grows(at), None);
    assert_eq!(leaking(80, resident), [format!("{RESIDENT}{{group=\"bot\"}}")]);
}

#[test]
fn a_group_that_began_anew_is_judged_anew() {
    let restarts = |at: u32| {
        let began = if at < 30 * 60 { 5.0 } else { 108_000.0 };
        minute(at, began, grows(at), None)
    };
    assert_eq!(leaking(80, restarts), [""; 0]);
    assert_eq!(leaking(110, restarts).len(), 1);
    // The clock was set, by less than a restart takes.
    let wobbles = |at: u32| minute(at, f64::from(at % 3), grows(at), None);
    assert_eq!(leaking(80, wobbles).len(), 1);
}
