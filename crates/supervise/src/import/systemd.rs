//! Service units of systemd.

use std::path::Path;

use super::ini::{Dialect, Entry};
use super::supervisord::memory_rule;
use super::{ImportError, Imported, ini, name_of, units, words};
use crate::{Amount, Kind, ProbeConfig, RestartPolicy, ServiceSpec};

pub(super) fn read(text: &str, path: &Path) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = name_of(&stem.unwrap_or_default());
    let sections = ini::read(text, Dialect::Systemd)?;
    let mut unit = Unit {
        spec: ServiceSpec::new(name, Vec::<String>::new()),
        notes: Vec::new(),
        kind: String::new(),
    };
    // A unit without `Restart=` is not started again.
    unit.spec.restart = RestartPolicy::Never;
    let mut has_service = false;
    for section in &sections {
        has_service |= section.name == "Service";
        for entry in &section.entries {
            unit.take(&section.name, entry).map_err(|error| error.at(entry.line))?;
        }
    }
    if !has_service {
        return Err(ImportError::new("[Service]", "is missing"));
    }
    if unit.spec.command.is_empty() {
        return Err(ImportError::missing("Service", "ExecStart"));
    }
    unit.settle()?;
    let Unit { spec, notes, .. } = unit;
    for (key, text) in notes {
        imported.note(&spec.name, key, text);
    }
    imported.services.push(spec);
    Ok(imported)
}

struct Unit {
    spec: ServiceSpec,
    notes: Vec<(String, String)>,
    /// What `Type=` says.
    kind: String,
}

impl Unit {
    fn take(&mut self, section: &str, entry: &Entry) -> Result<(), ImportError> {
        let key = format!("{section}.{}", entry.key);
        let value = entry.value.as_str();
        let wrong = |reason: &str| ImportError::new(&key, format!("{value:?} {reason}"));
        match section {
            "Unit" => self.relation(&entry.key, value),
            "Service" => match entry.key.as_str() {
                "ExecStart" | "ExecStop" | "ExecStartPre" | "ExecStartPost" | "ExecReload" => {
                    return self
                        .program(&entry.key, value)
                        .ok_or_else(|| wrong("has a quote that is not closed, or no program"));
                }
                _ => {
                    return self
                        .service(&entry.key, value)
                        .ok_or_else(|| wrong("is not understood"));
                }
            },
            _ => {}
        }
        Ok(())
    }

    fn relation(&mut self, key: &str, value: &str) {
        let spec = &mut self.spec;
        let list = match key {
            "Requires" | "Requisite" => &mut spec.depends,
            "Wants" => &mut spec.wants,
            "After" => &mut spec.after,
            "BindsTo" => &mut spec.binds_to,
            "Conflicts" => &mut spec.conflicts,
            "StartLimitBurst" => {
                spec.intensity.max_restarts = value.parse().unwrap_or(spec.intensity.max_restarts);
                return;
            }
            "StartLimitIntervalSec" | "StartLimitInterval" => {
                spec.intensity.window = units::duration(value).unwrap_or(spec.intensity.window);
                return;
            }
            "Before" | "PartOf" | "OnFailure" | "ConditionPathExists" => {
                return self.note(key, format!("{value} has no counterpart"));
            }
            _ => return,
        };
        for unit in value.split_whitespace() {
            match unit.strip_suffix(".service") {
                Some(name) => list.push(name_of(name)),
                // Targets and sockets are the system's.
                None => self.notes.push((key.to_owned(), format!("{unit} is not a service"))),
            }
        }
    }

    fn program(&mut self, key: &str, value: &str) -> Option<()> {
        if key.starts_with("ExecStartP") || key == "ExecReload" {
            self.note(key, "has no counterpart; a task that the service depends on may do it");
            return Some(());
        }
        // `-` and the like before the path say how it is run.
        let line = value.trim_start_matches(['-', '@', ':', '+', '!', '|']);
        let words = if line.is_empty() { Vec::new() } else { words::split(line)? };
        if line.contains('$') {
            self.note(key, "variables are not put in; write out what they stand for");
        }
        if line.contains('%') {
            self.note(key, "specifiers such as %i are not put in; write out what they stand for");
        }
        match key {
            "ExecStart" if !words.is_empty() && !self.spec.command.is_empty() => {
                self.note(key, "comes more than once; the last one is taken");
                self.spec.command = words;
            }
            "ExecStart" => self.spec.command = words,
            _ => self.spec.stop_command = words,
        }
        Some(())
    }

    /// `None` when the value is not understood.
    fn service(&mut self, key: &str, value: &str) -> Option<()> {
        let spec = &mut self.spec;
        let is_endless = value == "infinity";
        match key {
            "Type" => value.clone_into(&mut self.kind),
            "Environment" => {
                for word in words::split(value)? {
                    let (name, value) = word.split_once('=')?;
                    spec.env.insert(name.to_owned(), value.to_owned());
                }
            }
            "User" => spec.user = Some(value.to_owned()),
            "Group" => spec.group = Some(value.to_owned()),
            "WorkingDirectory" if value.starts_with('/') => {
                spec.working_directory = Some(value.into());
            }
            "PIDFile" => spec.pid_file = Some(value.into()),
            "Restart" => spec.restart = restart(value)?,
            "RestartSec" => spec.backoff.first = units::duration(value)?,
            "TimeoutStopSec" | "TimeoutStartSec" if is_endless => {}
            "TimeoutStopSec" => spec.stop_timeout = units::duration(value)?,
            "TimeoutStartSec" => spec.start_timeout = units::duration(value)?,
            "TimeoutSec" if !is_endless => {
                spec.stop_timeout = units::duration(value)?;
                spec.start_timeout = spec.stop_timeout;
            }
            "WatchdogSec" => {
                let mut probe = ProbeConfig::notify();
                probe.period = units::duration(value)?;
                probe.failures = 1;
                spec.probes.liveness = Some(probe);
            }
            "KillSignal" => spec.stop_signal = units::signal(value),
            "SuccessExitStatus" => spec.success_exit_codes.extend(codes(value)),
            "RestartPreventExitStatus" => spec.config_error_exit_codes.extend(codes(value)),
            "MemoryMax" | "MemoryLimit" if !is_endless => {
                spec.limits.memory_max = Some(units::size(value)?);
            }
            "MemoryHigh" if !is_endless => spec.limits.memory_high = Some(units::size(value)?),
            "CPUQuota" => spec.limits.cpu = Some(value.parse::<Amount>().ok()?),
            "TasksMax" if !is_endless => spec.limits.processes = Some(value.parse().ok()?),
            "LimitNOFILE" if !is_endless => {
                let soft = value.split_once(':').map_or(value, |(soft, _)| soft);
                spec.limits.open_files = Some(soft.parse().ok()?);
            }
            "SyslogIdentifier" | "NotifyAccess" | "StandardOutput" | "StandardError" => {}
            _ => self.note(key, format!("{value} is not taken over")),
        }
        Some(())
    }

    /// What follows from the type, once all is known.
    fn settle(&mut self) -> Result<(), ImportError> {
        let spec = &mut self.spec;
        match self.kind.as_str() {
            "forking" => {
                if spec.pid_file.is_none() {
                    return Err(ImportError::missing("Service", "PIDFile"));
                }
                spec.kind = Kind::Watched;
                self.note("Type", "a program that leaves its start is found by its PID file");
            }
            "notify" | "notify-reload" => spec.probes.readiness = Some(ProbeConfig::notify()),
            "oneshot" => spec.kind = Kind::Task,
            "dbus" => self.note("Type", "readiness by a bus name has no counterpart"),
            _ => {}
        }
        if self.kind != "forking" {
            self.spec.pid_file = None;
        }
        if let Some(limit) = self.spec.limits.memory_max {
            // The limit needs a cgroup; the rule holds without one as well.
            self.spec.rules.push(memory_rule(limit));
        }
        Ok(())
    }

    fn note(&mut self, key: &str, text: impl Into<String>) {
        self.notes.push((key.to_owned(), text.into()));
    }
}

fn restart(value: &str) -> Option<RestartPolicy> {
    Some(match value {
        "always" => RestartPolicy::Always,
        "on-failure" => RestartPolicy::OnFailure,
        "on-abnormal" | "on-abort" | "on-watchdog" => RestartPolicy::OnAbnormal,
        "no" | "never" | "on-success" => RestartPolicy::Never,
        _ => return None,
    })
}

/// The numbers in a list that may name signals as well.
fn codes(value: &str) -> impl Iterator<Item = i32> {
    value.split_whitespace().filter_map(|code| code.parse().ok())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn restart_without_a_wait_is_as_the_unit_says() {
        let text = "[Service]\nExecStart=/bin/a\nRestart=always\nRestartSec=500ms\n";
        let imported = read(text, Path::new("a.service")).unwrap();
        assert_eq!(imported.services[0].backoff.first, Duration::from_millis(500));
    }
}
