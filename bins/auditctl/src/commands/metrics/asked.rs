//! What the running daemon is asked about its metrics.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, stdout};
use std::process::ExitCode;

use serde::Serialize;
use wardkit_api::{Question, Range, SeriesAnswer, Told, TopAnswer};
use wardkit_cli::{Common, Format, Report, escaped, escaped_json};
use wardkit_core::{Clock as _, SystemClock, Timestamp};

use crate::cli::Query;
use crate::commands::chart::{bar, sparkline};
use crate::commands::{ask, could_not_run, note, print};

/// `auditctl metrics top`.
pub(super) fn top(common: &Common, most: u16) -> Result<ExitCode, Report> {
    let question = Question::Top { most: usize::from(most) };
    let answer: TopAnswer = ask(common, async |client| client.ask(&question).await)?;
    answered(common, &answer, || {
        let mut text = String::from("    PID     CPU   MEMORY  THREADS  NAME\n");
        let charts = stdout().is_terminal();
        for one in &answer.processes {
            let cpu = one.cpu.map_or_else(|| "-".to_owned(), |cpu| format!("{:.1} %", cpu * 100.0));
            let bar = if charts { bar(one.cpu.unwrap_or(0.0)) } else { String::new() };
            let (memory, name) = (bytes(one.memory), escaped(&one.name));
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{:>7} {cpu:>7} {memory:>8} {:>8}  {name}{}{bar}",
                one.pid,
                one.threads,
                if bar.is_empty() { "" } else { "  " },
            );
        }
        text
    })?;
    Ok(ExitCode::SUCCESS)
}

/// `auditctl metrics query`.
pub(super) fn query(common: &Common, query: &Query) -> Result<ExitCode, Report> {
    let answer = series(common, query)?;
    let charts = stdout().is_terminal();
    answered(common, &answer, || {
        let mut text = String::new();
        for found in &answer.series {
            let values: Vec<f64> = found.points.iter().map(|(_, value)| value.0).collect();
            let name = escaped(&found.series);
            let Some(last) = values.last() else { continue };
            let _ = match values.len() {
                1 => writeln!(text, "{name} {last}"),
                count => writeln!(
                    text,
                    "{name}\n  {count} values, last {last}, least {}, most {}{}",
                    values.iter().copied().fold(f64::INFINITY, f64::min),
                    values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                    if charts { format!("\n  {}", sparkline(&values)) } else { String::new() },
                ),
            };
        }
        text
    })?;
    Ok(found(&answer))
}

/// `auditctl metrics export`.
pub(super) fn export(common: &Common, query: &Query) -> Result<ExitCode, Report> {
    let mut query_of_time = query.clone();
    query_of_time.since.get_or_insert(USUAL_EXPORT);
    let answer = series(common, &query_of_time)?;
    let is_terminal = stdout().is_terminal();
    answered(common, &answer, || {
        let mut text = String::from("timestamp,value,series\n");
        for found in &answer.series {
            // As it is for a program; a terminal might obey it.
            let name = if is_terminal { escaped(&found.series) } else { found.series.clone() };
            let name = name.replace('"', "\"\"");
            for (at, value) in &found.points {
                let nanos = std::time::Duration::try_from_secs_f64(*at).unwrap_or_default();
                let at = Timestamp::UNIX_EPOCH.saturating_add(nanos);
                let _ = writeln!(text, "{at},{},\"{name}\"", value.0);
            }
        }
        text
    })?;
    if answer.series.len() > 1 {
        note(&format!("{} series follow one another; `detect` wants one", answer.series.len()));
    }
    Ok(found(&answer))
}

/// `auditctl metrics forecast`.
pub(super) fn forecast(
    common: &Common,
    series: &str,
    limit: Option<f64>,
) -> Result<ExitCode, Report> {
    let question = Question::Forecast { series: series.to_owned(), limit };
    told(common, &question)
}

/// `auditctl bottleneck`.
pub(in crate::commands) fn bottleneck(common: &Common) -> Result<ExitCode, Report> {
    told(common, &Question::Bottleneck)
}

fn told(common: &Common, question: &Question) -> Result<ExitCode, Report> {
    let told: Told = ask(common, async |client| client.ask(question).await)?;
    answered(common, &told, || {
        told.sentences.iter().fold(String::new(), |text, one| text + &escaped(one) + "\n")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Asks for series: as they are, or over a time when that is given.
fn series(common: &Common, query: &Query) -> Result<SeriesAnswer, Report> {
    let question = match query.since {
        None if query.step.is_some() || query.aggregate.is_some() => {
            return Err(could_not_run("a step and an aggregate are of a time")
                .with_hint("say of which: --since 1h"));
        }
        None => Question::At { series: query.series.clone(), at: None },
        Some(since) => {
            let mut range = Range::of(&query.series);
            range.from = Some(SystemClock.now().saturating_sub(since));
            range.step = query.step.map(|step| step.as_secs_f64());
            range.aggregate.clone_from(&query.aggregate);
            Question::Range(range)
        }
    };
    ask(common, async |client| client.ask(&question).await)
}

/// Prints the document, or the text about it.
fn answered(
    common: &Common,
    document: &impl Serialize,
    text: impl FnOnce() -> String,
) -> Result<(), Report> {
    print(&match common.format {
        Format::Text => text(),
        Format::Json => escaped_json(document).map_err(could_not_run)? + "\n",
    })
}

/// Says on standard error when nothing, or not all, was found.
fn found(answer: &SeriesAnswer) -> ExitCode {
    if answer.truncated {
        note("there are more series than are answered: choose fewer by their labels");
        return ExitCode::from(INCOMPLETE);
    }
    if answer.series.is_empty() {
        note("no series is chosen by that");
    }
    ExitCode::SUCCESS
}

#[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
fn bytes(count: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.0} {}", units[unit])
}

const USUAL_EXPORT: std::time::Duration = std::time::Duration::from_hours(1);
const INCOMPLETE: u8 = 3;
