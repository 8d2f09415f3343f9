//! `auditctl services`: what agentd keeps up, and what is wanted of it.

mod graph;
mod import;
mod logs;

use std::process::ExitCode;

use serde_json::Value;
use wardkit_api::services::{Command, Outcome};
use wardkit_cli::{Common, Format, Report, escaped, escaped_json};

use super::table::{Column, table, to_the_second};
use super::{actor, ask, could_not_run, print};
use crate::cli::{GraphForm, Services, ServicesCommand};

/// Runs the command.
pub(super) fn run(common: &Common, services: &Services) -> Result<ExitCode, Report> {
    match &services.command {
        ServicesCommand::List { fail } => list(common, *fail),
        ServicesCommand::Start { name } => {
            each(common, name, |name, by| Command::Start { name, by })
        }
        ServicesCommand::Stop { name } => each(common, name, |name, by| Command::Stop { name, by }),
        ServicesCommand::Restart { name } => {
            each(common, name, |name, by| Command::Restart { name, by })
        }
        ServicesCommand::Logs { name, lines, follow } => logs::run(common, name, *lines, *follow),
        ServicesCommand::Explain { name } => explain(common, name),
        ServicesCommand::Graph { form } => {
            let graph = asked(common, &Command::Graph {})?;
            let is_data = *form == GraphForm::Json || common.format == Format::Json;
            match (form, is_data) {
                (_, true) => data(&graph)?,
                (GraphForm::Dot, _) => print(&graph::dot(&graph))?,
                _ => print(&graph::text(&graph))?,
            }
            Ok(ExitCode::SUCCESS)
        }
        ServicesCommand::Maintenance { name, comment, over } => {
            let one = std::slice::from_ref(name);
            each(common, one, |name, by| match over {
                true => Command::EndMaintenance { name, by },
                false => Command::Maintenance { name, comment: comment.clone(), by },
            })
        }
        ServicesCommand::Import { file, from } => import::run(common, file, *from),
    }
}

/// Does the same with services, one after the other.
fn each(
    common: &Common,
    names: &[String],
    command: impl Fn(String, String) -> Command,
) -> Result<ExitCode, Report> {
    for name in names {
        let command = command(name.clone(), actor());
        ask(common, async |client| {
            let mut outcome: Outcome = client.services(&command).await?;
            // It may take longer than an answer may: then it is waited on.
            while let Some(ticket) = outcome.ticket {
                outcome = client.services(&Command::Wait { ticket }).await?;
            }
            Ok(())
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

fn asked(common: &Common, command: &Command) -> Result<Value, Report> {
    ask(common, async |client| client.services(command).await)
}

fn data(document: &Value) -> Result<(), Report> {
    print(&format!("{}\n", escaped_json(document).map_err(could_not_run)?))
}

fn list(common: &Common, fail: bool) -> Result<ExitCode, Report> {
    let list = asked(common, &Command::List {})?;
    match common.format {
        Format::Json => data(&list)?,
        Format::Text => print(&table(&list, SERVICES, "there is no service"))?,
    }
    let is_amiss = |one: &Value| AMISS.iter().any(|state| one["state"] == *state);
    let any = list.as_array().is_some_and(|list| list.iter().any(is_amiss));
    Ok(ExitCode::from(u8::from(fail && any)))
}

fn explain(common: &Common, name: &str) -> Result<ExitCode, Report> {
    let answer = asked(common, &Command::Explain { name: name.to_owned() })?;
    match common.format {
        Format::Json => data(&answer)?,
        Format::Text => print(&explained(&answer))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns an explanation for people.
fn explained(answer: &Value) -> String {
    let text = |value: &Value| escaped(&to_the_second(value.as_str().unwrap_or_default()));
    let list = |key: &str| answer[key].as_array().into_iter().flatten();
    let pid = answer["pid"].as_u64().map_or_else(String::new, |pid| format!(", pid {pid}"));
    let (name, state, since) = (&answer["name"], &answer["state"], &answer["since"]);
    let mut lines = vec![format!("{} is {} since {}{pid}", text(name), text(state), text(since))];
    for key in ["why", "next", "notes"] {
        lines.extend(list(key).map(|line| format!("  {}", text(line))));
    }
    let needed: Vec<_> = list("needed_by").map(text).collect();
    if !needed.is_empty() {
        lines.push(format!("  needed by {}", needed.join(", ")));
    }
    let mut part = |title: String, of_part: Vec<String>| {
        if !of_part.is_empty() {
            lines.push(title);
            lines.extend(of_part.into_iter().map(|line| format!("  {}", line.trim_end())));
        }
    };
    let ends = list("exits").map(|one| {
        format!("{} run {}: {}", text(&one["at"]), one["generation"], text(&one["why"]))
    });
    let ends: Vec<_> = ends.collect();
    part("How runs ended, newest first".to_owned(), ends.into_iter().rev().collect());
    let events = list("events").map(|one| {
        format!("{} {} {}", text(&one["at"]), text(&one["kind"]), text(&one["message"]))
    });
    let events: Vec<_> = events.collect();
    part("What happened, newest first".to_owned(), events.into_iter().rev().collect());
    part(format!("Last lines of {}", text(&answer["log_path"])), list("log").map(text).collect());
    lines.join("\n") + "\n"
}

/// How a service is that somebody should look at.
const AMISS: &[&str] = &["backoff", "crash_loop", "failed", "held", "unkillable"];

const SERVICES: &[Column] = &[
    ("NAME", "name"),
    ("STATE", "state"),
    ("PID", "pid"),
    ("SINCE", "since"),
    ("RESTARTS", "restarts"),
    ("UNTIL", "until"),
    ("WHY", "why"),
    ("SAYS", "says"),
];
