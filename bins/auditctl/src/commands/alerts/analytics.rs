//! `auditctl alerts analytics`: how alerts were dealt with.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, stdout};
use std::process::ExitCode;
use std::time::Duration;

use wardkit_alerting::Analysis;
use wardkit_api::alerts::Command;
use wardkit_cli::{Common, Format, Report, escaped, escaped_json};
use wardkit_core::{Clock as _, SystemClock, Timestamp};
use wardkit_retry::duration;

use crate::cli::{Analytics, AnalyticsForm, Moment};
use crate::commands::chart::{bar, sparkline};
use crate::commands::{ask, could_not_run, print};

/// Runs the command.
pub(super) fn run(common: &Common, asked: &Analytics) -> Result<ExitCode, Report> {
    let command = command(asked);
    let found: Analysis = ask(common, async |client| client.alerts(&command).await)?;
    print(&match (asked.form, common.format) {
        (Some(AnalyticsForm::Csv), _) => found.to_csv(),
        (Some(AnalyticsForm::Prometheus), _) => found.to_prometheus(),
        (None, Format::Json) => format!("{}\n", escaped_json(&found).map_err(could_not_run)?),
        (None, Format::Text) => text(&found, stdout().is_terminal()),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Returns what the daemon is asked.
pub(super) fn command(asked: &Analytics) -> Command {
    let before = |moment: Moment, end: Timestamp| match moment {
        Moment::At(at) => at,
        Moment::Before(before) => end.saturating_sub(before),
    };
    let now = SystemClock.now();
    let to = asked.to.map_or(now, |to| before(to, now));
    Command::Analytics { from: Some(before(asked.from, to)), to: Some(to) }
}

/// Returns it for people.
fn text(found: &Analysis, charts: bool) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    if let (Some(from), Some(to)) = (found.from, found.to) {
        let _ = writeln!(out, "from {from} to {to}");
    }
    let _ =
        writeln!(out, "{:20} {} opened, {} resolved", "incidents", found.incidents, found.resolved);
    for (name, mean) in [
        ("acknowledged after", found.mean_seconds_to_acknowledge),
        ("resolved after", found.mean_seconds_to_resolve),
    ] {
        if let Some(mean) = mean {
            let _ = writeln!(out, "{name:20} {} on average", shown(mean));
        }
    }
    if let Some(noise) = found.noise {
        let share = noise * 100.0;
        let _ = writeln!(
            out,
            "{:20} {share:.0} % were over within five minutes, acknowledged by nobody",
            "noise"
        );
    }
    hours(&mut out, found, charts);
    let most = found.rules.iter().map(|rule| rule.fired).max().unwrap_or(0);
    let rows = found.rules.iter().take(MOST_RULES).map(|rule| {
        let drawn = if charts { bar(share(rule.fired, most)) } else { String::new() };
        let numbers = [rule.fired, rule.resolved, rule.flapped].map(|number| number.to_string());
        (rule.name.as_str(), numbers.to_vec(), drawn)
    });
    rule(&mut out, "ALERT", &["FIRED", "RESOLVED", "FLAPPED"], rows.collect());
    if let beyond @ 1.. = found.rules.len().saturating_sub(MOST_RULES) {
        let _ = writeln!(out, "... and {beyond} more: see --as csv");
    }
    let most = found.people.iter().map(|person| person.messages).max().unwrap_or(0);
    let rows = found.people.iter().map(|person| {
        let drawn = if charts { bar(share(person.messages, most)) } else { String::new() };
        let numbers = [person.messages, person.acknowledged].map(|number| number.to_string());
        (person.name.as_str(), numbers.to_vec(), drawn)
    });
    rule(&mut out, "PERSON", &["MESSAGES", "ACKNOWLEDGED"], rows.collect());
    let most = found.channels.iter().map(|channel| channel.sent).max().unwrap_or(0);
    let rows = found.channels.iter().map(|channel| {
        let drawn = if charts { bar(share(channel.sent, most)) } else { String::new() };
        let mean = channel.mean_seconds.map_or_else(|| "-".to_owned(), shown);
        let longest = shown(channel.longest_seconds);
        let numbers = vec![channel.sent.to_string(), channel.dead.to_string(), mean, longest];
        (channel.channel.as_str(), numbers, drawn)
    });
    rule(&mut out, "CHANNEL", &["SENT", "DEAD", "MEAN", "LONGEST"], rows.collect());
    out
}

/// Writes when alerts fired.
fn hours(out: &mut String, found: &Analysis, charts: bool) {
    let fired: u64 = found.fired_by_hour.iter().sum();
    if fired == 0 {
        return;
    }
    let told = if charts {
        let most = found.fired_by_hour.iter().copied().max().unwrap_or(0);
        let shares = found.fired_by_hour.map(|fired| share(fired, most));
        format!("{}  0 to 23 o'clock UTC", sparkline(&shares))
    } else {
        let busy = found.fired_by_hour.iter().enumerate().filter(|(_, fired)| **fired > 0);
        let busy: Vec<_> = busy.map(|(hour, fired)| format!("{hour}h {fired}")).collect();
        format!("{} (UTC)", busy.join(", "))
    };
    let _ = writeln!(out, "{:20} {told}", "alerts by the hour");
}

/// Writes a table: names, numbers, a bar.
fn rule(out: &mut String, title: &str, heads: &[&str], rows: Vec<(&str, Vec<String>, String)>) {
    if rows.is_empty() {
        return;
    }
    let rows: Vec<_> =
        rows.into_iter().map(|(name, numbers, bar)| (escaped(name), numbers, bar)).collect();
    let longest = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    let wide = longest.max(title.len());
    let _ = write!(out, "\n{title:wide$}");
    for head in heads {
        let _ = write!(out, "  {head:>8}");
    }
    out.push('\n');
    for (name, numbers, bar) in rows {
        let mut line = format!("{name:wide$}");
        for (number, head) in numbers.iter().zip(heads) {
            let wide = head.len().max(8);
            let _ = write!(line, "  {number:>wide$}");
        }
        let _ = writeln!(out, "{}", format!("{line}  {bar}").trim_end());
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bar has twenty letters")]
fn share(of: u64, most: u64) -> f64 {
    if most == 0 { 0.0 } else { of as f64 / most as f64 }
}

/// Returns a time as people read it: to the second, or finer below ten.
fn shown(seconds: f64) -> String {
    let seconds = if seconds < 10.0 { (seconds * 100.0).round() / 100.0 } else { seconds.round() };
    duration::print(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// As many as fit a terminal.
const MOST_RULES: usize = 20;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn analysis() -> Analysis {
        let mut hours = [0; 24];
        (hours[3], hours[22]) = (4, 1);
        serde_json::from_value(json!({
            "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z",
            "incidents": 4, "resolved": 3, "mean_seconds_to_acknowledge": 90.4,
            "mean_seconds_to_resolve": 3600.0, "noise": 0.25, "fired_by_hour": hours,
            "rules": [{"name": "Down", "fired": 4, "resolved": 3, "flapped": 0},
                      {"name": "Bad\u{1b}", "fired": 1, "resolved": 1, "flapped": 1}],
            "people": [{"name": "ann", "messages": 3, "acknowledged": 2}],
            "channels": [{"channel": "team/webhook[0]", "sent": 7, "dead": 1, "mean_seconds": 0.123,
                          "longest_seconds": 61.0}],
        }))
        .unwrap()
    }

    #[test]
    fn an_analysis_is_told_in_lines_and_tables() {
        let told = text(&analysis(), false);
        let expected = "\
from 2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z
incidents            4 opened, 3 resolved
acknowledged after   1m 30s on average
resolved after       1h on average
noise                25 % were over within five minutes, acknowledged by nobody
alerts by the hour   3h 4, 22h 1 (UTC)
";
        assert!(told.starts_with(expected), "{told}");
        let line = |start: &str| told.lines().find(|line| line.starts_with(start)).unwrap();
        assert_eq!(line("Down").split_whitespace().collect::<Vec<_>>(), ["Down", "4", "3", "0"]);
        assert_eq!(line("ann").split_whitespace().collect::<Vec<_>>(), ["ann", "3", "2"]);
        let channel: Vec<_> = line("team").split_whitespace().collect();
        assert_eq!(channel, ["team/webhook[0]", "7", "1", "120ms", "1m", "1s"]);
        assert!(!told.contains('\u{1b}') && !told.contains('█'), "{told}");
    }

    #[test]
    fn bars_are_for_terminals() {
        let told = text(&analysis(), true);
        assert!(told.contains(&"█".repeat(20)), "{told}");
        assert!(told.contains("0 to 23 o'clock UTC"), "{told}");
        let empty = text(&Analysis::default(), true);
        assert_eq!(empty, "incidents            0 opened, 0 resolved\n");
    }
}
