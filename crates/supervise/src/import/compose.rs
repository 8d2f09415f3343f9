//! `compose.yaml`: what of its services runs without a container.

use serde_json::{Map, Value};

use super::supervisord::memory_rule;
use super::words::{SHELL_NOTE, command};
use super::{ImportError, Imported, name_of, units};
use crate::{Amount, ProbeConfig, RestartPolicy, ServiceSpec};

pub(super) fn read(text: &str) -> Result<Imported, ImportError> {
    let document: Value = serde_saphyr::from_str(text)
        .map_err(|error| ImportError::new("", error.to_string().replace('\n', " ")))?;
    let services = document
        .get("services")
        .and_then(Value::as_object)
        .ok_or_else(|| ImportError::new("services", "is not a map of services"))?;
    let mut imported = Imported::default();
    for (name, service) in services {
        let service = service
            .as_object()
            .ok_or_else(|| ImportError::new(format!("services.{name}"), "is not a map"))?;
        let spec = One { name, service, imported: &mut imported }.read()?;
        imported.services.push(spec);
    }
    Ok(imported)
}

struct One<'a> {
    name: &'a str,
    service: &'a Map<String, Value>,
    imported: &'a mut Imported,
}

impl One<'_> {
    fn read(mut self) -> Result<ServiceSpec, ImportError> {
        let mut spec = ServiceSpec::new(name_of(self.name), Vec::<String>::new());
        let mut words = self.words("entrypoint")?;
        words.extend(self.words("command")?);
        if words.is_empty() {
            // What an image runs when nothing is said is in the image.
            return Err(ImportError::missing(&format!("services.{}", self.name), "command"));
        }
        spec.command = words;
        spec.restart = RestartPolicy::Never;
        for (key, value) in self.service {
            self.take(key, value, &mut spec)?;
        }
        Ok(spec)
    }

    fn take(
        &mut self,
        key: &str,
        value: &Value,
        spec: &mut ServiceSpec,
    ) -> Result<(), ImportError> {
        let text = text_of(value);
        let wrong = || self.wrong(key, "is not understood");
        let time = || text.as_deref().and_then(units::duration).ok_or_else(wrong);
        let bytes = || text.as_deref().and_then(units::size).ok_or_else(wrong);
        match key {
            "environment" => spec.env.extend(pairs(value).ok_or_else(wrong)?),
            "user" => {
                let text = text.ok_or_else(wrong)?;
                let (user, group) = text.split_once(':').unzip();
                spec.user = Some(user.unwrap_or(&text).to_owned());
                spec.group = group.map(str::to_owned);
            }
            "working_dir" => spec.working_directory = Some(text.ok_or_else(wrong)?.into()),
            "depends_on" => {
                let names = match value.as_object() {
                    Some(map) => map.keys().cloned().collect(),
                    None => texts(value).ok_or_else(wrong)?,
                };
                spec.depends.extend(names.iter().map(|name| name_of(name)));
            }
            "restart" => {
                let text = text.ok_or_else(wrong)?;
                let (policy, most) = text.split_once(':').unwrap_or((&text, ""));
                spec.restart = match policy {
                    "no" | "false" => RestartPolicy::Never,
                    "always" => RestartPolicy::Always,
                    "on-failure" => RestartPolicy::OnFailure,
                    "unless-stopped" => RestartPolicy::UnlessStopped,
                    _ => return Err(wrong()),
                };
                if !most.is_empty() {
                    spec.intensity.max_restarts = most.parse().map_err(|_| wrong())?;
                }
            }
            "stop_signal" => spec.stop_signal = units::signal(&text.ok_or_else(wrong)?),
            "stop_grace_period" => spec.stop_timeout = time()?,
            "mem_limit" => {
                let limit = bytes()?;
                spec.limits.memory_max = Some(limit);
                spec.rules.push(memory_rule(limit));
            }
            "mem_reservation" => spec.limits.memory_high = Some(bytes()?),
            "cpus" => {
                let share: f64 = text.and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
                spec.limits.cpu = Some(Amount::new(share));
            }
            "pids_limit" => spec.limits.processes = Some(value.as_u64().ok_or_else(wrong)?),
            "healthcheck" => return self.health(value, spec),
            "entrypoint" | "command" | "container_name" | "hostname" | "labels" => {}
            "image" | "build" => self.note(spec, key, "runs from this host, not from an image"),
            _ => self.note(spec, key, "is not taken over"),
        }
        Ok(())
    }

    fn health(&mut self, value: &Value, spec: &mut ServiceSpec) -> Result<(), ImportError> {
        let wrong = |key: &str| self.wrong(&format!("healthcheck.{key}"), "is not understood");
        if value.get("disable").and_then(Value::as_bool) == Some(true) {
            return Ok(());
        }
        let Some(test) = value.get("test") else {
            return Err(ImportError::missing(
                &format!("services.{}.healthcheck", self.name),
                "test",
            ));
        };
        let words = program_of(test).ok_or_else(|| wrong("test"))?;
        if words.is_empty() {
            return Ok(());
        }
        let mut probe = ProbeConfig::exec(words);
        for (key, place) in [
            ("interval", &mut probe.period),
            ("timeout", &mut probe.timeout),
            ("start_period", &mut probe.initial_delay),
        ] {
            if let Some(value) = value.get(key) {
                *place = text_of(value)
                    .as_deref()
                    .and_then(units::duration)
                    .ok_or_else(|| wrong(key))?;
            }
        }
        if let Some(retries) = value.get("retries") {
            let retries = retries.as_u64().and_then(|retries| u32::try_from(retries).ok());
            probe.failures = retries.ok_or_else(|| wrong("retries"))?.max(1);
        }
        spec.probes.readiness = Some(probe);
        Ok(())
    }

    fn words(&mut self, key: &str) -> Result<Vec<String>, ImportError> {
        match self.service.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(line)) => {
                let (words, is_shell) = command(line)
                    .ok_or_else(|| self.wrong(key, "has a quote that is not closed"))?;
                if is_shell {
                    self.imported.note(&name_of(self.name), key, SHELL_NOTE);
                }
                Ok(words)
            }
            Some(value) => {
                texts(value).ok_or_else(|| self.wrong(key, "is neither a text nor a list of texts"))
            }
        }
    }

    fn wrong(&self, key: &str, reason: &str) -> ImportError {
        ImportError::new(format!("services.{}.{key}", self.name), reason)
    }

    fn note(&mut self, spec: &ServiceSpec, key: &str, text: &str) {
        self.imported.note(&spec.name, key, text);
    }
}

/// What a health check runs: `"a b"`, `[CMD, a, b]`, `[CMD-SHELL, "a b"]`, or nothing, `[NONE]`.
fn program_of(test: &Value) -> Option<Vec<String>> {
    if let Some(line) = test.as_str() {
        return Some(command(line)?.0);
    }
    let mut words = texts(test)?;
    match words.first().map(String::as_str) {
        Some("NONE") => Some(Vec::new()),
        Some("CMD") => Some(words.split_off(1)),
        Some("CMD-SHELL") if words.len() == 2 => Some(command(&words[1])?.0),
        _ => None,
    }
}

/// A text, a number or a yes as a text.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is_so) => Some(is_so.to_string()),
        _ => None,
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(text_of).collect()
}

/// `{A: b}` or `[A=b]`. One without a value takes that of the environment, which it has here anyway.
fn pairs(value: &Value) -> Option<Vec<(String, String)>> {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| Some((key.clone(), text_of(value)?)))
            .collect(),
        _ => Some(
            texts(value)?
                .iter()
                .filter_map(|pair| pair.split_once('='))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        ),
    }
}
