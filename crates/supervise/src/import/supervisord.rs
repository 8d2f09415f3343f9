//! `supervisord.conf`

use std::fmt::Write as _;
use std::path::Path;

use super::ini::{Dialect, Section};
use super::{ImportError, Imported, ini, name_of, units, words};
use crate::{Amount, Measure, ResourceRule, RestartPolicy, ServiceSpec};

pub(super) fn read(text: &str, path: &Path) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let here = path.parent().map(|parent| parent.display().to_string()).unwrap_or_default();
    for section in ini::read(text, Dialect::Python)? {
        match section.name.split_once(':') {
            Some(("program", name)) => program(&section, name.trim(), &here, &mut imported)?,
            Some((kind @ ("eventlistener" | "fcgi-program"), name)) => {
                let reason = format!("{kind}s have no counterpart and are left out");
                imported.note("", format!("[{kind}:{name}]"), reason);
            }
            Some(("group", name)) => {
                imported.note("", format!("[group:{name}]"), "its programs stand alone here");
            }
            None if section.name == "include" => {
                let files = section.text("files").unwrap_or_default();
                imported.note("", "[include]", format!("import {files} as well"));
            }
            _ => {}
        }
    }
    Ok(imported)
}

fn program(
    section: &Section,
    name: &str,
    here: &str,
    imported: &mut Imported,
) -> Result<(), ImportError> {
    let place = |key: &str| format!("program:{name}.{key}");
    let wrong = |key: &str, reason: &str| {
        let line = section.get(key).map_or(section.line, |entry| entry.line);
        ImportError::new(place(key), reason).at(line)
    };
    if section.text("command").is_none() {
        return Err(wrong("command", "is missing"));
    }
    let number = |key: &str, usual: u32| match section.text(key) {
        None => Ok(usual),
        Some(text) => text.parse().map_err(|_| wrong(key, "is no number")),
    };
    let count = number("numprocs", 1)?;
    let first = number("numprocs_start", 0)?;
    if !(1..=MOST).contains(&count) {
        return Err(wrong("numprocs", "must be from 1 to 1000"));
    }
    let usual = if count > 1 { "%(program_name)s-%(process_num)d" } else { "%(program_name)s" };
    let process = section.text("process_name").unwrap_or(usual);
    if count > 1 && !process.contains("%(process_num)") {
        return Err(wrong(
            "process_name",
            "must have %(process_num)d in it where numprocs is more",
        ));
    }
    for index in 0..count {
        let expand = |key: &str, text: &str| {
            expanded(text, name, here, first.saturating_add(index))
                .ok_or_else(|| wrong(key, "has a %(...) that is not known here"))
        };
        let service = name_of(&expand("process_name", process)?);
        let mut spec = ServiceSpec::new(service, Vec::<String>::new());
        let line = expand("command", section.text("command").unwrap_or_default())?;
        spec.command = words::split(&line)
            .ok_or_else(|| wrong("command", "has a quote that is not closed"))?;
        if let Some(text) = section.text("environment") {
            let text = expand("environment", text)?;
            spec.env = environment(&text)
                .ok_or_else(|| wrong("environment", "is not KEY=\"value\",KEY2=\"value\""))?;
        }
        if let Some(text) = section.text("directory") {
            spec.working_directory = Some(expand("directory", text)?.into());
        }
        keys(section, &mut spec, &wrong)?;
        notes(section, &spec, imported);
        imported.services.push(spec);
    }
    Ok(())
}

fn keys(
    section: &Section,
    spec: &mut ServiceSpec,
    wrong: &dyn Fn(&str, &str) -> ImportError,
) -> Result<(), ImportError> {
    let is_on = |text: &str| matches!(&*text.to_ascii_lowercase(), "true" | "1" | "yes" | "on");
    spec.user = section.text("user").map(str::to_owned);
    spec.autostart = section.text("autostart").is_none_or(is_on);
    spec.restart = match section.text("autorestart").map(str::to_ascii_lowercase).as_deref() {
        None | Some("unexpected") => RestartPolicy::OnFailure,
        Some(text) if is_on(text) => RestartPolicy::Always,
        Some(_) => RestartPolicy::Never,
    };
    if let Some(text) = section.text("exitcodes") {
        let codes: Result<_, _> = text.split(',').map(|code| code.trim().parse()).collect();
        spec.success_exit_codes = codes.map_err(|_| wrong("exitcodes", "is no list of numbers"))?;
    }
    if let Some(text) = section.text("stopsignal") {
        spec.stop_signal = units::signal(text);
    }
    if let Some(text) = section.text("stopwaitsecs") {
        spec.stop_timeout =
            units::duration(text).ok_or_else(|| wrong("stopwaitsecs", "is no number"))?;
    }
    if let Some(text) = section.text("startretries") {
        spec.intensity.max_restarts =
            text.parse().map_err(|_| wrong("startretries", "is no number"))?;
    }
    Ok(())
}

fn notes(section: &Section, spec: &ServiceSpec, imported: &mut Imported) {
    for entry in &section.entries {
        let text = match entry.key.as_str() {
            "stdout_logfile" | "stderr_logfile" => {
                "its output is kept by agentd: `auditctl services logs`"
            }
            "priority" => "the order follows from `depends`, not from numbers",
            "umask" => "not taken over: the service sets its own",
            "startsecs" => "that it has started is what a startup probe says",
            "stdin" | "serverurl" | "stdout_events_enabled" | "stderr_events_enabled" => {
                "has no counterpart"
            }
            _ => continue,
        };
        imported.note(&spec.name, &entry.key, text);
    }
}

/// Puts in what `%(name)s` stands for. `None` for a name that is not known.
fn expanded(text: &str, program: &str, here: &str, number: u32) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(place) = rest.find('%') {
        result.push_str(&rest[..place]);
        rest = &rest[place + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            result.push('%');
            rest = after;
            continue;
        }
        let (name, after) = rest.strip_prefix('(')?.split_once(')')?;
        match name {
            "program_name" | "group_name" => result.push_str(program),
            "here" => result.push_str(here),
            "process_num" => {
                let digits = after.find(|c: char| !c.is_ascii_digit())?;
                let width = after[..digits].parse().unwrap_or(0).min(9);
                // Writing to a text cannot fail.
                let _ = write!(result, "{number:0width$}");
            }
            _ => return None,
        }
        let kind = after.find(|c: char| !c.is_ascii_digit())?;
        rest = after[kind..].strip_prefix(['s', 'd'])?;
    }
    Some(result + rest)
}

/// `KEY="value",KEY2=value`
fn environment(text: &str) -> Option<std::collections::BTreeMap<String, String>> {
    let mut found = std::collections::BTreeMap::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, after) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => after[1..].split_once(quote)?,
            _ => after.split_once([',', '\n']).map_or((after, ""), |(value, _)| {
                // What ends it is looked at below.
                (value, &after[value.len()..])
            }),
        };
        if !words::is_variable(key.trim()) {
            return None;
        }
        found.insert(key.trim().to_owned(), value.trim_end().to_owned());
        rest = after.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
    }
    Some(found)
}

/// A memory rule as those of other supervisors are: a restart beyond it.
pub(super) fn memory_rule(limit: Amount) -> ResourceRule {
    let mut rule = ResourceRule::new(Measure::Memory);
    rule.hard = Some(limit);
    rule
}

const MOST: u32 = 1000;
