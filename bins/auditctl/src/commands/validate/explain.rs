//! `auditctl validate explain`.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_cli::{Format, Report};
use wardkit_validation::{Rule, rule, rules};

use crate::commands::{could_not_run, print};

/// Describes one rule, or names all.
pub(super) fn explain(format: Format, name: Option<&str>) -> Result<ExitCode, Report> {
    let Some(name) = name else {
        let mut all: Vec<&Rule> = rules().collect();
        all.sort_by_key(|rule| rule.id);
        print(&match format {
            Format::Text => list(&all),
            Format::Json => {
                format!("{:#}\n", all.iter().map(|rule| described(rule)).collect::<Value>())
            }
        })?;
        return Ok(ExitCode::SUCCESS);
    };
    let found = rule(name).ok_or_else(|| could_not_run(NoRule).with_hint(nearest(name)))?;
    print(&match format {
        Format::Text => text(found),
        Format::Json => format!("{:#}\n", described(found)),
    })?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, thiserror::Error)]
#[error("no rule has that name")]
struct NoRule;

fn list(rules: &[&Rule]) -> String {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    rules.iter().fold(String::new(), |mut list, rule| {
        let _ = writeln!(list, "{:width$}  {}", rule.id, rule.reason);
        list
    })
}

fn text(rule: &Rule) -> String {
    let mut text = format!("{}: {}\n\n{}\n\n", rule.id, rule.reason, rule.about);
    let sinks: Vec<&str> = rule.sinks.iter().map(|sink| sink.as_str()).collect();
    let _ = writeln!(text, "class       {}", rule.class);
    if !sinks.is_empty() {
        let _ = writeln!(text, "also for    {}", sinks.join(", "));
    }
    let _ = writeln!(text, "strictness  {} and more, where the sink is known", rule.strictness);
    let _ = match rule.message {
        0 => writeln!(text, "messages    never, where the sink is not known"),
        least => writeln!(text, "messages    {least} and more, where the sink is not known"),
    };
    let _ = writeln!(text, "confidence  {} %", rule.confidence);
    if !rule.example.is_empty() {
        let _ = writeln!(text, "finds       {}", wardkit_cli::escaped(rule.example));
    }
    text
}

fn described(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "class": rule.class.as_str(),
        "sinks": rule.sinks.iter().map(|sink| sink.as_str()).collect::<Vec<_>>(),
        "strictness": rule.strictness,
        "message": rule.message,
        "confidence": rule.confidence,
        "reason": rule.reason,
        "about": rule.about,
        "example": rule.example,
    })
}

fn nearest(name: &str) -> String {
    let class = name.split('.').next().unwrap_or_default();
    let of_class: Vec<&str> =
        rules().map(|rule| rule.id).filter(|id| id.split('.').next() == Some(class)).collect();
    if of_class.is_empty() {
        return "list them: auditctl validate explain".to_owned();
    }
    format!("there are {}", of_class.join(", "))
}
