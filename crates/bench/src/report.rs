//! The report: tables and a chart, from what was measured.

mod chart;
mod host;
mod page;

use std::fmt::Write;
use std::time::Duration;

pub use chart::chart;
pub use host::Host;
pub use page::{Values, circumstances, fill, publish};

use crate::cases::Goal;
use crate::outage;
use crate::rounds::{Outcome, PLAIN};

/// A measured topic.
pub struct Measured {
    /// The topic's name.
    pub name: &'static str,
    /// What one measured time consists of.
    pub what: &'static str,
    /// What wardkit shall not exceed.
    pub goal: Option<Goal>,
    /// The length of the text, where one time is about one.
    pub bytes: Option<u32>,
    /// The rows.
    pub outcomes: Vec<Outcome>,
}

/// The subject that the goals of the retry topics are about.
pub const OURS: &str = "wardkit-retry";

/// The subject that the goals of the validation topics are about.
pub const VALIDATION: &str = "wardkit-validation";

/// The subject that the goals of the metrics topics are about.
pub const METRICS: &str = "wardkit-metrics";

fn is_ours(subject: &str) -> bool {
    [OURS, VALIDATION, METRICS].contains(&subject)
}

/// Returns a topic as a Markdown section.
#[must_use]
pub fn section(topic: &Measured) -> String {
    let mut text = format!("### {}\n\nOne time is {}.\n\n", topic.name, topic.what);
    text.push_str("| subject | median ns | best ns | over the plain call, ns | remark |\n|---|--:|--:|--:|---|\n");
    for row in &topic.outcomes {
        let over = row.over_plain.map_or_else(|| "-".to_owned(), |nanos| format!("{nanos:.1}"));
        let _ = writeln!(
            text,
            "| {} | {:.1} | {:.1} | {over} | {} |",
            row.subject, row.median, row.min, row.note
        );
    }
    for line in throughput(topic).into_iter().chain(verdicts(topic)).chain(faster(topic)) {
        let _ = writeln!(text, "\n{line}");
    }
    text
}

/// Says of topics about a text how much of it goes through in a second.
fn throughput(topic: &Measured) -> Option<String> {
    let bytes = topic.bytes?;
    let rates: Vec<String> = topic
        .outcomes
        .iter()
        .map(|row| format!("{} {:.0} MB/s", row.subject, f64::from(bytes) * 1_000.0 / row.median))
        .collect();
    Some(format!("That is {}.", rates.join(", ")))
}

/// Names the peers that are faster than our own first row.
fn faster(topic: &Measured) -> Option<String> {
    let ours = topic.outcomes.iter().find(|row| is_ours(row.subject))?;
    let is_peer = |row: &&Outcome| row.subject != PLAIN && !row.subject.starts_with("wardkit");
    let peers = topic.outcomes.iter().filter(is_peer).filter(|row| row.median < ours.median);
    let peers: Vec<_> =
        peers.map(|row| format!("{} ({:.1} ns)", row.subject, row.median)).collect();
    (!peers.is_empty()).then(|| format!("Faster here: {}.", peers.join(", ")))
}

/// Says of each of wardkit's own rows that has the topic's name for it whether the goal is met.
fn verdicts(topic: &Measured) -> Vec<String> {
    let Some(goal) = topic.goal else { return Vec::new() };
    let ours = topic.outcomes.iter().filter(|row| is_ours(row.subject));
    ours.filter_map(|row| {
        let (limit, nanos, of) = match goal {
            Goal::Nanos(limit) => (limit, row.median, ""),
            Goal::NanosOverPlain(limit) => (limit, row.over_plain?, " over the plain call"),
            Goal::Times(limit, peer) => return times(topic, row, limit, peer),
        };
        let note = if row.note.is_empty() { String::new() } else { format!(" ({})", row.note) };
        let verdict = if nanos <= limit { "met" } else { "**not met**" };
        Some(format!(
            "Goal for {}{note}: at most {limit:.0} ns{of}. Measured {nanos:.1} ns: {verdict}.",
            row.subject
        ))
    })
    .collect()
}

/// Says whether a row takes at most `limit` times as long as a peer's.
fn times(topic: &Measured, ours: &Outcome, limit: f64, peer: &str) -> Option<String> {
    let theirs = topic.outcomes.iter().find(|row| row.subject == peer)?;
    let ratio = ours.median / theirs.median;
    let verdict = if ratio <= limit { "met" } else { "**not met**" };
    Some(format!(
        "Goal for {}: at most {limit} times as long as {peer}. Measured {ratio:.2}: {verdict}.",
        ours.subject
    ))
}

/// Returns the outage simulation as a Markdown table.
#[must_use]
pub fn outage_table(outcomes: &[outage::Outcome]) -> String {
    let mut text = "| subject | policy | attempts per call | burst | wave | on return | back after | rescued |\n\
                    |---|---|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for row in outcomes {
        let _ = writeln!(
            text,
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {} | {:.1} % |",
            row.name,
            row.policy,
            row.load,
            row.burst,
            row.wave,
            row.return_wave,
            back_after(row),
            row.rescued * 100.0
        );
    }
    text
}

/// Says whether our clients with everything switched on, the last row, meet the goals.
#[must_use]
pub fn outage_verdicts(outcomes: &[outage::Outcome]) -> String {
    let Some(ours) = outcomes.last() else { return String::new() };
    let back = ours.recovery.is_some_and(|after| after <= LONGEST_RECOVERY);
    let mut text = format!("Goals for {}, {}:\n\n", ours.name, ours.policy);
    let mut line = |goal: &str, measured: &str, met: bool| {
        let verdict = if met { "met" } else { "**not met**" };
        let _ = writeln!(text, "- {goal}: measured {measured}, {verdict}.");
    };
    line("at most 1.1 attempts per call", &format!("{:.2}", ours.load), ours.load <= 1.1);
    line("back within 2 s", &back_after(ours), back);
    line("a wave of at most 1.5", &format!("{:.2}", ours.wave), ours.wave <= 1.5);
    line("on return at most 1.5", &format!("{:.2}", ours.return_wave), ours.return_wave <= 1.5);
    text
}

fn back_after(row: &outage::Outcome) -> String {
    row.recovery.map_or_else(|| "never".to_owned(), |after| format!("{:.1} s", after.as_secs_f64()))
}

const LONGEST_RECOVERY: Duration = Duration::from_secs(2);

/// Returns the versions of the named packages, as this crate's lockfile pins them.
#[must_use]
pub fn versions<'n>(names: &[&'n str]) -> Vec<(&'n str, &'static str)> {
    names
        .iter()
        .filter_map(|name| Some((*name, version(include_str!("../Cargo.lock"), name)?)))
        .collect()
}

/// Returns the first version of a package in the text of a lockfile.
fn version<'l>(lockfile: &'l str, name: &str) -> Option<&'l str> {
    let package =
        lockfile.split("[[package]]").find(|package| value(package, "name") == Some(name))?;
    value(package, "version")
}

fn value<'l>(package: &'l str, key: &str) -> Option<&'l str> {
    let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))?;
    Some(line.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(subject: &'static str, median: f64, over_plain: Option<f64>) -> Outcome {
        Outcome { subject, note: "", median, min: median, over_plain }
    }

    fn topic(goal: Goal, ours: Outcome) -> Measured {
        Measured {
            name: "topic",
            what: "a thing",
            goal: Some(goal),
            bytes: None,
            outcomes: vec![ours, row("peer", 9.0, None)],
        }
    }

    #[test]
    fn a_goal_is_judged_by_the_row_it_is_about() {
        let check =
            |goal, ours, expected: &str| assert_eq!(verdicts(&topic(goal, ours)), [expected]);
        check(
            Goal::Nanos(10.0),
            row(OURS, 10.04, None),
            "Goal for wardkit-retry: at most 10 ns. Measured 10.0 ns: **not met**.",
        );
        check(
            Goal::NanosOverPlain(2.0),
            row(OURS, 10.0, Some(1.5)),
            "Goal for wardkit-retry: at most 2 ns over the plain call. Measured 1.5 ns: met.",
        );
        check(
            Goal::Times(1.25, "peer"),
            row(OURS, 4.5, None),
            "Goal for wardkit-retry: at most 1.25 times as long as peer. Measured 0.50: met.",
        );
        assert!(verdicts(&topic(Goal::Nanos(10.0), row("other", 1.0, None))).is_empty());
    }

    #[test]
    fn a_section_has_a_line_for_each_subject() {
        let text = section(&topic(Goal::Nanos(10.0), row(OURS, 2.0, Some(1.0))));
        assert!(
            text.contains("| wardkit-retry | 2.0 | 2.0 | 1.0 |  |\n| peer | 9.0 | 9.0 | - |  |\n"),
            "{text}"
        );
    }

    #[test]
    fn faster_peers_are_named() {
        let slow = topic(Goal::Nanos(10.0), row(OURS, 9.5, None));
        assert_eq!(faster(&slow).as_deref(), Some("Faster here: peer (9.0 ns)."));
        assert_eq!(faster(&topic(Goal::Nanos(10.0), row(OURS, 2.0, None))), None);
    }

    #[test]
    fn the_last_row_of_the_outage_is_judged() {
        let row = |recovery| outage::Outcome {
            name: OURS,
            policy: "all",
            load: 1.2,
            burst: 3.0,
            wave: 1.5,
            return_wave: 1.0,
            recovery,
            rescued: 0.25,
        };
        let text = outage_verdicts(&[row(None), row(Some(Duration::from_millis(2_100)))]);
        assert!(
            text.contains(
                "measured 1.20, **not met**.\n- back within 2 s: measured 2.1 s, **not met**.\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("measured 1.50, met.\n- on return at most 1.5: measured 1.00, met."),
            "{text}"
        );
        let table = outage_table(&[row(None)]);
        assert!(
            table.ends_with(
                "| wardkit-retry | all | 1.20 | 3.00 | 1.50 | 1.00 | never | 25.0 % |\n"
            ),
            "{table}"
        );
    }

    #[test]
    fn versions_come_from_the_lockfile() {
        let lockfile = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n\n[[package]]\nname = \"ab\"\nversion = \"9\"\n";
        assert_eq!(version(lockfile, "a"), Some("1.2.3"));
        assert_eq!(version(lockfile, "ab"), Some("9"));
        assert_eq!(version(lockfile, "b"), None);
        assert_eq!(versions(&["backoff", "no-such-crate"]), [("backoff", "0.4.0")]);
    }
}
